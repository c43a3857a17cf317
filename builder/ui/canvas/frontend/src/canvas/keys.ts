import { findNode, portOf, wireId } from "./document.ts";
import { enter, leave } from "./entering.ts";
import { copyText, pasteEdit, readText } from "./clipboard.ts";
import { brickBefore, brickFrom, turnedWay, type Way, wireBeside, wireFrom } from "./navigate.ts";
import { spotOf } from "./quick.ts";
import type { Session } from "./session.ts";
import { freezable, ownerOf } from "./sharing.ts";
import { type Command, isMac, type Shortcut, shortcutOf } from "./shortcuts.ts";
import type { Edit, Point, Wire } from "./types.ts";

export const MAC = typeof navigator === "object" && isMac(navigator.platform);

function inside(event: KeyboardEvent, selector: string): boolean {
  const target = event.composedPath()[0];
  return target instanceof Element && target.closest(selector) !== null;
}

const typing = (event: KeyboardEvent): boolean => inside(event, "input:not([type=checkbox]), textarea, [contenteditable]");

/** The selected wires that no selected brick takes along. */
function chosenWires(session: Session): readonly Wire[] {
  const { wires, sync } = session.snapshot();
  return sync.document.edges.filter((wire) => wires.includes(wireId(wire)));
}

/** The edit that removes what is selected; null when nothing is. */
export function removal(session: Session, rejoin: boolean): Edit | null {
  const { selected } = session.snapshot();
  const cut = chosenWires(session)
    .filter((wire) => !selected.includes(wire.source) && !selected.includes(wire.target))
    .map((wire): Edit => ({ op: "disconnect", ...wire, port: portOf(wire) }));
  const edits: Edit[] = selected.length > 0 ? [{ op: "remove", ids: selected, rejoin }, ...cut] : cut;
  const [only] = edits;
  if (!only || edits.length === 1) return only ?? null;
  return { op: "batch", label: "Remove selection", edits };
}

/** What keys act on: the selection, else the brick or wire that has the focus. */
function pickFocused(session: Session, event: KeyboardEvent): void {
  const { selected, wires } = session.snapshot();
  if (selected.length > 0 || wires.length > 0) return;
  const target = event.composedPath()[0];
  const element = target instanceof Element ? target.closest<HTMLElement | SVGElement>(".react-flow__node, .react-flow__edge") : null;
  const id = element?.dataset.id;
  if (!element || !id) return;
  if (element.classList.contains("react-flow__node")) session.select([id]);
  else session.select([], [id]);
}

export function canUndo(session: Session, op: "undo" | "redo"): boolean {
  const { data, sync } = session.snapshot();
  return data.history[op].length > 0 || (op === "undo" && sync.pending.length > 0);
}

/** Is the drawing open for edits? Says so when it is not. */
function editable(session: Session): boolean {
  const { data } = session.snapshot();
  if (data.editable === false) session.toast(data.locked || "This drawing cannot be changed here.");
  return data.editable !== false;
}

/** Open the quick search for what is selected, with `text` in it already. */
function openSearch(session: Session, text: string): boolean {
  if (!editable(session)) return true;
  session.desk.open({ type: "search", spot: spotOf(session.drawing(), session.snapshot().selected, chosenWires(session)), text, at: null });
  return true;
}

function only(session: Session): string | null {
  const { selected } = session.snapshot();
  return selected.length === 1 ? (selected[0] ?? null) : null;
}

/** Select a brick and give it the focus, so that it is spoken. */
function go(session: Session, id: string | null): boolean {
  if (id === null) return true;
  session.select([id]);
  session.desk.focus(id);
  return true;
}

function goWire(session: Session, wire: Wire | null): boolean {
  if (!wire) return true;
  session.select([], [wireId(wire)]);
  session.desk.focus(wireId(wire));
  return true;
}

function arrow(session: Session, pressed: Way): boolean {
  const way = turnedWay(session.drawing(), pressed);
  const { selected } = session.snapshot();
  const [wire] = selected.length === 0 ? chosenWires(session) : [];
  if (!wire) return go(session, brickFrom(session.drawing(), selected.at(-1) ?? null, way));
  if (way === "next" || way === "previous") return go(session, way === "next" ? wire.target : wire.source);
  return goWire(session, wireBeside(session.drawing(), wire, way));
}

function extend(session: Session, pressed: Way): boolean {
  const way = turnedWay(session.drawing(), pressed);
  const { selected, wires } = session.snapshot();
  const next = brickFrom(session.drawing(), selected.at(-1) ?? null, way);
  if (next !== null) session.select([...selected.filter((id) => id !== next), next], wires);
  return true;
}

function undo(session: Session, op: "undo" | "redo"): boolean {
  if (canUndo(session, op)) session.send({ op });
  return true;
}

function take(session: Session, rejoin: boolean): boolean {
  const edit = removal(session, rejoin);
  const before = rejoin ? brickBefore(session.drawing(), session.snapshot().selected) : null;
  if (edit) session.send(edit);
  if (edit) session.desk.focusCanvas();
  // As in a text: what is typed next goes where something was just taken out.
  if (edit && before !== null) session.select([before]);
  return true;
}

function connect(session: Session): boolean {
  const from = only(session);
  if (!editable(session)) return true;
  if (from === null) session.toast("Select the brick that the wire starts at.");
  else session.desk.open({ type: "wiring", from });
  return true;
}

/** Mute what is selected, or unmute it when all of it is muted. */
export function mute(session: Session): boolean {
  const { selected, sync, catalogue } = session.snapshot();
  const able = selected.filter((id) => {
    const layer = catalogue.layers[findNode(sync.document, id)?.kind ?? ""];
    return layer === undefined || (layer.inputs[1] !== 0 && layer.outputs > 0);
  });
  const value = !able.every((id) => findNode(sync.document, id)?.muted);
  if (able.length > 0) session.send({ op: "mute", ids: able, value });
  else if (selected.length > 0) session.toast("A brick where data enters or leaves cannot be muted: nothing could pass through it.");
  return true;
}

/** Freeze what is selected as far as it has weights, or train it again when all of it is frozen. */
export function freeze(session: Session): boolean {
  const { selected, sync, catalogue, infos } = session.snapshot();
  const able = selected.filter((id) => freezable(sync.document, id, infos, catalogue));
  const isFrozen = (id: string): boolean => {
    const node = findNode(sync.document, id);
    return node !== undefined && ownerOf(sync.document, node).frozen === true;
  };
  if (able.length > 0) session.send({ op: "freeze", ids: able, value: !able.every(isFrozen) });
  else if (selected.length > 0) session.toast("There is nothing to freeze: what is selected has no weights.");
  return true;
}

/** Open the quick search for what could stand in the place of the selected brick. */
export function replaceBy(session: Session): boolean {
  const id = only(session);
  if (id !== null && editable(session)) session.desk.open({ type: "search", spot: { type: "replace", id }, text: "", at: null });
  return true;
}

function toPanel(session: Session, focus: string): boolean {
  const fields = session.desk.pane?.parentElement?.querySelectorAll<HTMLElement>(`.panel ${focus}`) ?? [];
  const [first] = fields;
  first?.focus();
  if (first instanceof HTMLInputElement) first.select();
  return first !== undefined;
}

/** Into the block that is selected; to the properties of any other brick. */
function properties(session: Session, event: KeyboardEvent): boolean {
  const id = only(session);
  if (id !== null && !event.altKey && enter(session, id)) return true;
  if (session.snapshot().selected.length === 0) return openSearch(session, "");
  // Of a brick where data enters, what enters it; of any other its first parameter, behind the name.
  if (toPanel(session, ".purpose .field:last-child select")) return true;
  return toPanel(session, "fieldset .field:nth-child(n + 2) :is(input, select)") || toPanel(session, ":is(input, select, button)");
}

function wireKey(session: Session, event: KeyboardEvent): boolean {
  const from = session.snapshot().selected.at(-1);
  return from === undefined ? true : goWire(session, wireFrom(session.drawing(), from, event.key === "ArrowDown"));
}

function reference(session: Session): boolean {
  const id = only(session);
  const node = id === null ? undefined : findNode(session.drawing().document, id);
  if (node) session.reference(node.kind);
  return node !== undefined;
}

function selectNone(session: Session, event: KeyboardEvent): boolean {
  session.select([]);
  // Else what had the focus would still be what keys act on.
  if (!inside(event, ".panel")) session.desk.focusCanvas();
  return false;
}

function selectAll(session: Session): boolean {
  session.select(session.snapshot().sync.document.nodes.map((node) => node.id));
  return true;
}

/** Put copied bricks into the drawing and select them. */
export function paste(session: Session, text: string, centre: Point, label?: string): void {
  if (!editable(session)) return;
  const drawing = session.drawing();
  const read = readText(text, drawing.catalogue);
  if (!read.ok) return session.toast(read.says);
  const { edit, ids } = pasteEdit(drawing, read.bricks, centre, session.definitions(), label);
  session.send(edit);
  session.select(ids.filter((id) => findNode(session.drawing().document, id)));
}

/** The selected bricks as text; null when none is selected. */
export function copied(session: Session): string | null {
  return copyText(session.drawing(), session.snapshot().selected, session.definitions());
}

export function duplicate(session: Session): boolean {
  const text = copied(session);
  if (text !== null) paste(session, text, [0, 0], "Duplicate");
  return true;
}

type Run = (session: Session, event: KeyboardEvent) => boolean;

const RUN: Partial<Record<Command, Run>> = {
  search: (session) => openSearch(session, ""),
  append: (session, event) => openSearch(session, event.key),
  properties,
  leave,
  block: (session) => {
    session.askBlock(session.snapshot().selected);
    return true;
  },
  replace: replaceBy,
  rename: (session) => (only(session) === null ? false : toPanel(session, "#bw-name")),
  mute,
  freeze,
  reference,
  connect,
  wire: wireKey,
  next: (session) => arrow(session, "next"),
  previous: (session) => arrow(session, "previous"),
  left: (session) => arrow(session, "left"),
  right: (session) => arrow(session, "right"),
  extendNext: (session) => extend(session, "next"),
  extendPrevious: (session) => extend(session, "previous"),
  extendLeft: (session) => extend(session, "left"),
  extendRight: (session) => extend(session, "right"),
  all: selectAll,
  none: selectNone,
  rejoin: (session) => take(session, true),
  delete: (session) => take(session, false),
  undo: (session) => undo(session, "undo"),
  redo: (session) => undo(session, "redo"),
  duplicate,
  find: (session) => {
    session.desk.open({ type: "find" });
    return true;
  },
  help: (session) => {
    session.desk.open({ type: "help" });
    return true;
  },
};

const IN_PANEL: readonly Command[] = ["undo", "redo", "reference", "help", "nextProblem", "previousProblem"];
const OF_BUTTONS: readonly string[] = ["Enter", " "];

/** Esc in the panel or the palette leads back to the canvas; in a text field after the field has had it. */
function comeBack(session: Session, event: KeyboardEvent): boolean {
  if (event.key !== "Escape" || !inside(event, ".panel, .palette, .toolbar, .status")) return false;
  const selected = session.snapshot().selected.at(-1);
  session.desk.focusCanvas();
  if (selected !== undefined) session.desk.focus(selected);
  return true;
}

function applies(shortcut: Shortcut, event: KeyboardEvent): boolean {
  if (shortcut.native) return false;
  if (inside(event, ".panel")) return IN_PANEL.includes(shortcut.command);
  const ofButton = OF_BUTTONS.includes(event.key) || event.key.startsWith("Arrow");
  return !(ofButton && inside(event, "button, a, select, summary"));
}

/** Act on a key pressed anywhere in the workspace; true when it was ours. */
export function handleKey(session: Session, event: KeyboardEvent): boolean {
  if (event.isComposing || event.defaultPrevented) return false;
  if (comeBack(session, event)) return true;
  if (typing(event)) return false;
  const shortcut = shortcutOf(event, MAC);
  if (!shortcut || !applies(shortcut, event)) return false;
  pickFocused(session, event);
  const run = RUN[shortcut.command];
  return run ? run(session, event) : session.desk.act(shortcut.command);
}
