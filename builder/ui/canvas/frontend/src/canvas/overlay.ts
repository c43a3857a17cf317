import { BRICK, type Places } from "./geometry.ts";
import type { Spot } from "./quick.ts";
import type { Point } from "./types.ts";

/** Size of the search list, pixels of the screen. */
const LIST = { width: 348, height: 340, gap: 8 } as const;

function bottomOf(places: Places, ids: readonly string[]): Point | null {
  const all = ids.map((id) => places.get(id)).filter((at): at is Point => at !== undefined);
  if (all.length === 0) return null;
  const lowest = all.reduce((low, at) => (at[1] > low[1] ? at : low));
  return [lowest[0], lowest[1] + BRICK.height];
}

function idsOf(spot: Spot): readonly string[] {
  if (spot.type === "join") return spot.ids;
  if (spot.type === "wire") return [spot.wire.source];
  return spot.type === "free" ? [] : [spot.id];
}

/** Where on the pane a list about `spot` opens: under the brick it is about, the middle of the pane where there is none. */
export function nearSpot(spot: Spot, places: Places, toPane: (point: Point) => Point): Point | null {
  const corner = bottomOf(places, idsOf(spot));
  if (!corner) return null;
  const [x, y] = toPane(corner);
  return [x, y + LIST.gap];
}

/** `wanted` moved so that the list lies inside a pane of this size; by itself in the upper middle. */
export function overlayAt(wanted: Point | null, width: number, height: number): Point {
  const [x, y] = wanted ?? [(width - LIST.width) / 2, height * 0.2];
  const most = (room: number, size: number): number => Math.max(LIST.gap, room - size - LIST.gap);
  return [Math.max(LIST.gap, Math.min(x, most(width, LIST.width))), Math.max(LIST.gap, Math.min(y, most(height, LIST.height)))];
}
