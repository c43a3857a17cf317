import { portOf, wireId } from "./document.ts";
import type { Session } from "./session.ts";
import type { Edit } from "./types.ts";

function inside(event: KeyboardEvent, selector: string): boolean {
  const target = event.composedPath()[0];
  return target instanceof Element && target.closest(selector) !== null;
}

const typing = (event: KeyboardEvent): boolean => inside(event, "input:not([type=checkbox]), textarea, [contenteditable]");

/** The edit that removes what is selected; null when nothing is. */
export function removal(session: Session, rejoin: boolean): Edit | null {
  const { selected, wires, sync } = session.snapshot();
  const cut = sync.document.edges
    .filter((wire) => wires.includes(wireId(wire)) && !selected.includes(wire.source) && !selected.includes(wire.target))
    .map((wire): Edit => ({ op: "disconnect", source: wire.source, target: wire.target, port: portOf(wire) }));
  const edits: Edit[] = selected.length > 0 ? [{ op: "remove", ids: selected, rejoin }, ...cut] : cut;
  const [only] = edits;
  if (!only || edits.length === 1) return only ?? null;
  return { op: "batch", label: "Remove selection", edits };
}

/** What keys act on: the selection, else the brick that has the focus. */
function pickFocused(session: Session, event: KeyboardEvent): void {
  const { selected, wires } = session.snapshot();
  const target = event.composedPath()[0];
  const id = target instanceof Element ? target.closest<HTMLElement>(".react-flow__node")?.dataset.id : undefined;
  if (id && selected.length === 0 && wires.length === 0) session.select([id]);
}

function undoKey(event: KeyboardEvent): Edit | null {
  if (!event.ctrlKey && !event.metaKey) return null;
  const key = event.key.toLowerCase();
  if (key === "z") return { op: event.shiftKey ? "redo" : "undo" };
  return key === "y" ? { op: "redo" } : null;
}

export function canUndo(session: Session, op: "undo" | "redo"): boolean {
  const { data, sync } = session.snapshot();
  return data.history[op].length > 0 || (op === "undo" && sync.pending.length > 0);
}

/** Act on a key pressed anywhere in the workspace; true when it was ours. */
export function handleKey(session: Session, event: KeyboardEvent): boolean {
  if (typing(event)) return false;
  const history = undoKey(event);
  if (history && (history.op === "undo" || history.op === "redo")) {
    if (canUndo(session, history.op)) session.send(history);
    return true;
  }
  if (inside(event, ".panel")) return false;
  if (event.key === "Delete" || event.key === "Backspace") {
    pickFocused(session, event);
    const edit = removal(session, event.key === "Backspace");
    if (edit) session.send(edit);
    if (edit) session.pane?.focus({ preventScroll: true });
    return true;
  }
  if (event.key === "Escape") session.select([]);
  if (event.key.toLowerCase() === "a" && (event.ctrlKey || event.metaKey)) {
    session.select(session.snapshot().sync.document.nodes.map((node) => node.id));
    return true;
  }
  return false;
}
