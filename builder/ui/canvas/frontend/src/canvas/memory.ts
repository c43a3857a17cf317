import type { View } from "./geometry.ts";
import type { Sync } from "./sync.ts";

/** How one drawing of a project was last looked at. */
export interface Look {
  readonly view: View | null;
  readonly selected: readonly string[];
}

/** What outlives a page switch, because this module stays loaded, and a reload of the tab, because it is put aside then. */
export interface Memory {
  readonly sync: Sync;
  /** The block instances that were open. */
  readonly path: readonly string[];
  /** By path: the network and each block that was opened. */
  readonly looks: Readonly<Record<string, Look>>;
}

export const pathKey = (path: readonly string[]): string => path.join("/");

const UNSEEN: Look = { view: null, selected: [] };

export function lookAt(memory: Memory | undefined, path: readonly string[]): Look {
  return memory?.looks[pathKey(path)] ?? UNSEEN;
}

/** `memory` after a look at one of its drawings changed. */
export function withLook(memory: Memory, path: readonly string[], change: Partial<Look>): Memory {
  return { ...memory, looks: { ...memory.looks, [pathKey(path)]: { ...lookAt(memory, path), ...change } } };
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
  const { sync, path, looks } = (value ?? {}) as Partial<Memory>;
  if (!Array.isArray(path) || typeof looks !== "object") return false;
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
