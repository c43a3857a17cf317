import { BaseEdge, type ConnectionLineComponentProps, EdgeLabelRenderer, type EdgeProps, getBezierPath, Position } from "@xyflow/react";
import { memo, type ReactElement } from "react";
import { useSession } from "./context.ts";
import { portOf } from "./document.ts";
import type { FlowBrick, FlowWire } from "./flow.ts";
import { detour, roundedPath } from "./geometry.ts";
import { Icon } from "./icons.tsx";

function drawn({ sourceX, sourceY, targetX, targetY, data }: EdgeProps<FlowWire>): readonly [string, number, number] {
  const lane = data?.lane ?? null;
  if (lane !== null && targetY - sourceY > 48) {
    const path = roundedPath(detour({ from: [sourceX, sourceY], to: [targetX, targetY] }, lane));
    return [path, lane, (sourceY + targetY) / 2];
  }
  const ends = { sourceX, sourceY, targetX, targetY, sourcePosition: Position.Bottom, targetPosition: Position.Top };
  const [path, x, y] = getBezierPath(ends);
  return [path, x, y];
}

/** A wire with the shape that flows along it. */
export const WireLine = memo(function WireLine(props: EdgeProps<FlowWire>): ReactElement {
  const { data, selected } = props;
  const session = useSession();
  const [path, x, y] = drawn(props);
  // Left of a lane on the left, where no brick is in the way.
  const outside = data?.lane != null && data.lane < Math.min(props.sourceX, props.targetX) ? " translateX(calc(-100% - 18px))" : "";
  const state = `${data?.target ? " target" : ""}${data?.doubtful ? " doubtful" : ""}${selected ? " selected" : ""}`;
  const cut = (): void => {
    if (data) session.send({ op: "disconnect", source: data.wire.source, target: data.wire.target, port: portOf(data.wire) });
  };
  return (
    <>
      <BaseEdge id={props.id} path={path} className={`wire${state}`} interactionWidth={18} markerEnd="url(#bw-arrow)" />
      <EdgeLabelRenderer>
        <div className={`wire-label${state}`} style={{ transform: `translate(${x}px, ${y}px)${outside}` }}>
          {data?.shape}
          {data?.alone && (
            <button type="button" className="cut nodrag nopan" onClick={cut} aria-label={`Cut the wire from ${props.source} to ${props.target}`}>
              <Icon name="close" />
            </button>
          )}
        </div>
      </EdgeLabelRenderer>
    </>
  );
});

/** The wire while it is drawn: red where it cannot end. */
export function WirePreview({ fromX, fromY, toX, toY, connectionStatus, fromPosition, toPosition }: ConnectionLineComponentProps<FlowBrick>): ReactElement {
  const ends = { sourceX: fromX, sourceY: fromY, targetX: toX, targetY: toY, sourcePosition: fromPosition, targetPosition: toPosition };
  const [path] = getBezierPath(ends);
  return <path d={path} className={`wire-preview ${connectionStatus ?? ""}`} />;
}

export function ArrowHead(): ReactElement {
  return (
    <svg className="defs" width="0" height="0" aria-hidden="true">
      <defs>
        <marker id="bw-arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto" markerUnits="userSpaceOnUse">
          <path d="M1 1 L7 4 L1 7 Z" />
        </marker>
      </defs>
    </svg>
  );
}
