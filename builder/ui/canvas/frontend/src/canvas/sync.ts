import type { Catalogue } from "./catalogue.ts";
import { applyEdit, downstream, touched } from "./document.ts";
import type { BrickNode, CanvasData, Edit, NetworkDocument, Outbox, SentEdit } from "./types.ts";

/** The drawing as this browser sees it: Python's document with the edits on top that Python has not answered yet. */
export interface Sync {
  readonly loadId: string;
  readonly client: string;
  readonly seq: number;
  readonly revision: number;
  /** The block whose inside `document` is; null for the network. */
  readonly scope: string | null;
  readonly server: NetworkDocument;
  readonly document: NetworkDocument;
  readonly pending: readonly SentEdit[];
}

export function open(data: CanvasData, client: string): Sync {
  const { document, revision, scope = null } = data;
  return { loadId: data.load_id, client, seq: 0, revision, scope, server: document, document, pending: [] };
}

/** The part of an edit that is made in `scope`, null when none is; parts of a batch are made where the batch is unless they say otherwise. */
export function partIn(edit: Edit, scope: string | null, outer: string | null = null): Edit | null {
  const where = edit.in ?? outer;
  if (edit.op !== "batch") return where === scope ? edit : null;
  const parts = edit.edits.map((part) => partIn(part, scope, where));
  const edits = parts.filter((part) => part !== null);
  if (edits.length === 0) return null;
  return parts.every((part, i) => part === edit.edits[i]) ? edit : { ...edit, edits };
}

/** What `edit` does to the drawing that is shown. */
function shown(document: NetworkDocument, edit: Edit, scope: string | null, catalogue: Catalogue): NetworkDocument {
  const part = partIn(edit, scope);
  return part ? applyEdit(document, part, catalogue) : document;
}

/** Apply `edit` here at once and queue it for Python. */
export function send(sync: Sync, edit: Edit, catalogue: Catalogue): Sync {
  const seq = sync.seq + 1;
  const pending = [...sync.pending, { seq, revision: sync.revision, edit }];
  return { ...sync, seq, pending, document: shown(sync.document, edit, sync.scope, catalogue) };
}

/** Python's answer: answered edits leave the queue, the others are applied again on top of its document where they belong to it. */
export function receive(sync: Sync, data: CanvasData, catalogue: Catalogue): Sync {
  const answered = data.ack?.client === sync.client ? data.ack.seq : 0;
  const pending = sync.pending.filter((sent) => sent.seq > answered);
  const server = shareDocument(sync.server, data.document);
  const scope = data.scope ?? null;
  const document = pending.reduce((rest, sent) => shown(rest, sent.edit, scope, catalogue), server);
  return { ...sync, scope, revision: data.revision, server, pending, document: shareDocument(sync.document, document) };
}

export function outbox(sync: Sync, attempt: number): Outbox {
  return { client: sync.client, load_id: sync.loadId, edits: sync.pending, attempt };
}

/** Bricks whose labels may be out of date: those an unanswered edit touches and all that they feed. */
export function doubtful(sync: Sync): ReadonlySet<string> {
  const ids = new Set<string>();
  const parts = sync.pending.map((sent) => partIn(sent.edit, sync.scope)).filter((part) => part !== null);
  for (const id of parts.flatMap(touched)) {
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

/** Do two records hold the same objects? */
export function sameRecord<T>(a: Readonly<Record<string, T>>, b: Readonly<Record<string, T>>): boolean {
  const keys = Object.keys(a);
  return a === b || (keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]));
}
