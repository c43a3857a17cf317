import type { ComponentArgs } from "../shared/streamlit.ts";
import { blockRefusal, wayTo } from "./blocks.ts";
import { type Catalogue, EMPTY_CATALOGUE, type Layer, withBlocks } from "./catalogue.ts";
import { Desk } from "./desk.ts";
import { findNode, wireId } from "./document.ts";
import { byId } from "./index.ts";
import type { Direction, DropTarget, Places, View } from "./geometry.ts";
import { type Added, type Drawing, withRoom } from "./gestures.ts";
import { chosenDirection } from "./choices.ts";
import { directionOf, place } from "./layout.ts";
import { mayReload } from "./server.ts";
import { lookAt, pathKey, putAside, takeBack, withLook } from "./memory.ts";
import { PreviewFeed, readFile } from "./preview.ts";
import { NO_SCALE, type Scale, sameScale, scaleOf } from "./slab.ts";
import { doubtful, equal, open, outbox, receive, sameRecord, send, shareRecord, SURE, type Sync } from "./sync.ts";
import type { Door, PreviewWish, Said, Talk } from "./talk.ts";
import { type Theme, themeOf } from "./theme.ts";
import type { BrickInfo, CanvasData, Conflict, Edit, Point, WantedPath } from "./types.ts";

export interface Toast {
  readonly id: number;
  readonly says: string;
  readonly action?: ToastAction | undefined;
}

export interface ToastAction {
  readonly label: string;
  run(): void;
}

/** Everything the canvas draws, replaced as a whole on every change. */
export interface Snapshot {
  readonly data: CanvasData;
  readonly door: Door;
  /** Did the last message to the server arrive? */
  readonly reached: boolean;
  /** The block instances that are open, outermost first; empty for the network. */
  readonly path: readonly string[];
  /** Project and path as one text: another one is another drawing. */
  readonly where: string;
  readonly sync: Sync;
  readonly infos: Readonly<Record<string, BrickInfo>>;
  /** The largest tensors of the drawing. */
  readonly scale: Scale;
  readonly places: Places;
  /** The way the drawing runs, which its handles and gestures follow. */
  readonly direction: Direction;
  readonly doubtful: ReadonlySet<string>;
  readonly catalogue: Catalogue;
  readonly catalogueSays: string | null;
  readonly theme: Theme;
  readonly selected: readonly string[];
  readonly wires: readonly string[];
  readonly drop: DropTarget;
  /** The brick that was added last; the canvas brings it into sight. */
  readonly added: string | null;
  /** The bricks that a block is about to be made of, while its name is asked for. */
  readonly blockOf: readonly string[] | null;
  readonly toasts: readonly Toast[];
}

const memories = takeBack(sessionStorage);
const catalogues = new Map<string, Promise<Catalogue>>();
const TOAST_MS = 5000;
const LOOK_MS = 1000;
// The page around the canvas may follow a moment later: drawing it must not get in the way of the next edit.
const AROUND_MS = 400;
// Labels that an edit may change are dimmed when the answer takes longer: most come sooner, and then nothing is drawn twice.
const LATE_MS = 120;
const FREE: DropTarget = { type: "free" };

function fetchCatalogue(url: string): Promise<Catalogue> {
  const known = catalogues.get(url);
  if (known) return known;
  const wanted = fetch(new URL(url, location.origin)).then((answer) => {
    if (!answer.ok) throw new Error(`${answer.status} ${answer.statusText}`);
    return answer.json() as Promise<Catalogue>;
  });
  catalogues.set(url, wanted);
  wanted.catch(() => catalogues.delete(url));
  return wanted;
}

// Edits of the project as a whole: they are made in no block.
const WHOLE: ReadonlySet<Edit["op"]> = new Set(["undo", "redo", "choose_data", "settings", "rename_block", "delete_block", "promote", "demote", "define"]);
const NO_BLOCKS: Readonly<Record<string, Layer>> = {};

/** `edit` with the block that it is made in, when one is being edited. */
function madeIn(edit: Edit, scope: string | null): Edit {
  return scope === null || edit.in !== undefined || WHOLE.has(edit.op) ? edit : { ...edit, in: scope };
}

function scaleNow(before: Scale, infos: Readonly<Record<string, BrickInfo>>): Scale {
  const scale = scaleOf(Object.values(infos).map((info) => info.sizes));
  return sameScale(before, scale) ? before : scale;
}

/** `next`, as `before` itself where every brick stands as it stood: what follows from the places then need not be looked at again. */
function samePlaces(before: Places, next: Places): Places {
  if (before.size !== next.size) return next;
  for (const [id, at] of next) {
    const old = before.get(id);
    if (old !== at && (!old || old[0] !== at[0] || old[1] !== at[1])) return next;
  }
  return before;
}

/** Those of `ids` that are still there, as the same list when all are. */
function kept(ids: readonly string[], there: { has(id: string): boolean }): readonly string[] {
  return ids.every((id) => there.has(id)) ? ids : ids.filter((id) => there.has(id));
}

const newClient = (): string => `c-${crypto.getRandomValues(new Uint32Array(1))[0]?.toString(16) ?? Date.now().toString(16)}`;

/** Calls `act` after so many milliseconds unless the returned function is called before. */
export function later(act: () => void, wait: number): () => void {
  const timer = setTimeout(act, wait);
  return () => clearTimeout(timer);
}

/** What a canvas whose drawing has not come yet asks for: the inside of the block that was open, if any. */
export function lastSeen(loadId: string): WantedPath {
  return { load_id: loadId, path: memories.get(loadId)?.path ?? [], peek: null };
}

/** The state of one mounted canvas, and the only place that talks to Streamlit and the server. */
export class Session {
  private readonly listeners = new Set<() => void>();
  private state: Snapshot;
  private args: ComponentArgs<Door>;
  private readonly talk: Talk;
  /** What is to be looked at, in every message. */
  private place: WantedPath;
  private heard = Date.now();
  /** The drawing with an edit that is on its way to the server but not drawn yet. */
  private unseen: Sync | null = null;
  private late = false;
  private cancelLate: () => void = () => undefined;
  private cancelAround: () => void = () => undefined;
  private toastCount = 0;
  private lastRefused = "";
  /** The catalogue as it was fetched, and the blocks that it was last joined with. */
  private plain = EMPTY_CATALOGUE;
  private joined: { readonly plain: Catalogue; readonly blocks: Readonly<Record<string, Layer>>; readonly catalogue: Catalogue } | undefined;
  /** What to select once its drawing, or the brick itself, has come from Python. */
  private wanted: { readonly path: readonly string[] | null; readonly select: readonly string[] } | null = null;
  private readonly root: HTMLElement;
  /** What the network makes of one sample; drawn apart from everything else, for it comes later. */
  readonly preview = new PreviewFeed({ read: readFile, later, hidden: () => document.hidden });
  readonly desk = new Desk();

  constructor(args: ComponentArgs<Door>, talk: Talk, data: CanvasData, root: HTMLElement) {
    this.args = args;
    this.talk = talk;
    this.root = root;
    this.place = lastSeen(data.load_id);
    this.state = this.opened(data);
    this.wantCatalogue(data.catalogue.url);
    this.preview.want(data.preview);
    this.showAround(data);
    window.addEventListener("pagehide", this.leave);
    window.addEventListener("focus", this.look);
  }

  /** This tab comes to the front: another one may have edited the drawing meanwhile. */
  private readonly look = (): void => {
    if (Date.now() - this.heard > LOOK_MS) this.talk.poke();
  };

  /** The tab closes or loads anew: what is being typed becomes an edit, and what is not answered yet is put aside. */
  private readonly leave = (): void => {
    const root = this.root.getRootNode();
    if (root instanceof ShadowRoot && root.activeElement instanceof HTMLElement) root.activeElement.blur();
    this.talk.leave();
    putAside(memories, sessionStorage);
  };

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly snapshot = (): Snapshot => this.state;

  /** The pane that layers are dropped on, while it is drawn. */
  get pane(): HTMLElement | null {
    return this.desk.pane;
  }

  /** Definitions of the project's own blocks. */
  definitions(): Readonly<Record<string, unknown>> {
    return this.state.data.definitions ?? {};
  }

  /** The drawing that gestures work on. */
  drawing(): Drawing {
    const { sync, places, direction, catalogue } = this.state;
    return { document: sync.document, places, direction, catalogue, scope: sync.scope };
  }

  /** The page around the canvas was drawn again, or has another theme. */
  frame(args: ComponentArgs<Door>): void {
    this.args = args;
    this.set({ ...this.state, door: args.data, theme: this.theme() });
  }

  /** What the canvas has to say to the server. */
  say(): Said {
    return { ...outbox(this.unseen ?? this.state.sync), path: this.place };
  }

  reached(is: boolean): void {
    if (is !== this.state.reached) this.set({ ...this.state, reached: is });
  }

  /** A server that was started anew and does not know this page: it is loaded again, and brings its edits along. */
  strange(): void {
    if (mayReload(sessionStorage, Date.now())) location.reload();
  }

  /** An answer of Python, perhaps with another project. */
  push(data: CanvasData): void {
    this.heard = Date.now();
    const changed = data.catalogue.url !== this.state.data.catalogue.url;
    this.preview.want(data.preview);
    this.keepNameOf(data.refused?.seq);
    const before = this.state;
    if (data.load_id !== this.state.sync.loadId) {
      const lost = this.state.sync.pending.length > 0;
      this.another(data);
      if (lost) this.toast("Another project was opened in another tab; your last change came too late for the old one.");
    } else if (pathKey(data.path ?? []) !== pathKey(this.state.path)) {
      this.set({ ...this.opened(data), toasts: this.state.toasts });
    } else {
      this.set(this.merged(receive(this.state.sync, data, this.catalogueOf(data)), data));
    }
    this.expect();
    this.selectWanted();
    this.sayElsewhere(before);
    if (changed) this.wantCatalogue(data.catalogue.url);
    this.showRefused(data);
    this.showAround(data);
  }

  /** Another project: shown as it was last looked at. */
  private another(data: CanvasData): void {
    this.place = lastSeen(data.load_id);
    this.set(this.opened(data));
    if (this.place.path.length > 0 || this.state.sync.pending.length > 0) this.talk.poke();
  }

  /** Have the page around the canvas drawn again when it shows something else of the project than it should. */
  private showAround({ page }: CanvasData): void {
    this.cancelAround();
    if (!equal(page, this.args.data.page)) this.cancelAround = later(() => this.args.setTriggerValue("page", page), AROUND_MS);
  }

  /** Apply an edit here and send it to Python; it is made in the block that is open. */
  readonly send = (edit: Edit): void => {
    if (this.state.data.editable !== false || WHOLE.has(edit.op)) this.deliver(madeIn(edit, this.state.sync.scope));
  };

  /** Ask for the name of a block of these bricks, or say why there can be none; null stops asking. */
  readonly askBlock = (ids: readonly string[] | null): void => {
    const { sync, catalogue, data } = this.state;
    const refusal = ids && (data.editable === false ? (data.locked ?? "This drawing cannot be changed.") : blockRefusal(sync.document, ids, catalogue));
    if (refusal) this.toast(refusal);
    else this.set({ ...this.state, blockOf: ids });
  };

  /** Send an edit as it is: it says itself in which block it is made. */
  readonly deliver = (edit: Edit): void => {
    const sync = send(this.state.sync, edit, this.state.catalogue);
    // On its way before anything is drawn: the server works while the browser does.
    this.unseen = sync;
    this.talk.poke();
    this.unseen = null;
    this.set(this.merged(sync, this.state.data));
    this.expect();
  };

  /** An answer is due, or has come: labels are dimmed once one is late. */
  private expect(): void {
    this.cancelLate();
    this.late &&= this.state.sync.pending.length > 0;
    if (this.late || this.state.sync.pending.length === 0) return;
    this.cancelLate = later(() => {
      this.late = true;
      this.set({ ...this.state, doubtful: doubtful(this.state.sync) });
    }, LATE_MS);
  }

  /** Decide a conflict: for the other tab's work, or for the edit that was made here, which says itself where it is made. */
  readonly choose = (conflict: Conflict, yours: boolean): void => {
    this.set({ ...this.state, sync: { ...this.state.sync, settled: conflict.seq } });
    if (yours) this.deliver(conflict.edit);
    else this.talk.poke();
  };

  /** Apply a fix that Python offered: it says itself in which block it is made. */
  readonly fix = (edit: Edit): void => this.deliver(withRoom(this.drawing(), edit));

  /** Send an edit that only Python can make, and select the brick it makes once that has come. */
  readonly make = (edit: Edit, id: string): void => {
    this.wanted = { path: null, select: [id] };
    this.send(edit);
  };

  /** Show the inside of the block instances `path`, outermost first ([] is the network), and select bricks there. */
  readonly openPath = (path: readonly string[], select?: readonly string[]): void => {
    if (pathKey(path) === pathKey(this.state.path)) return this.select(select ?? this.state.selected);
    this.wanted = select ? { path, select } : null;
    this.go({ load_id: this.state.sync.loadId, path, peek: null });
  };

  /** Show the inside of a block beside it; null shows none. */
  readonly peek = (id: string | null): void => this.go({ load_id: this.state.sync.loadId, path: this.state.path, peek: id });

  private go(wanted: WantedPath): void {
    this.place = wanted;
    this.talk.poke();
  }

  readonly add = ({ id, edit }: Added): void => {
    this.send(edit);
    if (findNode(this.state.sync.document, id)) this.set({ ...this.state, selected: [id], wires: [], added: id });
  };

  readonly rename = (id: string, to: string): void => {
    this.send({ op: "rename", id, to });
    this.select([to]);
  };

  /** Another choice of preview; with `again` what there is to choose from is looked up anew. */
  readonly choosePreview = (change: PreviewWish): void => this.talk.prefer(change);

  readonly reference = (kind: string): void => this.args.setTriggerValue("reference", kind);

  readonly select = (ids: readonly string[], wires: readonly string[] = []): void => {
    const now = this.state;
    if (ids.join() === now.selected.join() && wires.join() === now.wires.join()) return;
    this.set({ ...now, selected: ids, wires });
  };

  readonly setDrop = (drop: DropTarget): void => {
    if (JSON.stringify(drop) !== JSON.stringify(this.state.drop)) this.set({ ...this.state, drop });
  };

  readonly toast = (says: string, action?: ToastAction): void => {
    const id = ++this.toastCount;
    this.set({ ...this.state, toasts: [...this.state.toasts.filter((old) => old.says !== says), { id, says, action }].slice(-3) });
    setTimeout(() => this.dismiss(id), TOAST_MS);
  };

  readonly dismiss = (id: number): void => {
    this.set({ ...this.state, toasts: this.state.toasts.filter((toast) => toast.id !== id) });
  };

  /** Where this drawing was last looked at in this browser; null at first. */
  get view(): View | null {
    return lookAt(memories.get(this.state.sync.loadId), this.state.path).view;
  }

  readonly keepView = (view: View): void => {
    const memory = memories.get(this.state.sync.loadId);
    if (memory) memories.set(this.state.sync.loadId, withLook(memory, this.state.path, { view }));
  };

  end(): void {
    window.removeEventListener("pagehide", this.leave);
    window.removeEventListener("focus", this.look);
    this.talk.leave();
    this.cancelAround();
    this.cancelLate();
    this.preview.end();
    this.listeners.clear();
  }

  private set(next: Snapshot): void {
    this.state = next;
    const memory = { sync: next.sync, path: next.path, looks: memories.get(next.sync.loadId)?.looks ?? {} };
    memories.set(next.sync.loadId, withLook(memory, next.path, { selected: next.selected }));
    for (const listener of this.listeners) listener();
  }

  private theme(): Theme {
    return themeOf(getComputedStyle(this.root).getPropertyValue("--st-background-color"));
  }

  /** A drawing that was not shown before: another project, the inside of a block, or the network around it. */
  private opened(data: CanvasData): Snapshot {
    const memory = memories.get(data.load_id);
    const path = data.path ?? [];
    const catalogue = this.catalogueOf(data);
    const sync = memory ? receive(memory.sync, data, catalogue) : open(data, newClient());
    const { selected } = lookAt(memory, path);
    memories.set(data.load_id, withLook({ sync, path, looks: memory?.looks ?? {} }, path, {}));
    const usual = chosenDirection();
    const places = place(sync.document, new Map(), usual);
    const direction = directionOf(sync.document, places, usual);
    const base = { catalogue, catalogueSays: null, door: this.args.data, reached: true, theme: this.theme(), wires: [], drop: FREE, added: null, blockOf: null, toasts: [] };
    const where = `${data.load_id}/${pathKey(path)}`;
    const known = selected.filter((id) => findNode(sync.document, id));
    const infos = data.analysis.nodes;
    return { ...base, data, path, where, sync, infos, scale: scaleNow(NO_SCALE, infos), places, direction, doubtful: doubtful(sync), selected: known };
  }

  /** The catalogue with the project's own blocks; the same object as long as neither changes. */
  private catalogueOf(data: CanvasData): Catalogue {
    const inside = data.scope ?? null;
    const blocks = this.joined ? shareRecord(this.joined.blocks, data.blocks ?? NO_BLOCKS) : (data.blocks ?? NO_BLOCKS);
    const same = this.joined?.plain === this.plain && sameRecord(this.joined.blocks, blocks) && this.joined.catalogue.inside === inside;
    if (!same || !this.joined) this.joined = { plain: this.plain, blocks, catalogue: withBlocks(this.plain, blocks, inside) };
    return this.joined.catalogue;
  }

  private selectWanted(): void {
    const { wanted, state } = this;
    if (!wanted || (wanted.path && pathKey(wanted.path) !== pathKey(state.path))) return;
    const found = wanted.select.filter((id) => findNode(state.sync.document, id));
    if (found.length === 0 && !wanted.path) return;
    this.wanted = null;
    this.select(found);
  }

  private merged(sync: Sync, data: CanvasData): Snapshot {
    const now = this.state;
    const document = sync.document;
    const moved = document !== now.sync.document;
    const infos = data === now.data ? now.infos : shareRecord(now.infos, data.analysis.nodes);
    const selected = moved && now.selected.length > 0 ? kept(now.selected, byId(document.nodes)) : now.selected;
    const wires = moved && now.wires.length > 0 ? kept(now.wires, new Set(document.edges.map(wireId))) : now.wires;
    const places = moved ? samePlaces(now.places, place(document, this.placed(now), now.direction)) : now.places;
    const direction = places === now.places ? now.direction : directionOf(document, places, now.direction);
    const catalogue = this.catalogueOf(data);
    const scale = infos === now.infos ? now.scale : scaleNow(now.scale, infos);
    return { ...now, data, sync, catalogue, infos, scale, places, direction, selected, wires, doubtful: this.late ? doubtful(sync) : SURE };
  }

  /** Positions that only this browser knows: of bricks the document has no place for. */
  private placed(now: Snapshot): Places {
    const entries = now.sync.document.nodes.filter((node) => !node.at).map((node) => [node.id, now.places.get(node.id)] as const);
    return new Map(entries.filter((entry): entry is [string, Point] => entry[1] !== undefined));
  }

  /** A brick whose new name is refused stays selected under the old one. */
  private keepNameOf(seq: number | undefined): void {
    const edit = this.state.sync.pending.find((sent) => sent.seq === seq)?.edit;
    if (edit?.op !== "rename") return;
    this.state = { ...this.state, selected: this.state.selected.map((id) => (id === edit.to ? edit.id : id)) };
  }

  private wantCatalogue(url: string): void {
    const failed = (error: unknown): void => {
      this.set({ ...this.state, catalogueSays: `The list of layers could not be loaded (${String(error)}). Reload the page.` });
    };
    const came = (catalogue: Catalogue): void => {
      this.plain = catalogue;
      this.set({ ...this.state, catalogue: this.catalogueOf(this.state.data), catalogueSays: null });
    };
    fetchCatalogue(url).then(came, failed);
  }

  /** What was just undone or redone in a drawing that is not shown. */
  private sayElsewhere(before: Snapshot): void {
    const { data, sync, catalogue, path } = this.state;
    const seq = data.ack?.client === sync.client ? data.ack.seq : 0;
    const op = before.sync.pending.find((sent) => sent.seq <= seq && (sent.edit.op === "undo" || sent.edit.op === "redo"))?.edit.op;
    if (!op || before.sync.server !== sync.server || before.data.revision === data.revision || before.where !== this.state.where) return;
    const entry = data.history[op === "undo" ? "redo" : "undo"].at(-1);
    const way = entry === undefined ? null : wayTo(entry, catalogue);
    if (entry === undefined) return;
    const show = way && pathKey(way) !== pathKey(path) ? { label: "Show", run: () => this.openPath(way) } : undefined;
    this.toast(`${op === "undo" ? "Undid" : "Redid"} “${entry}”`, show);
  }

  private showRefused(data: CanvasData): void {
    const { refused, ack } = data;
    if (!refused || ack?.client !== this.state.sync.client) return;
    const once = `${ack.client} ${refused.seq}`;
    if (once === this.lastRefused) return;
    this.lastRefused = once;
    this.wanted = null;
    this.toast(refused.says);
  }
}
