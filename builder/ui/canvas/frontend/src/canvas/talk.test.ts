import assert from "node:assert/strict";
import { test } from "node:test";
import { Holder, type Told } from "./delta.ts";
import { CHAIN, pushed } from "./fixture.test.ts";
import { type Door, RETRY_MOST_MS, RETRY_MS, type Said, Talk } from "./talk.ts";
import type { CanvasData, Edit } from "./types.ts";

const DOOR: Door = { url: "/api/canvas", key: "k", load_id: "one", revision: 1, page: null, height: 640, fill: true };
const EDIT: Edit = { op: "set", id: "a", params: { size: 5 } };
const full = (stamp: string): Told => ({ stamp, full: pushed(CHAIN) });

interface Sent {
  readonly body: Record<string, unknown>;
  readonly leaving: boolean;
  readonly key: string;
  answer(told: Told | number): Promise<void>;
  fail(): Promise<void>;
}

/** What happens after all promises that are settled. */
const settled = (): Promise<void> => new Promise((done) => setImmediate(done));

/** A server that answers when it is told to, and a clock that strikes when it is told to. */
function server() {
  const sent: Sent[] = [];
  const waits: number[] = [];
  const heard: CanvasData[] = [];
  const reached: boolean[] = [];
  const state = { edits: [] as Said["edits"], strange: 0, act: (): void => undefined };
  const ways = {
    post: (door: Door, body: string, leaving: boolean): Promise<Told | number> =>
      new Promise((done, fail) => {
        const then = async (act: () => void): Promise<void> => (act(), settled());
        sent.push({ body: JSON.parse(body), leaving, key: door.key, answer: (told) => then(() => done(told)), fail: () => then(() => fail(new TypeError("gone"))) });
      }),
    later: (act: () => void, wait: number): (() => void) => {
      waits.push(wait);
      state.act = act;
      return () => (state.act = () => undefined);
    },
  };
  const speaker = {
    say: (): Said => ({ client: "me", load_id: "one", edits: state.edits, path: { load_id: "one", path: [], peek: null } }),
    hear: (data: CanvasData): void => void heard.push(data),
    reached: (is: boolean): void => void reached.push(is),
    strange: (): void => void (state.strange += 1),
  };
  return { talk: new Talk(DOOR, new Holder("t1"), ways, speaker), sent, waits, heard, reached, state };
}

test("one message is under way at a time; what happened meanwhile goes with the next", async () => {
  const { talk, sent, state, heard } = server();
  talk.poke();
  state.edits = [{ seq: 1, revision: 1, edit: EDIT }];
  talk.poke();
  talk.poke();
  assert.equal(sent.length, 1);
  await sent[0]?.answer(full("s1"));
  assert.deepEqual(sent.map(({ body }) => [body.has, (body.edits as unknown[]).length, body.tab]), [[null, 0, "t1"], ["s1", 1, "t1"]]);
  await sent[1]?.answer({ stamp: "s2", base: "s1", change: null });
  assert.deepEqual([sent.length, heard.length], [2, 2]);
});

test("an answer that starts from something that is not here has everything asked for", async () => {
  const { talk, sent, heard } = server();
  talk.poke();
  await sent[0]?.answer(full("s1"));
  talk.poke();
  await sent[1]?.answer({ stamp: "s3", base: "s2", change: null });
  assert.deepEqual([sent.length, sent[2]?.body.has, heard.length], [3, null, 1]);
  await sent[2]?.answer(full("s4"));
  assert.deepEqual([sent.length, heard.length], [3, 2]);
});

test("without an answer the edits are sent again, ever more rarely, and what they became is heard", async () => {
  const { talk, sent, waits, reached, heard, state } = server();
  state.edits = [{ seq: 1, revision: 1, edit: EDIT }];
  talk.poke();
  for (let i = 0; i < 6; i += 1) {
    await (i === 2 ? sent[i]?.answer(500) : sent[i]?.fail());
    state.act();
  }
  assert.deepEqual([waits[0], waits[1], waits.at(-1)], [RETRY_MS, 2 * RETRY_MS, RETRY_MOST_MS]);
  await sent[6]?.answer(full("s1"));
  assert.deepEqual([heard.length, reached.at(-2), reached.at(-1)], [1, false, true]);
});

test("edits that are too long for one message go one by one", async () => {
  const { talk, sent, state } = server();
  const all = [1, 2, 3].map((seq) => ({ seq, revision: 1, edit: EDIT }));
  state.edits = all;
  talk.poke();
  await sent[0]?.answer(413);
  for (const i of [1, 2, 3]) {
    state.edits = all.slice(i);
    await sent[i]?.answer(full(`s${i}`));
  }
  const seqs = sent.map(({ body }) => (body.edits as { seq: number }[]).map((edit) => edit.seq));
  assert.deepEqual(seqs, [[1, 2, 3], [1], [2], [3]]);
  state.edits = all;
  talk.poke();
  assert.equal((sent[4]?.body.edits as unknown[]).length, 3);
});

test("an edit does not wait for the next try", async () => {
  const { talk, sent } = server();
  talk.poke();
  await sent[0]?.fail();
  talk.poke();
  assert.equal(sent.length, 2);
});

test("a server that knows the page no more has a moment to draw it again before the page is loaded anew", async () => {
  const { talk, sent, state } = server();
  talk.poke();
  await sent[0]?.answer(403);
  assert.equal(state.strange, 0);
  talk.through({ ...DOOR, key: "k2" });
  assert.deepEqual([sent.length, sent[1]?.key], [2, "k2"]);
  await sent[1]?.answer(403);
  assert.equal(state.strange, 1);
});

test("the page drawn again for what is known already says nothing", () => {
  const { talk, sent } = server();
  talk.through({ ...DOOR, page: "another" });
  assert.equal(sent.length, 0);
  talk.through({ ...DOOR, revision: 2 });
  assert.equal(sent.length, 1);
});

test("a wish about the preview is sent until it has been heard, and once", async () => {
  const { talk, sent, state } = server();
  talk.prefer({ on: true });
  talk.prefer({ sample: 3 });
  await sent[0]?.fail();
  state.act();
  assert.deepEqual([sent[0]?.body.preview, sent[1]?.body.preview], [{ on: true }, { on: true, sample: 3 }]);
  await sent[1]?.answer(full("s1"));
  talk.poke();
  assert.equal(sent.at(-1)?.body.preview, undefined);
});

test("a page that goes says once more what has not been answered, and nothing else", async () => {
  const { talk, sent, state, heard } = server();
  talk.leave();
  assert.equal(sent.length, 0);
  state.edits = [{ seq: 1, revision: 1, edit: EDIT }];
  talk.leave();
  assert.deepEqual([sent.length, sent[0]?.leaving], [1, true]);
  talk.poke();
  talk.end();
  await sent[1]?.answer(full("s1"));
  assert.equal(heard.length, 0);
});
