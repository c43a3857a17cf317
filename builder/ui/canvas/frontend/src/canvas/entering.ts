import { findNode } from "./document.ts";
import type { Session } from "./session.ts";

/** Show what is inside a brick; false when it is not a block. */
export function enter(session: Session, id: string): boolean {
  const { sync, catalogue, path } = session.snapshot();
  if (!catalogue.layers[findNode(sync.document, id)?.kind ?? ""]?.block) return false;
  session.openPath([...path, id]);
  return true;
}

/** Show the drawing around the block that is open, with that block selected; false where there is none. */
export function leave(session: Session): boolean {
  const { path } = session.snapshot();
  if (path.length > 0) session.openPath(path.slice(0, -1), path.slice(-1));
  return path.length > 0;
}
