import { type Catalogue, inputCount, isVariadic, type Layer, outputCount } from "./catalogue.ts";
import { type Growing, grown, grows } from "./growth.ts";
import { byId, inputsOf, outputsOf, upstream } from "./index.ts";
import { frozenIn, inherited, ownerOf, shared } from "./sharing.ts";
import type { BrickNode, Edit, NetworkDocument, Params, Wire } from "./types.ts";

export const portOf = (wire: Wire): number => wire.port ?? 0;
export const outputOf = (wire: Wire): number => wire.output ?? 0;
export const wireId = (wire: Wire): string => `${wire.source}->${wire.target}:${portOf(wire)}`;

export { inputsOf, outputsOf };

export function findNode(document: NetworkDocument, id: string): BrickNode | undefined {
  return byId(document.nodes).get(id);
}

/** Ids reachable along the wires from any of `starts`, those included. */
export function downstreamOf(document: NetworkDocument, starts: Iterable<string>): ReadonlySet<string> {
  const seen = new Set(starts);
  const queue = [...seen];
  for (let id = queue.pop(); id !== undefined; id = queue.pop()) {
    for (const edge of outputsOf(document, id)) {
      if (seen.has(edge.target)) continue;
      seen.add(edge.target);
      queue.push(edge.target);
    }
  }
  return seen;
}

/** Ids reachable along the wires, the start included. */
export function downstream(document: NetworkDocument, start: string): ReadonlySet<string> {
  return downstreamOf(document, [start]);
}

/** The stem with the smallest number that no brick has: conv1, conv2, ...; a brick at an end of the network goes without one if it can. */
export function freeId(document: NetworkDocument, layer: Layer): string {
  const { stem } = layer;
  const taken = byId(document.nodes);
  const end = layer.inputs[1] === 0 || layer.outputs === 0;
  if (end && !taken.has(stem)) return stem;
  let number = 1;
  while (taken.has(`${stem}${number}`)) number += 1;
  return `${stem}${number}`;
}

/** A wire as the file writes it: the first port and the first output are not said. */
export function makeWire(source: string, target: string, port: number, output = 0): Wire {
  return { source, target, ...(port > 0 ? { port } : {}), ...(output > 0 ? { output } : {}) };
}

/** The wires with the inputs of bricks that take any number counted 0, 1, 2 ... again where there is a gap. */
function tidy(document: NetworkDocument, edges: readonly Wire[], catalogue: Catalogue): NetworkDocument {
  const after = { ...document, edges };
  const counted = new Map<Wire, Wire>();
  for (const node of document.nodes) {
    if (!isVariadic(catalogue.layers[node.kind])) continue;
    for (const [port, edge] of inputsOf(after, node.id).entries()) {
      if (portOf(edge) !== port) counted.set(edge, makeWire(edge.source, edge.target, port, edge.output));
    }
  }
  return counted.size > 0 ? { ...after, edges: edges.map((edge) => counted.get(edge) ?? edge) } : after;
}

function connect(document: NetworkDocument, wire: Wire, catalogue: Catalogue): NetworkDocument {
  const target = findNode(document, wire.target);
  if (!target || !findNode(document, wire.source)) return document;
  const inputs = inputsOf(document, wire.target);
  const append = isVariadic(catalogue.layers[target.kind]) && portOf(wire) >= inputs.length;
  const port = append ? inputs.length : portOf(wire);
  const kept = document.edges.filter((edge) => edge.target !== wire.target || portOf(edge) !== port);
  return { ...document, edges: [...kept, makeWire(wire.source, wire.target, port, wire.output)] };
}

/** The wire that takes the place of `edge` when bricks go: from what fed the first input of those above it; null when nothing did. */
function rejoined(document: NetworkDocument, edge: Wire, gone: ReadonlySet<string>): Wire | null {
  let from = edge;
  const seen = new Set<string>();
  while (gone.has(from.source)) {
    const [feed] = inputsOf(document, from.source);
    if (!feed || seen.has(from.source)) return null;
    seen.add(from.source);
    from = feed;
  }
  if (from === edge) return edge;
  return from.source === edge.target ? null : makeWire(from.source, edge.target, portOf(edge), from.output);
}

function remove(document: NetworkDocument, ids: readonly string[], rejoin: boolean, catalogue: Catalogue): NetworkDocument {
  const gone = new Set(ids);
  const left = document.edges.filter((edge) => !gone.has(edge.target));
  const edges = left.map((edge) => (gone.has(edge.source) && !rejoin ? null : rejoined(document, edge, gone)));
  const nodes = inherited(document.nodes, gone).filter((node) => !gone.has(node.id));
  return tidy({ ...document, nodes }, edges.filter((edge) => edge !== null), catalogue);
}

function insert(document: NetworkDocument, node: BrickNode, wire: Wire): NetworkDocument {
  if (findNode(document, node.id)) return document;
  const kept = document.edges.filter((edge) => wireId(edge) !== wireId(wire));
  if (kept.length === document.edges.length) return document;
  const edges = [...kept, makeWire(wire.source, node.id, 0, wire.output), makeWire(node.id, wire.target, portOf(wire))];
  return { nodes: [...document.nodes, node], edges };
}

function setParams(node: BrickNode, params: Params): BrickNode {
  const merged = Object.entries({ ...node.params, ...params }).filter(([, value]) => value !== null);
  return { ...node, params: Object.fromEntries(merged) };
}

function replaceKind({ of: _, ...node }: BrickNode, kind: string, catalogue: Catalogue): BrickNode {
  const names = new Set(catalogue.layers[kind]?.params.map((param) => param.name));
  return { ...node, kind, params: Object.fromEntries(Object.entries(node.params ?? {}).filter(([name]) => names.has(name))) };
}

function replace(document: NetworkDocument, id: string, kind: string, catalogue: Catalogue): NetworkDocument {
  const after = changeNode(document, id, (node) => replaceKind(node, kind, catalogue));
  return tidy(after, after.edges, catalogue);
}

/** Muted or not; a brick that is not says nothing of it. */
function muted(node: BrickNode, value: boolean): BrickNode {
  const { muted: _, ...rest } = node;
  return value ? { ...rest, muted: true } : rest;
}

function silenced(node: BrickNode, code: string, value: boolean): BrickNode {
  const { silent = [], ...rest } = node;
  const codes = value ? [...silent.filter((other) => other !== code), code] : silent.filter((other) => other !== code);
  return codes.length > 0 ? { ...rest, silent: codes } : rest;
}

function rename(document: NetworkDocument, id: string, to: string): NetworkDocument {
  if (findNode(document, to)) return document;
  const name = (old: string): string => (old === id ? to : old);
  return {
    nodes: document.nodes.map((node) => (node.id === id ? { ...node, id: to } : node.of === id ? { ...node, of: to } : node)),
    edges: document.edges.map((edge) => ({ ...edge, source: name(edge.source), target: name(edge.target) })),
  };
}

/** The name of the brick whose parameters count for `id`. */
function ownerIn(document: NetworkDocument, id: string): string {
  const node = findNode(document, id);
  return node ? ownerOf(document, node).id : id;
}

function changeNode(document: NetworkDocument, id: string, change: (node: BrickNode) => BrickNode): NetworkDocument {
  return { ...document, nodes: document.nodes.map((node) => (node.id === id ? change(node) : node)) };
}

/** The edits one after the other; bricks and wires that are added in a row, as a paste adds them, in one go. */
function applyAll(document: NetworkDocument, edits: readonly Edit[], catalogue: Catalogue): NetworkDocument {
  let after = document;
  let run: Growing[] = [];
  const grow = (): void => {
    if (run.length > 0) after = grown(after, run, catalogue);
    run = [];
  };
  for (const edit of edits) {
    if (grows(edit)) run.push(edit);
    else {
      grow();
      after = applyEdit(after, edit, catalogue);
    }
  }
  grow();
  return after;
}

const MADE_BY_PYTHON: ReadonlySet<Edit["op"]> = new Set(["make_block", "unpack", "unlink"]);

/** The document after `edit`, as Python will make it; an edit that does not apply, or that only Python knows, leaves it as it is. */
export function applyEdit(document: NetworkDocument, edit: Edit, catalogue: Catalogue): NetworkDocument {
  switch (edit.op) {
    case "add":
      return findNode(document, edit.node.id) ? document : { ...document, nodes: [...document.nodes, edit.node] };
    case "insert":
      return insert(document, edit.node, edit.edge);
    case "remove":
      return remove(document, edit.ids, edit.rejoin ?? false, catalogue);
    case "connect":
      return connect(document, edit, catalogue);
    case "disconnect":
      return tidy(document, document.edges.filter((edge) => wireId(edge) !== wireId(edit)), catalogue);
    case "set":
      return changeNode(document, ownerIn(document, edit.id), (node) => setParams(node, edit.params));
    case "replace":
      return replace(document, edit.id, edit.kind, catalogue);
    case "mute":
      return edit.ids.reduce((rest, id) => changeNode(rest, id, (node) => muted(node, edit.value)), document);
    case "freeze":
      return frozenIn(document, edit.ids, edit.value);
    case "share":
      return shared(document, edit.id, edit.of);
    case "silence":
      return changeNode(document, edit.id, (node) => silenced(node, edit.code, edit.value));
    case "rename":
      return rename(document, edit.id, edit.to);
    case "move":
      return { ...document, nodes: document.nodes.map((node) => withPlace(node, edit.at[node.id])) };
    case "batch":
      // What its other parts refer to is not there before Python has made it.
      if (edit.edits.some((part) => MADE_BY_PYTHON.has(part.op))) return document;
      return applyAll(document, edit.edits, catalogue);
    default:
      return document;
  }
}

function withPlace(node: BrickNode, at: BrickNode["at"]): BrickNode {
  return at ? { ...node, at } : node;
}

/** Ids whose labels an edit makes doubtful until Python has answered. */
export function touched(edit: Edit): readonly string[] {
  switch (edit.op) {
    case "add":
      return [edit.node.id];
    case "insert":
      return [edit.node.id, edit.edge.target];
    case "connect":
    case "disconnect":
      return [edit.target];
    case "set":
    case "replace":
      return [edit.id];
    case "rename":
      return [edit.to];
    case "mute":
    case "freeze":
      return edit.ids;
    case "share":
      return [edit.id];
    case "batch":
      return edit.edits.flatMap(touched);
    default:
      return [];
  }
}

/** Why a wire from `source` to `target` cannot be; null when it can. */
export function refusal(document: NetworkDocument, source: string, target: string, catalogue: Catalogue): string | null {
  const from = findNode(document, source);
  const to = findNode(document, target);
  if (!from || !to) return "That brick is gone.";
  if (source === target) return `${source} cannot feed itself.`;
  if (outputCount(catalogue.layers[from.kind], from) === 0) return `${source} is where the network ends: nothing comes out of it.`;
  if (inputCount(catalogue.layers[to.kind], 0) === 0) return `${target} is where data enters: nothing goes into it.`;
  if (upstream(document, source).has(target)) return `That would be a loop: ${target} already leads to ${source}.`;
  return null;
}
