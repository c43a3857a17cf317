import assert from "node:assert/strict";
import { test } from "node:test";
import { applyEdit, freeId, refusal, touched, wireId } from "./document.ts";
import { brick, CATALOGUE, CHAIN, SKIP, wire } from "./fixture.test.ts";
import type { Edit, NetworkDocument } from "./types.ts";

const after = (document: NetworkDocument, edit: Edit): NetworkDocument => applyEdit(document, edit, CATALOGUE);
const wires = (document: NetworkDocument): string[] => document.edges.map(wireId).sort();
const ids = (document: NetworkDocument): string[] => document.nodes.map((node) => node.id);

test("a batch that starts with what only Python can make waits for Python as a whole", () => {
  const edit: Edit = { op: "batch", edits: [{ op: "make_block", ids: ["a"], node: "x" }, { op: "move", at: { end: [0, 0] } }] };
  assert.equal(applyEdit(CHAIN, edit, CATALOGUE), CHAIN);
});

test("a brick inserted on a wire takes the wire's place on both sides", () => {
  const edited = after(SKIP, { op: "insert", node: brick("c"), edge: wire("start", "join", 1) });
  assert.deepEqual(wires(edited), ["a->join:0", "c->join:1", "join->end:0", "start->a:0", "start->c:0"]);
});

test("removing and rejoining leads the first input on", () => {
  assert.deepEqual(wires(after(CHAIN, { op: "remove", ids: ["a", "b"], rejoin: true })), ["start->end:0"]);
  assert.deepEqual(wires(after(SKIP, { op: "remove", ids: ["join"], rejoin: true })), ["a->end:0", "start->a:0"]);
});

test("removing without rejoining cuts the wires", () => {
  const edited = after(CHAIN, { op: "remove", ids: ["a"] });
  assert.deepEqual([ids(edited), wires(edited)], [["start", "b", "end"], ["b->end:0"]]);
});

test("a brick that takes any number of inputs keeps them numbered without gaps", () => {
  const edited = after(SKIP, { op: "disconnect", source: "a", target: "join" });
  assert.deepEqual(wires(edited), ["join->end:0", "start->a:0", "start->join:0"]);
});

test("a wire into an occupied input replaces the one that was there", () => {
  assert.deepEqual(wires(after(CHAIN, { op: "connect", source: "start", target: "b", port: 0 })), ["b->end:0", "start->a:0", "start->b:0"]);
});

test("a wire beyond the last input of a brick that takes any number is appended", () => {
  const grown = after({ ...SKIP, nodes: [...SKIP.nodes, brick("c")] }, { op: "connect", source: "c", target: "join", port: 7 });
  assert.ok(wires(grown).includes("c->join:2"));
});

test("setting a parameter to null takes it back to its default", () => {
  const set = after(CHAIN, { op: "set", id: "a", params: { size: 5 } });
  assert.deepEqual(set.nodes[1]?.params, { size: 5 });
  assert.deepEqual(after(set, { op: "set", id: "a", params: { size: null } }).nodes[1]?.params, {});
});

test("renaming follows the wires, and is nothing when the name is taken", () => {
  assert.deepEqual(wires(after(CHAIN, { op: "rename", id: "a", to: "z" })), ["b->end:0", "start->z:0", "z->b:0"]);
  assert.equal(after(CHAIN, { op: "rename", id: "a", to: "b" }), CHAIN);
});

test("bricks and wires added in a row are those added one by one", () => {
  const edits: Edit[] = [
    { op: "add", node: brick("c") },
    { op: "add", node: brick("a") },
    { op: "connect", source: "c", target: "join", port: 9 },
    { op: "connect", source: "c", target: "a", port: 0 },
    { op: "connect", source: "nobody", target: "a", port: 0 },
    { op: "connect", source: "c", target: "join", port: 1 },
    { op: "set", id: "c", params: { size: 5 } },
    { op: "connect", source: "start", target: "join", port: 2 },
  ];
  assert.deepEqual(after(SKIP, { op: "batch", edits }), edits.reduce(after, SKIP));
});

test("a batch applies in order and an edit only Python knows changes nothing", () => {
  const edits: Edit[] = [{ op: "add", node: brick("c") }, { op: "connect", source: "a", target: "c" }, { op: "move", at: { c: [8, 8] } }];
  const edited = after(CHAIN, { op: "batch", label: "Three", edits });
  assert.deepEqual(edited.nodes.at(-1), { ...brick("c"), at: [8, 8] });
  assert.ok(wires(edited).includes("a->c:0"));
  assert.equal(after(CHAIN, { op: "undo" }), CHAIN);
  assert.equal(after(CHAIN, { op: "settings" } as unknown as Edit), CHAIN);
});

test("no edit changes the document it is applied to", () => {
  const before = JSON.stringify(SKIP);
  after(SKIP, { op: "remove", ids: ["a"], rejoin: true });
  after(SKIP, { op: "set", id: "a", params: { size: 2 } });
  assert.equal(JSON.stringify(SKIP), before);
});

test("a wire is refused to itself, into a start, out of an end and in a circle, each with its reason", () => {
  const why = (source: string, target: string): string | null => refusal(CHAIN, source, target, CATALOGUE);
  assert.match(why("a", "a") ?? "", /itself/);
  assert.match(why("a", "start") ?? "", /nothing goes into/);
  assert.match(why("end", "a") ?? "", /nothing comes out/);
  assert.match(why("b", "a") ?? "", /loop: a already leads to b/);
  assert.equal(why("start", "b"), null);
});

test("new names take the smallest free number, and an end goes without while it can", () => {
  const { Step, End } = CATALOGUE.layers;
  assert.ok(Step && End);
  assert.equal(freeId({ nodes: [brick("step1"), brick("step3")], edges: [] }, Step), "step2");
  assert.equal(freeId({ nodes: [], edges: [] }, End), "end");
  assert.equal(freeId(CHAIN, End), "end1");
});

test("the bricks an edit touches are those whose labels it may change", () => {
  assert.deepEqual(touched({ op: "insert", node: brick("c"), edge: wire("a", "b") }), ["c", "b"]);
  assert.deepEqual(touched({ op: "move", at: { a: [0, 0] } }), []);
});
