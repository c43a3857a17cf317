import { createContext, useContext, useSyncExternalStore } from "react";
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
