import { findNode, inputsOf, outputsOf, wireId } from "./document.ts";
import { BRICK } from "./geometry.ts";
import type { Drawing } from "./gestures.ts";
import type { Point, Wire } from "./types.ts";

export type Way = "next" | "previous" | "left" | "right";

const placeOf = ({ places }: Drawing, id: string): Point => places.get(id) ?? [0, 0];

/** The axis across the way the network runs. */
const across = ({ direction }: Drawing): 0 | 1 => (direction === "right" ? 1 : 0);

function nearest(drawing: Drawing, from: string, ids: readonly string[]): string | null {
  const axis = across(drawing);
  const x = placeOf(drawing, from)[axis];
  const far = (id: string): number => Math.abs(placeOf(drawing, id)[axis] - x);
  return [...ids].sort((a, b) => far(a) - far(b))[0] ?? null;
}

/** Bricks that share a source or a target with `id`, and those that stand at its height. */
function beside(drawing: Drawing, id: string): readonly string[] {
  const { document } = drawing;
  const fellows = [
    ...inputsOf(document, id).flatMap((wire) => outputsOf(document, wire.source).map((other) => other.target)),
    ...outputsOf(document, id).flatMap((wire) => inputsOf(document, wire.target).map((other) => other.source)),
  ];
  const along = across(drawing) === 0 ? 1 : 0;
  const y = placeOf(drawing, id)[along];
  const size = along === 1 ? BRICK.height : BRICK.width;
  const level = [...drawing.places].filter(([, at]) => Math.abs(at[along] - y) < size).map(([other]) => other);
  return [...new Set([...fellows, ...level])].filter((other) => other !== id);
}

function sideways(drawing: Drawing, id: string, sign: number): string | null {
  const axis = across(drawing);
  const x = placeOf(drawing, id)[axis];
  const there = beside(drawing, id).filter((other) => (placeOf(drawing, other)[axis] - x) * sign > 0);
  return nearest(drawing, id, there);
}

function firstBrick({ document }: Drawing): string | null {
  return (document.nodes.find((node) => inputsOf(document, node.id).length === 0) ?? document.nodes[0])?.id ?? null;
}

function lastBrick({ document }: Drawing): string | null {
  return (document.nodes.findLast((node) => outputsOf(document, node.id).length === 0) ?? document.nodes.at(-1))?.id ?? null;
}

const TURNED: Readonly<Record<Way, Way>> = { right: "next", left: "previous", next: "right", previous: "left" };

/** What an arrow key means where the network runs to the right: the keys follow the eye. */
export function turnedWay({ direction }: Drawing, way: Way): Way {
  return direction === "right" ? TURNED[way] : way;
}

/** The brick that an arrow key leads to from brick `id`; null when there is none that way. */
export function brickFrom(drawing: Drawing, id: string | null, way: Way): string | null {
  if (id === null || !findNode(drawing.document, id)) return way === "previous" ? lastBrick(drawing) : firstBrick(drawing);
  if (way === "next") return nearest(drawing, id, outputsOf(drawing.document, id).map((wire) => wire.target));
  if (way === "previous") return inputsOf(drawing.document, id)[0]?.source ?? null;
  return sideways(drawing, id, way === "left" ? -1 : 1);
}

/** The brick that feeds those of `ids` and is none of them: what stays before them when they go. */
export function brickBefore({ document }: Drawing, ids: readonly string[]): string | null {
  const gone = new Set(ids);
  const before = ids.flatMap((id) => inputsOf(document, id).map((wire) => wire.source));
  return before.find((id) => !gone.has(id)) ?? null;
}

/** The wire out of brick `id` (or into it) that is selected first: the one to the nearest brick. */
export function wireFrom(drawing: Drawing, id: string, out: boolean): Wire | null {
  if (!out) return inputsOf(drawing.document, id)[0] ?? null;
  const wires = outputsOf(drawing.document, id);
  const target = nearest(drawing, id, wires.map((wire) => wire.target));
  return wires.find((wire) => wire.target === target) ?? null;
}

/** The wire beside `wire`: of those out of the same brick and into the same brick, in the order of their other ends. */
export function wireBeside(drawing: Drawing, wire: Wire, way: "left" | "right"): Wire | null {
  const fellows = [...outputsOf(drawing.document, wire.source), ...inputsOf(drawing.document, wire.target)];
  const known = new Map(fellows.map((fellow) => [wireId(fellow), fellow]));
  const x = (one: Wire): number => placeOf(drawing, one.source)[across(drawing)] + placeOf(drawing, one.target)[across(drawing)] + (one.port ?? 0);
  const order = [...known.values()].sort((a, b) => x(a) - x(b));
  const at = order.findIndex((one) => wireId(one) === wireId(wire));
  return order[at + (way === "left" ? -1 : 1)] ?? null;
}
