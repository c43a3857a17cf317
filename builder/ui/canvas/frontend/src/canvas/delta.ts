import type { CanvasData } from "./types.ts";

/** A run of the old list, or new items. */
type Piece = readonly [start: number, count: number] | { readonly new: readonly unknown[] };

/** What makes a new value of an old one: another value, a table with other entries, or a list in pieces of the old one. */
export type Change =
  | { readonly is: unknown }
  | { readonly in: Readonly<Record<string, Change>>; readonly out?: readonly string[] }
  | { readonly of: readonly Piece[] };

/** Python's message: everything, or what changed since the value that it calls `base`. */
export interface Told {
  readonly stamp: string;
  readonly full?: CanvasData;
  readonly base?: string;
  readonly change?: Change | null;
}

// As many as Python remembers: any of them may be what the next answer starts from.
const KEPT = 12;

function isTable(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function piece(before: readonly unknown[], part: Piece): readonly unknown[] {
  if ("new" in part) return part.new;
  const [start, count] = part;
  if (start < 0 || count < 1 || start + count > before.length) throw new RangeError("a change does not fit the list that it is put onto");
  return before.slice(start, start + count);
}

/** `before` after `change`; what did not change is the same object. Throws where the change was not taken from this value. */
export function patched(before: unknown, change: Change | null): unknown {
  if (change === null) return before;
  if ("is" in change) return change.is;
  if ("of" in change) {
    if (!Array.isArray(before)) throw new TypeError("a list should change that is none");
    return change.of.flatMap((part) => piece(before, part));
  }
  if (!isTable(before)) throw new TypeError("a table should change that is none");
  const gone = new Set(change.out);
  const kept = Object.entries(before).filter(([name]) => !gone.has(name));
  const news = Object.entries(change.in).map(([name, inner]) => [name, patched(Object.hasOwn(before, name) ? before[name] : undefined, inner)]);
  return Object.fromEntries([...kept, ...news]);
}

/** What Python has told this browser, by stamp. It outlives a page switch, as the module does that holds it. */
export class Holder {
  private readonly held = new Map<string, CanvasData>();
  /** What Python knows this holder by. */
  readonly tab: string;

  constructor(tab = "") {
    this.tab = tab;
  }

  /** The stamp of the value that came last; null before any came. */
  get newest(): string | null {
    return [...this.held.keys()].at(-1) ?? null;
  }

  /** The whole of what Python says; null when it starts from something that is not here: then the whole has to be asked for. */
  take(told: Told): CanvasData | null {
    const value = this.held.get(told.stamp) ?? this.made(told);
    if (!value) return null;
    this.held.delete(told.stamp);
    this.held.set(told.stamp, value);
    for (const old of [...this.held.keys()].slice(0, -KEPT)) this.held.delete(old);
    return value;
  }

  private made({ full, base, change }: Told): CanvasData | null {
    if (full) return full;
    const before = base === undefined ? undefined : this.held.get(base);
    if (!before || change === undefined) return null;
    try {
      return patched(before, change) as CanvasData;
    } catch {
      return null;
    }
  }
}
