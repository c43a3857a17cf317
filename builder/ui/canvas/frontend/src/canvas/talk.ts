import type { Holder, Told } from "./delta.ts";
import type { PreviewOffer } from "./preview.ts";
import type { CanvasData, Outbox, WantedPath } from "./types.ts";

/** Where the page lets the canvas talk to the server, and what it was drawn for. */
export interface Door {
  readonly url: string;
  readonly key: string;
  readonly load_id: string;
  readonly revision: number;
  /** What stands around the canvas shows this of the project. */
  readonly page: unknown;
  readonly height: number;
  readonly fill: boolean;
}

export type PreviewWish = Partial<PreviewOffer> & { readonly again?: boolean };

/** What a canvas says whenever it says something: the edits that have not been answered, and what it looks at. */
export type Said = Outbox & { readonly path: WantedPath };

interface Message extends Said {
  readonly tab: string;
  /** The stamp of what this browser holds; null when it wants everything. */
  readonly has: string | null;
  readonly preview?: PreviewWish;
}

export interface Speaker {
  say(): Said;
  hear(data: CanvasData): void;
  /** Did the last message arrive? */
  reached(is: boolean): void;
  /** The server does not know this page: it was started anew. */
  strange(): void;
}

/** The way out of the page. */
export interface Ways {
  /** The answer, or the status of one that is none; throws when nobody answers. `leaving`: the page goes, and nobody will hear. */
  post(door: Door, body: string, leaving: boolean): Promise<Told | number>;
  later(act: () => void, wait: number): () => void;
}

export const RETRY_MS = 1000;
export const RETRY_MOST_MS = 10_000;
const STRANGER = 403;
const TOO_LONG = 413;
const PATIENCE_MS = 30_000;
// What a browser sends for a page that goes: https://fetch.spec.whatwg.org/#http-network-or-cache-fetch
const LAST_WORDS = 60_000;

export async function postTo(door: Door, body: string, leaving: boolean): Promise<Told | number> {
  const headers = { "content-type": "application/json", "x-brickwork-key": door.key };
  const ending = leaving ? { keepalive: true } : { signal: AbortSignal.timeout(PATIENCE_MS) };
  const answer = await fetch(new URL(door.url, location.origin), { method: "POST", headers, body, ...ending });
  return answer.ok ? ((await answer.json()) as Told) : answer.status;
}

/** One message at a time: what happens while one is answered goes with the next, so that answers come in the order of the edits. */
export class Talk {
  private door: Door;
  private readonly holder: Holder;
  private readonly ways: Ways;
  private readonly speaker: Speaker;
  private waiting = false;
  private again = false;
  private ended = false;
  /** What came could not be read: everything is wanted. */
  private lost = false;
  /** All edits in one message were too many: they go one by one. */
  private few = false;
  private strange = 0;
  private wait = RETRY_MS;
  private wish: PreviewWish | undefined;
  private cancel: () => void = () => undefined;

  constructor(door: Door, holder: Holder, ways: Ways, speaker: Speaker) {
    this.door = door;
    this.holder = holder;
    this.ways = ways;
    this.speaker = speaker;
  }

  /** The page was drawn again, perhaps by another server, or for another project. */
  through(door: Door): void {
    const same = door.key === this.door.key && door.load_id === this.door.load_id && door.revision === this.door.revision;
    this.door = door;
    if (!same) this.poke();
  }

  /** Say what there is to say, now or with the next message. */
  poke(): void {
    if (this.waiting) this.again = true;
    else void this.exchange();
  }

  /** Choose something about the live preview with the next message. */
  prefer(wish: PreviewWish): void {
    this.wish = { ...this.wish, ...wish };
    this.poke();
  }

  /** The page goes: say what has not been answered once more, without waiting. */
  leave(): void {
    const body = JSON.stringify(this.message());
    if (this.speaker.say().edits.length > 0 && body.length < LAST_WORDS) this.ways.post(this.door, body, true).catch(() => undefined);
  }

  end(): void {
    this.ended = true;
    this.cancel();
  }

  private message(): Message {
    const has = this.lost ? null : this.holder.newest;
    const said = this.speaker.say();
    return { ...said, edits: this.few ? said.edits.slice(0, 1) : said.edits, tab: this.holder.tab, has, ...(this.wish ? { preview: this.wish } : {}) };
  }

  private async exchange(): Promise<void> {
    this.cancel();
    this.waiting = true;
    this.again = false;
    const wish = this.wish;
    const answer = await this.ways.post(this.door, JSON.stringify(this.message()), false).catch(() => null);
    this.waiting = false;
    if (this.ended) return;
    if (answer === null || typeof answer === "number") return this.unanswered(answer);
    if (this.wish === wish) this.wish = undefined;
    this.heard(answer);
    if (this.again) this.poke();
  }

  private heard(told: Told): void {
    this.wait = RETRY_MS;
    this.strange = 0;
    this.speaker.reached(true);
    const data = this.holder.take(told);
    this.again ||= data === null;
    this.lost = data === null;
    if (data) this.speaker.hear(data);
    this.few &&= this.speaker.say().edits.length > 0;
    this.again ||= this.few;
  }

  /** Edits are kept and sent again, ever more rarely; a server that was started anew may still draw the page with its own key. */
  private unanswered(status: number | null): void {
    if (status === TOO_LONG && !this.few) {
      this.few = true;
      return this.poke();
    }
    this.speaker.reached(false);
    this.strange = status === STRANGER ? this.strange + 1 : 0;
    if (this.strange > 1) this.speaker.strange();
    this.cancel = this.ways.later(() => this.poke(), this.wait);
    this.wait = Math.min(2 * this.wait, RETRY_MOST_MS);
  }
}
