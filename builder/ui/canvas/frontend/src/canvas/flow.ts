import type { Edge, Node, NodeHandle } from "@xyflow/react";
import { inputCount, type Layer, outputCount, slug } from "./catalogue.ts";
import { inputsOf, outputOf, portOf, wireId } from "./document.ts";
import { BRICK, type Direction, type DropTarget, type Places, portAt } from "./geometry.ts";
import type { Lanes } from "./lanes.ts";
import { lendersUsed, ownerOf } from "./sharing.ts";
import type { Snapshot } from "./session.ts";
import type { BrickInfo, BrickNode, NetworkDocument, Point, Wire } from "./types.ts";

// What Python says of a brick is not in here: each brick and wire in sight looks it up by itself. With it an edit that changes every shape would make
// React Flow take over a whole new drawing, twice.
export type BrickData = {
  readonly node: BrickNode;
  readonly layer: Layer | undefined;
  /** Which end of its block a brick is, as "in 2"; nothing for other bricks. */
  readonly port: string | undefined;
  readonly category: string;
  readonly inputs: number;
  readonly outputs: number;
  readonly direction: Direction;
  readonly alone: boolean;
  /** Whose weights it uses, or lends: all of them have that name. */
  readonly shares: string | null;
  /** Its weights, or those that it uses, are not trained. */
  readonly frozen: boolean;
  /** What letting go would do with this brick. */
  readonly drop: DropTarget["type"] | null;
};
export type FlowBrick = Node<BrickData, "brick">;

export type WireData = {
  readonly wire: Wire;
  readonly lane: number | null;
  /** One of several wires into its target. */
  readonly merging: boolean;
  readonly target: boolean;
  readonly alone: boolean;
};
export type FlowWire = Edge<WireData, "wire">;

const HANDLE = 10;
// The values of React Flow's Position, stated so that this module runs without the browser library.
const TOP = "top" as NodeHandle["position"];
const BOTTOM = "bottom" as NodeHandle["position"];
const LEFT = "left" as NodeHandle["position"];
const RIGHT = "right" as NodeHandle["position"];

/** React Flow measures handles from the page; stating them lets it draw wires to bricks that are out of sight. */
function handles(inputs: number, outputs: number, direction: Direction): NodeHandle[] {
  return direction === "right" ? sideHandles(inputs, outputs) : endHandles(inputs, outputs);
}

function sideHandles(inputs: number, outputs: number): NodeHandle[] {
  const size = { width: HANDLE, height: HANDLE };
  const y = (i: number, n: number): number => portAt(i, n, "right") - HANDLE / 2;
  const before = Array.from({ length: inputs }, (_, i): NodeHandle => ({ ...size, id: `in-${i}`, type: "target", position: LEFT, x: -HANDLE / 2, y: y(i, inputs) }));
  const behind = Array.from({ length: outputs }, (_, i): NodeHandle => {
    return { ...size, id: `out-${i}`, type: "source", position: RIGHT, x: BRICK.width - HANDLE / 2, y: y(i, outputs) };
  });
  return [...before, ...behind];
}

function endHandles(inputs: number, outputs: number): NodeHandle[] {
  const size = { width: HANDLE, height: HANDLE };
  const above = Array.from({ length: inputs }, (_, i): NodeHandle => {
    return { ...size, id: `in-${i}`, type: "target", position: TOP, x: portAt(i, inputs) - HANDLE / 2, y: -HANDLE / 2 };
  });
  const below = Array.from({ length: outputs }, (_, i): NodeHandle => {
    return { ...size, id: `out-${i}`, type: "source", position: BOTTOM, x: portAt(i, outputs) - HANDLE / 2, y: BRICK.height - HANDLE / 2 };
  });
  return [...above, ...below];
}

/** The ends of a block are its ports, in the order of its bricks. */
function portName(snap: Snapshot, node: BrickNode, layer: Layer | undefined): string | undefined {
  if (layer?.scope !== "block") return undefined;
  const ends = snap.sync.document.nodes.filter((other) => other.kind === node.kind);
  const which = layer.outputs > 0 ? "in" : "out";
  return ends.length > 1 ? `${which} ${ends.indexOf(node) + 1}` : `${which}put`;
}

function brickData(snap: Snapshot, node: BrickNode, layer: Layer | undefined, lent: ReadonlySet<string>): BrickData {
  return {
    node,
    layer,
    port: portName(snap, node, layer),
    category: slug(layer?.category),
    inputs: inputCount(layer, inputsOf(snap.sync.document, node.id).length),
    outputs: outputCount(layer, ownerOf(snap.sync.document, node)),
    direction: snap.direction,
    alone: snap.selected.length === 1 && snap.selected[0] === node.id,
    frozen: ownerOf(snap.sync.document, node).frozen === true,
    shares: node.of ?? (lent.has(node.id) ? node.id : null),
    drop: "id" in snap.drop && snap.drop.id === node.id ? snap.drop.type : null,
  };
}

function sameData<T extends object>(a: T, b: T): boolean {
  for (const key in b) if (a[key] !== b[key]) return false;
  return true;
}

function sameBrick(old: FlowBrick, data: BrickData, [x, y]: Point, selected: boolean): boolean {
  return old.position.x === x && old.position.y === y && old.selected === selected && sameData(old.data, data);
}

/** `next`, as `before` itself when every item is the one there: React Flow then has nothing to do. */
function sameList<T>(before: T[], next: T[]): T[] {
  return next.length === before.length && next.every((item, i) => item === before[i]) ? before : next;
}

/** What is selected lies over the rest; the wires of a selected brick stay below every wire's shape. */
const RAISED = 1000;

/** The bricks for React Flow; those that did not change are the objects of `before`, so that they are not drawn again. */
export function flowBricks(before: FlowBrick[], snap: Snapshot, moving: Places): FlowBrick[] {
  const known = new Map(before.map((brick) => [brick.id, brick]));
  const selected = new Set(snap.selected);
  const lent = lendersUsed(snap.sync.document);
  const bricks = snap.sync.document.nodes.map((node) => {
    const at = moving.get(node.id) ?? snap.places.get(node.id) ?? [0, 0];
    const data = brickData(snap, node, snap.catalogue.layers[node.kind], lent);
    const old = known.get(node.id);
    if (old && sameBrick(old, data, at, selected.has(node.id))) return old;
    return {
      id: node.id,
      type: "brick" as const,
      position: { x: at[0], y: at[1] },
      data,
      selected: selected.has(node.id),
      zIndex: selected.has(node.id) ? RAISED : 0,
      ...BRICK,
      measured: { ...BRICK },
      handles: handles(data.inputs, data.outputs, data.direction),
    };
  });
  return sameList(before, bricks);
}

/** Where bricks stand while some of them are dragged. */
export function placesNow(places: Places, moving: Places): Places {
  return moving.size > 0 ? new Map([...places, ...moving]) : places;
}

/** What an edit of values leaves as it was: which bricks there are, of which kinds, and their wires. */
function sameBricks(a: NetworkDocument, b: NetworkDocument): boolean {
  if (a.edges !== b.edges || a.nodes.length !== b.nodes.length) return false;
  return a.nodes === b.nodes || a.nodes.every((node, i) => node.id === b.nodes[i]?.id && node.kind === b.nodes[i]?.kind);
}

/** The drawing as wires see it: `before` itself while only values of bricks change. */
export function plan(before: NetworkDocument | null, document: NetworkDocument): NetworkDocument {
  return before && sameBricks(before, document) ? before : document;
}

/** What a wire says: nothing while the shape is not known, a question mark on every wire would only be noise. */
export function shapeOf(info: BrickInfo | undefined, output: number): string {
  return info?.sizes ? (info.outputs?.[output] ?? info.shape ?? "") : "";
}

/** The wires for React Flow, kept like the bricks. */
export function flowWires(before: FlowWire[], snap: Snapshot, lanes: Lanes): FlowWire[] {
  const known = new Map(before.map((wire) => [wire.id, wire]));
  const selected = new Set(snap.wires);
  const target = snap.drop.type === "wire" ? wireId(snap.drop.wire) : null;
  const wires = snap.sync.document.edges.map((wire) => {
    const id = wireId(wire);
    const data: WireData = {
      wire,
      lane: lanes.of.get(id)?.lane ?? null,
      merging: inputsOf(snap.sync.document, wire.target).length > 1,
      target: target === id,
      alone: snap.selected.length === 0 && snap.wires.length === 1 && selected.has(id),
    };
    const old = known.get(id);
    if (old?.data && sameData(old.data, data) && old.selected === selected.has(id)) return old;
    const ends = { source: wire.source, target: wire.target, sourceHandle: `out-${outputOf(wire)}`, targetHandle: `in-${portOf(wire)}` };
    const ariaLabel = `Wire from ${wire.source} to ${wire.target}`;
    const zIndex = selected.has(id) ? RAISED : 0;
    return { id, type: "wire" as const, ...ends, data, zIndex, selected: selected.has(id), reconnectable: data.alone && snap.data.editable !== false, ariaLabel };
  });
  return sameList(before, wires);
}
