import { ReactFlowProvider } from "@xyflow/react";
import { type KeyboardEvent, type ReactElement, useLayoutEffect, useRef, useState } from "react";
import { Canvas } from "./Canvas.tsx";
import { ConflictDialog } from "./ConflictDialog.tsx";
import { SessionContext, usePart, useSession } from "./context.ts";
import { Guard } from "./Guard.tsx";
import { handleKey } from "./keys.ts";
import { Sheet } from "./Overlays.tsx";
import { Palette } from "./Palette.tsx";
import { Panel } from "./Panel.tsx";
import type { Session } from "./session.ts";
import { useKeptFocus } from "./useKeptFocus.ts";

const MARGIN = 16;

/** Pixels from the top of the element to the bottom of the window, at least `least`. */
function useHeight(element: React.RefObject<HTMLElement | null>, least: number, fill: boolean): number {
  const [height, setHeight] = useState(least);
  useLayoutEffect(() => {
    const measure = (): void => {
      const top = (element.current?.getBoundingClientRect().top ?? 0) + window.scrollY;
      setHeight(fill ? Math.max(least, window.innerHeight - Math.max(0, top) - MARGIN) : least);
    };
    measure();
    const late = setTimeout(measure, 300);
    window.addEventListener("resize", measure);
    return () => {
      clearTimeout(late);
      window.removeEventListener("resize", measure);
    };
  }, [element, least, fill]);
  return height;
}

function Parts(): ReactElement {
  const session = useSession();
  const theme = usePart((snap) => snap.theme);
  const { height: least, fill } = usePart((snap) => snap.door);
  const element = useRef<HTMLDivElement>(null);
  const height = useHeight(element, least, fill);
  const [drawer, setDrawer] = useState(false);
  const [asked, setAsked] = useState(false);
  const some = usePart((snap) => snap.selected.length > 0);
  useKeptFocus(element);
  const onKeyDown = (event: KeyboardEvent): void => {
    if (handleKey(session, event.nativeEvent)) event.preventDefault();
  };
  return (
    <div ref={element} className="bw" data-theme={theme} data-panel={some || asked} style={{ height }} onKeyDown={onKeyDown}>
      <Guard>
        <Palette open={drawer} onOpen={setDrawer} />
        <Canvas />
        <Panel asked={asked} onAsked={setAsked} />
        <Sheet />
        <ConflictDialog />
      </Guard>
    </div>
  );
}

/** The whole Build workspace: palette, canvas and properties. */
export function Workspace({ session }: { readonly session: Session }): ReactElement {
  return (
    <SessionContext.Provider value={session}>
      <ReactFlowProvider>
        <Parts />
      </ReactFlowProvider>
    </SessionContext.Provider>
  );
}
