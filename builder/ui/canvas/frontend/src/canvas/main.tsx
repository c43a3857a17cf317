import { createRoot, type Root } from "react-dom/client";
import flowStyles from "@xyflow/react/dist/style.css?inline";
import type { CleanUp, ComponentArgs } from "../shared/streamlit.ts";
import { Holder, type Told } from "./delta.ts";
import previewStyles from "./preview.css?inline";
import { Session } from "./session.ts";
import styles from "./styles.css?inline";
import type { CanvasData, Outbox } from "./types.ts";
import { Workspace } from "./Workspace.tsx";

interface Mount {
  readonly session: Session;
  readonly root: Root;
  readonly parts: readonly Element[];
}

const mounts = new WeakMap<Node, Mount>();
const holder = new Holder();

/** Streamlit fades an element while a slow script runs; a canvas that is being edited must not fade. */
function neverFade(place: Node): void {
  const host = place instanceof ShadowRoot ? place.host : (place as Element);
  const container = host.closest<HTMLElement>("[data-testid=stElementContainer]");
  container?.style.setProperty("opacity", "1", "important");
}

/** Streamlit's one-letter shortcuts (rerun, clear cache) must not fire while somebody types or edits here. */
function keepKeys(place: HTMLElement): void {
  place.addEventListener("keydown", (event) => {
    if (!["Shift", "Control", "Meta", "Alt", " "].includes(event.key)) event.stopPropagation();
  });
}

function mount(args: ComponentArgs<CanvasData>): Mount {
  const style = document.createElement("style");
  style.textContent = flowStyles + styles + previewStyles;
  const outer = document.createElement("div");
  const inner = document.createElement("div");
  inner.className = "mount";
  outer.append(inner);
  args.parentElement.append(style, outer);
  keepKeys(outer);
  neverFade(args.parentElement);
  const session = new Session(args, inner);
  const root = createRoot(inner);
  root.render(<Workspace session={session} />);
  return { session, root, parts: [style, outer] };
}

/** Nothing is drawn yet and what came cannot be read: ask for everything. */
function askFirst(told: ComponentArgs<Told>): void {
  const everything: Outbox = { client: "", load_id: "", edits: [], attempt: Date.now(), has: null };
  told.setStateValue("outbox", everything);
}

function show(told: ComponentArgs<Told>): void {
  const place = told.parentElement;
  const known = mounts.get(place);
  const data = holder.take(told.data);
  if (!data) return known ? known.session.askAll() : askFirst(told);
  const args: ComponentArgs<CanvasData> = { ...told, data };
  if (known) known.session.push(args);
  else mounts.set(place, mount(args));
}

export default function canvas(told: ComponentArgs<Told>): CleanUp {
  const place = told.parentElement;
  show(told);
  return () => {
    const mounted = mounts.get(place);
    mounts.delete(place);
    mounted?.session.end();
    mounted?.root.unmount();
    for (const part of mounted?.parts ?? []) part.remove();
  };
}
