import { createRoot, type Root } from "react-dom/client";
import flowStyles from "@xyflow/react/dist/style.css?inline";
import type { CleanUp, ComponentArgs } from "../shared/streamlit.ts";
import { Holder } from "./delta.ts";
import previewStyles from "./preview.css?inline";
import { lastSeen, later, Session } from "./session.ts";
import styles from "./styles.css?inline";
import { type Door, postTo, type Said, type Speaker, Talk, type Ways } from "./talk.ts";
import type { CanvasData } from "./types.ts";
import { Workspace } from "./Workspace.tsx";

const holder = new Holder(crypto.getRandomValues(new Uint32Array(3)).join("-"));
const ways: Ways = { post: postTo, later };

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

/** One canvas on the page: empty until the server has said what to draw. */
class Mount implements Speaker {
  private args: ComponentArgs<Door>;
  private readonly style = document.createElement("style");
  private readonly outer = document.createElement("div");
  private readonly inner = document.createElement("div");
  private readonly root: Root;
  private readonly talk: Talk;
  private session: Session | null = null;

  constructor(args: ComponentArgs<Door>) {
    this.args = args;
    this.style.textContent = flowStyles + styles + previewStyles;
    this.inner.className = "mount";
    this.outer.append(this.inner);
    args.parentElement.append(this.style, this.outer);
    keepKeys(this.outer);
    neverFade(args.parentElement);
    this.root = createRoot(this.inner);
    this.talk = new Talk(args.data, holder, ways, this);
    this.talk.poke();
  }

  draw(args: ComponentArgs<Door>): void {
    this.args = args;
    this.session?.frame(args);
    this.talk.through(args.data);
  }

  say(): Said {
    const { load_id } = this.args.data;
    return this.session?.say() ?? { client: "", load_id, edits: [], path: lastSeen(load_id) };
  }

  hear(data: CanvasData): void {
    if (this.session) return this.session.push(data);
    this.session = new Session(this.args, this.talk, data, this.inner);
    // Edits that were on their way when the page was left or loaded anew.
    if (this.session.say().edits.length > 0) this.talk.poke();
    this.root.render(<Workspace session={this.session} />);
  }

  reached(is: boolean): void {
    if (this.session) this.session.reached(is);
    else this.root.render(is ? null : <p role="status">The server does not answer. It is asked again until it does.</p>);
  }

  strange(): void {
    if (this.session) this.session.strange();
    else location.reload();
  }

  end(): void {
    this.session?.end();
    this.talk.end();
    this.root.unmount();
    this.style.remove();
    this.outer.remove();
  }
}

const mounts = new WeakMap<Node, Mount>();

export default function canvas(args: ComponentArgs<Door>): CleanUp {
  const place = args.parentElement;
  const known = mounts.get(place);
  if (known) known.draw(args);
  else mounts.set(place, new Mount(args));
  return () => {
    mounts.get(place)?.end();
    mounts.delete(place);
  };
}
