import assert from "node:assert/strict";
import { test } from "node:test";
import { blockEdit, blockNameProblem, blockRefusal, demotion, freeBlockName, freePromoted, instanceId, joinable, ownership, promotedAs, wayTo } from "./blocks.ts";
import type { Catalogue, Layer, Param } from "./catalogue.ts";
import { CATALOGUE, CHAIN, SKIP, brick, wire } from "./fixture.test.ts";
import type { NetworkDocument, Point } from "./types.ts";

const step = CATALOGUE.layers.Step as Layer;
const size = step.params[0] as Param;
const own: Layer = {
  ...step, kind: "Wide", block: "own", params: [size, { ...size, name: "rate", type: "float" }],
  promoted: { size: [["a", "size"], ["b", "size"]], rate: [["b", "rate"]] },
};
const ends = { Start: { ...step, kind: "Start", scope: "network" }, End: { ...step, kind: "End", scope: "network" } } as const;
const catalogue: Catalogue = { ...CATALOGUE, layers: { ...CATALOGUE.layers, ...ends, Wide: own } };

test("a block can be made of bricks that hang together, not of the ends of the drawing", () => {
  assert.equal(blockRefusal(CHAIN, ["a", "b"], catalogue), null);
  assert.equal(blockRefusal(SKIP, ["a", "join"], catalogue), null);
  assert.match(blockRefusal(CHAIN, ["a", "end"], catalogue) ?? "", /^end cannot go/);
  assert.match(blockRefusal(CHAIN, [], catalogue) ?? "", /Select/);
});

test("what lies between the selected bricks must go into the block too", () => {
  const long: NetworkDocument = { nodes: [...CHAIN.nodes, brick("c")], edges: [wire("a", "b"), wire("b", "c")] };
  assert.match(blockRefusal(long, ["a", "c"], catalogue) ?? "", /^b lies between/);
});

test("what follows a block moves up to it, unless bricks stand beside those it is made of", () => {
  const places = new Map(CHAIN.nodes.map((node) => [node.id, node.at as Point]));
  const edit = blockEdit({ document: CHAIN, places, catalogue }, ["a", "b"], "Two", "two1");
  assert.deepEqual(edit, { op: "batch", label: "Make block Two", edits: [{ op: "make_block", ids: ["a", "b"], name: "Two", node: "two1" }, { op: "move", at: { two1: [0, 84], end: [0, 168] } }] });
  const beside = blockEdit({ document: CHAIN, places: new Map([...places, ["side", [300, 100]]]), catalogue }, ["a", "b"], "Two", "two1");
  assert.deepEqual(beside.op === "batch" && beside.edits[1], { op: "move", at: { two1: [0, 84] } });
  const row = new Map(CHAIN.nodes.map((node, i) => [node.id, [368 * i, 0] as Point]));
  const across = blockEdit({ document: CHAIN, places: row, catalogue, direction: "right" }, ["a", "b"], "Two", "two1");
  assert.deepEqual(across.op === "batch" && across.edits[1], { op: "move", at: { two1: [368, 0], end: [736, 0] } });
});

test("names of blocks are Python classes, start with a capital and are free", () => {
  assert.equal(blockNameProblem("Residual", catalogue), null);
  for (const name of ["", "residual", "Wide", "Step", "1x", "None", "A".repeat(61), "Über"]) assert.notEqual(blockNameProblem(name, catalogue), null, name);
  assert.equal(freeBlockName({ ...catalogue, layers: { Block1: own } }), "Block2");
  assert.equal(instanceId(CHAIN, ["a"], "A"), "a1");
  assert.equal(instanceId({ ...CHAIN, nodes: [brick("wide1")] }, [], "Wide"), "wide2");
  assert.equal(instanceId(CHAIN, ["a"], "Block1"), "block1_1");
});

test("a parameter inside a block knows whether the block sets it, and which others it can join", () => {
  assert.deepEqual([promotedAs(own, "b", "size"), promotedAs(own, "c", "size"), promotedAs(undefined, "a", "size")], ["size", null, null]);
  assert.deepEqual(joinable(own, size), ["size"]);
  assert.deepEqual([freePromoted(own, "size"), freePromoted(own, "depth"), freePromoted(own, "repeat")], ["size2", "depth", "repeat2"]);
});

test("taking a parameter back leaves those that shared it promoted", () => {
  assert.deepEqual(demotion(own, "b", "rate"), { op: "demote", block: "Wide", name: "rate" });
  const shared = demotion(own, "b", "size");
  assert.deepEqual(shared?.op === "batch" && shared.edits.map((edit) => edit.op), ["promote", "demote"]);
  assert.equal(demotion(own, "c", "size"), null);
});

test("an entry of the history leads to the block that it was made in", () => {
  const known: Catalogue = { ...catalogue, layers: { ...catalogue.layers, Wide: { ...own, way: ["outer1", "wide1"] }, Lost: { ...own, kind: "Lost", way: [] } } };
  assert.deepEqual(["Set size of a in Wide", "Set size of a", "Remove a in Lost", "Insert Step in"].map((entry) => wayTo(entry, known)), [["outer1", "wide1"], [], null, []]);
});

test("the outermost catalogue block on the way in is the one to make one's own", () => {
  const [mine, theirs, deep] = [{ id: "wide1", kind: "Wide", title: "" }, { id: "s", kind: "Step", title: "" }, { id: "t", kind: "Join", title: "" }];
  assert.deepEqual(ownership([mine, theirs, deep], catalogue), { op: "unlink", id: "s", in: "Wide" });
  assert.deepEqual(ownership([theirs], catalogue), { op: "unlink", id: "s" });
  assert.equal(ownership([mine], catalogue), null);
});
