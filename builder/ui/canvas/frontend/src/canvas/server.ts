const RELOADED = "brickwork-reloaded";
const AGAIN_MS = 30_000;

/** Is it time to load the page anew? Not twice in half a minute, whatever goes wrong. */
export function mayReload(storage: Storage, now: number): boolean {
  const last = Number(storage.getItem(RELOADED) ?? 0);
  if (now - last < AGAIN_MS) return false;
  storage.setItem(RELOADED, String(now));
  return true;
}
