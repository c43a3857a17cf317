import { type Places, snap } from "./geometry.ts";
import type { Point } from "./types.ts";

export type Alignment = "left" | "centre" | "right" | "top" | "middle" | "bottom" | "across" | "down";

type Spots = Readonly<Record<string, Point>>;

function each(places: Places, to: (at: Point) => Point): Spots {
  return Object.fromEntries([...places].map(([id, at]) => [id, to(at)]));
}

/** Equal distances from the first to the last along one axis, in the order in which they stand. */
function distributed(places: Places, axis: 0 | 1): Spots {
  const order = [...places].sort(([, a], [, b]) => a[axis] - b[axis]);
  const first = order[0]?.[1][axis] ?? 0;
  const step = ((order.at(-1)?.[1][axis] ?? first) - first) / Math.max(1, order.length - 1);
  return Object.fromEntries(order.map(([id, at], i) => [id, axis === 0 ? [snap(first + i * step), at[1]] : [at[0], snap(first + i * step)]] as const));
}

/** Places of the chosen bricks lined up, or with equal distances across or down. All bricks are of one size. */
export function aligned(places: Places, how: Alignment): Spots {
  const xs = [...places.values()].map(([x]) => x);
  const ys = [...places.values()].map(([, y]) => y);
  if (xs.length === 0) return {};
  const middle = (values: readonly number[]): number => snap((Math.min(...values) + Math.max(...values)) / 2);
  switch (how) {
    case "left":
      return each(places, ([, y]) => [Math.min(...xs), y]);
    case "right":
      return each(places, ([, y]) => [Math.max(...xs), y]);
    case "centre":
      return each(places, ([, y]) => [middle(xs), y]);
    case "top":
      return each(places, ([x]) => [x, Math.min(...ys)]);
    case "bottom":
      return each(places, ([x]) => [x, Math.max(...ys)]);
    case "middle":
      return each(places, ([x]) => [x, middle(ys)]);
    default:
      return distributed(places, how === "across" ? 0 : 1);
  }
}
