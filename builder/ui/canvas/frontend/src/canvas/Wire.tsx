import { BaseEdge, type ConnectionLineComponentProps, EdgeLabelRenderer, type EdgeProps, getBezierPath, Position, useStore } from "@xyflow/react";
import { memo, type ReactElement } from "react";
import { useNamed, usePart, useSession } from "./context.ts";
import { makeWire, outputOf, portOf } from "./document.ts";
import { type FlowBrick, type FlowWire, shapeOf } from "./flow.ts";
import { brickAt, detour, roundedPath, SHORT } from "./geometry.ts";
import { freePort } from "./gestures.ts";
import { Icon } from "./icons.tsx";
import { covered } from "./useView.ts";
import { instead, portRefusal } from "./wiring.ts";

interface Drawn {
  readonly path: string;
  /** Where the label stands, and whether to the left of that point. */
  readonly x: number;
  readonly y: number;
  readonly left: boolean;
}

const SLANTED = 24;
const WHY = { width: 260, away: 14, finger: 76 } as const;

/** The line of a wire, and its label where neither the line nor a brick is in the way. */
function drawn({ sourceX, sourceY, targetX, targetY, sourcePosition, data }: EdgeProps<FlowWire>): Drawn {
  const lane = data?.lane ?? null;
  if (sourcePosition === Position.Right) {
    if (lane !== null && targetX - sourceX > SHORT) {
      const path = roundedPath(detour({ from: [sourceX, sourceY], to: [targetX, targetY] }, lane, "right"));
      return { path, x: data?.merging ? sourceX + 16 : (sourceX + targetX) / 2 - 48, y: (data?.merging ? sourceY : lane) - 11, left: false };
    }
    const [path, x, y] = getBezierPath({ sourceX, sourceY, targetX, targetY, sourcePosition, targetPosition: Position.Left });
    return data?.merging ? { path, x: sourceX + 2, y: sourceY - 11, left: false } : { path, x: x - 48, y: y - 11, left: false };
  }
  if (lane !== null && targetY - sourceY > SHORT) {
    const path = roundedPath(detour({ from: [sourceX, sourceY], to: [targetX, targetY] }, lane));
    return { path, x: lane, y: (sourceY + targetY) / 2, left: lane <= (sourceX + targetX) / 2 };
  }
  const ends = { sourceX, sourceY, targetX, targetY, sourcePosition: Position.Bottom, targetPosition: Position.Top };
  const [path, x, y] = getBezierPath(ends);
  // Wires that meet in one brick are told apart at the bricks they come from.
  if (data?.merging) return { path, x: sourceX, y: sourceY + 13, left: sourceX < targetX };
  if (Math.abs(targetX - sourceX) <= SLANTED) return { path, x, y, left: false };
  return { path, x: targetX, y: targetY - 11, left: targetX < sourceX };
}

/** A wire with the shape that flows along it. */
export const WireLine = memo(function WireLine(props: EdgeProps<FlowWire>): ReactElement {
  const { data, selected, source } = props;
  const session = useSession();
  const shape = usePart((snap) => shapeOf(snap.infos[source], data ? outputOf(data.wire) : 0));
  const doubtful = usePart((snap) => snap.doubtful.has(source));
  const line = useNamed<SVGGElement>(".react-flow__edge", `Wire from ${source} to ${props.target}${shape ? `, ${shape}` : ""}`);
  const { path, x, y, left } = drawn(props);
  const transform = `translate(${x}px, ${y}px)${left ? " translateX(calc(-100% - 18px))" : ""}`;
  const state = `${data?.target ? " target" : ""}${doubtful ? " doubtful" : ""}${selected ? " selected" : ""}`;
  const cut = (): void => {
    if (data) session.send({ op: "disconnect", ...data.wire, port: portOf(data.wire) });
  };
  return (
    <>
      <g ref={line}>
        <BaseEdge id={props.id} path={path} className={`wire${state}`} interactionWidth={18} markerEnd="url(#bw-arrow)" />
      </g>
      <EdgeLabelRenderer>
        <div className={`wire-label${state}`} style={{ transform }}>
          {shape}
          {data?.alone && (
            <button type="button" className="cut nodrag nopan" onClick={cut} aria-label={`Cut the wire from ${source} to ${props.target}`}>
              <Icon name="close" />
            </button>
          )}
        </div>
      </EdgeLabelRenderer>
    </>
  );
});

interface Told {
  readonly says: string;
  readonly wrong: boolean;
}

/** What letting go of a wire over a brick would mean: why it cannot be, or what it takes the place of. */
function useTold({ fromNode, fromHandle, toNode, toHandle, toX, toY }: ConnectionLineComponentProps<FlowBrick>): Told | null {
  const session = useSession();
  const drawing = session.drawing();
  const over = toNode?.id ?? brickAt([toX, toY], drawing.places);
  if (!over || over === fromNode.id) return null;
  const forward = fromHandle.type === "source";
  const [source, target] = forward ? [fromNode.id, over] : [over, fromNode.id];
  const handle = forward ? toHandle?.id : fromHandle.id;
  const port = handle ? Number(handle.split("-")[1]) : freePort(drawing, target);
  const { moved } = session.desk;
  const wrong = portRefusal(drawing, makeWire(source, target, port), moved);
  const says = wrong ?? instead(drawing, target, port, moved);
  return says ? { says, wrong: wrong !== null } : null;
}

/** What is told, at the size of other text however far away the drawing is, on the side of the pointer where there is room; a finger hides what is under it. */
function Why({ told, x, y }: { readonly told: Told; readonly x: number; readonly y: number }): ReactElement {
  const session = useSession();
  const zoom = useStore((store) => store.transform[2]);
  const right = useStore((store) => store.width - covered(session) - x * zoom - store.transform[0]);
  const before = right < WHY.width + 2 * WHY.away;
  const up = matchMedia("(pointer: coarse)").matches ? -WHY.finger : 10;
  const transform = `translate(${x} ${y}) scale(${1 / zoom}) translate(${before ? -WHY.away - WHY.width : WHY.away} ${up})`;
  return (
    <foreignObject className="wire-why" transform={transform} width={WHY.width} height="90" data-before={before}>
      <span data-wrong={told.wrong}>{told.says}</span>
    </foreignObject>
  );
}

/** The wire while it is drawn: red where it cannot end, with the reason beside the pointer. */
export function WirePreview(props: ConnectionLineComponentProps<FlowBrick>): ReactElement {
  const { fromX, fromY, toX, toY, connectionStatus, fromPosition, toPosition } = props;
  const [path] = getBezierPath({ sourceX: fromX, sourceY: fromY, targetX: toX, targetY: toY, sourcePosition: fromPosition, targetPosition: toPosition });
  const told = useTold(props);
  return (
    <>
      <path d={path} className={`wire-preview ${told?.wrong ? "invalid" : (connectionStatus ?? "")}`} />
      {told && <Why told={told} x={toX} y={toY} />}
    </>
  );
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
