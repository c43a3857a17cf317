import type { Catalogue, Layer } from "./catalogue.ts";
import { inputCount, outputCount } from "./catalogue.ts";
import { applyEdit, downstream, findNode, freeId, inputsOf, makeWire, outputsOf } from "./document.ts";
import { ahead, BRICK, besideOf, bodyAt, type Direction, type DropTarget, dropTarget, endsOf, laneOf, type Places, snapPoint } from "./geometry.ts";
import { freePlace } from "./layout.ts";
import { hasRoom } from "./quick.ts";
import { ownerOf } from "./sharing.ts";
import { partIn } from "./sync.ts";
import type { BrickNode, Edit, NetworkDocument, Point, Wire } from "./types.ts";

/** What a gesture works on. */
export interface Drawing {
  readonly document: NetworkDocument;
  readonly places: Places;
  readonly catalogue: Catalogue;
  /** Absent means from top to bottom. */
  readonly direction?: Direction;
  /** The block whose inside it is; absent or null for the network. */
  readonly scope?: string | null;
}

export interface Added {
  readonly id: string;
  readonly edit: Edit;
}

const takesInput = (layer: Layer): boolean => inputCount(layer, 0) > 0;

function newNode(drawing: Drawing, layer: Layer, at: Point): BrickNode {
  return { id: freeId(drawing.document, layer), kind: layer.kind, params: {}, at: snapPoint(at) };
}

export function batch(label: string, edits: readonly Edit[]): Edit {
  const [only] = edits;
  const named = label ? { label } : {};
  return edits.length === 1 && only ? { ...only, ...named } : { op: "batch", ...named, edits };
}

/** Positions that exist on the screen alone, to be sent with the first edit that places anything. */
function unsaved({ document, places }: Drawing): Record<string, Point> {
  const missing = document.nodes.filter((node) => !node.at).map((node) => [node.id, places.get(node.id)] as const);
  return Object.fromEntries(missing.filter((entry): entry is [string, Point] => entry[1] !== undefined));
}

export function moves(drawing: Drawing, at: Readonly<Record<string, Point>>): Edit[] {
  const all = { ...unsaved(drawing), ...at };
  return Object.keys(all).length > 0 ? [{ op: "move", at: all }] : [];
}

/** Positions of the bricks from `id` down, moved so that a brick fits above them. */
export function room(drawing: Drawing, id: string, above: Point): Record<string, Point> {
  const target = drawing.places.get(id);
  const axis = drawing.direction === "right" ? 0 : 1;
  const shift = target ? ahead(above, drawing.direction)[axis] - target[axis] : 0;
  if (!target || shift <= 0) return {};
  const below = [...downstream(drawing.document, id)].map((key) => [key, drawing.places.get(key)] as const);
  const entries = below.filter((entry): entry is [string, Point] => entry[1] !== undefined && entry[1][axis] >= target[axis]);
  return Object.fromEntries(entries.map(([key, [x, y]]) => [key, snapPoint(axis === 0 ? [x + shift, y] : [x, y + shift])]));
}

/** Bricks at other places than those that make room, which a brick at `at` would cover. */
function blocked(drawing: Drawing, at: Point, moved: Readonly<Record<string, Point>>): boolean {
  return [...drawing.places].some(([id, place]) => {
    const [x, y] = moved[id] ?? place;
    return Math.abs(x - at[0]) < BRICK.width && Math.abs(y - at[1]) < BRICK.height;
  });
}

/** Beside the bricks that `wire` goes round, halfway down. */
function besideLane(drawing: Drawing, wire: Wire): Point {
  const ends = endsOf(drawing.document, wire, drawing.places, drawing.catalogue, drawing.direction);
  const lane = ends ? laneOf(wire, ends, drawing.places, drawing.direction) : null;
  const [x, y] = drawing.places.get(wire.source) ?? [0, 0];
  if (!ends || lane === null || drawing.direction === "right") return freePlace(ahead([x, y], drawing.direction), drawing.places, drawing.direction);
  const left = lane < ends.from[0] ? lane - 12 - BRICK.width : lane + 12;
  return freePlace([left, (ends.from[1] + ends.to[1] - BRICK.height) / 2], drawing.places);
}

/** Where a brick goes that is put onto `wire`: in its column when the wire runs straight down, else where it was dropped. */
function onWire(drawing: Drawing, wire: Wire, drop: Point | null): { at: Point; moved: Record<string, Point> } {
  const source = drawing.places.get(wire.source) ?? [0, 0];
  const target = drawing.places.get(wire.target) ?? source;
  const across = drawing.direction === "right" ? 1 : 0;
  const straight = Math.abs(source[across] - target[across]) < 12;
  if (drop && (!straight || Math.abs(drop[across] - source[across]) > BRICK.width / 2)) return { at: drop, moved: {} };
  const at = ahead(source, drawing.direction);
  const moved = room(drawing, wire.target, at);
  return blocked(drawing, at, moved) ? { at: besideLane(drawing, wire), moved: {} } : { at, moved };
}

export function insertOn(drawing: Drawing, layer: Layer, wire: Wire, drop: Point | null): Added {
  const { at, moved } = onWire(drawing, wire, drop);
  const node = newNode(drawing, layer, at);
  return { id: node.id, edit: batch(`Insert ${layer.kind}`, [{ op: "insert", node, edge: wire }, ...moves(drawing, moved)]) };
}

function appendTo(drawing: Drawing, layer: Layer, id: string): Added {
  const above = drawing.places.get(id) ?? [0, 0];
  const node = newNode(drawing, layer, freePlace(ahead(above, drawing.direction), drawing.places, drawing.direction));
  const edits: Edit[] = [{ op: "add", node }, { op: "connect", ...makeWire(id, node.id, 0, freeOutput(drawing, id)) }, ...moves(drawing, {})];
  return { id: node.id, edit: batch(`Add ${layer.kind}`, edits) };
}

/** A layer fed by what feeds the brick beside it. */
function branch(drawing: Drawing, layer: Layer, { source, output }: Wire, at: Point): Added {
  const node = newNode(drawing, layer, freePlace(at, drawing.places, drawing.direction));
  const edits: Edit[] = [{ op: "add", node }, { op: "connect", ...makeWire(source, node.id, 0, output) }, ...moves(drawing, {})];
  return { id: node.id, edit: batch(`Add ${layer.kind}`, edits) };
}

export function putAt(drawing: Drawing, layer: Layer, at: Point): Added {
  const node = newNode(drawing, layer, freePlace(at, drawing.places, drawing.direction));
  return { id: node.id, edit: batch(`Add ${layer.kind}`, [{ op: "add", node }, ...moves(drawing, {})]) };
}

const FREE: DropTarget = { type: "free" };

/** What dropping a layer with its middle at `point` would do, given what the layer can be connected to. */
export function layerTarget(drawing: Drawing, layer: Layer, point: Point): DropTarget {
  const { document, places, catalogue } = drawing;
  const inserts = takesInput(layer) && outputCount(layer) > 0;
  const target = dropTarget(point, inserts ? document : { ...document, edges: [] }, places, catalogue, drawing.direction);
  if (target.type !== "free") return target.type === "below" && !canFollow(drawing, target.id, layer) ? FREE : target;
  const next = takesInput(layer) ? besideOf(point, places, drawing.direction) : null;
  const source = next === null ? undefined : inputsOf(document, next)[0];
  return next !== null && source ? { type: "beside", id: next, source } : FREE;
}

/** What dropping a layer out of the palette would do: onto a brick's body it takes its place when it has room for its wires. */
export function paletteTarget(drawing: Drawing, layer: Layer, point: Point): DropTarget {
  const onto = bodyAt(point, drawing.places);
  const node = onto === null ? undefined : findNode(drawing.document, onto);
  if (node && node.kind !== layer.kind && hasRoom(drawing.document, node.id, layer)) return { type: "onto", id: node.id };
  return layerTarget(drawing, layer, point);
}

/** The edit for a layer dropped with its middle at `point`. */
export function dropLayer(drawing: Drawing, layer: Layer, point: Point, target: DropTarget): Added {
  const corner: Point = [point[0] - BRICK.width / 2, point[1] - BRICK.height / 2];
  if (target.type === "wire") return insertOn(drawing, layer, target.wire, corner);
  if (target.type === "onto") return { id: target.id, edit: { op: "replace", id: target.id, kind: layer.kind } };
  if (target.type === "beside") return branch(drawing, layer, target.source, corner);
  return target.type === "below" ? appendTo(drawing, layer, target.id) : putAt(drawing, layer, corner);
}

function canFollow(drawing: Drawing, id: string, layer: Layer): boolean {
  const node = findNode(drawing.document, id);
  return node !== undefined && outputCount(drawing.catalogue.layers[node.kind], node) > 0 && takesInput(layer);
}

/** The edit for a layer added without pointing: behind the selected brick (on its wire when it has one), else at `centre`. */
export function appendLayer(drawing: Drawing, layer: Layer, selected: string | null, centre: Point): Added {
  if (selected === null || !canFollow(drawing, selected, layer)) {
    return putAt(drawing, layer, [centre[0] - BRICK.width / 2, centre[1] - BRICK.height / 2]);
  }
  const [wire, ...others] = outputsOf(drawing.document, selected);
  const several = outputsAt(drawing, selected) > 1;
  if (wire && !several && others.length === 0 && outputCount(layer) > 0) return insertOn(drawing, layer, wire, null);
  return appendTo(drawing, layer, selected);
}

/** The edit for bricks dragged to `at`; null when nothing moved. */
export function moveBricks(drawing: Drawing, at: Readonly<Record<string, Point>>, label?: string): Edit | null {
  const changed = Object.entries(at).filter(([id, [x, y]]) => {
    const now = findNode(drawing.document, id)?.at;
    return !now || now[0] !== x || now[1] !== y;
  });
  const [edit] = changed.length > 0 ? moves(drawing, Object.fromEntries(changed)) : [];
  return edit ? { ...edit, ...(label ? { label } : {}) } : null;
}

/** A brick that no wire leads to or from: dragging it onto a wire or under a brick connects it. */
export function isLoose({ document }: Drawing, id: string): boolean {
  return inputsOf(document, id).length === 0 && outputsOf(document, id).length === 0;
}

/** What a loose brick with its corner at `at` would be connected to. */
export function looseTarget(drawing: Drawing, id: string, at: Point): DropTarget {
  const places = new Map([...drawing.places].filter(([other]) => other !== id));
  const node = findNode(drawing.document, id);
  const layer = node && drawing.catalogue.layers[node.kind];
  const middle: Point = [at[0] + BRICK.width / 2, at[1] + BRICK.height / 2];
  return layer ? layerTarget({ ...drawing, places }, layer, middle) : FREE;
}

/** The edit for a loose brick dropped at `at`; null when it stays loose. */
export function connectLoose(drawing: Drawing, id: string, at: Point): Edit | null {
  const target = looseTarget(drawing, id, at);
  if (target.type === "below") {
    return batch(`Connect ${id}`, [{ op: "connect", source: target.id, target: id, port: 0 }, ...moves(drawing, { [id]: at })]);
  }
  if (target.type === "beside") {
    return batch(`Connect ${id}`, [{ op: "connect", ...makeWire(target.source.source, id, 0, target.source.output) }, ...moves(drawing, { [id]: at })]);
  }
  if (target.type !== "wire") return null;
  const places = new Map([...drawing.places].filter(([other]) => other !== id));
  const spot = onWire({ ...drawing, places }, target.wire, at);
  const edits: Edit[] = [
    { op: "connect", ...makeWire(target.wire.source, id, 0, target.wire.output) },
    { op: "connect", source: id, target: target.wire.target, port: target.wire.port ?? 0 },
  ];
  return batch(`Insert ${id}`, [...edits, ...moves(drawing, { ...spot.moved, [id]: snapPoint(spot.at) })]);
}

/** How many outputs a brick of the drawing has. */
export function outputsAt({ document, catalogue }: Pick<Drawing, "document" | "catalogue">, id: string): number {
  const node = findNode(document, id);
  return outputCount(catalogue.layers[node?.kind ?? ""], node && ownerOf(document, node));
}

/** The output that a brick behind `id` is fed by: the first one that leads nowhere, else the first. */
export function freeOutput({ document, catalogue }: Drawing, id: string): number {
  const used = new Set(outputsOf(document, id).map((wire) => wire.output ?? 0));
  const count = outputsAt({ document, catalogue }, id);
  return Array.from({ length: count }, (_, i) => i).find((output) => !used.has(output)) ?? 0;
}

/** The port a wire dropped on the body of `id` goes to: the first free one, else the first. */
export function freePort({ document, catalogue }: Drawing, id: string): number {
  const node = findNode(document, id);
  const wired = inputsOf(document, id);
  const count = inputCount(node ? catalogue.layers[node.kind] : undefined, wired.length);
  const used = new Set(wired.map((edge) => edge.port ?? 0));
  return Array.from({ length: count }, (_, i) => i).find((port) => !used.has(port)) ?? 0;
}

function afterMoves(places: Places, at: Readonly<Record<string, Point>>): Places {
  return new Map([...places, ...Object.entries(at)]);
}

/** A fix with a place for every brick it puts onto a wire of this drawing, and room made for it. */
export function withRoom(drawing: Drawing, edit: Edit): Edit {
  const parts = edit.op === "batch" ? edit.edits : [edit];
  const outer = edit.op === "batch" ? (edit.in ?? null) : null;
  const scope = drawing.scope ?? null;
  const moved: Record<string, Point> = {};
  let now = drawing;
  const placed = parts.map((part) => {
    if (!partIn(part, scope, outer)) return part;
    const ready = part.op === "insert" ? putOnWire(now, part, moved) : part;
    const places = ready.op === "insert" && ready.node.at ? afterMoves(now.places, { ...moved, [ready.node.id]: ready.node.at }) : now.places;
    now = { ...now, document: applyEdit(now.document, ready, now.catalogue), places };
    return ready;
  });
  const room = moves(drawing, moved).map((move) => (scope !== null && outer !== scope ? { ...move, in: scope } : move));
  if (placed.some((part, i) => part !== parts[i])) placed.push(...room);
  const whole = batch(edit.label ?? "", placed);
  return outer !== null && whole.in === undefined ? { ...whole, in: outer } : whole;
}

function putOnWire(now: Drawing, part: Extract<Edit, { op: "insert" }>, moved: Record<string, Point>): Extract<Edit, { op: "insert" }> {
  if (!now.places.has(part.edge.source) || !now.places.has(part.edge.target)) return part;
  const spot = onWire(now, part.edge, null);
  Object.assign(moved, spot.moved);
  return { ...part, node: { ...part.node, at: snapPoint(spot.at) } };
}
