/** The live preview: a file beside the page that holds what the network makes of one sample, brick by brick. */

import { shareRecord } from "./sync.ts";

/** What Python says of the preview with every answer; the file bears `ticket` once it shows this revision of the drawing. */
export interface PreviewOffer {
  readonly on: boolean;
  /** Whose trained weights are shown; null for fresh ones. */
  readonly run: string | null;
  readonly sample: number;
  readonly url?: string;
  readonly ticket?: string;
}

interface Numbers {
  readonly shape: readonly number[];
  readonly min: number | null;
  readonly mean: number | null;
  readonly max: number | null;
  readonly zeros: number | null;
  readonly dead: boolean;
  readonly broken: boolean;
  readonly says: string;
  /** How many there are, of which some are shown. */
  readonly of: number;
}

export interface Sheet extends Numbers {
  readonly kind: "maps" | "image";
  /** A PNG in base64: `count` tiles, `across` in a row. */
  readonly png: string;
  readonly count: number;
  readonly across: number;
  readonly down: number;
}

export interface Bars extends Numbers {
  readonly kind: "bars";
  readonly values: readonly (number | null)[];
}

export interface Score {
  readonly label: string;
  readonly value: number | null;
  readonly share: number | null;
  readonly truth: boolean;
  readonly answer: boolean;
}

export interface Scores extends Numbers {
  readonly kind: "scores";
  readonly rows: readonly Score[];
}

export type Preview = Sheet | Bars | Scores;

export interface OfferedRun {
  readonly id: string;
  readonly name: string;
  readonly epoch: number;
  readonly accuracy: number | null;
  /** Of the drawing's bricks that learn, how many are the same in this run. */
  readonly taken: number;
  readonly of: number;
}

export interface PreviewFile {
  readonly ticket: string;
  readonly says?: string;
  readonly bricks?: Readonly<Record<string, Preview>>;
  readonly runs?: readonly OfferedRun[];
  readonly weights?: { readonly taken: number; readonly of: number } | null;
  readonly sample?: { readonly index: number; readonly count: number; readonly title: string; readonly says: string; readonly label: string | null };
}

export interface PreviewState {
  readonly offer: PreviewOffer;
  readonly file: PreviewFile | null;
  /** Does the file show the drawing as it is now? */
  readonly fresh: boolean;
}

export interface Surroundings {
  /** The file at this address; null when it cannot be had just now. */
  read(url: string): Promise<PreviewFile | null>;
  /** Calls `act` after so many milliseconds unless the returned function is called before. */
  later(act: () => void, wait: number): () => void;
  hidden(): boolean;
}

export const OFF: PreviewOffer = { on: false, run: null, sample: 0 };
// The server begins after a pause of 0.4 s: looking any earlier is in vain.
export const FIRST_MS = 520;
export const AGAIN_MS = 240;
const SLOWER = 1.4;
export const SLOWEST_MS = 2500;
const GIVE_UP_MS = 150_000;

/** Looks for the file of the newest offer until it is there; everything else of the canvas goes on meanwhile. */
export class PreviewFeed {
  private readonly listeners = new Set<() => void>();
  private readonly around: Surroundings;
  private state: PreviewState = { offer: OFF, file: null, fresh: true };
  private cancel: () => void = () => undefined;
  /** Counts the offers: an answer to an older one comes too late. */
  private turn = 0;

  constructor(around: Surroundings) {
    this.around = around;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly snapshot = (): PreviewState => this.state;

  want(offer: PreviewOffer = OFF): void {
    const before = this.state;
    if (same(before.offer, offer)) return;
    this.end();
    const file = offer.on && offer.url === before.offer.url ? before.file : null;
    const fresh = !offer.on || file?.ticket === offer.ticket;
    this.set({ offer, file, fresh });
    if (!fresh) this.look(FIRST_MS, 0);
  }

  end(): void {
    this.turn += 1;
    this.cancel();
  }

  private look(wait: number, waited: number): void {
    const { turn } = this;
    this.cancel = this.around.later(() => {
      if (this.around.hidden()) return this.look(SLOWEST_MS, waited);
      void this.around.read(this.state.offer.url ?? "").then((file) => this.got(turn, file, wait, waited + wait));
    }, wait);
  }

  private got(turn: number, file: PreviewFile | null, wait: number, waited: number): void {
    if (turn !== this.turn) return;
    if (file?.ticket === this.state.offer.ticket && file) {
      const bricks = shareRecord(this.state.file?.bricks ?? {}, file.bricks ?? {});
      return this.set({ ...this.state, file: { ...file, bricks }, fresh: true });
    }
    if (waited < GIVE_UP_MS) return this.look(wait === FIRST_MS ? AGAIN_MS : Math.min(wait * SLOWER, SLOWEST_MS), waited);
    this.set({ ...this.state, file: { ticket: "", says: "The preview does not come. Switch it off and on again." }, fresh: true });
  }

  private set(state: PreviewState): void {
    this.state = state;
    for (const listener of this.listeners) listener();
  }
}

function same(a: PreviewOffer, b: PreviewOffer): boolean {
  return a.on === b.on && a.run === b.run && a.sample === b.sample && a.url === b.url && a.ticket === b.ticket;
}

/** The file, never from the browser's own store, in which the one before would lie. */
export async function readFile(url: string): Promise<PreviewFile | null> {
  try {
    const answer = await fetch(new URL(url, location.origin), { cache: "no-store" });
    return answer.ok ? ((await answer.json()) as PreviewFile) : null;
  } catch {
    return null;
  }
}

/** A number in three digits. */
export function figure(value: number | null | undefined): string {
  if (value === null || value === undefined) return "?";
  if (value !== 0 && (Math.abs(value) >= 1e5 || Math.abs(value) < 1e-3)) return value.toExponential(1);
  return String(Number(value.toPrecision(3)));
}

/** Bars from zero as one SVG path in a box 100 wide and 100 high that has room for all of `beside`. */
export function barPath(values: readonly (number | null)[], beside = values): string {
  const numbers = values.map((value) => value ?? 0);
  const high = Math.max(0, ...beside.map((value) => value ?? 0));
  const low = Math.min(0, ...beside.map((value) => value ?? 0));
  const scale = 100 / (high - low || 1);
  const width = 100 / Math.max(1, values.length);
  const gap = values.length > 32 ? 0 : width * 0.15;
  const short = (x: number): string => String(Number(x.toFixed(2)));
  return numbers.map((value, i) => `M${short(i * width)} ${short(high * scale)}h${short(width - gap)}v${short(-value * scale)}h${short(gap - width)}z`).join("");
}

/** What a picture does not say, in words; also what a screen reader says of it. */
export function describe(preview: Preview): string {
  const range = `from ${figure(preview.min)} to ${figure(preview.max)}, mean ${figure(preview.mean)}`;
  return [...(preview.says ? [preview.says] : []), `Values ${range}.`].join(" ");
}

/** What the picture shows: how many of how many. */
export function caption(preview: Preview): string {
  if (preview.kind === "image") return "The sample as it enters.";
  if (preview.kind === "scores") return preview.rows.length < preview.of ? `The ${preview.rows.length} most likely of ${preview.of} classes.` : "A score a class.";
  if (preview.kind === "bars") {
    return preview.values.length < preview.of ? `${preview.of} values: the furthest from 0 of every ${Math.ceil(preview.of / preview.values.length)}.` : `${preview.of} values.`;
  }
  const which = preview.count < preview.of ? `The first ${preview.count} of ${preview.of} maps` : preview.of === 1 ? "One map" : `All ${preview.of} maps`;
  return `${which}, ${preview.of === 1 ? "" : "each "}from its least value (dark) to its greatest (bright).`;
}
