import { Background, type Connection, ConnectionMode, MiniMap, ReactFlow, SelectionMode, useReactFlow, useStore } from "@xyflow/react";
import { type ReactElement, useCallback, useEffect, useRef, useState } from "react";
import { Brick } from "./Brick.tsx";
import { useSession, useSnapshot } from "./context.ts";
import type { FlowBrick, FlowWire } from "./flow.ts";
import { bounds, fitView, LEAST_ZOOM, resizedView, revealView } from "./geometry.ts";
import { glide } from "./motion.ts";
import { Status } from "./Status.tsx";
import { Toasts } from "./Toasts.tsx";
import { Toolbar } from "./Toolbar.tsx";
import { useConnecting } from "./useConnecting.ts";
import { useFlow } from "./useFlow.ts";
import { ArrowHead, WireLine, WirePreview } from "./Wire.tsx";

const NODE_TYPES = { brick: Brick };
const EDGE_TYPES = { wire: WireLine };
const EXTEND = ["Shift", "Meta", "Control"];

/** Show the project where it was last looked at, else all of it; again when the pane changes size and nobody has moved the view or all was in sight. */
function useFirstView(): () => void {
  const session = useSession();
  const { sync, places } = useSnapshot();
  const { getViewport, setViewport } = useReactFlow();
  const width = useStore((store) => store.width);
  const height = useStore((store) => store.height);
  const shown = useRef({ loadId: "", width: 0, height: 0 });
  const settled = useRef(false);
  useEffect(() => {
    if (width === 0 || height === 0) return;
    const before = shown.current;
    if (before.loadId === sync.loadId && before.width === width && before.height === height) return;
    shown.current = { loadId: sync.loadId, width, height };
    const fit = fitView(bounds(places.values()), width, height);
    if (before.loadId !== sync.loadId) {
      settled.current = session.view !== null;
      void setViewport(session.view ?? fit);
      return;
    }
    const view = settled.current ? resizedView(getViewport(), bounds(places.values()), before, { width, height }) : fit;
    void setViewport(view);
    if (session.view) session.keepView(view);
  }, [session, getViewport, setViewport, sync.loadId, places, width, height]);
  return useCallback(() => {
    settled.current = true;
  }, []);
}

/** Bring a brick into sight that was just added, or selected where the properties would cover it. */
function useReveal(): void {
  const session = useSession();
  const { added, selected } = useSnapshot();
  const { getViewport, setViewport } = useReactFlow();
  const width = useStore((store) => store.width);
  const height = useStore((store) => store.height);
  const size = useRef({ width, height });
  size.current = { width, height };
  const reveal = useCallback(
    (id: string | null | undefined): void => {
      const panel = session.pane?.parentElement?.querySelector<HTMLElement>(".panel");
      const covered = panel && getComputedStyle(panel).position === "absolute" ? panel.offsetWidth : 0;
      const at = id ? session.snapshot().places.get(id) : undefined;
      const view = at ? revealView(getViewport(), at, size.current.width - covered, size.current.height) : null;
      if (view) void setViewport(view, glide()).then(() => session.keepView(view));
    },
    [session, getViewport, setViewport],
  );
  useEffect(() => reveal(added), [added, reveal]);
  const only = selected.length === 1 ? selected[0] : null;
  useEffect(() => reveal(only), [only, reveal]);
}

function EmptyHint(): ReactElement {
  return (
    <div className="empty-hint">
      <strong>An empty drawing</strong>
      <span>Drag a layer from the list onto the canvas, or double-click it.</span>
    </div>
  );
}

export function Canvas(): ReactElement {
  const session = useSession();
  const snap = useSnapshot();
  const [minimap, setMinimap] = useState(false);
  const flow = useFlow();
  const wires = useConnecting();
  const settle = useFirstView();
  useReveal();
  const editable = snap.data.editable !== false;
  const setPane = (element: HTMLElement | null): void => {
    session.pane = element;
  };
  const connect = (connection: Connection): void => wires.connect(connection.source, connection.target, connection.targetHandle);
  return (
    <section
      ref={setPane}
      className="pane"
      aria-label="Network canvas"
      tabIndex={0}
      onPointerDownCapture={(event) => {
        settle();
        const target = event.target as Element;
        if (target.closest(".react-flow__pane, .react-flow__edge")) event.currentTarget.focus({ preventScroll: true });
      }}
    >
      <ArrowHead />
      <ReactFlow<FlowBrick, FlowWire>
        nodes={flow.bricks}
        edges={flow.wires}
        nodeTypes={NODE_TYPES}
        edgeTypes={EDGE_TYPES}
        onNodesChange={flow.onNodesChange}
        onEdgesChange={flow.onEdgesChange}
        onNodeDragStart={flow.onDragStart}
        onNodeDragStop={flow.onDragStop}
        onSelectionDragStart={flow.onDragStart}
        onSelectionDragStop={flow.onDragStop}
        onConnect={connect}
        onConnectStart={wires.onStart}
        onConnectEnd={wires.onEnd}
        isValidConnection={wires.isValid}
        connectionLineComponent={WirePreview}
        connectionMode={ConnectionMode.Strict}
        connectionRadius={28}
        onMoveEnd={(event, view) => {
          if (event) settle();
          if (event) session.keepView(view);
        }}
        onlyRenderVisibleElements
        nodesDraggable={editable}
        nodesConnectable={editable}
        snapToGrid
        snapGrid={[4, 4]}
        panOnScroll
        zoomOnDoubleClick={false}
        deleteKeyCode={null}
        multiSelectionKeyCode={EXTEND}
        selectionMode={SelectionMode.Partial}
        minZoom={LEAST_ZOOM}
        maxZoom={2}
        colorMode={snap.theme}
      >
        <Background gap={24} size={1.6} />
        {minimap && <MiniMap pannable zoomable ariaLabel="Overview" nodeClassName={(node: FlowBrick) => `map-${node.data.category}`} />}
      </ReactFlow>
      {snap.sync.document.nodes.length === 0 && <EmptyHint />}
      <Toolbar minimap={minimap} onMinimap={setMinimap} onView={settle} />
      <Status />
      <Toasts live={wires.refused} />
    </section>
  );
}
