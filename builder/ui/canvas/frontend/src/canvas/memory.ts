import type { View } from "./geometry.ts";
import type { Sync } from "./sync.ts";

/** What outlives a page switch, because this module stays loaded, and a reload of the tab, because it is put aside then. */
export interface Memory {
  readonly view: View | null;
  readonly selected: readonly string[];
  readonly sync: Sync;
}

const ASIDE = "brickwork-canvas";

/** Only while the page goes: a copy of the tab must not find edits that this one still sends. */
export function putAside(memories: ReadonlyMap<string, Memory>, storage: Storage): void {
  try {
    storage.setItem(ASIDE, JSON.stringify([...memories].slice(-1)));
  } catch {
    storage.removeItem(ASIDE);
  }
}

function isMemory(value: unknown): value is Memory {
  const sync = (value as Memory | null)?.sync;
  return typeof sync?.client === "string" && Array.isArray(sync.pending) && Array.isArray(sync.server?.nodes) && Array.isArray(sync.document?.nodes);
}

/** What this tab had put aside; nothing when there is none or it cannot be read. */
export function takeBack(storage: Storage): Map<string, Memory> {
  try {
    const found: unknown = JSON.parse(storage.getItem(ASIDE) ?? "[]");
    storage.removeItem(ASIDE);
    return new Map((found as [string, unknown][]).filter((entry): entry is [string, Memory] => isMemory(entry[1])));
  } catch {
    return new Map();
  }
}
