import type { Catalogue } from "./catalogue.ts";
import { wireId } from "./document.ts";
import { BRICK, type Direction, type Ends, endsOf, laneOf, type Places } from "./geometry.ts";
import type { NetworkDocument, Point } from "./types.ts";

interface Routed {
  readonly ends: Ends;
  readonly lane: number | null;
}

/** The way that every wire takes, by its id. */
export interface Lanes {
  readonly document: NetworkDocument | null;
  readonly catalogue: Catalogue | null;
  readonly places: Places;
  readonly direction: Direction;
  readonly of: ReadonlyMap<string, Routed>;
}

export const NO_LANES: Lanes = { document: null, catalogue: null, places: new Map(), direction: "down", of: new Map() };

/** When more bricks than this moved, every wire is looked at again. */
const FEW = 40;

/** How far along the way of the wires something stands or stood elsewhere: old and new corners of bricks that moved, came or went; null when they are many. */
function changes(before: Places, now: Places, along: 0 | 1): readonly number[] | null {
  const changed: number[] = [];
  const note = (one: Point, other: Point | undefined): void => {
    if (other && one[0] === other[0] && one[1] === other[1]) return;
    changed.push(one[along]);
    if (other) changed.push(other[along]);
  };
  for (const [id, at] of now) note(at, before.get(id));
  for (const [id, at] of before) if (!now.has(id)) changed.push(at[along]);
  return changed.length > 2 * FEW ? null : changed;
}

const sameEnds = (a: Ends, b: Ends): boolean => a.from[0] === b.from[0] && a.from[1] === b.from[1] && a.to[0] === b.to[0] && a.to[1] === b.to[1];

/** The lanes of all wires; of those whose ends stand and that nothing moved beside, as they were. */
export function lanesOf(before: Lanes, document: NetworkDocument, places: Places, catalogue: Catalogue, direction: Direction = "down"): Lanes {
  if (before.direction === direction && before.document === document && before.places === places && before.catalogue === catalogue) return before;
  const [along, size] = direction === "right" ? ([0, BRICK.width] as const) : ([1, BRICK.height] as const);
  const moved = before.direction !== direction ? null : before.places === places ? [] : changes(before.places, places, along);
  const beside = ({ from, to }: Ends): boolean => moved === null || moved.some((place) => place + size > from[along] && place < to[along]);
  const of = new Map<string, Routed>();
  for (const wire of document.edges) {
    const ends = endsOf(document, wire, places, catalogue, direction);
    if (!ends) continue;
    const id = wireId(wire);
    const old = before.of.get(id);
    of.set(id, old && sameEnds(old.ends, ends) && !beside(ends) ? old : { ends, lane: laneOf(wire, ends, places, direction) });
  }
  return { document, catalogue, places, direction, of };
}
