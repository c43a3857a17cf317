import { type ReactElement, useSyncExternalStore } from "react";
import { useSession } from "./context.ts";
import { QuickSearch } from "./QuickSearch.tsx";
import { Shortcuts } from "./Shortcuts.tsx";
import { WirePicker } from "./WirePicker.tsx";

/** What was opened over the canvas: the quick search, or the choice of where a wire leads. */
export function Overlays(): ReactElement | null {
  const { desk } = useSession();
  const overlay = useSyncExternalStore(desk.subscribe, desk.overlay);
  if (overlay.type === "search") return <QuickSearch overlay={overlay} />;
  return overlay.type === "wiring" ? <WirePicker from={overlay.from} /> : null;
}

/** The sheet of shortcuts, over the whole workspace. */
export function Sheet(): ReactElement | null {
  const { desk } = useSession();
  const overlay = useSyncExternalStore(desk.subscribe, desk.overlay);
  return overlay.type === "help" ? <Shortcuts onClose={desk.close} /> : null;
}
