import { useReactFlow } from "@xyflow/react";
import { useEffect } from "react";
import { useSession } from "./context.ts";
import { copied, paste, removal } from "./keys.ts";
import type { Session } from "./session.ts";

/** Is the clipboard's event meant for the canvas? Not while somebody types, or has marked text to copy. */
function ours(session: Session): boolean {
  const { pane } = session.desk;
  const here = (pane?.getRootNode() as ShadowRoot | Document | undefined)?.activeElement;
  if (!pane || !here || here.matches("input:not([type=checkbox]), textarea, select")) return false;
  return pane.contains(here) || here.closest(".palette, .panel") !== null;
}

const marked = (): boolean => (document.getSelection()?.toString() ?? "") !== "";

/** Copy, cut and paste of bricks as text, so that they travel between projects and tabs. */
export function useClipboard(): void {
  const session = useSession();
  const { screenToFlowPosition } = useReactFlow();
  useEffect(() => {
    const copy = (event: ClipboardEvent): boolean => {
      const text = ours(session) && !marked() ? copied(session) : null;
      if (text === null) return false;
      event.clipboardData?.setData("text/plain", text);
      event.preventDefault();
      return true;
    };
    const cut = (event: ClipboardEvent): void => {
      const edit = copy(event) ? removal(session, true) : null;
      if (edit) session.send({ ...edit, label: "Cut" });
      if (edit) session.desk.focusCanvas();
    };
    const take = (event: ClipboardEvent): void => {
      if (!ours(session)) return;
      const box = session.desk.pane?.getBoundingClientRect() ?? new DOMRect();
      const { x, y } = screenToFlowPosition({ x: box.left + box.width / 2, y: box.top + box.height / 2 });
      paste(session, event.clipboardData?.getData("text/plain") ?? "", [x, y]);
      event.preventDefault();
    };
    document.addEventListener("copy", copy);
    document.addEventListener("cut", cut);
    document.addEventListener("paste", take);
    return () => {
      document.removeEventListener("copy", copy);
      document.removeEventListener("cut", cut);
      document.removeEventListener("paste", take);
    };
  }, [session, screenToFlowPosition]);
}
