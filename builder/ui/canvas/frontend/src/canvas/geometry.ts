import { inputCount, outputCount, type Catalogue } from "./catalogue.ts";
import { findNode, inputsOf, outputOf, portOf } from "./document.ts";
import { extent, someCorner } from "./grid.ts";
import { ownerOf } from "./sharing.ts";
import type { NetworkDocument, Point, Wire } from "./types.ts";

/** All sizes in canvas pixels. PITCH is the distance from one brick of a column to the next. */
export const BRICK = { width: 240, height: 56 } as const;
export const PITCH = 84;
const GRID = 4;
export const LEAST_ZOOM = 0.1;
const BELOW = 60;
const NEAR = 22;

export type Places = ReadonlyMap<string, Point>;

/** The way the network runs: from top to bottom, or from left to right. */
export type Direction = "down" | "right";

/** From one brick of a row to the next: the shape stands on the wire between them. */
const STRIDE = 368;

/** The place of the brick that is `by` after one at this place. */
export function ahead([x, y]: Point, direction: Direction = "down", by = 1): Point {
  return direction === "right" ? [x + by * STRIDE, y] : [x, y + by * PITCH];
}

export const snap = (value: number): number => Math.round(value / GRID) * GRID;
export const snapPoint = ([x, y]: Point): Point => [snap(x), snap(y)];

/** x of the k-th of n ports, from the brick's left edge. */
export function portX(index: number, count: number): number {
  return (BRICK.width * (index + 1)) / (count + 1);
}

/** Where the k-th of n ports stands on its edge, from the brick's corner along that edge. */
export function portAt(index: number, count: number, direction: Direction = "down"): number {
  return direction === "right" ? (BRICK.height * (index + 1)) / (count + 1) : portX(index, count);
}

export interface Ends {
  readonly from: Point;
  readonly to: Point;
}

/** Where a wire starts and ends. */
export function endsOf(document: NetworkDocument, wire: Wire, places: Places, catalogue: Catalogue, direction: Direction = "down"): Ends | null {
  const source = places.get(wire.source);
  const target = places.get(wire.target);
  const node = findNode(document, wire.target);
  if (!source || !target || !node) return null;
  const count = inputCount(catalogue.layers[node.kind], inputsOf(document, wire.target).length);
  const from = findNode(document, wire.source);
  const outputs = Math.max(outputCount(catalogue.layers[from?.kind ?? ""], from && ownerOf(document, from)), outputOf(wire) + 1);
  const [out, into] = [portAt(outputOf(wire), outputs, direction), portAt(portOf(wire), count, direction)];
  if (direction === "right") return { from: [source[0] + BRICK.width, source[1] + out], to: [target[0], target[1] + into] };
  return { from: [source[0] + out, source[1] + BRICK.height], to: [target[0] + into, target[1]] };
}

/** The cubic curve from handle to handle, leaving and entering vertically. */
export function curve({ from, to }: Ends, direction: Direction = "down"): readonly [Point, Point, Point, Point] {
  if (direction === "right") return curve({ from: turned(from), to: turned(to) }).map(turned) as unknown as readonly [Point, Point, Point, Point];
  const reach = to[1] - from[1];
  const pull = reach >= 0 ? reach / 2 : 6 * Math.sqrt(-reach);
  return [from, [from[0], from[1] + pull], [to[0], to[1] - pull], to];
}

const turned = ([x, y]: Point): Point => [y, x];

function onCurve([a, b, c, d]: readonly [Point, Point, Point, Point], t: number): Point {
  const s = 1 - t;
  const mix = (i: 0 | 1): number => s * s * s * a[i] + 3 * s * s * t * b[i] + 3 * s * t * t * c[i] + t * t * t * d[i];
  return [mix(0), mix(1)];
}

/** A wire as points: the curve, or the way round when it has a lane. */
export function samples(ends: Ends, lane: number | null, direction: Direction = "down"): readonly Point[] {
  if (lane !== null) return detour(ends, lane, direction);
  const points = curve(ends, direction);
  return Array.from({ length: 17 }, (_, i) => onCurve(points, i / 16));
}

/** Corners of the way round: on a little, over to the lane, along it, back before the target, in. */
export function detour(ends: Ends, lane: number, direction: Direction = "down"): readonly Point[] {
  if (direction === "right") return detour({ from: turned(ends.from), to: turned(ends.to) }, lane).map(turned);
  const { from, to } = ends;
  const [out, back] = [from[1] + 12, to[1] - 12];
  return [from, [from[0], out], [lane, out], [lane, back], [to[0], back], to];
}

/** An SVG path along `points` with rounded corners of radius 10. */
export function roundedPath(points: readonly Point[]): string {
  const [first, ...rest] = points;
  if (!first) return "";
  const parts = rest.map((corner, i) => {
    const next = rest[i + 1];
    if (!next) return `L ${corner[0]} ${corner[1]}`;
    const enter = towards(corner, i === 0 ? first : (rest[i - 1] ?? first), 10);
    const leave = towards(corner, next, 10);
    return `L ${enter[0]} ${enter[1]} Q ${corner[0]} ${corner[1]} ${leave[0]} ${leave[1]}`;
  });
  return [`M ${first[0]} ${first[1]}`, ...parts].join(" ");
}

function towards(from: Point, to: Point, distance: number): Point {
  const length = Math.hypot(to[0] - from[0], to[1] - from[1]);
  const share = length === 0 ? 0 : Math.min(distance, length / 2) / length;
  return [from[0] + (to[0] - from[0]) * share, from[1] + (to[1] - from[1]) * share];
}

// Points on a wire stand closer than a brick is high, so that none slips through between them.
const STEP = 40;
const CLEAR = 4;
/** A wire shorter than this has no room for corners. */
export const SHORT = 48;

/** Is a brick, other than those at its ends, on the straight piece from `a` to `b` of a wire? The wire runs down, or is turned so that it does. */
function hits(wire: Wire, ends: Ends, [a, b]: readonly [Point, Point], places: Places, direction: Direction): boolean {
  const back = direction === "right" ? turned : (point: Point): Point => point;
  const [from, to] = [back([Math.min(a[0], b[0]), Math.min(a[1], b[1])]), back([Math.max(a[0], b[0]), Math.max(a[1], b[1])])];
  const between = (id: string, at: Point): boolean => id !== wire.source && id !== wire.target && inside(at, ends, direction);
  return someCorner(places, [from[0] - BRICK.width - CLEAR, from[1] - BRICK.height - CLEAR], [to[0] + CLEAR, to[1] + CLEAR], between);
}

/** Does the straight way of a wire that runs down run behind a brick that stands between its ends? */
function runsBehind(wire: Wire, ends: Ends, places: Places, direction: Direction): boolean {
  const points = curve(ends);
  const far = ends.to[1] - ends.from[1] + Math.abs(ends.to[0] - ends.from[0]);
  const count = Math.max(16, Math.ceil(far / STEP));
  for (let i = 0; i <= count; i += 1) {
    const point = onCurve(points, i / count);
    if (hits(wire, ends, [point, point], places, direction)) return true;
  }
  return false;
}

/** How far the bricks between the ends of a wire reach across its way, to either side. */
function acrossOf(places: Places, ends: Ends, direction: Direction): readonly [number, number] {
  if (direction === "down") {
    const [left, right] = extent(places, ends.from[1] - BRICK.height, ends.to[1]) ?? [0, 0];
    return [left, right + BRICK.width];
  }
  const rows = [...places.values()].filter((at) => inside(at, ends, direction)).map((at) => at[1]);
  return rows.length > 0 ? [Math.min(...rows), Math.max(...rows) + BRICK.height] : [0, 0];
}

/**
 * Where a wire that would run behind bricks goes along instead, x of a lane (y where the drawing runs to the right): over where it ends or starts
 * when that is free, else beside all that stands between; null when the straight way is free.
 */
export function laneOf(wire: Wire, ends: Ends, places: Places, direction: Direction = "down"): number | null {
  const down = direction === "right" ? { from: turned(ends.from), to: turned(ends.to) } : ends;
  const reach = down.to[1] - down.from[1];
  if (reach <= SHORT || !runsBehind(wire, down, places, direction)) return null;
  for (const lane of [down.to[0], down.from[0]]) {
    const corners = detour(down, lane);
    if (!corners.slice(1).some((corner, i) => hits(wire, down, [corners[i] as Point, corner], places, direction))) return lane;
  }
  if (reach < PITCH) return null;
  const [least, most] = acrossOf(places, down, direction);
  const [left, right] = [least - 28, most + 28];
  const middle = (down.from[0] + down.to[0]) / 2;
  return down.to[0] < down.from[0] || middle - left < right - middle ? left : right;
}

/** Does a brick stand between the ends of a wire that runs down, or is turned so that it does? */
function inside(at: Point, { from, to }: Ends, direction: Direction): boolean {
  const [place, size] = direction === "right" ? [at[0], BRICK.width] : [at[1], BRICK.height];
  return place + size > from[1] && place < to[1];
}

function covers(at: Point, [x, y]: Point, margin: number): boolean {
  return x > at[0] - margin && x < at[0] + BRICK.width + margin && y > at[1] - margin && y < at[1] + BRICK.height + margin;
}

/** Distance from a point to a chain of straight pieces. */
export function distance([x, y]: Point, line: readonly Point[]): number {
  let best = Number.POSITIVE_INFINITY;
  for (let i = 1; i < line.length; i += 1) {
    const [ax, ay] = line[i - 1] as Point;
    const [bx, by] = line[i] as Point;
    const length = (bx - ax) ** 2 + (by - ay) ** 2;
    const t = length === 0 ? 0 : Math.max(0, Math.min(1, ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / length));
    best = Math.min(best, Math.hypot(x - ax - t * (bx - ax), y - ay - t * (by - ay)));
  }
  return best;
}

export function brickAt(point: Point, places: Places): string | null {
  for (const [id, at] of places) if (covers(at, point, 0)) return id;
  return null;
}

export type DropTarget =
  | { readonly type: "wire"; readonly wire: Wire }
  | { readonly type: "below"; readonly id: string }
  /** Fed by what feeds brick `id`, which is the wire `source`. */
  | { readonly type: "beside"; readonly id: string; readonly source: Wire }
  /** In the place of brick `id`. */
  | { readonly type: "onto"; readonly id: string }
  | { readonly type: "free" };

/** What dropping a new brick's middle at `point` would do: onto a wire, under a brick, or just there. */
export function dropTarget(point: Point, document: NetworkDocument, places: Places, catalogue: Catalogue, direction: Direction = "down"): DropTarget {
  let best: { wire: Wire; far: number } | null = null;
  for (const wire of document.edges) {
    const ends = endsOf(document, wire, places, catalogue, direction);
    if (!ends || !passes(ends, point, direction)) continue;
    const far = distance(point, samples(ends, laneOf(wire, ends, places, direction), direction));
    if (far < (best?.far ?? NEAR)) best = { wire, far };
  }
  if (best) return { type: "wire", wire: best.wire };
  const above = [...places].find(([, at]) => (direction === "right" ? isAfter(point, at) : isBelow(point, at)));
  return above ? { type: "below", id: above[0] } : { type: "free" };
}

/** Can a wire come near the height of `point`? One that leads upwards swings out above and below its ends. */
function passes(ends: Ends, [, y]: Point, direction: Direction): boolean {
  const heights = curve(ends, direction).map((point) => point[1]);
  return y > Math.min(...heights) - NEAR && y < Math.max(...heights) + NEAR;
}

function isBelow([x, y]: Point, at: Point): boolean {
  const bottom = at[1] + BRICK.height;
  return x > at[0] - 16 && x < at[0] + BRICK.width + 16 && y > bottom - 20 && y < bottom + BELOW;
}

function isAfter([x, y]: Point, at: Point): boolean {
  const edge = at[0] + BRICK.width;
  return y > at[1] - 16 && y < at[1] + BRICK.height + 16 && x > edge - 20 && x < edge + BRICK.width;
}

/** The brick whose inner part is under `point`. */
export function bodyAt([x, y]: Point, places: Places): string | null {
  const hit = [...places].find(([, at]) => x > at[0] + 12 && x < at[0] + BRICK.width - 12 && y > at[1] + 8 && y < at[1] + BRICK.height - 12);
  return hit?.[0] ?? null;
}

/** The nearest brick that `point` is to the left or right of, close and at about its height. */
export function besideOf([x, y]: Point, places: Places, direction: Direction = "down"): string | null {
  if (direction === "right") return overOrUnder([x, y], places);
  const reach = BRICK.width * 0.85;
  let best: { id: string; far: number } | null = null;
  for (const [id, at] of places) {
    const far = Math.max(at[0] - x, x - at[0] - BRICK.width);
    const level = Math.abs(y - at[1] - BRICK.height / 2) < BRICK.height * 0.6;
    if (level && far > 16 && far < (best?.far ?? reach)) best = { id, far };
  }
  return best?.id ?? null;
}

/** The same where networks run to the right: the brick that `point` is over or under. */
function overOrUnder([x, y]: Point, places: Places): string | null {
  const hit = [...places].find(([, at]) => {
    const far = Math.max(at[1] - y, y - at[1] - BRICK.height);
    return Math.abs(x - at[0] - BRICK.width / 2) < BRICK.width * 0.4 && far > 16 && far < BRICK.height * 1.3;
  });
  return hit?.[0] ?? null;
}

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export function bounds(places: Iterable<Point>): Box | null {
  const all = [...places];
  if (all.length === 0) return null;
  const x = Math.min(...all.map((at) => at[0]));
  const y = Math.min(...all.map((at) => at[1]));
  const width = Math.max(...all.map((at) => at[0])) + BRICK.width - x;
  const height = Math.max(...all.map((at) => at[1])) + BRICK.height - y;
  return { x, y, width, height };
}

export interface View {
  readonly x: number;
  readonly y: number;
  readonly zoom: number;
}

/** Room for the tools above the drawing, pixels of the screen. */
const MARGIN = { x: 32, top: 60, bottom: 16 } as const;

/** The view that shows everything; when that would be too small to read, where it begins at a size that can be read: at its top, or the left of a row. */
export function fitView(places: Places, width: number, height: number, smallest = 0.55): View {
  const box = bounds(places.values());
  if (!box) return { x: width / 2 - BRICK.width / 2, y: 80, zoom: 1 };
  const { view, axis } = boxView(box, width, height, smallest);
  const first = [...places.values()].reduce((one, at) => (at[axis] < one[axis] ? at : one));
  return revealView(view, first, width, height) ?? view;
}

/** The view of a box that everything stands in, and along which axis it begins. */
function boxView(box: Box, width: number, height: number, smallest: number): { readonly view: View; readonly axis: 0 | 1 } {
  const room = { width: width - 2 * MARGIN.x, height: height - MARGIN.top - MARGIN.bottom };
  const whole = Math.min(room.width / box.width, room.height / box.height, 1);
  const zoom = whole >= smallest ? whole : Math.min(0.75, Math.max(smallest, room.width / box.width));
  const spare = Math.max(0, room.height - box.height * zoom) / 2;
  if (whole < smallest && box.width > 2 * box.height) return { view: fromLeft(box, room, Math.max(zoom, Math.min(0.55, room.height / box.height))), axis: 0 };
  return { view: { x: (width - box.width * zoom) / 2 - box.x * zoom, y: MARGIN.top + spare - box.y * zoom, zoom }, axis: 1 };
}

interface Size {
  readonly width: number;
  readonly height: number;
}

function fromLeft(box: Box, room: Size, zoom: number): View {
  const spare = Math.max(0, room.height - box.height * zoom) / 2;
  return { x: MARGIN.x - box.x * zoom, y: MARGIN.top + spare - box.y * zoom, zoom };
}

function inSight(view: View, box: Box, { width, height }: Size): boolean {
  const [left, top] = [box.x * view.zoom + view.x, box.y * view.zoom + view.y];
  return left >= 0 && top >= 0 && left + box.width * view.zoom <= width && top + box.height * view.zoom <= height;
}

/** The view after the pane changed its size: all of the drawing when all of it was in sight, else the same middle at the same zoom. */
export function resizedView(view: View, places: Places, before: Size, now: Size): View {
  const box = bounds(places.values());
  if (box && inSight(view, box, before)) return fitView(places, now.width, now.height);
  return { ...view, x: view.x + (now.width - before.width) / 2 };
}

/** The least shift of the view that brings a brick into the pane with some air around it; null when it is in sight. */
export function revealView(view: View, at: Point, width: number, height: number): View | null {
  const left = at[0] * view.zoom + view.x;
  const top = at[1] * view.zoom + view.y;
  const x = shift(left, BRICK.width * view.zoom, 24, width - 24);
  const y = shift(top, BRICK.height * view.zoom, MARGIN.top, height - MARGIN.bottom);
  return x === 0 && y === 0 ? null : { x: view.x + x, y: view.y + y, zoom: view.zoom };
}

/** The view from as far away as it takes to see a brick and the frame beside it; the brick's corner stays where it is on the screen. */
function further(view: View, frame: Box, brick: Point, width: number): View {
  const zoom = Math.min(view.zoom, Math.max(0.5, (width - 32) / (frame.x + frame.width - brick[0])));
  return { x: view.x + brick[0] * (view.zoom - zoom), y: view.y + brick[1] * (view.zoom - zoom), zoom };
}

/** The least change of the view that brings a frame beside a brick into the pane, as far as the brick stays in sight; null when it is. */
export function frameView(before: View, frame: Box, brick: Point, { width, height }: Size): View | null {
  const view = further(before, frame, brick, width);
  const right = (frame.x + frame.width) * view.zoom + view.x;
  const bottom = (frame.y + frame.height) * view.zoom + view.y;
  const x = Math.max(Math.min(0, width - 16 - right), 16 - (brick[0] * view.zoom + view.x));
  const y = Math.max(Math.min(0, height - 24 - bottom), MARGIN.top - (brick[1] * view.zoom + view.y));
  const [dx, dy] = [right > width - 16 ? Math.min(0, x) : 0, bottom > height - 24 ? Math.min(0, y) : 0];
  return dx === 0 && dy === 0 && view.zoom === before.zoom ? null : { x: view.x + dx, y: view.y + dy, zoom: view.zoom };
}

/** From further away than half of what is in sight, to the middle of it: who goes there wants to see what is around. */
function shift(start: number, size: number, least: number, most: number): number {
  const far = Math.max(least - start - size, start - most) > (most - least) / 2;
  if (far) return (least + most - size) / 2 - start;
  if (start < least) return least - start;
  return start + size > most ? most - size - start : 0;
}

const DOTS = 24;
/** Pixels from dot to dot where they are closest: closer together they are a haze. */
export const DOT_TILE = 16;

/** Pixels on the screen from dot to dot at this zoom: further apart by powers of two, so that the dots that stay do not move. */
export function dotGap(zoom: number): number {
  return DOTS * zoom * 2 ** Math.max(0, Math.ceil(Math.log2(DOT_TILE / (DOTS * zoom))));
}
