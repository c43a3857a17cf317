import type { Point } from "./types.ts";

/** One sample's size along its axes, channels first; null where it is not known. */
export type Sizes = readonly (number | null)[];

/** The longest axes of a drawing, which the slabs are drawn in proportion to. */
export interface Scale {
  readonly channels: number;
  readonly side: number;
  readonly length: number;
}

/** Polygons of a slab: what faces the reader, and the top and the side of a box. */
export interface Slab {
  readonly front: readonly Point[];
  readonly top?: readonly Point[];
  readonly side?: readonly Point[];
}

export const SLAB = { width: 36, height: 28 } as const;
export const NO_SCALE: Scale = { channels: 1, side: 1, length: 1 };
const THICK = 18;
const TALL = 18;
const BACK = 9;
const LEAST = 2;

interface Axes {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

/** A vector is [F], a sequence or a table [T, E], an image [C, H, W]; of more axes the last two are the image's. */
function axesOf(sizes: Sizes): Axes | null {
  if (sizes.length < 3 || sizes.some((size) => size === null || size <= 0)) return null;
  const [height, width] = sizes.slice(-2) as [number, number];
  return { channels: sizes[0] as number, height, width };
}

/** The scale that makes the largest slab of `all` fill its place. */
export function scaleOf(all: Iterable<Sizes | null | undefined>): Scale {
  let [channels, side, length] = [1, 1, 1];
  for (const sizes of all) {
    const axes = sizes ? axesOf(sizes) : null;
    if (axes) [channels, side] = [Math.max(channels, axes.channels), Math.max(side, axes.height, axes.width)];
    else if (sizes) length = Math.max(length, ...sizes.map((size) => size ?? 1));
  }
  return { channels, side, length };
}

export function sameScale(a: Scale, b: Scale): boolean {
  return a.channels === b.channels && a.side === b.side && a.length === b.length;
}

/** Pixels for `value` where `most` gets `room`: by logarithm, because sizes run from 1 to thousands. */
function pixels(value: number, most: number, room: number): number {
  const share = Math.log2(1 + value) / Math.log2(1 + Math.max(value, most));
  return Math.max(LEAST, Math.round(share * room * 2) / 2);
}

function rectangle(x: number, y: number, width: number, height: number): Point[] {
  return [[x, y], [x + width, y], [x + width, y + height], [x, y + height]];
}

/** A block as wide as the channels and as high as the image, running back as far as the image is wide. */
function box({ channels, height, width }: Axes, scale: Scale): Slab {
  const thick = pixels(channels, scale.channels, THICK);
  const tall = pixels(height, scale.side, TALL);
  const back = pixels(width, scale.side, BACK);
  const x = (SLAB.width - thick - back) / 2;
  const y = (SLAB.height - tall - back) / 2 + back;
  const [right, low] = [x + thick, y + tall];
  return {
    front: rectangle(x, y, thick, tall),
    top: [[x, y], [x + back, y - back], [right + back, y - back], [right, y]],
    side: [[right, y], [right + back, y - back], [right + back, low - back], [right, low]],
  };
}

/** A vector as a thin bar, a table as a sheet. */
function flat(sizes: readonly number[], scale: Scale): Slab {
  const [first = 1, second] = sizes;
  const tall = pixels(first, scale.length, SLAB.height - 2);
  const wide = second === undefined ? 4 : pixels(second, scale.length, SLAB.width - 8);
  return { front: rectangle((SLAB.width - wide) / 2, (SLAB.height - tall) / 2, wide, tall) };
}

/** A tensor drawn in proportion; null when its sizes are not known. */
export function slabOf(sizes: Sizes | null | undefined, scale: Scale): Slab | null {
  if (!sizes || sizes.length === 0 || sizes.some((size) => size === null || size <= 0)) return null;
  const axes = axesOf(sizes);
  return axes ? box(axes, scale) : flat(sizes as readonly number[], scale);
}

/** `points` as an SVG polygon says them. */
export const polygon = (points: readonly Point[]): string => points.map(([x, y]) => `${x},${y}`).join(" ");
