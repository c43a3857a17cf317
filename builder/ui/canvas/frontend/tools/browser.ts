/** Browser tabs without a screen: the code that talks to the server, holds what it said and the edits on top of it, driven by JSON lines.
 *  The first line is {catalogue}; each other one names a tab and what happens there, and is answered by what that tab then holds and says. */
import { createInterface } from "node:readline";
import { type Catalogue, withBlocks } from "../src/canvas/catalogue.ts";
import { Holder, type Told } from "../src/canvas/delta.ts";
import { doubtful, open, outbox, receive, send, type Sync } from "../src/canvas/sync.ts";
import { type Door, type Said, Talk } from "../src/canvas/talk.ts";
import type { CanvasData, Edit, WantedPath } from "../src/canvas/types.ts";

interface Command {
  readonly tab: string;
  /** The page is drawn: in a tab that was loaded anew (`load`), or after another page; the edits on their way are kept. */
  readonly draw?: { readonly door: Door; readonly load: boolean };
  /** The page around the canvas is drawn again. */
  readonly through?: Door;
  readonly edit?: Edit;
  readonly path?: WantedPath;
  /** What becomes of the message that is under way: its answer, or null for none. */
  readonly answer?: Told | number | null;
  /** The time has come to try again. */
  readonly retry?: boolean;
  readonly poke?: boolean;
}

let plain: Catalogue | null = null;

class Tab {
  private holder: Holder;
  private talk: Talk | null = null;
  private data: CanvasData | null = null;
  private sync: Sync | null = null;
  private place: WantedPath = { load_id: "", path: [], peek: null };
  private sending: string | null = null;
  private settle: (answer: Told | number | null) => void = () => undefined;
  private act: (() => void) | null = null;
  private readonly name: string;

  constructor(name: string) {
    this.name = name;
    this.holder = new Holder(name);
  }

  do(command: Command): void {
    if (command.draw) this.draw(command.draw.door, command.draw.load);
    if (command.through) this.talk?.through(command.through);
    if (command.path) this.place = command.path;
    if (command.edit && this.sync && this.data) this.sync = send(this.sync, command.edit, this.catalogueOf(this.data));
    if (command.edit || command.path || command.poke) this.talk?.poke();
    if (command.answer !== undefined) this.settle(command.answer);
    if (command.retry) this.act?.();
  }

  state(): unknown {
    const { data, sync, sending, act } = this;
    return { data, sync, sending: sending && (JSON.parse(sending) as unknown), resting: act !== null, doubtful: sync ? [...doubtful(sync)] : [] };
  }

  private draw(door: Door, load: boolean): void {
    this.talk?.end();
    if (load) {
      this.holder = new Holder(`${this.name}, loaded anew`);
      this.sync = this.sync && (JSON.parse(JSON.stringify(this.sync)) as Sync);
    }
    this.data = null;
    this.sending = this.act = null;
    const post = (_: Door, body: string): Promise<Told | number> =>
      new Promise((done, fail) => {
        this.sending = body;
        this.settle = (answer) => {
          this.sending = null;
          if (answer === null) fail(new TypeError("nobody answers"));
          else done(answer);
        };
      });
    const later = (act: () => void): (() => void) => {
      this.act = act;
      return () => (this.act = null);
    };
    const nothing = (): void => undefined;
    this.talk = new Talk(door, this.holder, { post, later }, { say: () => this.say(door), hear: (data) => this.hear(data), reached: nothing, strange: nothing });
    this.talk.poke();
  }

  private say(door: Door): Said {
    // Until the drawing has come nothing is said of the edits that were made on it.
    if (!this.sync || !this.data) return { client: "", load_id: door.load_id, edits: [], path: this.place };
    return { ...outbox(this.sync), path: this.place };
  }

  private hear(data: CanvasData): void {
    const known = this.sync?.loadId === data.load_id ? this.sync : null;
    this.data = data;
    this.sync = known ? receive(known, data, this.catalogueOf(data)) : open(data, this.name);
    if (this.sync.pending.length > 0) this.talk?.poke();
  }

  private catalogueOf(data: CanvasData): Catalogue {
    if (!plain) throw new Error("the catalogue comes first");
    return withBlocks(plain, data.blocks ?? {}, data.scope ?? null);
  }
}

const tabs = new Map<string, Tab>();

async function act(line: string): Promise<unknown> {
  const command = JSON.parse(line) as Command & { readonly catalogue?: Catalogue };
  if (command.catalogue) {
    plain = command.catalogue;
    tabs.clear();
    return null;
  }
  const tab = tabs.get(command.tab) ?? new Tab(command.tab);
  tabs.set(command.tab, tab);
  tab.do(command);
  await new Promise((done) => setImmediate(done));
  return tab.state();
}

for await (const line of createInterface({ input: process.stdin })) process.stdout.write(`${JSON.stringify(await act(line))}\n`);
