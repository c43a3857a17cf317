import type { Point } from "./types.ts";

type Placed = readonly [id: string, at: Point];

/** Bricks that start within one strip of CELL pixels across the drawing, and how far left and right they reach. */
interface Strip {
  readonly bricks: Placed[];
  left: number;
  right: number;
}

interface Grid {
  readonly strips: Map<number, Strip>;
  readonly cells: Map<number, Placed[]>;
}

const CELL = 512;
// Places are at most 1e7 pixels from the middle, so that a strip has fewer cells than this.
const ACROSS = 100_000;
const grids = new WeakMap<ReadonlyMap<string, Point>, Grid>();

const index = (value: number): number => Math.floor(value / CELL);
const cellOf = (column: number, row: number): number => row * ACROSS + column;

function grid(places: ReadonlyMap<string, Point>): Grid {
  const known = grids.get(places);
  if (known) return known;
  const made: Grid = { strips: new Map(), cells: new Map() };
  for (const brick of places) put(made, brick);
  grids.set(places, made);
  return made;
}

function put({ strips, cells }: Grid, brick: Placed): void {
  const [x, y] = brick[1];
  const row = index(y);
  const strip = strips.get(row);
  if (!strip) strips.set(row, { bricks: [brick], left: x, right: x });
  else {
    strip.bricks.push(brick);
    strip.left = Math.min(strip.left, x);
    strip.right = Math.max(strip.right, x);
  }
  const key = cellOf(index(x), row);
  const cell = cells.get(key);
  if (cell) cell.push(brick);
  else cells.set(key, [brick]);
}

/** Is there a brick whose corner lies in the open box from `least` to `most` and that passes `test`? */
export function someCorner(places: ReadonlyMap<string, Point>, least: Point, most: Point, test: (id: string, at: Point) => boolean): boolean {
  const { cells } = grid(places);
  for (let row = index(least[1]); row <= index(most[1]); row += 1) {
    for (let column = index(least[0]); column <= index(most[0]); column += 1) {
      for (const [id, at] of cells.get(cellOf(column, row)) ?? []) {
        if (at[0] > least[0] && at[0] < most[0] && at[1] > least[1] && at[1] < most[1] && test(id, at)) return true;
      }
    }
  }
  return false;
}

/** Least and greatest x of the corners whose y lies between `top` and `bottom`; null when there are none. */
export function extent(places: ReadonlyMap<string, Point>, top: number, bottom: number): readonly [left: number, right: number] | null {
  const { strips } = grid(places);
  let [left, right] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const [row, strip] of strips) {
    if (row < index(top) || row > index(bottom)) continue;
    const whole = row * CELL > top && (row + 1) * CELL <= bottom;
    const xs = whole ? [strip.left, strip.right] : strip.bricks.filter(([, at]) => at[1] > top && at[1] < bottom).map(([, at]) => at[0]);
    left = Math.min(left, ...xs);
    right = Math.max(right, ...xs);
  }
  return left <= right ? [left, right] : null;
}
