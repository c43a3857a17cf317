import { type PointerEvent, useEffect, useRef } from "react";
import type { Param } from "./catalogue.ts";
import { dragged, held } from "./numbers.ts";

const THRESHOLD = 4;
const WAIT_MS = 350;
const AGAIN_MS = 60;

/** A number that hands change: `show` while they do, `commit` when they are done. */
export interface Numbers {
  readonly param: Param;
  /** The number that is shown now; null when it is none. */
  now(): number | null;
  show(value: number): void;
  commit(value: number): void;
}

type OnPointerDown = (event: PointerEvent<HTMLElement>) => void;

/** Dragging sideways over a field that is not being typed in changes its number; letting go is the edit, Esc takes it back. */
export function useScrub({ param, now, show, commit }: Numbers): OnPointerDown {
  const stop = useRef<() => void>(() => undefined);
  useEffect(() => () => stop.current(), []);
  return (down) => {
    const field = down.currentTarget;
    const start = now() ?? (typeof param.default === "number" ? param.default : (param.min ?? 0));
    const root = field.getRootNode() as ShadowRoot | Document;
    if (down.button !== 0 || root.activeElement === field || field.matches(":disabled")) return;
    // Without this a drag would mark text and give the field the focus.
    down.preventDefault();
    let value: number | null = null;
    const onMove = (event: globalThis.PointerEvent): void => {
      const dx = event.clientX - down.clientX;
      if (value === null && Math.abs(dx) < THRESHOLD) return;
      if (value === null && field.isConnected) field.setPointerCapture(down.pointerId);
      value = dragged(start, dx, param, event.shiftKey);
      show(value);
    };
    const end = (): void => {
      const last = value;
      stop.current();
      if (last !== null && last !== start) commit(last);
      if (last !== null || !(field instanceof HTMLInputElement)) return;
      // Not every browser gives what is selected the focus.
      field.focus();
      field.select();
    };
    const onKey = (event: KeyboardEvent): void => {
      if (event.key !== "Escape") return;
      stop.current();
      show(start);
    };
    stop.current();
    stop.current = () => {
      window.removeEventListener("pointermove", onMove);
      window.removeEventListener("pointerup", end);
      window.removeEventListener("pointercancel", stop.current);
      window.removeEventListener("keydown", onKey, true);
      stop.current = () => undefined;
    };
    window.addEventListener("pointermove", onMove);
    window.addEventListener("pointerup", end);
    window.addEventListener("pointercancel", stop.current);
    window.addEventListener("keydown", onKey, true);
  };
}

/** A stepper that goes on, ever faster, while it is held down; letting go is the edit. */
export function useHeld({ now, show, commit }: Numbers, by: number, next: (from: number | null, by: number) => number): OnPointerDown {
  const stop = useRef<() => void>(() => undefined);
  useEffect(() => () => stop.current(), []);
  return (down) => {
    if (down.button !== 0) return;
    down.preventDefault();
    let value = next(now(), by);
    let repeat = 0;
    let timer: ReturnType<typeof setTimeout>;
    show(value);
    const again = (): void => {
      repeat += 1;
      value = next(value, by * held(repeat));
      show(value);
      timer = setTimeout(again, AGAIN_MS);
    };
    timer = setTimeout(again, WAIT_MS);
    stop.current();
    stop.current = () => {
      clearTimeout(timer);
      window.removeEventListener("pointerup", end);
      window.removeEventListener("pointercancel", end);
      stop.current = () => undefined;
    };
    const end = (): void => {
      stop.current();
      commit(value);
    };
    window.addEventListener("pointerup", end);
    window.addEventListener("pointercancel", end);
  };
}
