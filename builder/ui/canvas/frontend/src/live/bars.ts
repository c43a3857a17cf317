import { count, number } from "./format.ts";
import type { Gradients } from "./types.ts";

/** The norm of every brick's gradient, in the order of the network, null where it is not finite; `of` counts the bricks when not all are there, else 0. */
export interface Bricks {
  readonly of: number;
  readonly norms: readonly (readonly [brick: string, norm: number | null])[];
}

/** Of a network with more bricks so many are shown, spread evenly. */
const MOST = 64;

/** The newest norms brick by brick: a block's is that of all layers in it. */
export function byBrick({ layers, rows }: Gradients): Bricks {
  const last = rows.at(-1);
  const squares = new Map<string, number>();
  layers.forEach((layer, i) => {
    const brick = layer.split(".", 1)[0]!;
    squares.set(brick, (squares.get(brick) ?? 0) + (last?.[i + 2] ?? NaN) ** 2);
  });
  const all = [...squares].map(([brick, square]) => [brick, Number.isNaN(square) ? null : Math.sqrt(square)] as const);
  const norms = all.length > MOST ? Array.from({ length: MOST }, (_, i) => all[Math.floor((i * all.length) / MOST)]!) : all;
  return { of: all.length > MOST ? all.length : 0, norms };
}

/** A brick's bar: how long its gradient is, null where it is not finite, and the share of the row that the bar takes. */
export interface Bar {
  readonly brick: string;
  readonly norm: number | null;
  readonly share: number;
}

/** The least that the scale spans, in powers of ten: gradients that are much alike look alike. */
const LEAST = 2;

/** The bars on one scale of powers of ten: the longest fills its row, the shortest still shows; what is zero has none, what is not finite a whole row. */
export function bars(norms: Bricks["norms"]): Bar[] {
  const powers = norms.flatMap(([, norm]) => (norm ? [Math.log10(norm)] : []));
  const top = Math.max(...powers);
  const bottom = Math.min(top - LEAST, Math.min(...powers) - 0.1 * LEAST);
  return norms.map(([brick, norm]) => ({ brick, norm, share: norm === null ? 1 : norm ? (Math.log10(norm) - bottom) / (top - bottom) : 0 }));
}

/** What the bars say: the shortest and the longest gradient, and how many bricks are not shown. */
export function inWords({ norms, of }: Bricks): string {
  const finite = norms.filter((row): row is readonly [string, number] => row[1] !== null);
  if (!finite.length) return "";
  const least = finite.reduce((a, b) => (b[1] < a[1] ? b : a));
  const most = finite.reduce((a, b) => (b[1] > a[1] ? b : a));
  const range = finite.length > 1 ? `${number(least[1])} (${least[0]}) to ${number(most[1])} (${most[0]}), on a logarithmic scale` : `${number(most[1])} (${most[0]})`;
  return of ? `${range}; ${norms.length} of ${count(of)} bricks shown` : range;
}
