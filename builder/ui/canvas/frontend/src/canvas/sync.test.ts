import assert from "node:assert/strict";
import { test } from "node:test";
import { applyEdit } from "./document.ts";
import { CATALOGUE, CHAIN, pushed } from "./fixture.test.ts";
import { doubtful, open, outbox, partIn, receive, send, waiting } from "./sync.ts";
import type { Edit } from "./types.ts";

const FIVE: Edit = { op: "set", id: "a", params: { size: 5 } };
const SEVEN: Edit = { op: "set", id: "b", params: { size: 7 } };
const five = applyEdit(CHAIN, FIVE, CATALOGUE);
const both = applyEdit(five, SEVEN, CATALOGUE);

test("an edit shows at once and waits in the outbox with its number and revision", () => {
  const sync = send(open(pushed(CHAIN), "me"), FIVE, CATALOGUE);
  assert.deepEqual(sync.document, five);
  assert.deepEqual(outbox(sync), { client: "me", load_id: "one", edits: [{ seq: 1, revision: 1, edit: FIVE }] });
});

test("the outbox holds every edit that has not been answered", () => {
  const sync = send(send(open(pushed(CHAIN), "me"), FIVE, CATALOGUE), SEVEN, CATALOGUE);
  const answered = receive(sync, pushed(five, { client: "me", seq: 1 }, 2), CATALOGUE);
  assert.deepEqual(answered.pending.map((sent) => sent.seq), [2]);
  assert.deepEqual(answered.document, both);
});

test("an answer to an older edit never takes back a newer one", () => {
  const sync = send(send(open(pushed(CHAIN), "me"), FIVE, CATALOGUE), SEVEN, CATALOGUE);
  assert.deepEqual(receive(sync, pushed(CHAIN), CATALOGUE).document, both);
});

test("once everything is answered Python's document counts, whatever was guessed here", () => {
  const sync = send(open(pushed(CHAIN), "me"), FIVE, CATALOGUE);
  const answered = receive(sync, pushed(CHAIN, { client: "me", seq: 1 }, 1), CATALOGUE);
  assert.deepEqual([answered.document, answered.pending], [CHAIN, []]);
});

test("an edit of somebody else is taken over when nothing waits here", () => {
  const sync = receive(open(pushed(CHAIN), "me"), pushed(five, { client: "other", seq: 40 }, 9), CATALOGUE);
  assert.deepEqual([sync.document, sync.revision], [five, 9]);
});

test("somebody else's acknowledgement acknowledges nothing of mine", () => {
  const sync = send(open(pushed(CHAIN), "me"), FIVE, CATALOGUE);
  assert.equal(receive(sync, pushed(CHAIN, { client: "other", seq: 40 }, 2), CATALOGUE).pending.length, 1);
});

test("an equal document from Python keeps the objects that are drawn", () => {
  const sync = send(open(pushed(CHAIN), "me"), FIVE, CATALOGUE);
  const answered = receive(sync, pushed(structuredClone(five), { client: "me", seq: 1 }, 2), CATALOGUE);
  assert.equal(answered.document, sync.document);
});

test("labels are doubtful from the touched brick down until the answer comes", () => {
  const sync = send(open(pushed(CHAIN), "me"), FIVE, CATALOGUE);
  assert.deepEqual([...doubtful(sync)].sort(), ["a", "b", "end"]);
  assert.equal(doubtful(receive(sync, pushed(five, { client: "me", seq: 1 }, 2), CATALOGUE)).size, 0);
});

test("an edit of a block is not made in the network around it, and waits while the drawing changes", () => {
  const inside: Edit = { ...FIVE, in: "Wide" };
  const sync = send(open(pushed(CHAIN), "me"), inside, CATALOGUE);
  assert.deepEqual([sync.document, sync.pending.length, doubtful(sync).size], [CHAIN, 1, 0]);
  const entered = receive(sync, { ...pushed(CHAIN), scope: "Wide" }, CATALOGUE);
  assert.deepEqual([entered.document, entered.scope, entered.seq], [five, "Wide", 1]);
  assert.deepEqual(receive(entered, pushed(CHAIN), CATALOGUE).document, CHAIN);
});

test("parts of a batch are made where the batch is unless they say otherwise", () => {
  const batch: Edit = { op: "batch", in: "Wide", edits: [FIVE, { ...SEVEN, in: "Deep" }] };
  assert.deepEqual(partIn(batch, "Wide"), { ...batch, edits: [FIVE] });
  assert.deepEqual(partIn(batch, "Deep"), { ...batch, edits: [{ ...SEVEN, in: "Deep" }] });
  assert.equal(partIn(batch, null), null);
  const plain: Edit = { op: "batch", edits: [FIVE, SEVEN] };
  assert.equal(partIn(plain, null), plain);
});

test("an edit that waits for a choice is asked about once, here and not in another tab", () => {
  const conflict = { seq: 1, says: "x", theirs: "Keep theirs", yours: "Use yours", edit: FIVE };
  const data = { ...pushed(CHAIN, { client: "me", seq: 1 }, 2), conflicts: [conflict] };
  const sync = receive(send(open(pushed(CHAIN), "me"), FIVE, CATALOGUE), data, CATALOGUE);
  assert.deepEqual([sync.document, waiting(data, sync), waiting(data, { ...sync, client: "other" })], [CHAIN, conflict, null]);
  const settled = { ...sync, settled: 1 };
  assert.equal(waiting(data, settled), null);
  assert.equal(outbox(settled).settled, 1);
});
