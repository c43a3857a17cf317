import type { Catalogue } from "./catalogue.ts";
import { applyEdit, downstreamOf, touched } from "./document.ts";
import { byId, inputsOf } from "./index.ts";
import type { BrickNode, CanvasData, Conflict, Edit, NetworkDocument, Outbox, SentEdit, Wire } from "./types.ts";

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
  /** Conflicts up to this seq have been decided here. */
  readonly settled?: number;
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

export function outbox(sync: Sync): Outbox {
  const sent = { client: sync.client, load_id: sync.loadId, edits: sync.pending };
  return sync.settled === undefined ? sent : { ...sent, settled: sync.settled };
}

/** The oldest conflict of this canvas that nobody has decided. */
export function waiting(data: CanvasData, sync: Sync): Conflict | null {
  if (data.ack?.client !== sync.client) return null;
  return data.conflicts?.find((conflict) => conflict.seq > (sync.settled ?? 0)) ?? null;
}

/** No brick's labels are out of date. */
export const SURE: ReadonlySet<string> = new Set();

/** Bricks whose labels may be out of date: those an unanswered edit touches and all that they feed. */
export function doubtful(sync: Sync): ReadonlySet<string> {
  const parts = sync.pending.map((sent) => partIn(sent.edit, sync.scope)).filter((part) => part !== null);
  const ids = parts.flatMap(touched);
  return ids.length > 0 ? downstreamOf(sync.document, ids) : SURE;
}

export function equal(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((item, i) => equal(item, b[i]));
  if (Array.isArray(b)) return false;
  const right = b as Record<string, unknown>;
  const names = Object.keys(a);
  if (names.length !== Object.keys(b).length) return false;
  return names.every((name) => Object.hasOwn(right, name) && equal((a as Record<string, unknown>)[name], right[name]));
}

/** `next`, as `before` itself when every item is the one there. */
function sameList<T>(before: readonly T[], next: readonly T[]): readonly T[] {
  return next.length === before.length && next.every((item, i) => item === before[i]) ? before : next;
}

/** The wire of `before` that equals `edge`, which mostly stands at the same place in the list. */
function shareWire(before: NetworkDocument, edge: Wire, i: number): Wire {
  const there = before.edges[i];
  if (there && equal(there, edge)) return there;
  return inputsOf(before, edge.target).find((old) => equal(old, edge)) ?? edge;
}

/** `next`, with the objects of `before` wherever they are equal, so that only what changed is drawn again. */
function shareDocument(before: NetworkDocument, next: NetworkDocument): NetworkDocument {
  if (before === next) return before;
  const known = byId(before.nodes);
  const same = (node: BrickNode): BrickNode => {
    const old = known.get(node.id);
    return old && equal(old, node) ? old : node;
  };
  const edges = before.edges === next.edges ? before.edges : sameList(before.edges, next.edges.map((edge, i) => shareWire(before, edge, i)));
  const nodes = before.nodes === next.nodes ? before.nodes : sameList(before.nodes, next.nodes.map(same));
  return nodes === before.nodes && edges === before.edges ? before : { nodes, edges };
}

/** A record with the values of `before` wherever they are equal. */
export function shareRecord<T>(before: Readonly<Record<string, T>>, next: Readonly<Record<string, T>>): Readonly<Record<string, T>> {
  if (before === next) return before;
  const entries = Object.entries(next).map(([key, value]) => [key, equal(before[key], value) ? before[key] : value] as const);
  return Object.fromEntries(entries) as Record<string, T>;
}

/** Do two records hold the same objects? */
export function sameRecord<T>(a: Readonly<Record<string, T>>, b: Readonly<Record<string, T>>): boolean {
  const keys = Object.keys(a);
  return a === b || (keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]));
}
