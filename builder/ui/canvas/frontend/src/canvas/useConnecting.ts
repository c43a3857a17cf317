import { type FinalConnectionState, type IsValidConnection, type OnConnectStart, useReactFlow } from "@xyflow/react";
import { useCallback, useRef, useState } from "react";
import { useSession } from "./context.ts";
import { refusal } from "./document.ts";
import type { FlowWire } from "./flow.ts";
import { brickAt } from "./geometry.ts";
import { freePort } from "./gestures.ts";

interface Connecting {
  /** Why the wire being dragged cannot end where it is; null when it can. */
  readonly refused: string | null;
  readonly isValid: IsValidConnection<FlowWire>;
  readonly onStart: OnConnectStart;
  onEnd(event: MouseEvent | TouchEvent, state: FinalConnectionState): void;
  connect(source: string, target: string, handle: string | null | undefined, from?: string | null): void;
}

/** "in-2" -> 2 */
const handleNumber = (handle: string): number => Number(handle.split("-")[1] ?? 0);

function pointer(event: MouseEvent | TouchEvent): { x: number; y: number } {
  const at = "changedTouches" in event ? event.changedTouches[0] : event;
  return { x: at?.clientX ?? 0, y: at?.clientY ?? 0 };
}

/** Drawing wires from handle to handle, or from a handle onto a brick. */
export function useConnecting(): Connecting {
  const session = useSession();
  const { screenToFlowPosition } = useReactFlow();
  const [refused, setRefused] = useState<string | null>(null);
  const reason = useRef<string | null>(null);

  const tell = useCallback((says: string | null) => {
    reason.current = says;
    setRefused(says);
  }, []);

  const isValid = useCallback<IsValidConnection<FlowWire>>(
    ({ source, target }) => {
      const { document, catalogue } = session.drawing();
      const says = refusal(document, source, target, catalogue);
      if (says !== reason.current) tell(says);
      return says === null;
    },
    [session, tell],
  );

  const connect = useCallback(
    (source: string, target: string, handle: string | null | undefined, from?: string | null) => {
      const port = handle ? handleNumber(handle) : freePort(session.drawing(), target);
      const output = from ? handleNumber(from) : 0;
      session.send({ op: "connect", source, target, port, ...(output > 0 ? { output } : {}) });
    },
    [session],
  );

  const onEnd = useCallback(
    (event: MouseEvent | TouchEvent, state: FinalConnectionState) => {
      const says = reason.current;
      tell(null);
      if (state.isValid) return;
      if (state.toHandle) return says ? session.toast(says) : undefined;
      const from = state.fromNode?.id;
      const point = screenToFlowPosition(pointer(event));
      const over = brickAt([point.x, point.y], session.drawing().places);
      if (!from || !over || over === from) return undefined;
      const [source, target] = state.fromHandle?.type === "source" ? [from, over] : [over, from];
      const { document, catalogue } = session.drawing();
      const why = refusal(document, source, target, catalogue);
      if (why) return session.toast(why);
      return state.fromHandle?.type === "source" ? connect(source, target, null, state.fromHandle.id) : connect(source, target, state.fromHandle?.id);
    },
    [session, tell, connect, screenToFlowPosition],
  );

  return { refused, isValid, onStart: useCallback(() => tell(null), [tell]), onEnd, connect };
}
