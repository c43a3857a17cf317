import { useReactFlow, useStore } from "@xyflow/react";
import type { KeyboardEvent, ReactElement } from "react";
import { chooseDirection } from "./choices.ts";
import { usePart, useSession } from "./context.ts";
import { type Direction, fitView, LEAST_ZOOM, type Places } from "./geometry.ts";
import { moveBricks } from "./gestures.ts";
import { HistoryMenu } from "./HistoryMenu.tsx";
import { Icon, type IconName } from "./icons.tsx";
import { canUndo, MAC } from "./keys.ts";
import { autoLayout } from "./layout.ts";
import { glide } from "./motion.ts";
import { PreviewTools } from "./PreviewTools.tsx";
import { moveFocus, Popover } from "./Popover.tsx";
import { keysOf } from "./shortcuts.ts";
import { useAnswer } from "./useDesk.ts";

interface ToolProps {
  readonly icon: IconName;
  readonly name: string;
  readonly hint?: string;
  readonly disabled?: boolean;
  readonly pressed?: boolean;
  onClick(): void;
}

function Tool({ icon, name, hint, disabled, pressed, onClick }: ToolProps): ReactElement {
  return (
    <button type="button" className="tool" aria-label={name} title={hint ?? name} disabled={disabled} aria-pressed={pressed} onClick={onClick}>
      <Icon name={icon} />
    </button>
  );
}

function HistoryTools(): ReactElement {
  const session = useSession();
  const history = usePart((snap) => snap.data.history);
  usePart((snap) => snap.sync.pending.length);
  const entry = (op: "undo" | "redo", word: string): ToolProps => {
    const name = history[op].at(-1);
    return {
      icon: op,
      name: name ? `${word} ${name}` : word,
      hint: name ? `${word} “${name}”${keysOf(op, MAC)}` : `Nothing to ${op}`,
      disabled: !canUndo(session, op),
      onClick: () => session.send({ op }),
    };
  };
  return (
    <>
      <Tool {...entry("undo", "Undo")} />
      <Tool {...entry("redo", "Redo")} />
    </>
  );
}

const WAYS: readonly (readonly [Direction, string])[] = [
  ["down", "From top to bottom"],
  ["right", "From left to right"],
];

interface ToolbarProps {
  readonly minimap: boolean;
  readonly lasso: boolean;
  onLasso(on: boolean): void;
  onMinimap(on: boolean): void;
  onView(): void;
  /** The bricks glide from where they stood before. */
  onArranged(before: Places): void;
}

/** Arrow keys go from tool to tool for who came here by Tab; after a click they are the canvas's. */
function onToolKey(event: KeyboardEvent<HTMLElement>): void {
  if ((event.key === "ArrowLeft" || event.key === "ArrowRight") && (event.target as Element).matches(".tool:focus-visible")) {
    event.stopPropagation();
    moveFocus(event);
  }
}

/** The tools over the canvas. */
export function Toolbar({ minimap, lasso, onMinimap, onLasso, onView, onArranged }: ToolbarProps): ReactElement {
  const session = useSession();
  const { setViewport, getViewport, zoomIn, zoomOut } = useReactFlow();
  const direction = usePart((snap) => snap.direction);
  const width = useStore((store) => store.width);
  const height = useStore((store) => store.height);
  const shown = (change: Promise<boolean>): void => {
    onView();
    void change.then(() => session.keepView(getViewport()));
  };
  const fit = (places: Places, smallest: number): void => shown(setViewport(fitView(places, width, height, smallest), glide()));
  const arrange = (direction: Direction): void => {
    const before = session.snapshot().places;
    const places = autoLayout(session.snapshot().sync.document, direction);
    const edit = moveBricks(session.drawing(), Object.fromEntries(places), "Auto-layout");
    chooseDirection(direction);
    if (edit) session.send(edit);
    if (edit) onArranged(before);
    fit(places, 0.3);
  };
  useAnswer("arrange", () => arrange(session.snapshot().direction));
  useAnswer("fit", () => fit(session.snapshot().places, LEAST_ZOOM));
  useAnswer("zoomIn", () => shown(zoomIn(glide())));
  useAnswer("zoomOut", () => shown(zoomOut(glide())));
  return (
    <div className="toolbar" role="toolbar" aria-label="Canvas tools" onKeyDown={onToolKey}>
      <HistoryTools />
      <HistoryMenu />
      <span className="rule" />
      <Tool icon="lasso" name="Select several" hint="Drag a frame round bricks to select them (or hold Shift while dragging)" pressed={lasso} onClick={() => onLasso(!lasso)} />
      <Popover icon="layout" name="Auto-layout" hint={`Arrange the bricks${keysOf("arrange", MAC)}`}>
        {(close) => WAYS.map(([way, name]) => (
          <button key={way} type="button" className="entry" aria-pressed={direction === way} onClick={() => { close(); arrange(way); }}>
            <Icon name={way === "right" ? "flowRight" : "layout"} />
            {name}
          </button>
        ))}
      </Popover>
      <Tool icon="fit" name="Fit" hint="Show the whole network" onClick={() => fit(session.snapshot().places, LEAST_ZOOM)} />
      <Tool icon="minus" name="Zoom out" onClick={() => shown(zoomOut(glide()))} />
      <Tool icon="plus" name="Zoom in" onClick={() => shown(zoomIn(glide()))} />
      <Tool icon="map" name="Overview map" pressed={minimap} onClick={() => onMinimap(!minimap)} />
      <PreviewTools />
      <Tool icon="keyboard" name="Keyboard shortcuts" hint={`Keyboard shortcuts${keysOf("help", MAC)}`} onClick={() => session.desk.open({ type: "help" })} />
    </div>
  );
}
