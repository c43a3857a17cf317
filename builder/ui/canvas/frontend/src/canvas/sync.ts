import type { Catalogue } from "./catalogue.ts";
import { applyEdit, downstream, touched } from "./document.ts";
import type { BrickNode, CanvasData, Edit, NetworkDocument, Outbox, SentEdit } from "./types.ts";

/** The drawing as this browser sees it: Python's document with the edits on top that Python has not answered yet. */
export interface Sync {
  readonly loadId: string;
  readonly client: string;
  readonly seq: number;
  readonly revision: number;
  readonly server: NetworkDocument;
  readonly document: NetworkDocument;
  readonly pending: readonly SentEdit[];
}

export function open(data: CanvasData, client: string): Sync {
  return { loadId: data.load_id, client, seq: 0, revision: data.revision, server: data.document, document: data.document, pending: [] };
}

/** Apply `edit` here at once and queue it for Python. */
export function send(sync: Sync, edit: Edit, catalogue: Catalogue): Sync {
  const seq = sync.seq + 1;
  const pending = [...sync.pending, { seq, revision: sync.revision, edit }];
  return { ...sync, seq, pending, document: applyEdit(sync.document, edit, catalogue) };
}

/** Python's answer: answered edits leave the queue, the others are applied again on top of its document. */
export function receive(sync: Sync, data: CanvasData, catalogue: Catalogue): Sync {
  const answered = data.ack?.client === sync.client ? data.ack.seq : 0;
  const pending = sync.pending.filter((sent) => sent.seq > answered);
  const server = shareDocument(sync.server, data.document);
  const document = pending.reduce((rest, sent) => applyEdit(rest, sent.edit, catalogue), server);
  return { ...sync, revision: data.revision, server, pending, document: shareDocument(sync.document, document) };
}

export function outbox(sync: Sync, attempt: number): Outbox {
  return { client: sync.client, load_id: sync.loadId, edits: sync.pending, attempt };
}

/** Bricks whose labels may be out of date: those an unanswered edit touches and all that they feed. */
export function doubtful(sync: Sync): ReadonlySet<string> {
  const ids = new Set<string>();
  for (const id of sync.pending.flatMap((sent) => touched(sent.edit))) {
    for (const below of downstream(sync.document, id)) ids.add(below);
  }
  return ids;
}

export function equal(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const left = Object.entries(a);
  const right = b as Record<string, unknown>;
  return left.length === Object.keys(b).length && left.every(([key, value]) => Object.hasOwn(right, key) && equal(value, right[key]));
}

/** `next`, with the objects of `before` wherever they are equal, so that only what changed is drawn again. */
export function shareDocument(before: NetworkDocument, next: NetworkDocument): NetworkDocument {
  const known = new Map(before.nodes.map((node) => [node.id, node]));
  const same = (node: BrickNode): BrickNode => {
    const old = known.get(node.id);
    return old && equal(old, node) ? old : node;
  };
  const edges = equal(before.edges, next.edges) ? before.edges : next.edges;
  const nodes = next.nodes.map(same);
  const unchanged = nodes.length === before.nodes.length && nodes.every((node, i) => node === before.nodes[i]);
  return unchanged && edges === before.edges ? before : { nodes: unchanged ? before.nodes : nodes, edges };
}

/** A record with the values of `before` wherever they are equal. */
export function shareRecord<T>(before: Readonly<Record<string, T>>, next: Readonly<Record<string, T>>): Readonly<Record<string, T>> {
  const entries = Object.entries(next).map(([key, value]) => [key, equal(before[key], value) ? before[key] : value] as const);
  return Object.fromEntries(entries) as Record<string, T>;
}
