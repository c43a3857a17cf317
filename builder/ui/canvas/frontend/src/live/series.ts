import type { Confusion, Gradients, LiveData, Point, Snapshot, TestPoint } from "./types.ts";

/** Everything the browser holds of one run. */
export interface Series {
  readonly name: string;
  readonly points: readonly Point[];
  readonly tests: readonly TestPoint[];
  readonly snapshot: Snapshot | null;
  readonly confusion: Confusion | null;
  readonly gradients: Gradients | null;
}

/** A series after an update: `added` are the points that are new in it, `gap` says that some that Python counts on are missing. */
export interface Merged {
  readonly series: Series;
  readonly added: readonly Point[];
  readonly gap: boolean;
}

const EMPTY = { points: [], tests: [], snapshot: null, confusion: null, gradients: null } as const;

/** The held series with an update's new points; overlapping ones are recognised by their number and not added twice. */
export function merge(held: Series | undefined, data: LiveData): Merged {
  const before: Series = held && held.name === data.series ? held : { name: data.series, ...EMPTY };
  const have = before.points.length;
  const missing = data.base > have;
  const added = missing ? [] : data.points.slice(have - data.base);
  const snapshot = data.snapshot ?? before.snapshot;
  const confusion = data.confusion ?? before.confusion;
  const gradients = data.gradients ?? before.gradients;
  const measured = (gradients?.rows.at(-1)?.[0] ?? 0) === data.gradientsStep;
  const gap = missing || !measured || (snapshot?.step ?? 0) !== data.snapshotStep || (confusion?.epoch ?? 0) !== data.confusionEpoch;
  const points = added.length ? [...before.points, ...added] : before.points;
  return { series: { name: data.series, points, tests: data.tests, snapshot, confusion, gradients }, added, gap };
}

/** The series that fit in memory: the newest `keep`, the one just used last. */
export function remember(held: Map<string, Series>, series: Series, keep: number): void {
  held.delete(series.name);
  held.set(series.name, series);
  for (const name of held.keys()) {
    if (held.size <= keep) return;
    held.delete(name);
  }
}

/** Running state of an exponential average, corrected for its start as in Adam (arXiv:1412.6980, section 3). */
export interface Average {
  readonly sum: number;
  readonly count: number;
}

/** The averages after each value and the state to go on from; a missing value leaves the average where it was. */
export function smooth(values: readonly (number | null)[], weight: number, from: Average = { sum: 0, count: 0 }): { values: (number | null)[]; state: Average } {
  let { sum, count } = from;
  const out = values.map((value) => {
    if (value !== null) {
      sum = sum * weight + value * (1 - weight);
      count += 1;
    }
    return count ? sum / (1 - weight ** count) : null;
  });
  return { values: out, state: { sum, count } };
}

const STRIDES = [1, 2, 5];

/** The smallest of 1, 2, 5, 10, 20, 50, ... that splits `count` into at most `most` parts. */
export function stride(count: number, most: number): number {
  for (let scale = 1; ; scale *= 10) {
    const fits = STRIDES.find((s) => count / (s * scale) <= most);
    if (fits) return fits * scale;
  }
}

/** Where epochs end on the step axis, and their numbers; thinned so that at most about `most` remain. */
export function epochTicks(stepsPerEpoch: number, epochs: number, most = 12): { at: number[]; text: string[] } {
  if (stepsPerEpoch <= 0 || epochs <= 0) return { at: [], text: [] };
  const every = stride(epochs, most);
  const numbers = Array.from({ length: Math.floor(epochs / every) }, (_, i) => (i + 1) * every);
  return { at: numbers.map((n) => n * stepsPerEpoch), text: numbers.map(String) };
}

/**
 * How many steps the axis shows while training: whole epochs in growing leaps, so that the picture stands still between leaps
 * and is always at least half full. An ended run shows what it has.
 */
export function horizon(step: number, stepsPerEpoch: number, epochs: number, ended: boolean): number {
  if (ended || stepsPerEpoch <= 0) return Math.max(step, 1);
  const total = stepsPerEpoch * Math.max(epochs, 1);
  const parts = [0.125, 0.25, 0.5];
  const within = parts.find((part) => step <= part * stepsPerEpoch);
  if (within) return Math.min(total, Math.ceil(within * stepsPerEpoch));
  let shown = 1;
  while (shown * stepsPerEpoch < step) shown = Math.ceil(shown * 1.6);
  return Math.min(total, shown * stepsPerEpoch);
}
