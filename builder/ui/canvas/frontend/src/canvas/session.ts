import type { ComponentArgs } from "../shared/streamlit.ts";
import { type Catalogue, EMPTY_CATALOGUE } from "./catalogue.ts";
import { findNode, wireId } from "./document.ts";
import type { DropTarget, Places, View } from "./geometry.ts";
import { type Added, type Drawing, withRoom } from "./gestures.ts";
import { place } from "./layout.ts";
import { mayReload, serverState } from "./server.ts";
import { putAside, takeBack } from "./memory.ts";
import { doubtful, open, outbox, receive, send, shareRecord, type Sync } from "./sync.ts";
import { type Theme, themeOf } from "./theme.ts";
import type { BrickInfo, CanvasData, Edit, Point } from "./types.ts";

export interface Toast {
  readonly id: number;
  readonly says: string;
}

/** Everything the canvas draws, replaced as a whole on every change. */
export interface Snapshot {
  readonly data: CanvasData;
  readonly sync: Sync;
  readonly infos: Readonly<Record<string, BrickInfo>>;
  readonly places: Places;
  readonly doubtful: ReadonlySet<string>;
  readonly catalogue: Catalogue;
  readonly catalogueSays: string | null;
  readonly theme: Theme;
  readonly selected: readonly string[];
  readonly wires: readonly string[];
  readonly drop: DropTarget;
  /** The brick that was added last; the canvas brings it into sight. */
  readonly added: string | null;
  readonly toasts: readonly Toast[];
}

const memories = takeBack(sessionStorage);
const catalogues = new Map<string, Promise<Catalogue>>();
// Where nothing is known of the server it is sent again ever more rarely: a new message interrupts the answer to the old one.
const RESEND_MS = 2000;
const RESEND_MOST_MS = 32_000;
const TOAST_MS = 5000;
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

const newClient = (): string => `c-${crypto.getRandomValues(new Uint32Array(1))[0]?.toString(16) ?? Date.now().toString(16)}`;

/** The state of one mounted canvas, and the only place that talks to Streamlit. */
export class Session {
  private readonly listeners = new Set<() => void>();
  private state: Snapshot;
  private args: ComponentArgs<CanvasData>;
  private attempt = 0;
  private resendTimer: ReturnType<typeof setTimeout> | undefined;
  private toastCount = 0;
  private lastRefused = "";
  private readonly root: HTMLElement;
  /** The pane that layers are dropped on, set while it is drawn. */
  pane: HTMLElement | null = null;

  constructor(args: ComponentArgs<CanvasData>, root: HTMLElement) {
    this.args = args;
    this.root = root;
    this.state = this.opened(args.data, EMPTY_CATALOGUE);
    this.wantCatalogue(args.data.catalogue.url);
    if (this.state.sync.pending.length > 0) this.post(this.state.sync);
    window.addEventListener("pagehide", this.leave);
  }

  /** The tab closes or loads anew: what is being typed becomes an edit, and what is not answered yet is put aside. */
  private readonly leave = (): void => {
    const root = this.root.getRootNode();
    if (root instanceof ShadowRoot && root.activeElement instanceof HTMLElement) root.activeElement.blur();
    putAside(memories, sessionStorage);
  };

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly snapshot = (): Snapshot => this.state;

  /** The drawing that gestures work on. */
  drawing(): Drawing {
    return { document: this.state.sync.document, places: this.state.places, catalogue: this.state.catalogue };
  }

  /** New arguments from Streamlit: an answer of Python, another project, or another theme. */
  push(args: ComponentArgs<CanvasData>): void {
    const changed = args.data.catalogue.url !== this.state.data.catalogue.url;
    this.args = args;
    this.keepNameOf(args.data.refused?.seq);
    if (args.data.load_id !== this.state.sync.loadId) {
      const lost = this.state.sync.pending.length > 0;
      this.set(this.opened(args.data, this.state.catalogue));
      if (lost) this.toast("Another project was opened in another tab; your last change came too late for the old one.");
    } else {
      this.set({ ...this.merged(receive(this.state.sync, args.data, this.state.catalogue), args.data), theme: this.theme() });
    }
    if (changed) this.wantCatalogue(args.data.catalogue.url);
    this.showRefused(args.data);
    if (this.state.sync.pending.length === 0) this.stopResending();
  }

  /** Apply an edit here and send it to Python. */
  readonly send = (edit: Edit): void => {
    if (this.state.data.editable === false) return;
    const sync = send(this.state.sync, edit, this.state.catalogue);
    // On its way before anything is drawn: the server works while the browser does.
    this.post(sync);
    this.set(this.merged(sync, this.state.data));
  };

  /** Apply a fix that Python offered. */
  readonly fix = (edit: Edit): void => this.send(withRoom(this.drawing(), edit));

  readonly add = ({ id, edit }: Added): void => {
    this.send(edit);
    if (findNode(this.state.sync.document, id)) this.set({ ...this.state, selected: [id], wires: [], added: id });
  };

  readonly rename = (id: string, to: string): void => {
    this.send({ op: "rename", id, to });
    this.select([to]);
  };

  readonly reference = (kind: string): void => this.args.setTriggerValue("reference", kind);

  readonly select = (ids: readonly string[], wires: readonly string[] = []): void => {
    const now = this.state;
    if (ids.join() === now.selected.join() && wires.join() === now.wires.join()) return;
    this.set({ ...now, selected: ids, wires });
  };

  readonly setDrop = (drop: DropTarget): void => {
    if (JSON.stringify(drop) !== JSON.stringify(this.state.drop)) this.set({ ...this.state, drop });
  };

  readonly toast = (says: string): void => {
    const id = ++this.toastCount;
    this.set({ ...this.state, toasts: [...this.state.toasts.filter((old) => old.says !== says), { id, says }].slice(-3) });
    setTimeout(() => this.dismiss(id), TOAST_MS);
  };

  readonly dismiss = (id: number): void => {
    this.set({ ...this.state, toasts: this.state.toasts.filter((toast) => toast.id !== id) });
  };

  /** Where this project was last looked at in this browser; null at first. */
  get view(): View | null {
    return memories.get(this.state.sync.loadId)?.view ?? null;
  }

  readonly keepView = (view: View): void => {
    const memory = memories.get(this.state.sync.loadId);
    if (memory) memories.set(this.state.sync.loadId, { ...memory, view });
  };

  end(): void {
    window.removeEventListener("pagehide", this.leave);
    this.stopResending();
    this.listeners.clear();
  }

  private set(next: Snapshot): void {
    this.state = next;
    const memory = memories.get(next.sync.loadId);
    memories.set(next.sync.loadId, { view: memory?.view ?? null, selected: next.selected, sync: next.sync });
    for (const listener of this.listeners) listener();
  }

  private theme(): Theme {
    return themeOf(getComputedStyle(this.root).getPropertyValue("--st-background-color"));
  }

  private opened(data: CanvasData, catalogue: Catalogue): Snapshot {
    const memory = memories.get(data.load_id);
    const sync = memory ? receive(memory.sync, data, catalogue) : open(data, newClient());
    memories.set(data.load_id, { view: memory?.view ?? null, selected: memory?.selected ?? [], sync });
    const places = place(sync.document, new Map());
    const base = { catalogue, catalogueSays: null, theme: this.theme(), wires: [], drop: FREE, added: null, toasts: [] };
    return { ...base, data, sync, infos: data.analysis.nodes, places, doubtful: doubtful(sync), selected: memory?.selected ?? [] };
  }

  private merged(sync: Sync, data: CanvasData): Snapshot {
    const now = this.state;
    const document = sync.document;
    const moved = document !== now.sync.document;
    const infos = data === now.data ? now.infos : shareRecord(now.infos, data.analysis.nodes);
    const selected = moved ? now.selected.filter((id) => findNode(document, id)) : now.selected;
    const known = new Set(document.edges.map(wireId));
    const wires = now.wires.filter((id) => known.has(id));
    const places = moved ? place(document, this.kept(now)) : now.places;
    return { ...now, data, sync, infos, places, selected, wires, doubtful: doubtful(sync) };
  }

  /** Positions that only this browser knows: of bricks the document has no place for. */
  private kept(now: Snapshot): Places {
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
    fetchCatalogue(url).then((catalogue) => this.set({ ...this.state, catalogue, catalogueSays: null }), failed);
  }

  private post(sync: Sync, wait = RESEND_MS): void {
    this.attempt += 1;
    this.args.setStateValue("outbox", outbox(sync, this.attempt));
    this.stopResending();
    this.resendTimer = setTimeout(() => this.unanswered(wait), wait);
  }

  /** No answer came. A server that idles has not got the edits; one that idles again after a second message was started anew
   *  and does not know this tab, which then loads itself again and brings its edits along. */
  private unanswered(wait: number): void {
    const state = serverState(document);
    if (state === "away" || state === "busy") {
      this.resendTimer = setTimeout(() => this.unanswered(RESEND_MS), RESEND_MS);
    } else if (state === "idle" && wait > RESEND_MS && mayReload(sessionStorage, Date.now())) {
      location.reload();
    } else {
      this.post(this.state.sync, Math.min(wait + RESEND_MS, RESEND_MOST_MS));
    }
  }

  private stopResending(): void {
    clearTimeout(this.resendTimer);
  }

  private showRefused(data: CanvasData): void {
    const { refused, ack } = data;
    if (!refused || ack?.client !== this.state.sync.client) return;
    const once = `${ack.client} ${refused.seq}`;
    if (once === this.lastRefused) return;
    this.lastRefused = once;
    this.toast(refused.says);
  }
}
