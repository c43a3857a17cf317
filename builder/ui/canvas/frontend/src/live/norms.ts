import { count } from "./format.ts";
import type { Gradients } from "./types.ts";

const MOST_MARKS = 5;

/** A norm in three digits: "0.0312", "4.1e-7". */
export function size(norm: number): string {
  return norm !== 0 && (norm < 1e-3 || norm >= 1e5) ? norm.toExponential(1) : String(Number(norm.toPrecision(3)));
}

/** What a row says of the layers: where the gradients are least and most, or where none arrive. */
export function says({ layers, rows }: Gradients): string {
  const last = rows.at(-1);
  const of = layers.map((name, i) => ({ name, norm: last?.[i + 2] ?? null })).filter((one): one is { name: string; norm: number } => one.norm !== null);
  if (of.length < 2) return "";
  const none = of.filter((one) => one.norm === 0).map((one) => one.name);
  if (none.length) return `No gradient reaches ${none.length > 3 ? `${count(none.length)} layers, ${none[0]} among them` : none.join(", ")}: ${none.length > 1 ? "they do" : "it does"} not learn`;
  const [least, most] = [of.reduce((a, b) => (b.norm < a.norm ? b : a)), of.reduce((a, b) => (b.norm > a.norm ? b : a))];
  return `Least ${least.name} ${size(least.norm)}, most ${most.name} ${size(most.norm)}`;
}

/** Between marks of the axis of powers of ten, as Plotly says it: a power or more of them, or 1, 2 and 5 where all norms are within one or two. */
export function tens({ rows }: Gradients): number | "D2" {
  const norms = rows.flatMap((row) => row.slice(1)).filter((norm): norm is number => !!norm);
  const powers = norms.length ? Math.log10(Math.max(...norms)) - Math.log10(Math.min(...norms)) : 0;
  return powers < 1.5 ? "D2" : Math.ceil(powers / MOST_MARKS);
}
