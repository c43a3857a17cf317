import { type ReactElement, useSyncExternalStore } from "react";
import { useSession } from "./context.ts";
import { Finder } from "./Finder.tsx";
import { QuickSearch } from "./QuickSearch.tsx";
import { Shortcuts } from "./Shortcuts.tsx";
import { WirePicker } from "./WirePicker.tsx";

/** What was opened over the canvas: the quick search, the choice of where a wire leads, or of the brick to go to. */
export function Overlays(): ReactElement | null {
  const { desk } = useSession();
  const overlay = useSyncExternalStore(desk.subscribe, desk.overlay);
  if (overlay.type === "search") return <QuickSearch overlay={overlay} />;
  if (overlay.type === "find") return <Finder />;
  return overlay.type === "wiring" ? <WirePicker from={overlay.from} /> : null;
}

/** The sheet of shortcuts, over the whole workspace. */
export function Sheet(): ReactElement | null {
  const { desk } = useSession();
  const overlay = useSyncExternalStore(desk.subscribe, desk.overlay);
  return overlay.type === "help" ? <Shortcuts onClose={desk.close} /> : null;
}
