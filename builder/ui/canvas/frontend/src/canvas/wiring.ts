import { inputCount, inputName, outputCount, outputName } from "./catalogue.ts";
import { downstream, findNode, inputsOf, makeWire, portOf, refusal, wireId } from "./document.ts";
import { type Drawing, outputsAt } from "./gestures.ts";
import { upstream } from "./index.ts";
import type { Edit, Wire } from "./types.ts";

/** One end that a new wire from a brick could have. */
export interface Goal {
  readonly id: string;
  readonly port: number;
  readonly output: number;
  /** "add1, input 2" */
  readonly title: string;
  /** What connecting would do besides, in words. */
  readonly note: string;
  /** Why it cannot be; null when it can. */
  readonly why: string | null;
}

function goalsAt(drawing: Drawing, source: string, id: string): readonly Goal[] {
  const { document, catalogue } = drawing;
  const layer = catalogue.layers[findNode(document, id)?.kind ?? ""];
  const why = refusal(document, source, id, catalogue);
  if (why) return [{ id, port: 0, output: 0, title: id, note: "", why }];
  const wires = inputsOf(document, id);
  const count = Math.max(1, inputCount(layer, wires.length));
  const goals = Array.from({ length: count }, (_, port): Goal => {
    const there = wires.find((wire) => portOf(wire) === port);
    const title = count > 1 ? `${id}, ${inputName(layer, port)}` : id;
    return { id, port, output: 0, title, note: there ? `instead of ${there.source}` : "", why: there?.source === source ? `${source} leads there already.` : null };
  });
  return goals.sort((a, b) => Number(a.note !== "") - Number(b.note !== ""));
}

function perOutput(drawing: Drawing, source: string, goals: readonly Goal[]): readonly Goal[] {
  const layer = drawing.catalogue.layers[findNode(drawing.document, source)?.kind ?? ""];
  const outputs = outputsAt(drawing, source);
  if (outputs < 2) return goals;
  const ways = Array.from({ length: outputs }, (_, output) => output);
  return goals.flatMap((goal) => (goal.why ? [goal] : ways.map((output) => ({ ...goal, output, title: `${outputName(layer, output, outputs)} → ${goal.title}` }))));
}

/** 0 a free input, 1 one that is taken, 2 none that can be. */
const worth = (goal: Goal): number => (goal.why ? 2 : goal.note ? 1 : 0);

/** Everything that a wire from `source` could lead to: free inputs first, nearest below first, then taken ones, then what cannot be with its reason. */
export function goalsFrom(drawing: Drawing, source: string): readonly Goal[] {
  const [x, y] = drawing.places.get(source) ?? [0, 0];
  const far = (id: string): number => {
    const [ox, oy] = drawing.places.get(id) ?? [0, 0];
    return Math.hypot(ox - x, oy - y) + (oy < y ? 10_000 : 0);
  };
  const others = drawing.document.nodes.map((node) => node.id).filter((id) => id !== source);
  const goals = others.flatMap((id) => goalsAt(drawing, source, id));
  const sorted = [...goals].sort((a, b) => worth(a) - worth(b) || far(a.id) - far(b.id) || a.port - b.port);
  return perOutput(drawing, source, sorted);
}

/** Why a wire from a handle cannot go into input `port` of `target`; null when it can. `moved` is the wire whose end is dragged. */
export function portRefusal(drawing: Drawing, wire: Wire, moved: Wire | null): string | null {
  const { document, catalogue } = drawing;
  const without = moved ? { ...document, edges: document.edges.filter((edge) => wireId(edge) !== wireId(moved)) } : document;
  const why = refusal(without, wire.source, wire.target, catalogue);
  if (why) return why;
  const layer = catalogue.layers[findNode(document, wire.target)?.kind ?? ""];
  const most = layer?.inputs[1] ?? null;
  if (most !== null && portOf(wire) >= most) return `${wire.target} has ${most} ${most === 1 ? "input" : "inputs"}; there is no input ${portOf(wire) + 1}.`;
  return null;
}

/** The bricks that a wire from (`forward`) or to brick `id` cannot lead to: those it comes from, and those without a place for it. */
export function illegalEnds(drawing: Drawing, id: string, forward: boolean): ReadonlySet<string> {
  const { document, catalogue } = drawing;
  const found = new Set(forward ? upstream(document, id) : downstream(document, id));
  for (const node of document.nodes) {
    const layer = catalogue.layers[node.kind];
    if (forward ? inputCount(layer, 0) === 0 : outputCount(layer, node) === 0) found.add(node.id);
  }
  return found;
}

/** What happens besides when a wire ends in input `port` of `target`; nothing when it is free. `moved` is the wire whose end is dragged. */
export function instead({ document }: Drawing, target: string, port: number, moved: Wire | null = null): string {
  const there = inputsOf(document, target).find((wire) => portOf(wire) === port);
  if (!there || (moved && wireId(there) === wireId(moved))) return "";
  return moved?.target === target ? `changes places with ${there.source}` : `instead of ${there.source}`;
}

/** The edit that leads a wire from or to another place; one led to a taken input of the same brick changes places with the wire there. */
export function rewire({ document }: Drawing, old: Wire, next: Wire): Edit | null {
  const same = old.source === next.source && (old.output ?? 0) === (next.output ?? 0);
  const stays = old.target === next.target && portOf(old) === portOf(next);
  if (same && stays) return null;
  const connect: Edit = { op: "connect", ...next };
  // A wire into the same port takes the place of the one that was there.
  if (stays) return { ...connect, label: `Lead ${next.target} from ${next.source}` };
  const there = inputsOf(document, next.target).find((wire) => portOf(wire) === portOf(next));
  if (there && old.target === next.target) {
    const back: Edit = { op: "connect", ...makeWire(there.source, old.target, portOf(old), there.output) };
    return { op: "batch", label: `Swap two inputs of ${old.target}`, edits: [connect, back] };
  }
  return { op: "batch", label: `Move the wire from ${old.source} to ${next.target}`, edits: [{ op: "disconnect", ...old }, connect] };
}
