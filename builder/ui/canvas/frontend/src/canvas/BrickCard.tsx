import { NodeToolbar, Position, useStore } from "@xyflow/react";
import type { ReactElement } from "react";
import { usePreview } from "./context.ts";
import type { Direction } from "./geometry.ts";
import { ProblemCard } from "./ProblemCard.tsx";
import { PreviewSheet, THUMB } from "./Thumb.tsx";
import type { BrickInfo } from "./types.ts";

/** How wide the card likes to be, at the least is, and stands away from its brick and the edge of the pane, pixels of the screen. */
const CARD = { width: 288, least: 200, away: 14, edge: 8 } as const;

/** Room left of the brick and right of its picture, which takes `taken` pixels. */
function useRoom(id: string, taken: number): readonly [number, number] {
  const left = useStore((store) => (store.nodeLookup.get(id)?.internals.positionAbsolute.x ?? 0) * store.transform[2] + store.transform[0]);
  const right = useStore((store) => store.width - left - (store.nodeLookup.get(id)?.measured.width ?? 0) * store.transform[2] - taken);
  return [left, right];
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
  readonly direction: Direction;
  onEnter(): void;
  onLeave(): void;
}

/** Beside a brick: its problems with their fixes, or how its output shape comes about. */
export function BrickCard({ id, info, summary, direction, onEnter, onLeave }: Props): ReactElement | null {
  const align = useAlign(id);
  const problems = info?.problems ?? [];
  const formula = info?.formula ?? [];
  const pictured = usePreview((state) => state.file?.bricks?.[id] !== undefined);
  const picture = useStore((store) => (pictured && direction === "down" ? THUMB * store.transform[2] : 0));
  const [left, right] = useRoom(id, picture);
  const side = right >= CARD.width + CARD.away + CARD.edge || right >= left ? Position.Right : Position.Left;
  const most = Math.max(left, right) - CARD.away - CARD.edge;
  const width = Math.max(CARD.least, Math.min(CARD.width, most));
  if (problems.length === 0 && formula.length === 0 && !info?.explain && !pictured) return null;
  return (
    <NodeToolbar nodeId={id} isVisible position={side} align={align} offset={CARD.away + (side === Position.Right ? picture : 0)}>
      <div className="card nodrag nopan nowheel" style={{ width }} onPointerEnter={onEnter} onPointerLeave={onLeave}>
        {problems.map((problem) => (
          <ProblemCard key={`${problem.says} ${problem.because}`} problem={problem} of={id} />
        ))}
        <PreviewSheet id={id} />
        {problems.length === 0 && (info?.explain || formula.length > 0) && <p className="explain">{info?.explain ?? summary}</p>}
        {problems.length === 0 && formula.map((line) => <code key={line}>{line}</code>)}
      </div>
    </NodeToolbar>
  );
}
