import assert from "node:assert/strict";
import { test } from "node:test";
import { type Change, Holder, patched, type Told } from "./delta.ts";
import { brick, CHAIN, pushed } from "./fixture.test.ts";

const FULL = pushed(CHAIN);
const first: Told = { stamp: "s1", full: FULL };
const later: Change = { in: { revision: { is: 2 }, document: { in: { nodes: { of: [[0, 1], { new: [brick("z")] }, [2, 2]] } } } } };

test("a change puts in what is new, takes out what is gone and leaves the rest as the same objects", () => {
  const before = { a: 1, b: { c: [1, 2, 3] }, d: { e: 5 } };
  const after = patched(before, { in: { a: { is: 2 }, f: { is: null }, b: { in: { c: { of: [[1, 2], { new: [9] }] } } } }, out: [] }) as typeof before;
  assert.deepEqual(after, { a: 2, b: { c: [2, 3, 9] }, d: { e: 5 }, f: null });
  assert.equal(after.d, before.d);
  assert.deepEqual(patched({ a: 1, b: 2 }, { in: {}, out: ["a"] }), { b: 2 });
});

test("no change is the same object", () => {
  assert.equal(patched(FULL, null), FULL);
});

test("a change that was taken from something else is refused", () => {
  assert.throws(() => patched([1], { of: [[0, 2]] }), RangeError);
  assert.throws(() => patched({}, { of: [] }), TypeError);
  assert.throws(() => patched([], { in: {} }), TypeError);
});

test("the whole comes first, then what changed; bricks that did not change stay the objects that are drawn", () => {
  const holder = new Holder();
  holder.take(first);
  const now = holder.take({ stamp: "s2", base: "s1", change: later });
  assert.deepEqual(now?.document.nodes.map((node) => node.id), ["start", "z", "b", "end"]);
  assert.equal(now?.document.nodes[0], CHAIN.nodes[0]);
  assert.deepEqual([now?.revision, holder.newest], [2, "s2"]);
});

test("an answer may start from any of the values held, and come twice or out of order", () => {
  const holder = new Holder();
  holder.take(first);
  const second: Told = { stamp: "s2", base: "s1", change: later };
  const third: Told = { stamp: "s3", base: "s1", change: { in: { revision: { is: 3 } } } };
  for (const told of [third, second, third, second, first]) {
    assert.equal(holder.take(told)?.revision, { s1: FULL.revision, s2: 2, s3: 3 }[told.stamp]);
  }
});

test("what starts from a value that is not here, or does not fit it, is asked for again", () => {
  const holder = new Holder();
  assert.equal(holder.take({ stamp: "s2", base: "s1", change: later }), null);
  holder.take(first);
  assert.equal(holder.take({ stamp: "s4", base: "s1", change: { in: { document: { in: { nodes: { of: [[2, 9]] } } } } } }), null);
  assert.equal(holder.take({ stamp: "s5" }), null);
});

test("only the newest values are held", () => {
  const holder = new Holder();
  for (let i = 0; i < 13; i += 1) holder.take({ stamp: `s${i}`, full: FULL });
  const change: Change = { in: {} };
  assert.equal(holder.take({ stamp: "x", base: "s0", change }), null);
  assert.notEqual(holder.take({ stamp: "y", base: "s1", change }), null);
});

test("a name that means something in JavaScript is a name like any other", () => {
  const change = JSON.parse('{"in": {"__proto__": {"is": {"polluted": true}}}}') as Change;
  const after = patched({ a: 1 }, change) as Record<string, unknown>;
  assert.equal(after.polluted, undefined);
  assert.deepEqual(Object.keys(after), ["a", "__proto__"]);
});
