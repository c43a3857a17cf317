import { type ReactElement, useSyncExternalStore } from "react";
import { useSession } from "./context.ts";
import { QuickSearch } from "./QuickSearch.tsx";
import { Shortcuts } from "./Shortcuts.tsx";
import { WirePicker } from "./WirePicker.tsx";

/** What was opened over the canvas: the quick search, the choice of where a wire leads, or the sheet of shortcuts. */
export function Overlays(): ReactElement | null {
  const { desk } = useSession();
  const overlay = useSyncExternalStore(desk.subscribe, desk.overlay);
  if (overlay.type === "search") return <QuickSearch overlay={overlay} />;
  if (overlay.type === "wiring") return <WirePicker from={overlay.from} />;
  return overlay.type === "help" ? <Shortcuts onClose={desk.close} /> : null;
}
