import assert from "node:assert/strict";
import { test } from "node:test";
import { AGAIN_MS, barPath, type Bars, caption, describe, figure, FIRST_MS, OFF, PreviewFeed, type PreviewFile, type PreviewOffer, SLOWEST_MS } from "./preview.ts";

const bars = (values: readonly number[], says = ""): Bars => {
  return { kind: "bars", values, of: values.length, shape: [values.length], min: 0, mean: 0.5, max: 1, zeros: 0, dead: false, broken: false, says };
};
const offer = (ticket: string, url = "/a.json"): PreviewOffer => ({ on: true, run: null, sample: 0, url, ticket });

/** A feed in a world where time passes when told to. */
function world() {
  const asked: { url: string; answer(file: PreviewFile | null): void }[] = [];
  const timers: { act: () => void; wait: number }[] = [];
  const state = { hidden: false };
  const feed = new PreviewFeed({
    read: (url) => new Promise((answer) => asked.push({ url, answer })),
    later: (act, wait) => {
      const timer = { act, wait };
      timers.push(timer);
      return () => void (timers.includes(timer) && timers.splice(timers.indexOf(timer), 1));
    },
    hidden: () => state.hidden,
  });
  const tick = (): number => {
    const timer = timers.shift();
    assert.ok(timer, "nothing is waited for");
    timer.act();
    return timer.wait;
  };
  const answer = async (file: PreviewFile | null): Promise<void> => {
    asked.shift()?.answer(file);
    await new Promise((done) => setImmediate(done));
  };
  return { feed, asked, timers, state, tick, answer };
}

test("it looks after the server's pause, ever more rarely, until the file bears the ticket", async () => {
  const { feed, timers, tick, answer } = world();
  feed.want(offer("1"));
  assert.equal(feed.snapshot().fresh, false);
  assert.equal(tick(), FIRST_MS);
  await answer({ ticket: "" });
  assert.equal(tick(), AGAIN_MS);
  await answer(null);
  assert.ok(tick() > AGAIN_MS);
  await answer({ ticket: "1", bricks: { a: bars([1]) } });
  assert.equal(feed.snapshot().fresh, true);
  assert.equal(timers.length, 0);
});

test("the same offer again asks for nothing, and switching off stops and forgets", async () => {
  const { feed, asked, timers, tick, answer } = world();
  feed.want(offer("1"));
  feed.want(offer("1"));
  assert.equal(timers.length, 1);
  tick();
  await answer({ ticket: "1", bricks: { a: bars([1]) } });
  feed.want(OFF);
  assert.equal(feed.snapshot().file, null);
  assert.equal(timers.length + asked.length, 0);
});

test("what is shown stays, as stale, until the next is there, and equal bricks stay the same objects", async () => {
  const { feed, tick, answer } = world();
  feed.want(offer("1"));
  tick();
  await answer({ ticket: "1", bricks: { a: bars([1]), b: bars([2]) } });
  const before = feed.snapshot().file?.bricks;
  feed.want(offer("2"));
  assert.equal(feed.snapshot().file?.bricks, before);
  assert.equal(feed.snapshot().fresh, false);
  tick();
  await answer({ ticket: "2", bricks: { a: bars([1]), b: bars([3]) } });
  assert.equal(feed.snapshot().file?.bricks?.a, before?.a);
  assert.notEqual(feed.snapshot().file?.bricks?.b, before?.b);
});

test("another drawing begins empty, and an answer to the one before comes too late", async () => {
  const { feed, asked, tick, answer } = world();
  feed.want(offer("1"));
  tick();
  feed.want(offer("1", "/b.json"));
  await answer({ ticket: "1", bricks: { a: bars([1]) } });
  assert.equal(feed.snapshot().file, null);
  tick();
  assert.equal(asked.at(-1)?.url, "/b.json");
});

test("a hidden page asks for nothing and goes on when it is seen", async () => {
  const { feed, asked, state, tick } = world();
  state.hidden = true;
  feed.want(offer("1"));
  tick();
  assert.equal(asked.length, 0);
  state.hidden = false;
  assert.equal(tick(), SLOWEST_MS);
  assert.equal(asked.length, 1);
});

test("what never comes is given up in words", async () => {
  const { feed, timers, tick, answer } = world();
  feed.want(offer("1"));
  for (let i = 0; timers.length > 0 && i < 1000; i += 1) {
    tick();
    await answer(null);
  }
  assert.match(feed.snapshot().file?.says ?? "", /does not come/);
});

test("bars rise from zero, or hang from it, inside their box", () => {
  assert.equal(barPath([1, -1]), "M0 50h42.5v-50h-42.5zM50 50h42.5v50h-42.5z");
  assert.equal(barPath([]), "");
  assert.equal(barPath([0, 1], [4, 1]), "M0 100h42.5v0h-42.5zM50 100h42.5v-25h-42.5z");
  assert.ok(!barPath([0, null]).includes("NaN"));
});

test("numbers are short, and words say what a picture cannot", () => {
  assert.deepEqual([0, 1.23456, -12345.6, 1e-9, null].map(figure), ["0", "1.23", "-12300", "1.0e-9", "?"]);
  assert.equal(describe(bars([0, 1])), "Values from 0 to 1, mean 0.5.");
  assert.match(describe(bars([0], "All 3 values are 0.")), /^All 3 values are 0\. Values/);
  assert.equal(caption(bars([0, 1])), "2 values.");
  assert.equal(caption({ ...bars([0, 1]), of: 5 }), "5 values: the furthest from 0 of every 3.");
});
