import { useReactFlow } from "@xyflow/react";
import { type PointerEvent as ReactPointerEvent, type ReactElement, useCallback, useEffect, useRef, useState } from "react";
import { type Layer, slug } from "./catalogue.ts";
import { usePart, useSession } from "./context.ts";
import { wireId } from "./document.ts";
import { BRICK, type DropTarget } from "./geometry.ts";
import { dropLayer, paletteTarget } from "./gestures.ts";
import { addLayer } from "./joining.ts";
import { spotOf } from "./quick.ts";
import type { Session } from "./session.ts";
import type { Point } from "./types.ts";

const THRESHOLD = 5;

export interface GhostState {
  readonly layer: Layer;
  readonly at: Point;
  readonly scale: number;
}

/** What letting go would do, in words. */
function promise(drop: DropTarget): string {
  if (drop.type === "wire") return `between ${drop.wire.source} and ${drop.wire.target}`;
  if (drop.type === "onto") return `in place of ${drop.id}`;
  if (drop.type === "beside") return `beside ${drop.id}, fed by ${drop.source.source}`;
  return drop.type === "below" ? `behind ${drop.id}` : "";
}

/** The brick under the pointer while a layer is dragged out of the palette. */
export function Ghost({ layer, at, scale }: GhostState): ReactElement {
  const drop = usePart((snap) => snap.drop);
  const transform = `translate(${at[0]}px, ${at[1]}px) scale(${scale}) translate(-50%, -50%)`;
  return (
    <div
      className="brick ghost"
      data-category={slug(layer.category)}
      data-drop={drop.type}
      style={{ width: BRICK.width, height: BRICK.height, transform }}
      aria-hidden="true"
    >
      <span className="line">
        <b className="name">{layer.kind}</b>
      </span>
      {drop.type !== "free" && (
        <span className="line">
          <span className="key">{promise(drop)}</span>
        </span>
      )}
    </div>
  );
}

interface PaletteDrag {
  readonly ghost: GhostState | null;
  grab(layer: Layer, event: ReactPointerEvent): void;
  append(layer: Layer): void;
}

function over(pane: HTMLElement | null, event: PointerEvent): boolean {
  const box = pane?.getBoundingClientRect();
  return box !== undefined && event.clientX > box.left && event.clientX < box.right && event.clientY > box.top && event.clientY < box.bottom;
}

/** The middle of the pane on the screen; for the first brick a place that leaves room below. */
function centre(session: Session): { x: number; y: number } {
  const box = session.pane?.getBoundingClientRect() ?? new DOMRect();
  const share = session.snapshot().sync.document.nodes.length > 0 ? 0.5 : 0.18;
  return { x: box.left + box.width / 2, y: box.top + box.height * share };
}

/** Dragging a layer out of the palette, or adding it without pointing. `onOut` is called when a drag leaves the palette. */
export function usePaletteDrag(onOut: () => void): PaletteDrag {
  const session = useSession();
  const { screenToFlowPosition, getZoom } = useReactFlow();
  const [ghost, setGhost] = useState<GhostState | null>(null);
  const stop = useRef<() => void>(() => undefined);
  useEffect(() => () => stop.current(), []);

  const append = useCallback(
    (layer: Layer) => {
      const { selected, data } = session.snapshot();
      if (data.editable === false) return;
      const middle = screenToFlowPosition(centre(session));
      const drawing = session.drawing();
      const wires = drawing.document.edges.filter((wire) => session.snapshot().wires.includes(wireId(wire)));
      session.add(addLayer(drawing, layer, {}, spotOf(drawing, selected, wires), [middle.x, middle.y]));
    },
    [session, screenToFlowPosition],
  );

  const grab = useCallback(
    (layer: Layer, down: ReactPointerEvent) => {
      if (down.button !== 0 || session.snapshot().data.editable === false) return;
      const frame = (down.currentTarget as Element).closest(".bw")?.getBoundingClientRect() ?? new DOMRect();
      const point = (event: PointerEvent): Point => {
        const { x, y } = screenToFlowPosition({ x: event.clientX, y: event.clientY }, { snapToGrid: false });
        return [x, y];
      };
      const target = (event: PointerEvent): DropTarget | null => {
        return over(session.pane, event) ? paletteTarget(session.drawing(), layer, point(event)) : null;
      };
      let moved = false;
      const onMove = (event: PointerEvent): void => {
        if (!moved && Math.hypot(event.clientX - down.clientX, event.clientY - down.clientY) < THRESHOLD) return;
        if (!moved) onOut();
        moved = true;
        session.setDrop(target(event) ?? { type: "free" });
        setGhost({ layer, at: [event.clientX - frame.left, event.clientY - frame.top], scale: over(session.pane, event) ? getZoom() : 0.8 });
      };
      const onUp = (event: PointerEvent): void => {
        stop.current();
        const goal = moved ? target(event) : null;
        if (goal) session.add(dropLayer(session.drawing(), layer, point(event), goal));
        if (goal) session.pane?.focus({ preventScroll: true });
      };
      const onKey = (event: KeyboardEvent): void => {
        if (event.key === "Escape") stop.current();
      };
      stop.current();
      stop.current = () => {
        window.removeEventListener("pointermove", onMove);
        window.removeEventListener("pointerup", onUp);
        window.removeEventListener("pointercancel", stop.current);
        window.removeEventListener("keydown", onKey, true);
        stop.current = () => undefined;
        session.setDrop({ type: "free" });
        setGhost(null);
      };
      window.addEventListener("pointermove", onMove);
      window.addEventListener("pointerup", onUp);
      window.addEventListener("pointercancel", stop.current);
      window.addEventListener("keydown", onKey, true);
    },
    [session, screenToFlowPosition, getZoom, onOut],
  );

  return { ghost, grab, append };
}
