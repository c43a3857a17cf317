import type { Problem } from "./types.ts";

/** What tells a problem from the others of a project, also after an edit that leaves it. */
export function problemKey({ path, node, field, code, says }: Problem): string {
  return JSON.stringify([path ?? [], node, field, code ?? says]);
}

/** How many problems have a fix that needs no choice. */
export function sureCount(problems: readonly Problem[]): number {
  return problems.filter((problem) => problem.fixes.some((fix) => fix.sure)).length;
}

/** The problem `step` places after the current one, round the end; the first (or last) one when the current one is gone. */
export function problemBeside(problems: readonly Problem[], current: string | null, step: 1 | -1): Problem | null {
  const at = problems.findIndex((problem) => problemKey(problem) === current);
  if (at < 0) return (step > 0 ? problems[0] : problems.at(-1)) ?? null;
  return problems[(at + step + problems.length) % problems.length] ?? null;
}

/** A text as a sentence, with a capital at its beginning unless that is the name of a brick or a parameter. */
export function sentence(text: string, isName: (word: string) => boolean): string {
  const [word = ""] = /^[a-z][A-Za-z0-9_]*/.exec(text) ?? [];
  return word === "" || /[\d_]/.test(word) || isName(word) ? text : text.charAt(0).toUpperCase() + text.slice(1);
}

/** What a screen reader says on the way to a problem: "Problem 2 of 5: conv2, the window ...". */
export function spokenProblem(problems: readonly Problem[], problem: Problem): string {
  const at = problems.findIndex((other) => problemKey(other) === problemKey(problem));
  return `Problem ${at + 1} of ${problems.length}, ${problem.severity}: ${problem.node ? `${problem.node}, ` : ""}${problem.says}`;
}
