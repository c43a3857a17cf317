import { type Connection, ConnectionMode, MiniMap, ReactFlow, SelectionMode } from "@xyflow/react";
import { memo, type ReactElement, useState } from "react";
import { Brick } from "./Brick.tsx";
import { useSession, useSnapshot } from "./context.ts";
import { Crumbs } from "./Crumbs.tsx";
import { enter } from "./entering.ts";
import { Dots } from "./Dots.tsx";
import type { FlowBrick, FlowWire } from "./flow.ts";
import { LEAST_ZOOM } from "./geometry.ts";
import { MakeBlock } from "./MakeBlock.tsx";
import { Overlays } from "./Overlays.tsx";
import { Peek } from "./Peek.tsx";
import { Status } from "./Status.tsx";
import { Toasts } from "./Toasts.tsx";
import { Toolbar } from "./Toolbar.tsx";
import { useClipboard } from "./useClipboard.ts";
import { type Drawn, useConnecting } from "./useConnecting.ts";
import { useNudge, usePressing, useWantedFocus } from "./useDesk.ts";
import { useFlow } from "./useFlow.ts";
import { useFirstView, useReveal } from "./useView.ts";
import { ArrowHead, WireLine, WirePreview } from "./Wire.tsx";

const NODE_TYPES = { brick: Brick };
const EDGE_TYPES = { wire: WireLine };
// While something is dragged the canvas is drawn for every frame: what does not move is left alone.
const [Tools, Way, Sheets, Naming, State] = [memo(Toolbar), memo(Crumbs), memo(Overlays), memo(MakeBlock), memo(Status)];
const EXTEND = ["Shift", "Meta", "Control"];

function EmptyHint(): ReactElement {
  return (
    <div className="empty-hint">
      <strong>An empty drawing</strong>
      <span>Drag a layer from the list onto the canvas, or double-click here and type its name.</span>
    </div>
  );
}

/** Bricks that the wire being drawn cannot lead to step back. */
function Dimmed({ drawn }: { readonly drawn: Drawn }): ReactElement | null {
  const ids = [...drawn.illegal].filter((id) => id !== drawn.id).map((id) => `[data-id="${CSS.escape(id)}"]`);
  if (ids.length === 0) return null;
  return <style>{`.react-flow__node:is(${ids.join()}) { --port: var(--line-strong); --port-scale: 1; opacity: 0.4; }`}</style>;
}

export function Canvas(): ReactElement {
  const session = useSession();
  const snap = useSnapshot();
  const [minimap, setMinimap] = useState(false);
  const flow = useFlow();
  const wires = useConnecting();
  const settle = useFirstView();
  useReveal();
  useClipboard();
  useNudge(flow.bricks, flow.onNodesChange);
  useWantedFocus();
  const pressing = usePressing();
  const [lasso, setLasso] = useState(false);
  const editable = snap.data.editable !== false;
  const setPane = (element: HTMLElement | null): void => {
    session.desk.pane = element;
  };
  const connect = (connection: Connection): void => wires.connect(connection.source, connection.target, connection.targetHandle, connection.sourceHandle);
  return (
    <section
      ref={setPane}
      className="pane"
      aria-label="Network canvas"
      tabIndex={0}
      data-load={snap.sync.loadId}
      data-lasso={lasso}
      data-inside={snap.path.length > 0}
      data-drawing={wires.drawn ? (wires.drawn.forward ? "forward" : "back") : undefined}
      {...pressing}
      onPointerDownCapture={(event) => {
        settle();
        const target = event.target as Element;
        if (getComputedStyle(target).userSelect === "none") document.getSelection()?.removeAllRanges();
        if (target.closest(".react-flow__pane, .react-flow__edge")) event.currentTarget.focus({ preventScroll: true });
      }}
    >
      <ArrowHead />
      <Way />
      {wires.drawn && <Dimmed drawn={wires.drawn} />}
      <ReactFlow<FlowBrick, FlowWire>
        nodes={flow.bricks}
        edges={flow.wires}
        nodeTypes={NODE_TYPES}
        edgeTypes={EDGE_TYPES}
        onNodesChange={flow.onNodesChange}
        onEdgesChange={flow.onEdgesChange}
        onNodeDragStart={flow.onDragStart}
        onNodeDragStop={flow.onDragStop}
        onNodeClick={flow.onClick}
        onNodeDoubleClick={(_, brick) => enter(session, brick.id)}
        onSelectionDragStart={flow.onDragStart}
        onSelectionDragStop={flow.onDragStop}
        onConnect={connect}
        onReconnect={wires.onReconnect}
        onReconnectStart={wires.onReconnectStart}
        onReconnectEnd={wires.onReconnectEnd}
        edgesReconnectable={false}
        zIndexMode="manual"
        reconnectRadius={14}
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
        panOnDrag={!lasso}
        selectionOnDrag={lasso}
        disableKeyboardA11y
        zoomOnDoubleClick={false}
        deleteKeyCode={null}
        multiSelectionKeyCode={EXTEND}
        selectionMode={SelectionMode.Partial}
        minZoom={LEAST_ZOOM}
        maxZoom={2}
        colorMode={snap.theme}
      >
        <Dots />
        {minimap && <MiniMap pannable zoomable ariaLabel="Overview" nodeClassName={(node: FlowBrick) => `map-${node.data.category}`} />}
        <Peek />
      </ReactFlow>
      {snap.sync.document.nodes.length === 0 && <EmptyHint />}
      <div className="over">
        <Tools minimap={minimap} lasso={lasso} onMinimap={setMinimap} onLasso={setLasso} onView={settle} onArranged={flow.glideFrom} />
        <State />
      </div>
      <Toasts live={wires.refused} />
      <Sheets />
      <Naming />
    </section>
  );
}
