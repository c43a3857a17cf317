import { type Edge, type FinalConnectionState, type HandleType, type IsValidConnection, type OnConnectStart, type OnReconnect, useReactFlow } from "@xyflow/react";
import { useCallback, useRef, useState } from "react";
import { useSession } from "./context.ts";
import { makeWire } from "./document.ts";
import type { FlowWire } from "./flow.ts";
import { brickAt } from "./geometry.ts";
import { freePort } from "./gestures.ts";
import type { Session } from "./session.ts";
import type { Wire } from "./types.ts";
import { illegalEnds, portRefusal, rewire } from "./wiring.ts";

/** A wire that is being drawn, or whose end is being moved. */
export interface Drawn {
  /** The brick at the end that stays. */
  readonly id: string;
  /** Drawn from an output on, or from an input back. */
  readonly forward: boolean;
  readonly illegal: ReadonlySet<string>;
}

interface Connecting {
  readonly drawn: Drawn | null;
  /** Why the wire cannot end where it is; null when it can. */
  readonly refused: string | null;
  readonly isValid: IsValidConnection<FlowWire>;
  readonly onStart: OnConnectStart;
  onEnd(event: MouseEvent | TouchEvent, state: FinalConnectionState): void;
  connect(source: string, target: string, handle: string | null | undefined, from?: string | null): void;
  readonly onReconnect: OnReconnect<FlowWire>;
  onReconnectStart(event: React.MouseEvent, edge: FlowWire, end: HandleType): void;
  onReconnectEnd(event: MouseEvent | TouchEvent, edge: Edge, end: HandleType, state: FinalConnectionState): void;
}

/** "in-2" -> 2 */
const handleNumber = (handle: string | null | undefined): number => Number(handle?.split("-")[1] ?? 0);

function pointer(event: MouseEvent | TouchEvent): { x: number; y: number } {
  const at = "changedTouches" in event ? event.changedTouches[0] : event;
  return { x: at?.clientX ?? 0, y: at?.clientY ?? 0 };
}

/** The wire between two handles; into the first free input where the end is a brick's body. */
function wireOf(session: Session, source: string, target: string, handle: string | null | undefined, from?: string | null): Wire {
  return makeWire(source, target, handle ? handleNumber(handle) : freePort(session.drawing(), target), handleNumber(from));
}

/** Drawing wires from handle to handle, or from a handle onto a brick, and moving their ends. */
export function useConnecting(): Connecting {
  const session = useSession();
  const { screenToFlowPosition } = useReactFlow();
  const [refused, setRefused] = useState<string | null>(null);
  const [drawn, setDrawn] = useState<Drawn | null>(null);
  const reason = useRef<string | null>(null);

  const tell = useCallback((says: string | null) => {
    reason.current = says;
    setRefused(says);
  }, []);

  const begin = useCallback(
    (id: string | null, forward: boolean) => {
      tell(null);
      setDrawn(id === null ? null : { id, forward, illegal: illegalEnds(session.drawing(), id, forward) });
    },
    [session, tell],
  );

  const isValid = useCallback<IsValidConnection<FlowWire>>(
    ({ source, target, sourceHandle, targetHandle }) => {
      const says = portRefusal(session.drawing(), wireOf(session, source, target, targetHandle, sourceHandle), session.desk.moved);
      if (says !== reason.current) tell(says);
      return says === null;
    },
    [session, tell],
  );

  const put = useCallback(
    (wire: Wire) => {
      const edit = session.desk.moved ? rewire(session.drawing(), session.desk.moved, wire) : ({ op: "connect", ...wire, port: wire.port ?? 0 } as const);
      if (edit) session.send(edit);
    },
    [session],
  );

  const connect = useCallback<Connecting["connect"]>((source, target, handle, from) => put(wireOf(session, source, target, handle, from)), [session, put]);

  /** Let go over the body of a brick, or where it cannot end. */
  const dropped = useCallback(
    (event: MouseEvent | TouchEvent, state: FinalConnectionState) => {
      const says = reason.current;
      if (state.isValid) return undefined;
      if (state.toHandle) return says ? session.toast(says) : undefined;
      const from = state.fromNode?.id;
      const point = screenToFlowPosition(pointer(event));
      const over = brickAt([point.x, point.y], session.drawing().places);
      if (!from || !over || over === from) return undefined;
      const forward = state.fromHandle?.type === "source";
      const wire = forward ? wireOf(session, from, over, null, state.fromHandle?.id) : wireOf(session, over, from, state.fromHandle?.id);
      const why = portRefusal(session.drawing(), wire, session.desk.moved);
      return why ? session.toast(why) : put(wire);
    },
    [session, put, screenToFlowPosition],
  );

  const onEnd = useCallback<Connecting["onEnd"]>(
    (event, state) => {
      // The end of a wire that is moved is told to onReconnectEnd as well.
      if (!session.desk.moved) dropped(event, state);
      begin(null, true);
    },
    [session, dropped, begin],
  );

  const onReconnectStart = useCallback<Connecting["onReconnectStart"]>(
    (_, edge, end) => {
      session.desk.moved = edge.data?.wire ?? null;
      begin(end === "source" ? edge.source : edge.target, end === "source");
    },
    [session, begin],
  );

  const onReconnectEnd = useCallback<Connecting["onReconnectEnd"]>(
    (event, _edge, _end, state) => {
      dropped(event, state);
      session.desk.moved = null;
      begin(null, true);
    },
    [session, dropped, begin],
  );

  const onReconnect = useCallback<OnReconnect<FlowWire>>((_, next) => connect(next.source, next.target, next.targetHandle, next.sourceHandle), [connect]);
  const onStart = useCallback<OnConnectStart>((_, { nodeId, handleType }) => begin(nodeId, handleType === "source"), [begin]);
  return { drawn, refused, isValid, onStart, onEnd, connect, onReconnect, onReconnectStart, onReconnectEnd };
}
