import { useReactFlow, useStore } from "@xyflow/react";
import { useCallback, useEffect, useRef } from "react";
import { useSession, useSnapshot } from "./context.ts";
import { fitView, resizedView, revealView } from "./geometry.ts";
import { glide } from "./motion.ts";
import type { Session } from "./session.ts";

/** Show a drawing where it was last looked at, else all of it; again when the pane changes size and nobody has moved the view or all was in sight. */
export function useFirstView(): () => void {
  const session = useSession();
  const { where, places } = useSnapshot();
  const { getViewport, setViewport } = useReactFlow();
  const width = useStore((store) => store.width);
  const height = useStore((store) => store.height);
  const shown = useRef({ where: "", width: 0, height: 0 });
  const settled = useRef(false);
  useEffect(() => {
    if (width === 0 || height === 0) return;
    const before = shown.current;
    if (before.where === where && before.width === width && before.height === height) return;
    shown.current = { where, width, height };
    const fit = fitView(places, width, height);
    if (before.where !== where) {
      settled.current = session.view !== null;
      void setViewport(session.view ?? fit);
      return;
    }
    const view = settled.current ? resizedView(getViewport(), places, before, { width, height }) : fit;
    void setViewport(view);
    if (session.view) session.keepView(view);
  }, [session, getViewport, setViewport, where, places, width, height]);
  return useCallback(() => {
    settled.current = true;
  }, []);
}

/** How many pixels of the pane the properties lie over. */
export function covered(session: Session): number {
  const panel = session.pane?.parentElement?.querySelector<HTMLElement>(".panel");
  return panel && getComputedStyle(panel).position === "absolute" ? panel.offsetWidth : 0;
}

/** Bring a brick into sight that was just added, or selected where the properties would cover it. */
export function useReveal(): void {
  const session = useSession();
  const { added, selected } = useSnapshot();
  const { getViewport, setViewport } = useReactFlow();
  const width = useStore((store) => store.width);
  const height = useStore((store) => store.height);
  const size = useRef({ width, height });
  size.current = { width, height };
  const reveal = useCallback(
    (id: string | null | undefined): void => {
      const at = id ? session.snapshot().places.get(id) : undefined;
      const view = at ? revealView(getViewport(), at, size.current.width - covered(session), size.current.height) : null;
      if (view) void setViewport(view, glide()).then(() => session.keepView(view));
    },
    [session, getViewport, setViewport],
  );
  useEffect(() => reveal(added), [added, reveal]);
  const only = selected.length === 1 ? selected[0] : null;
  useEffect(() => reveal(only), [only, reveal]);
}
