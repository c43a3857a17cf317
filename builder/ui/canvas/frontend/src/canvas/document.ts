import { type Catalogue, inputCount, isVariadic, type Layer, outputCount } from "./catalogue.ts";
import type { BrickNode, Edit, NetworkDocument, Params, Wire } from "./types.ts";

export const portOf = (wire: Wire): number => wire.port ?? 0;
export const outputOf = (wire: Wire): number => wire.output ?? 0;
export const wireId = (wire: Wire): string => `${wire.source}->${wire.target}:${portOf(wire)}`;

export function findNode(document: NetworkDocument, id: string): BrickNode | undefined {
  return document.nodes.find((node) => node.id === id);
}

/** Wires into `id`, in the order of the ports. */
export function inputsOf(document: NetworkDocument, id: string): readonly Wire[] {
  return document.edges.filter((edge) => edge.target === id).sort((a, b) => portOf(a) - portOf(b));
}

export function outputsOf(document: NetworkDocument, id: string): readonly Wire[] {
  return document.edges.filter((edge) => edge.source === id);
}

/** Ids reachable along the wires, the start included. */
export function downstream(document: NetworkDocument, start: string): ReadonlySet<string> {
  const seen = new Set([start]);
  const queue = [start];
  for (let id = queue.pop(); id !== undefined; id = queue.pop()) {
    for (const edge of document.edges) {
      if (edge.source === id && !seen.has(edge.target)) {
        seen.add(edge.target);
        queue.push(edge.target);
      }
    }
  }
  return seen;
}

/** The stem with the smallest number that no brick has: conv1, conv2, ...; a brick at an end of the network goes without one if it can. */
export function freeId(document: NetworkDocument, layer: Layer): string {
  const { stem } = layer;
  const taken = new Set(document.nodes.map((node) => node.id));
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

/** Number the inputs of a brick that takes any number 0, 1, 2 ... again. */
function closeGaps(edges: readonly Wire[], target: string): readonly Wire[] {
  const order = edges.filter((edge) => edge.target === target).sort((a, b) => portOf(a) - portOf(b));
  return edges.map((edge) => (edge.target === target ? makeWire(edge.source, target, order.indexOf(edge), edge.output) : edge));
}

function tidy(document: NetworkDocument, edges: readonly Wire[], catalogue: Catalogue): NetworkDocument {
  const variadic = document.nodes.filter((node) => isVariadic(catalogue.layers[node.kind]));
  return { ...document, edges: variadic.reduce<readonly Wire[]>((rest, node) => closeGaps(rest, node.id), edges) };
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

function removeOne(document: NetworkDocument, id: string, rejoin: boolean): NetworkDocument {
  const before = inputsOf(document, id);
  const feed = rejoin ? before[0] : undefined;
  const edges = document.edges
    .filter((edge) => edge.target !== id)
    .flatMap((edge) => {
      if (edge.source !== id) return [edge];
      return feed === undefined ? [] : [makeWire(feed.source, edge.target, portOf(edge), feed.output)];
    });
  return { nodes: document.nodes.filter((node) => node.id !== id), edges };
}

function remove(document: NetworkDocument, ids: readonly string[], rejoin: boolean, catalogue: Catalogue): NetworkDocument {
  const after = ids.reduce((rest, id) => removeOne(rest, id, rejoin), document);
  return tidy(after, after.edges, catalogue);
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

function replaceKind(node: BrickNode, kind: string, catalogue: Catalogue): BrickNode {
  const names = new Set(catalogue.layers[kind]?.params.map((param) => param.name));
  return { ...node, kind, params: Object.fromEntries(Object.entries(node.params ?? {}).filter(([name]) => names.has(name))) };
}

function replace(document: NetworkDocument, id: string, kind: string, catalogue: Catalogue): NetworkDocument {
  const after = changeNode(document, id, (node) => replaceKind(node, kind, catalogue));
  return tidy(after, after.edges, catalogue);
}

/** Bypassed or not; a brick that is not says nothing of it. */
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
    nodes: document.nodes.map((node) => (node.id === id ? { ...node, id: to } : node)),
    edges: document.edges.map((edge) => ({ ...edge, source: name(edge.source), target: name(edge.target) })),
  };
}

function changeNode(document: NetworkDocument, id: string, change: (node: BrickNode) => BrickNode): NetworkDocument {
  return { ...document, nodes: document.nodes.map((node) => (node.id === id ? change(node) : node)) };
}

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
      return changeNode(document, edit.id, (node) => setParams(node, edit.params));
    case "replace":
      return replace(document, edit.id, edit.kind, catalogue);
    case "mute":
      return edit.ids.reduce((rest, id) => changeNode(rest, id, (node) => muted(node, edit.value)), document);
    case "silence":
      return changeNode(document, edit.id, (node) => silenced(node, edit.code, edit.value));
    case "rename":
      return rename(document, edit.id, edit.to);
    case "move":
      return { ...document, nodes: document.nodes.map((node) => withPlace(node, edit.at[node.id])) };
    case "batch":
      return edit.edits.reduce((rest, part) => applyEdit(rest, part, catalogue), document);
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
      return edit.ids;
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
  if (outputCount(catalogue.layers[from.kind]) === 0) return `${source} is where the network ends: nothing comes out of it.`;
  if (inputCount(catalogue.layers[to.kind], 0) === 0) return `${target} is where data enters: nothing goes into it.`;
  if (downstream(document, target).has(source)) return `That would be a loop: ${target} already leads to ${source}.`;
  return null;
}
