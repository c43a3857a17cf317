import type { Direction } from "./geometry.ts";

const DIRECTION = "brickwork-direction";

/** The way that drawings without places are laid out in this browser. */
export function chosenDirection(storage: Storage | null = ownStorage()): Direction {
  return storage?.getItem(DIRECTION) === "right" ? "right" : "down";
}

export function chooseDirection(direction: Direction, storage: Storage | null = ownStorage()): void {
  storage?.setItem(DIRECTION, direction);
}

/** This browser's storage; null where it is switched off. */
function ownStorage(): Storage | null {
  try {
    return localStorage;
  } catch {
    return null;
  }
}
