import { type Layer, outputCount } from "./catalogue.ts";
import { downstream, findNode, freeId, inputsOf, makeWire, outputsOf } from "./document.ts";
import { ahead, BRICK, snapPoint } from "./geometry.ts";
import { type Added, appendLayer, batch, type Drawing, freeOutput, insertOn, moves, putAt, room } from "./gestures.ts";
import { freePlace } from "./layout.ts";
import { arityRank, type Spot } from "./quick.ts";
import type { BrickNode, Edit, Params, Point, Wire } from "./types.ts";

/** The one wire that leads out of `ids` to what none of them comes after; null when there are none or several. */
function wayOut({ document }: Drawing, ids: readonly string[]): Wire | null {
  const chosen = new Set(ids);
  const out = ids
    .flatMap((id) => outputsOf(document, id))
    .filter((wire) => ![...downstream(document, wire.target)].some((id) => chosen.has(id)));
  const [only, ...others] = out;
  return only && others.length === 0 ? only : null;
}

/** Under all of `ids`, in their middle. */
function under({ places, direction }: Drawing, ids: readonly string[]): Point {
  const at = ids.map((id) => places.get(id)).filter((point): point is Point => point !== undefined);
  if (at.length === 0) return [0, 0];
  const xs = at.map(([x]) => x);
  const ys = at.map(([, y]) => y);
  const middle = (values: readonly number[]): number => (Math.min(...values) + Math.max(...values)) / 2;
  return ahead(direction === "right" ? [Math.max(...xs), middle(ys)] : [middle(xs), Math.max(...ys)], direction);
}

/** A layer that joins bricks: each leads into it, in this order, and the one way out of them goes on behind it. */
function joinBricks(drawing: Drawing, layer: Layer, ids: readonly string[]): Added {
  const out = outputCount(layer) > 0 ? wayOut(drawing, ids) : null;
  const spot = under(drawing, ids);
  const moved = out ? room(drawing, out.target, spot) : {};
  const at = out ? spot : freePlace(spot, drawing.places, drawing.direction);
  const node: BrickNode = { id: freeId(drawing.document, layer), kind: layer.kind, params: {}, at: snapPoint(at) };
  const outputOf = (id: string): number => (out?.source === id ? (out.output ?? 0) : freeOutput(drawing, id));
  const edits: Edit[] = [
    { op: "add", node },
    ...ids.map((id, port): Edit => ({ op: "connect", ...makeWire(id, node.id, port, outputOf(id)) })),
    ...(out ? [{ op: "connect", ...makeWire(node.id, out.target, out.port ?? 0) } as const] : []),
    ...moves(drawing, moved),
  ];
  return { id: node.id, edit: batch(`Join ${ids.length} bricks with ${layer.kind}`, edits) };
}

/** A layer over a brick that nothing leads to yet. */
function addBefore(drawing: Drawing, layer: Layer, id: string): Added {
  const below = drawing.places.get(id) ?? [0, 0];
  const at = snapPoint(freePlace(ahead(below, drawing.direction, -1), drawing.places, drawing.direction));
  const node: BrickNode = { id: freeId(drawing.document, layer), kind: layer.kind, params: {}, at };
  const port = inputsOf(drawing.document, id).length;
  return { id: node.id, edit: batch(`Add ${layer.kind}`, [{ op: "add", node }, { op: "connect", ...makeWire(node.id, id, port) }, ...moves(drawing, {})]) };
}

function replaceBrick(id: string, kind: string, params: Params): Added {
  const set: Edit[] = Object.keys(params).length > 0 ? [{ op: "set", id, params }] : [];
  return { id, edit: batch(`Replace ${id} by ${kind}`, [{ op: "replace", id, kind }, ...set]) };
}

/** The edit with these parameters on the brick that it adds. */
function withParams({ id, edit }: Added, params: Params): Added {
  const change = (part: Edit): Edit => {
    if (part.op === "batch") return { ...part, edits: part.edits.map(change) };
    return (part.op === "add" || part.op === "insert") && part.node.id === id ? { ...part, node: { ...part.node, params } } : part;
  };
  return { id, edit: change(edit) };
}

/** The edit for a layer added at `spot`; `centre` is where it stands when nothing says where. */
export function addLayer(drawing: Drawing, layer: Layer, params: Params, spot: Spot, centre: Point): Added {
  const corner: Point = [centre[0] - BRICK.width / 2, centre[1] - BRICK.height / 2];
  if (spot.type === "replace") return replaceBrick(spot.id, layer.kind, params);
  const loose = arityRank(layer, spot) === 2;
  const add = (): Added => {
    if (spot.type === "join" && !loose) return joinBricks(drawing, layer, spot.ids);
    if (spot.type === "wire" && !loose) return insertOn(drawing, layer, spot.wire, null);
    if (spot.type === "before" && !loose) return addBefore(drawing, layer, spot.id);
    if (spot.type === "behind") return appendLayer(drawing, layer, spot.id, centre);
    if (spot.type === "join") return appendLayer(drawing, layer, spot.ids.find((id) => findNode(drawing.document, id)) ?? null, centre);
    return putAt(drawing, layer, corner);
  };
  return withParams(add(), params);
}
