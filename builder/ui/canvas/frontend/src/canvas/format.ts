import type { Analysis, BrickInfo, BrickNode, Problem, Severity } from "./types.ts";

/** 21840 -> "21,840" */
export function count(value: number | undefined): string {
  return value === undefined ? "–" : value.toLocaleString("en-US");
}

/** Do totals leave out bricks whose shape is not known? */
export function isPartial(analysis: Analysis): boolean {
  return Object.values(analysis.nodes).some((info) => !info.sizes);
}

/** A total in words; at least that much, or "?" for nothing yet, where bricks are left out of it. */
export function total(analysis: Analysis, value: number, words: (value: number) => string): string {
  if (!isPartial(analysis)) return words(value);
  return value > 0 ? `≥\u00a0${words(value)}` : "?";
}

/** 481000 -> "481 k", 1250000 -> "1.25 M"; three figures. */
export function short(value: number | undefined): string {
  if (value === undefined) return "–";
  const steps = [[1e12, " T"], [1e9, " G"], [1e6, " M"], [1e3, " k"]] as const;
  const step = steps.find(([size]) => value >= size);
  return step ? `${Number((value / step[0]).toPrecision(3))}${step[1]}` : String(value);
}

/** 87360 -> "87.4 kB" */
export function bytes(value: number | undefined): string {
  return value === undefined ? "–" : `${short(value)}${value >= 1000 ? "" : " "}B`;
}

/** A part of a whole, 0 to 1; nothing of nothing is none. */
export function share(part: number | undefined, whole: number): number | undefined {
  return part === undefined ? undefined : whole > 0 ? part / whole : 0;
}

/** 0.0119 -> "1.2 %" */
export function percent(share: number | undefined): string {
  if (share === undefined) return "–";
  const value = share * 100;
  // Neither rounded down to nothing nor up to all.
  const most = share < 1 ? 99.9 : 100;
  return `${value > 0 && value < 0.1 ? "< 0.1" : Math.min(most, Number(value.toPrecision(value < 10 ? 2 : 3)))} %`;
}

export function plural(n: number, word: string): string {
  return `${n} ${word}${n === 1 ? "" : "s"}`;
}

const ORDER: readonly Severity[] = ["error", "warning", "advice"];

export function worst(problems: readonly Problem[]): Severity | null {
  return ORDER.find((severity) => problems.some((problem) => problem.severity === severity)) ?? null;
}

const NOUN: Readonly<Record<Severity, string>> = { error: "error", warning: "warning", advice: "advice" };

/** "2 errors, 1 warning"; "No problems" when there are none. */
export function problemCount(problems: readonly Problem[]): string {
  const parts = ORDER.map((severity) => [severity, problems.filter((problem) => problem.severity === severity).length] as const)
    .filter(([, n]) => n > 0)
    .map(([severity, n]) => (severity === "advice" ? `${n} ${NOUN[severity]}` : plural(n, NOUN[severity])));
  return parts.length > 0 ? parts.join(", ") : "No problems";
}

/** What a screen reader says about a brick. */
export function spoken(node: BrickNode, info: BrickInfo | undefined): string {
  const problems = info?.problems ?? [];
  const shape = info?.shape ? `, output ${info.shape}` : "";
  const said = `${node.muted ? ", muted" : ""}${node.frozen ? ", frozen" : ""}${node.of === undefined ? "" : `, with the weights of ${node.of}`}${info?.late ? ", training only" : ""}`;
  return `${node.kind} ${node.id}${said}${shape}${problems.length > 0 ? `, ${plural(problems.length, "problem")}` : ""}`;
}
