import type { Spot } from "./quick.ts";
import type { Command } from "./shortcuts.ts";
import type { Point, Wire } from "./types.ts";

/** What lies over the canvas; one thing at a time. */
export type Overlay =
  | { readonly type: "none" }
  /** `at` in pixels of the pane; null: near what is selected. */
  | { readonly type: "search"; readonly spot: Spot; readonly text: string; readonly at: Point | null }
  | { readonly type: "wiring"; readonly from: string }
  | { readonly type: "find" }
  | { readonly type: "help" };

const NONE: Overlay = { type: "none" };

/** What only the drawn canvas can do, which keys ask for: told by the part that does it. */
type Act = () => void;

/** What the hands of a person work with beside the drawing: the overlay that is open, the parts that answer to keys, and the focus. */
export class Desk {
  private readonly listeners = new Set<() => void>();
  private readonly acts = new Map<Command, Act>();
  private state: Overlay = NONE;
  /** The brick (or wire) that takes the focus as soon as it is drawn. */
  private wanted: string | null = null;
  pane: HTMLElement | null = null;
  /** The wire whose end is being dragged elsewhere. */
  moved: Wire | null = null;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly overlay = (): Overlay => this.state;

  open(overlay: Overlay): void {
    this.state = overlay;
    if (overlay.type !== "none") this.wanted = null;
    for (const listener of this.listeners) listener();
  }

  /** Close what is open; the focus goes back to the canvas. */
  readonly close = (): void => {
    if (this.state.type === "none") return;
    this.open(NONE);
    this.focusCanvas();
  };

  focusCanvas(): void {
    this.wanted = null;
    this.pane?.focus({ preventScroll: true });
  }

  /** Answer to a command until the returned function is called. */
  answer(command: Command, act: Act): () => void {
    this.acts.set(command, act);
    return () => {
      if (this.acts.get(command) === act) this.acts.delete(command);
    };
  }

  act(command: Command): boolean {
    const act = this.acts.get(command);
    act?.();
    return act !== undefined;
  }

  /** Give the focus to a brick or wire, now or when it is drawn. */
  focus(id: string): void {
    this.wanted = id;
    this.focusWanted();
  }

  focusWanted(): void {
    if (this.wanted === null || !this.pane) return;
    const here = (this.pane.getRootNode() as ShadowRoot | Document).activeElement;
    // Somebody types elsewhere by now.
    if (here && !this.pane.contains(here)) return;
    const found = this.pane.querySelector<SVGElement | HTMLElement>(`[data-id="${CSS.escape(this.wanted)}"]:is(.react-flow__node, .react-flow__edge)`);
    if (!found) return;
    this.wanted = null;
    found.focus({ preventScroll: true });
  }
}
