import type { EdgeChange, NodeChange } from "@xyflow/react";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useSession, useSnapshot } from "./context.ts";
import { type FlowBrick, type FlowWire, flowBricks, flowWires, placesNow, plan } from "./flow.ts";
import type { DropTarget, Places } from "./geometry.ts";
import { connectLoose, type Drawing, isLoose, looseTarget, moveBricks } from "./gestures.ts";
import { lanesOf, NO_LANES } from "./lanes.ts";
import { between, play } from "./motion.ts";
import type { Edit, Point } from "./types.ts";

const NOTHING: Places = new Map();
const FREE: DropTarget = { type: "free" };
const KEYS_REST_MS = 400;

interface Flow {
  readonly bricks: FlowBrick[];
  readonly wires: FlowWire[];
  onNodesChange(changes: NodeChange<FlowBrick>[]): void;
  onEdgesChange(changes: EdgeChange<FlowWire>[]): void;
  onClick(event: React.MouseEvent, brick: FlowBrick): void;
  onDragStart(): void;
  onDragStop(): void;
  /** Let the bricks glide from these places to where they stand now. */
  glideFrom(before: Places): void;
}

function toggled(now: readonly string[], changes: readonly { id: string; selected: boolean }[]): readonly string[] {
  const ids = new Set(now);
  for (const { id, selected } of changes) {
    if (selected) ids.add(id);
    else ids.delete(id);
  }
  return [...ids];
}

/** What a drag of one loose brick points at. */
function goal(drawing: Drawing, moving: Places): DropTarget {
  const [only, ...others] = moving;
  return only && others.length === 0 && isLoose(drawing, only[0]) ? looseTarget(drawing, ...only) : FREE;
}

/** The edit for bricks let go of; a loose one may be connected where it lands, unless it was moved by keys. */
function dropped(drawing: Drawing, moving: Places, byHand: boolean): Edit | null {
  const [only] = moving;
  const connected = byHand && only && goal(drawing, moving).type !== "free" ? connectLoose(drawing, ...only) : null;
  return connected ?? moveBricks(drawing, Object.fromEntries(moving));
}

/** React Flow's view of the session: bricks and wires in, selections and finished drags out. */
export function useFlow(): Flow {
  const session = useSession();
  const snap = useSnapshot();
  const [moving, setMoving] = useState<Places>(NOTHING);
  const latest = useRef<Places>(NOTHING);
  const dragging = useRef(false);
  const rest = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const lastBricks = useRef<FlowBrick[]>([]);
  const lastWires = useRef<FlowWire[]>([]);
  const lastLanes = useRef(NO_LANES);

  const { sync, places: standing, catalogue, direction, selected, wires: picked, drop } = snap;
  const editable = snap.data.editable !== false;
  // What is not among the values that these depend on does not show in what they make: most answers of Python change neither.
  const bricks = useMemo(() => flowBricks(lastBricks.current, snap, moving), [sync.document, standing, catalogue, direction, selected, drop, moving]);
  const places = useMemo(() => placesNow(standing, moving), [standing, moving]);
  const document = plan(lastLanes.current.document, sync.document);
  const lanes = useMemo(() => lanesOf(lastLanes.current, document, places, catalogue, direction), [document, places, catalogue, direction]);
  const wires = useMemo(() => flowWires(lastWires.current, snap, lanes), [document, lanes, selected, picked, drop, editable]);
  useEffect(() => {
    lastBricks.current = bricks;
    lastWires.current = wires;
    lastLanes.current = lanes;
  }, [bricks, wires, lanes]);
  useEffect(() => () => clearTimeout(rest.current), []);

  const move = useCallback((places: Places) => {
    latest.current = places;
    setMoving(places);
  }, []);

  const stopGlide = useRef<() => void>(() => undefined);
  useEffect(() => () => stopGlide.current(), []);
  const glideFrom = useCallback(
    (before: Places) => {
      stopGlide.current();
      stopGlide.current = play((share) => setMoving(share < 1 ? between(before, session.snapshot().places, share) : NOTHING), before.size);
    },
    [session],
  );

  const commit = useCallback(() => {
    const edit = dropped(session.drawing(), latest.current, dragging.current);
    dragging.current = false;
    session.setDrop(FREE);
    if (edit) session.send(edit);
    move(NOTHING);
  }, [session, move]);

  const onNodesChange = useCallback(
    (changes: NodeChange<FlowBrick>[]) => {
      const picked = changes.filter((change) => change.type === "select");
      if (picked.length > 0) {
        const now = session.snapshot();
        session.select(toggled(now.selected, picked), now.wires);
      }
      const steps = changes.flatMap((change): [string, Point][] => {
        return change.type === "position" && change.position ? [[change.id, [change.position.x, change.position.y]]] : [];
      });
      if (steps.length === 0) return;
      move(new Map([...latest.current, ...steps]));
      if (dragging.current) return session.setDrop(goal(session.drawing(), latest.current));
      clearTimeout(rest.current);
      rest.current = setTimeout(commit, KEYS_REST_MS);
    },
    [session, move, commit],
  );

  const onEdgesChange = useCallback(
    (changes: EdgeChange<FlowWire>[]) => {
      const picked = changes.filter((change) => change.type === "select");
      const now = session.snapshot();
      if (picked.length > 0) session.select(now.selected, toggled(now.wires, picked));
    },
    [session],
  );

  // A press on one of several may be the start of a drag of them all; when it was none, that one is meant.
  const onClick = useCallback<Flow["onClick"]>(
    (event, { id }) => {
      if (!event.shiftKey && !event.metaKey && !event.ctrlKey) session.select([id]);
    },
    [session],
  );

  const onDragStart = useCallback(() => {
    stopGlide.current();
    setMoving(latest.current);
    dragging.current = true;
  }, []);

  return { bricks, wires, onNodesChange, onEdgesChange, onClick, onDragStart, onDragStop: commit, glideFrom };
}
