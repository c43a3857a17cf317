import type { Snapshot } from "./types.ts";

export type Rgb = readonly [number, number, number];

const BLUE: Rgb = [33, 102, 172];
const WHITE: Rgb = [250, 250, 250];
const RED: Rgb = [178, 24, 43];

const mix = (a: Rgb, b: Rgb, t: number): Rgb => [a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t, a[2] + (b[2] - a[2]) * t];

/** Blue for -1, white for 0, red for 1; strong ends are reached on a curve that keeps small weights visible. */
export function diverging(value: number): Rgb {
  const t = Math.min(1, Math.abs(value)) ** 0.8;
  return mix(WHITE, value < 0 ? BLUE : RED, t);
}

/** The weights in C order; each is within (high - low) / 510 of what was trained. */
export function weights(snapshot: Snapshot): Float32Array {
  const text = atob(snapshot.data);
  const scale = (snapshot.high - snapshot.low) / 255;
  return Float32Array.from({ length: text.length }, (_, i) => snapshot.low + text.charCodeAt(i) * scale);
}

/** How one picture holds all filters: `across` blocks a row, `down` rows, each block `channels` tiles of width x height, `gap` between tiles. */
export interface Tiling {
  readonly filters: number;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly across: number;
  readonly down: number;
  readonly scale: number;
  readonly gap: number;
  readonly pixelWidth: number;
  readonly pixelHeight: number;
}

const COUNTS = [64, 48, 40, 32, 24, 16];
const MOST_CHANNELS = 8;
const TILE = 40;
const BIGGEST_TILE = 96;

/** The tiling of as many filters as can be told apart: up to 64, fewer where a weight would be a single pixel, at least 16. */
export function tiling(shape: Snapshot["shape"], room: number, tallest: number): Tiling {
  const counts = [Math.min(shape[0], COUNTS[0]!), ...COUNTS.filter((count) => count < shape[0])];
  const tries = counts.map((count) => fill(shape, count, room, tallest));
  const best = tries.find((t) => t.scale > 1 || t.width >= TILE) ?? tries.at(-1)!;
  // Where some are left out anyway, the last row is full.
  return { ...best, filters: Math.min(shape[0], COUNTS[0]!, best.across * best.down) };
}

/** The tiling that fills `room` pixels across best, with the largest whole-number scale up to `tallest` pixels of height. */
function fill(shape: Snapshot["shape"], filters: number, room: number, tallest: number): Tiling {
  const channels = Math.min(shape[1], MOST_CHANNELS);
  const [height, width] = [shape[2], shape[3]];
  const gap = Math.max(3, Math.min(8, Math.round(room / 90)));
  const layout = (across: number, scale: number): Tiling => {
    const down = Math.ceil(filters / across);
    return {
      filters, channels, height, width, across, down, scale, gap,
      pixelWidth: across * (width * scale + gap) - gap,
      pixelHeight: down * (channels * (height * scale + (channels > 1 ? 1 : 0)) + gap) - gap,
    };
  };
  let best = layout(filters, 1);
  for (let across = 1; across <= filters; across++) {
    const scale = Math.floor((Math.floor((room + gap) / across) - gap) / width);
    for (let s = Math.min(scale, Math.floor(BIGGEST_TILE / width) || 1); s >= 1; s--) {
      const candidate = layout(across, s);
      if (candidate.pixelHeight > tallest || candidate.pixelWidth > room) continue;
      const better = s > best.scale || best.pixelWidth > room || (s === best.scale && evenness(candidate) > evenness(best));
      if (better) best = candidate;
      break;
    }
  }
  return best;
}

/** Full last rows are calmer than ragged ones. */
const evenness = (t: Tiling) => t.filters / (t.across * t.down) + t.across / 1000;

/** Top left corner of a filter's channel in the picture. */
export function corner(t: Tiling, filter: number, channel: number): [x: number, y: number] {
  const seam = t.channels > 1 ? 1 : 0;
  const block = t.channels * (t.height * t.scale + seam) + t.gap;
  return [(filter % t.across) * (t.width * t.scale + t.gap), Math.floor(filter / t.across) * block + channel * (t.height * t.scale + seam)];
}

/** The filter under a point of the picture, or undefined between tiles. */
export function filterAt(t: Tiling, x: number, y: number): number | undefined {
  for (let filter = 0; filter < t.filters; filter++) {
    const [left, top] = corner(t, filter, 0);
    const bottom = top + t.channels * (t.height * t.scale + 1);
    if (x >= left && x < left + t.width * t.scale && y >= top && y < bottom) return filter;
  }
  return undefined;
}

/** Smallest and largest weight of one filter. */
export function filterRange(values: Float32Array, shape: Snapshot["shape"], filter: number): [low: number, high: number] {
  const size = shape[1] * shape[2] * shape[3];
  const own = values.subarray(filter * size, (filter + 1) * size);
  return [own.reduce((a, b) => Math.min(a, b), Infinity), own.reduce((a, b) => Math.max(a, b), -Infinity)];
}

/** The picture as RGBA bytes, rows first, transparent between tiles; colours are symmetric about zero. */
export function paint(snapshot: Snapshot, t: Tiling): Uint8ClampedArray<ArrayBuffer> {
  const values = weights(snapshot);
  const limit = Math.max(Math.abs(snapshot.low), Math.abs(snapshot.high)) || 1;
  const out = new Uint8ClampedArray(t.pixelWidth * t.pixelHeight * 4);
  const size = t.height * t.width;
  for (let filter = 0; filter < t.filters; filter++) {
    for (let channel = 0; channel < t.channels; channel++) {
      const [left, top] = corner(t, filter, channel);
      const from = (filter * snapshot.shape[1] + channel) * size;
      for (let i = 0; i < size; i++) {
        const colour = diverging((values[from + i] ?? 0) / limit);
        square(out, t, left + (i % t.width) * t.scale, top + Math.floor(i / t.width) * t.scale, colour);
      }
    }
  }
  return out;
}

function square(out: Uint8ClampedArray, t: Tiling, left: number, top: number, colour: Rgb): void {
  for (let y = top; y < top + t.scale; y++) {
    for (let x = left; x < left + t.scale; x++) {
      const at = (y * t.pixelWidth + x) * 4;
      out[at] = colour[0];
      out[at + 1] = colour[1];
      out[at + 2] = colour[2];
      out[at + 3] = 255;
    }
  }
}
