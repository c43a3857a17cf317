import type { NodeChange } from "@xyflow/react";
import { useEffect, useRef } from "react";
import { useSession } from "./context.ts";
import type { FlowBrick } from "./flow.ts";
import { spotOf } from "./quick.ts";
import type { Command } from "./shortcuts.ts";
import type { Point } from "./types.ts";

const STEP = 24;
const STEPS: readonly (readonly [Command, Point])[] = [
  ["moveUp", [0, -STEP]],
  ["moveDown", [0, STEP]],
  ["moveLeft", [-STEP, 0]],
  ["moveRight", [STEP, 0]],
];

/** Answer to a command as long as the part that calls this is drawn. */
export function useAnswer(command: Command, act: () => void): void {
  const { desk } = useSession();
  const latest = useRef(act);
  latest.current = act;
  useEffect(() => desk.answer(command, () => latest.current()), [desk, command]);
}

/** Keys that move the selected bricks: what they have moved together is one edit, made when they rest. */
export function useNudge(bricks: readonly FlowBrick[], change: (changes: NodeChange<FlowBrick>[]) => void): void {
  const session = useSession();
  const latest = useRef(bricks);
  latest.current = bricks;
  useEffect(() => {
    const move = ([dx, dy]: Point): void => {
      if (session.snapshot().data.editable === false) return;
      const chosen = latest.current.filter((brick) => brick.selected);
      change(chosen.map(({ id, position }) => ({ id, type: "position", position: { x: position.x + dx, y: position.y + dy } })));
    };
    const stops = STEPS.map(([command, by]) => session.desk.answer(command, () => move(by)));
    return () => {
      for (const stop of stops) stop();
    };
  }, [session, change]);
}

/** The brick or wire that is to have the focus gets it once it is drawn. */
export function useWantedFocus(): void {
  const { desk } = useSession();
  useEffect(() => desk.focusWanted());
}

interface Pressing {
  readonly onDoubleClick: (event: React.MouseEvent) => void;
  readonly onPointerDown: (event: React.PointerEvent) => void;
}

const LONG_MS = 500;
const STILL = 8;
const EMPTY = ".react-flow__pane, .react-flow__background";

/** The mouse events that a lifted finger stands for would give the focus back to the canvas. */
const unclicked = (event: TouchEvent): void => {
  if (event.cancelable) event.preventDefault();
};

/** A double click on the empty canvas, or a long touch of it, opens the quick search there; a long touch of a brick, behind it. */
export function usePressing(): Pressing {
  const session = useSession();
  const stop = useRef<() => void>(() => undefined);
  useEffect(() => () => stop.current(), []);
  const open = (target: Element, x: number, y: number): void => {
    const box = session.desk.pane?.getBoundingClientRect();
    if (!box || session.snapshot().data.editable === false) return;
    const id = target.closest<HTMLElement>(".react-flow__node")?.dataset.id;
    const at: Point = [x - box.left, y - box.top];
    if (id) session.desk.open({ type: "search", spot: spotOf(session.drawing(), [id], []), text: "", at });
    else if (target.closest(EMPTY)) session.desk.open({ type: "search", spot: { type: "free" }, text: "", at });
  };
  const onPointerDown = (down: React.PointerEvent): void => {
    stop.current();
    window.removeEventListener("touchend", unclicked, true);
    // Two fingers pinch.
    if (down.pointerType !== "touch" || !down.isPrimary) return;
    const target = down.target as Element;
    const timer = setTimeout(() => {
      open(target, down.clientX, down.clientY);
      window.addEventListener("touchend", unclicked, { capture: true, once: true, passive: false });
    }, LONG_MS);
    const onMove = (event: PointerEvent): void => {
      if (Math.hypot(event.clientX - down.clientX, event.clientY - down.clientY) > STILL) stop.current();
    };
    stop.current = () => {
      clearTimeout(timer);
      window.removeEventListener("pointermove", onMove);
      window.removeEventListener("pointerup", stop.current);
      window.removeEventListener("pointercancel", stop.current);
      stop.current = () => undefined;
    };
    window.addEventListener("pointermove", onMove);
    window.addEventListener("pointerup", stop.current);
    window.addEventListener("pointercancel", stop.current);
  };
  const onDoubleClick = (event: React.MouseEvent): void => {
    // The pane holds the bricks too; a double click on one of them is its own.
    const target = event.target as Element;
    if (target.closest(EMPTY) && !target.closest(".react-flow__node")) open(target, event.clientX, event.clientY);
  };
  return { onDoubleClick, onPointerDown };
}
