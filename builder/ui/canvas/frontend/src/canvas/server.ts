/** What the page knows of its server: gone, at work, waiting for us, or nothing (another version of Streamlit). */
export type ServerState = "away" | "busy" | "idle" | "unknown";

export function serverState(page: ParentNode): ServerState {
  const app = page.querySelector<HTMLElement>("[data-testid=stApp]")?.dataset;
  if (!app?.testConnectionState || !app.testScriptState) return "unknown";
  if (app.testConnectionState !== "CONNECTED") return "away";
  return app.testScriptState === "notRunning" ? "idle" : "busy";
}

const RELOADED = "brickwork-reloaded";
const AGAIN_MS = 30_000;

/** Is it time to load the page anew? Not twice in half a minute, whatever goes wrong. */
export function mayReload(storage: Storage, now: number): boolean {
  const last = Number(storage.getItem(RELOADED) ?? 0);
  if (now - last < AGAIN_MS) return false;
  storage.setItem(RELOADED, String(now));
  return true;
}
