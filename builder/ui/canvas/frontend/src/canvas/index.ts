import type { BrickNode, NetworkDocument, Wire } from "./types.ts";

/** Look-ups of one list of wires: by the brick they end at (in the order of the ports) and by the brick they start from. */
interface Ends {
  readonly into: ReadonlyMap<string, readonly Wire[]>;
  readonly from: ReadonlyMap<string, readonly Wire[]>;
}

// Documents are never changed in place, so that what is worked out of a list holds as long as the list lives.
const bricks = new WeakMap<readonly BrickNode[], ReadonlyMap<string, BrickNode>>();
const wires = new WeakMap<readonly Wire[], Ends>();
const NONE: readonly Wire[] = [];

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}

/** Bricks by id, worked out once a list. */
export function byId(nodes: readonly BrickNode[]): ReadonlyMap<string, BrickNode> {
  const known = bricks.get(nodes);
  if (known) return known;
  const found = new Map(nodes.map((node) => [node.id, node]));
  bricks.set(nodes, found);
  return found;
}

function ends(edges: readonly Wire[]): Ends {
  const known = wires.get(edges);
  if (known) return known;
  const into = new Map<string, Wire[]>();
  const from = new Map<string, Wire[]>();
  for (const edge of edges) {
    push(into, edge.target, edge);
    push(from, edge.source, edge);
  }
  for (const list of into.values()) {
    if (list.length > 1) list.sort((a, b) => (a.port ?? 0) - (b.port ?? 0));
  }
  const found = { into, from };
  wires.set(edges, found);
  return found;
}

/** Wires into `id`, in the order of the ports. */
export function inputsOf(document: NetworkDocument, id: string): readonly Wire[] {
  return ends(document.edges).into.get(id) ?? NONE;
}

/** Wires out of `id`, as drawn. */
export function outputsOf(document: NetworkDocument, id: string): readonly Wire[] {
  return ends(document.edges).from.get(id) ?? NONE;
}

// Of each list of wires the brick that was asked for last: a wire that is being drawn asks for the same one again and again.
const above = new WeakMap<readonly Wire[], { readonly start: string; readonly ids: ReadonlySet<string> }>();

/** Ids from which wires lead to `start`, itself included. */
export function upstream(document: NetworkDocument, start: string): ReadonlySet<string> {
  const known = above.get(document.edges);
  if (known?.start === start) return known.ids;
  const ids = new Set([start]);
  for (const id of ids) for (const wire of inputsOf(document, id)) ids.add(wire.source);
  above.set(document.edges, { start, ids });
  return ids;
}
