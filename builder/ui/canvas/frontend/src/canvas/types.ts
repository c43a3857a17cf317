/** The two directions of the bridge to Python, and the document in the middle. */
import type { Layer } from "./catalogue.ts";
import type { PreviewOffer } from "./preview.ts";

export type ParamValue = number | boolean | string | null | readonly number[];
export type Params = Readonly<Record<string, ParamValue>>;
export type Point = readonly [x: number, y: number];

export interface BrickNode {
  readonly id: string;
  readonly kind: string;
  readonly params?: Params;
  readonly at?: Point | null;
  /** Bypassed: the first input passes through, and the brick costs nothing. */
  readonly muted?: boolean;
  /** The brick of the drawing whose weights and parameters it uses; absent: it has its own. */
  readonly of?: string;
  /** Its weights are not trained. */
  readonly frozen?: boolean;
  /** Codes of the advice that is silenced on this brick. */
  readonly silent?: readonly string[];
}

/** A person's own data, as the project's `data` section says them: kept on one machine, so in no catalogue. */
export interface OwnData {
  readonly source: string;
  readonly sha256: string;
  readonly title: string;
  readonly shape: readonly number[];
  readonly classes: readonly string[];
  readonly train: number;
  readonly test: number;
}

export interface Wire {
  readonly source: string;
  readonly target: string;
  /** The target's k-th input; absent means the first. */
  readonly port?: number;
  /** The source's k-th output; absent means the first. */
  readonly output?: number;
}

export interface NetworkDocument {
  readonly nodes: readonly BrickNode[];
  readonly edges: readonly Wire[];
}

interface Labelled {
  readonly label?: string;
  /** The block in whose definition the edit is made; absent means the network. */
  readonly in?: string;
}

export type Edit = Labelled &
  (
    | { readonly op: "add"; readonly node: BrickNode }
    | { readonly op: "insert"; readonly node: BrickNode; readonly edge: Wire }
    | { readonly op: "remove"; readonly ids: readonly string[]; readonly rejoin?: boolean }
    | ({ readonly op: "connect" } & Wire)
    | ({ readonly op: "disconnect" } & Wire)
    /** Edits of one `run`, as while a number is typed, are one entry of the history. */
    | { readonly op: "set"; readonly id: string; readonly params: Params; readonly run?: string }
    | { readonly op: "replace"; readonly id: string; readonly kind: string }
    | { readonly op: "rename"; readonly id: string; readonly to: string }
    | { readonly op: "move"; readonly at: Readonly<Record<string, Point>> }
    | { readonly op: "batch"; readonly edits: readonly Edit[] }
    | { readonly op: "mute"; readonly ids: readonly string[]; readonly value: boolean }
    | { readonly op: "freeze"; readonly ids: readonly string[]; readonly value: boolean }
    /** For null the brick has weights of its own. */
    | { readonly op: "share"; readonly id: string; readonly of: string | null }
    | { readonly op: "backbone"; readonly source: string | OwnData; readonly freeze: boolean }
    | { readonly op: "silence"; readonly id: string; readonly code: string; readonly value: boolean }
    | { readonly op: "make_block"; readonly ids: readonly string[]; readonly name?: string; readonly node?: string }
    | { readonly op: "unpack"; readonly id: string }
    | { readonly op: "unlink"; readonly id: string; readonly name?: string }
    | { readonly op: "rename_block"; readonly block: string; readonly to: string }
    | { readonly op: "delete_block"; readonly block: string }
    | { readonly op: "promote"; readonly block: string; readonly name: string; readonly node: string; readonly param: string }
    | { readonly op: "demote"; readonly block: string; readonly name: string }
    | { readonly op: "define"; readonly name: string; readonly block: unknown }
    | { readonly op: "choose_data"; readonly source: string | OwnData }
    | { readonly op: "settings"; readonly path: string; readonly value: ParamValue }
    | { readonly op: "fix_all" }
    | { readonly op: "undo"; readonly steps?: number }
    | { readonly op: "redo"; readonly steps?: number }
  );

export type Severity = "error" | "warning" | "advice";

export interface Fix {
  readonly label: string;
  readonly edit: Edit;
  /** Mends exactly this problem, makes no new one, and is the one obvious way. */
  readonly sure?: boolean;
}

export interface Problem {
  /** What a person silences it by, and tests ask for. */
  readonly code?: string;
  /** The block instances to open to get to the brick, outermost first. */
  readonly path?: readonly string[];
  /** Advice that can be silenced on its brick. */
  readonly silenceable?: boolean;
  /** The edit that silences it, or brings it back when it is silenced. */
  readonly silence?: Edit | null;
  readonly node: string | null;
  readonly field: string | null;
  readonly severity: Severity;
  readonly says: string;
  readonly because: string;
  readonly fixes: readonly Fix[];
}

export interface BrickInfo {
  readonly shape?: string | null;
  readonly sizes?: readonly (number | null)[] | null;
  readonly params?: number;
  readonly macs?: number;
  readonly key?: string;
  readonly formula?: readonly string[];
  readonly explain?: string;
  readonly problems?: readonly Problem[];
  /** The shape of each output of a brick that has several. */
  readonly outputs?: readonly string[];
  /** Bypassed. */
  readonly muted?: boolean;
  /** Learned numbers that training changes, where they are not all. */
  readonly trainable?: number;
  /** What leaves here is given in training only. */
  readonly late?: boolean;
  /** What a live run of this drawing says of the brick. */
  readonly live?: { readonly text: string } | null;
  /** How many bricks are inside a block. */
  readonly inner?: number;
}

export interface Totals {
  readonly params: number;
  /** How many of them training changes. */
  readonly trainable?: number;
  readonly macs: number;
  readonly bytes: number;
  readonly layers: number;
}

export interface Analysis {
  readonly nodes: Readonly<Record<string, BrickInfo>>;
  readonly problems: readonly Problem[];
  readonly totals: Totals;
  /** Warnings and advice that are silenced on their bricks. */
  readonly silenced?: readonly Problem[];
}

export interface History {
  readonly undo: readonly string[];
  readonly redo: readonly string[];
}

/** One step of the way into blocks: the instance that is open there, and what it is called. */
export interface Crumb {
  readonly id: string;
  readonly kind: string;
  readonly title: string;
}

/** The inside of a block, shown where the block stands. */
export interface PeekData {
  readonly id: string;
  readonly document: NetworkDocument;
  readonly infos: Readonly<Record<string, BrickInfo>>;
}

/** Python to canvas. */
export interface CanvasData {
  readonly load_id: string;
  readonly revision: number;
  readonly ack?: { readonly client: string; readonly seq: number } | null;
  readonly refused?: { readonly seq: number; readonly says: string } | null;
  /** Of the canvas that `ack` names, oldest first. */
  readonly conflicts?: readonly Conflict[];
  readonly document: NetworkDocument;
  readonly analysis: Analysis;
  readonly history: History;
  readonly catalogue: { readonly url: string };
  readonly preview?: PreviewOffer;
  /** False where the bricks can only be looked at; `locked` says why. */
  readonly editable?: boolean;
  readonly locked?: string | null;
  /** The block instances that are open, outermost first; empty for the network. `document` is what the last of them shows. */
  readonly path?: readonly string[];
  readonly crumbs?: readonly Crumb[];
  /** The block that is being edited, and that edits made here name as `in`; null for the network. */
  readonly scope?: string | null;
  readonly peek?: PeekData | null;
  /** The project's own blocks, as layers. */
  readonly blocks?: Readonly<Record<string, Layer>>;
  readonly settings?: { readonly source: string; readonly task: string; readonly weights?: string | null; readonly own?: OwnData };
  /** The project's own blocks as they stand in its file. */
  readonly definitions?: Readonly<Record<string, unknown>>;
  /** What the page around the canvas should show of the project. */
  readonly page?: unknown;
}

/** An edit that Python did not apply, because it would undo unseen what another canvas did; `edit` applies it after all. */
export interface Conflict {
  readonly seq: number;
  readonly says: string;
  readonly theirs: string;
  readonly yours: string;
  readonly edit: Edit;
}

export interface SentEdit {
  readonly seq: number;
  readonly revision: number;
  readonly edit: Edit;
}

/** Canvas to Python: every edit that has not been acknowledged. `attempt` grows when the same edits are sent again. */
export interface Outbox {
  readonly client: string;
  /** The project the edits are meant for. */
  readonly load_id: string;
  readonly edits: readonly SentEdit[];
  /** Conflicts up to this seq have been decided. */
  readonly settled?: number;
}

/** Canvas to Python: the block instances to show the inside of. */
export interface WantedPath {
  readonly load_id: string;
  readonly path: readonly string[];
  /** The block there whose inside is shown beside it. */
  readonly peek: string | null;
}
