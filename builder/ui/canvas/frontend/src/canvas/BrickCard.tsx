import { NodeToolbar, Position, useStore } from "@xyflow/react";
import type { ReactElement } from "react";
import { usePreview } from "./context.ts";
import { ProblemCard } from "./ProblemCard.tsx";
import { PreviewSheet, THUMB } from "./Thumb.tsx";
import type { BrickInfo } from "./types.ts";

const CARD = 304;

/** Left of the brick when there is more room there than right of its picture, which takes `taken` pixels. */
function useSide(id: string, taken: number): Position {
  return useStore((store) => {
    const brick = store.nodeLookup.get(id);
    if (!brick) return Position.Right;
    const [x, , zoom] = store.transform;
    const left = brick.internals.positionAbsolute.x * zoom + x;
    const right = store.width - left - (brick.measured.width ?? 0) * zoom - taken;
    return right >= CARD || right >= left ? Position.Right : Position.Left;
  });
}

/** Growing downwards from a brick near the top, upwards from one near the bottom. */
function useAlign(id: string): "start" | "center" | "end" {
  return useStore((store) => {
    const [, y, zoom] = store.transform;
    const top = (store.nodeLookup.get(id)?.internals.positionAbsolute.y ?? 0) * zoom + y;
    if (top < store.height * 0.3) return "start";
    return top > store.height * 0.65 ? "end" : "center";
  });
}

interface Props {
  readonly id: string;
  readonly info: BrickInfo | undefined;
  /** What layers of this kind do. */
  readonly summary: string | undefined;
  onEnter(): void;
  onLeave(): void;
}

/** Beside a brick: its problems with their fixes, or how its output shape comes about. */
export function BrickCard({ id, info, summary, onEnter, onLeave }: Props): ReactElement | null {
  const align = useAlign(id);
  const problems = info?.problems ?? [];
  const formula = info?.formula ?? [];
  const pictured = usePreview((state) => state.file?.bricks?.[id] !== undefined);
  const room = useStore((store) => (pictured ? THUMB * store.transform[2] : 0));
  const side = useSide(id, room);
  if (problems.length === 0 && formula.length === 0 && !info?.explain && !pictured) return null;
  return (
    <NodeToolbar nodeId={id} isVisible position={side} align={align} offset={14 + (side === Position.Right ? room : 0)}>
      <div className="card nodrag nopan nowheel" onPointerEnter={onEnter} onPointerLeave={onLeave}>
        {problems.map((problem) => (
          <ProblemCard key={`${problem.says} ${problem.because}`} problem={problem} />
        ))}
        <PreviewSheet id={id} />
        {problems.length === 0 && (info?.explain || formula.length > 0) && <p className="explain">{info?.explain ?? summary}</p>}
        {problems.length === 0 && formula.map((line) => <code key={line}>{line}</code>)}
      </div>
    </NodeToolbar>
  );
}
