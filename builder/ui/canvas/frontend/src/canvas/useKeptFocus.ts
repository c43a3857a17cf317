import { type RefObject, useEffect } from "react";
import { useSession } from "./context.ts";

// What takes the focus from a button of its own that is drawn no more.
const HOMES = ".field, .problem-list";

/** What had the focus goes away, as the button of a fix once it is made: keys then go to what it belonged to, else to the canvas, and not into nothing. */
export function useKeptFocus(element: RefObject<HTMLElement | null>): void {
  const { desk, snapshot } = useSession();
  useEffect(() => {
    const all = element.current;
    if (!all) return;
    const root = all.getRootNode() as ShadowRoot | Document;
    let last: Element | null = null;
    let home: Element | null = null;
    const onFocus = (event: FocusEvent): void => {
      const target = event.composedPath()[0];
      last = target instanceof Element ? target : null;
      home = last?.closest(HOMES) ?? null;
    };
    // Left by the person, who may be anywhere on the page by now.
    const onBlur = (): void => {
      const left = last;
      queueMicrotask(() => {
        if (last === left && left?.isConnected) last = null;
      });
    };
    const look = (): void => {
      if (!last || last.isConnected) return;
      last = null;
      if (root.activeElement || (document.activeElement && document.activeElement !== document.body)) return;
      const goal = home?.isConnected ? (home.querySelector<HTMLElement>("input, select") ?? (home as HTMLElement)) : null;
      if (goal) return goal.focus({ preventScroll: true });
      const selected = snapshot().selected.at(-1);
      desk.focusCanvas();
      if (selected !== undefined) desk.focus(selected);
    };
    const watch = new MutationObserver(look);
    watch.observe(all, { childList: true, subtree: true });
    all.addEventListener("focusin", onFocus);
    all.addEventListener("focusout", onBlur);
    return () => {
      watch.disconnect();
      all.removeEventListener("focusin", onFocus);
      all.removeEventListener("focusout", onBlur);
    };
  }, [desk, snapshot, element]);
}
