import { createContext, type RefObject, useContext, useLayoutEffect, useRef, useSyncExternalStore } from "react";
import type { PreviewState } from "./preview.ts";
import type { Session, Snapshot } from "./session.ts";

export const SessionContext = createContext<Session | null>(null);

export function useSession(): Session {
  const session = useContext(SessionContext);
  if (!session) throw new Error("A part of the canvas was drawn outside of it.");
  return session;
}

export function useSnapshot(): Snapshot {
  const session = useSession();
  return useSyncExternalStore(session.subscribe, session.snapshot);
}

/** One part of the snapshot; the caller is drawn again only when that part changes. `pick` must return what the snapshot holds, not a copy. */
export function usePart<T>(pick: (snap: Snapshot) => T): T {
  const session = useSession();
  return useSyncExternalStore(session.subscribe, () => pick(session.snapshot()));
}

/** The name that a screen reader speaks of the element `around` this one, which React Flow draws: it would take the name from its list of bricks or wires,
 *  which must not change whenever a shape does. */
export function useNamed<T extends Element>(around: string, name: string): RefObject<T | null> {
  const part = useRef<T>(null);
  useLayoutEffect(() => part.current?.closest(around)?.setAttribute("aria-label", name), [around, name]);
  return part;
}

/** One part of the live preview, like `usePart`. */
export function usePreview<T>(pick: (state: PreviewState) => T): T {
  const { preview } = useSession();
  return useSyncExternalStore(preview.subscribe, () => pick(preview.snapshot()));
}
