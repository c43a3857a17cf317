import assert from "node:assert/strict";
import { test } from "node:test";
import { blockRefusal } from "./blocks.ts";
import { type Catalogue, outputCount, outputName } from "./catalogue.ts";
import { copyText, pasteEdit, readText } from "./clipboard.ts";
import { applyEdit } from "./document.ts";
import { brick, CATALOGUE, CHAIN } from "./fixture.test.ts";
import { autoLayout } from "./layout.ts";
import { freezable, lenders, ownerOf } from "./sharing.ts";
import type { BrickNode, Edit, NetworkDocument } from "./types.ts";

const after = (document: NetworkDocument, ...edits: readonly Edit[]): NetworkDocument => edits.reduce((rest, edit) => applyEdit(rest, edit, CATALOGUE), document);
const node = (document: NetworkDocument, id: string): BrickNode => document.nodes.find((one) => one.id === id) ?? assert.fail(id);
const SHARED = after(CHAIN, { op: "set", id: "a", params: { size: 5 } }, { op: "share", id: "b", of: "a" });

test("a brick that uses another's weights has its parameters, and a change of them is the owner's", () => {
  assert.equal(node(SHARED, "b").of, "a");
  const set = after(SHARED, { op: "set", id: "b", params: { size: 7 } });
  assert.deepEqual([node(set, "a").params, ownerOf(set, node(set, "b")).id], [{ size: 7 }, "a"]);
  assert.deepEqual(lenders(SHARED, node(SHARED, "b")), ["a"]);
});

test("with weights of its own again it keeps the parameters that it used", () => {
  assert.deepEqual(node(after(SHARED, { op: "share", id: "b", of: null }), "b"), { ...brick("b", "Step", [0, 168]), params: { size: 5 } });
});

test("names follow the owner, and its weights are left to the first that uses them", () => {
  assert.equal(node(after(SHARED, { op: "rename", id: "a", to: "first" }), "b").of, "first");
  const third = after(SHARED, { op: "add", node: brick("c") }, { op: "share", id: "c", of: "b" }, { op: "freeze", ids: ["c"], value: true });
  assert.deepEqual([node(third, "c").of, node(third, "a").frozen], ["a", true]);
  const left = after(third, { op: "remove", ids: ["a"] });
  assert.deepEqual([node(left, "b").of, node(left, "b").params, node(left, "b").frozen, node(left, "c").of], [undefined, { size: 5 }, true, "b"]);
});

test("a brick of another kind has nothing to do with the weights", () => {
  assert.equal(node(after(SHARED, { op: "replace", id: "b", kind: "Join" }), "b").of, undefined);
  assert.equal(after(CHAIN, { op: "share", id: "end", of: "a" }), CHAIN);
});

test("a frozen brick says so, and one that is trained again says nothing of it", () => {
  const frozen = after(CHAIN, { op: "freeze", ids: ["a", "b"], value: true });
  assert.deepEqual([node(frozen, "a").frozen, node(frozen, "start").frozen], [true, undefined]);
  assert.deepEqual(after(frozen, { op: "freeze", ids: ["a", "b"], value: false }), CHAIN);
  assert.ok(freezable(frozen, "a", {}, CATALOGUE) && !freezable(CHAIN, "a", {}, CATALOGUE) && freezable(CHAIN, "a", { a: { params: 3 } }, CATALOGUE));
});

test("bricks that share go into a block together", () => {
  assert.match(blockRefusal(SHARED, ["b"], CATALOGUE) ?? "", /b uses the weights of a: select both/);
  assert.equal(blockRefusal(SHARED, ["a", "b"], CATALOGUE), null);
});

test("a copy shares with the copied owner, else with the one it knew, else has the same parameters", () => {
  const drawing = (document: NetworkDocument): Parameters<typeof pasteEdit>[0] => ({ document, places: autoLayout(document), catalogue: CATALOGUE, direction: "down" });
  const pasted = (ids: readonly string[], into: NetworkDocument): readonly BrickNode[] => {
    const read = readText(copyText(drawing(SHARED), ids) ?? "", CATALOGUE);
    assert.ok(read.ok);
    const edited = after(into, pasteEdit(drawing(into), read.bricks, [0, 0]).edit);
    return edited.nodes.slice(into.nodes.length);
  };
  assert.deepEqual(pasted(["a", "b"], SHARED).map((one) => one.of), [undefined, "a1"]);
  assert.deepEqual(pasted(["b"], SHARED).map((one) => one.of), ["a"]);
  const empty = { nodes: [], edges: [] };
  assert.deepEqual(pasted(["b"], empty).map((one) => [one.of, one.params]), [[undefined, { size: 5 }]]);
});

test("a parameter says how many outputs a brick has: a number, or an entry for each", () => {
  const base = CATALOGUE.layers.Step ?? assert.fail();
  const parts = { name: "parts", type: "int", default: 2, min: 1, max: 8, doc: "" } as const;
  const sizes = { name: "sizes", type: "ints", default: [1, 1, 1], fewest: 1, most: 4, doc: "" } as const;
  const counted: Catalogue["layers"][string] = { ...base, outputs: 2, outputs_by: "parts", params: [parts] };
  const listed: Catalogue["layers"][string] = { ...base, outputs: 3, outputs_by: "sizes", params: [sizes] };
  assert.deepEqual([outputCount(counted), outputCount(counted, { params: { parts: 5 } }), outputCount(counted, { params: { parts: 99 } })], [2, 5, 2]);
  assert.deepEqual([outputCount(listed), outputCount(listed, { params: { sizes: [4] } }), outputCount(listed, { params: { sizes: [] } })], [3, 1, 3]);
  assert.deepEqual([outputName(counted, 1, 5), outputName(listed, 0, 1)], ["output 2", "output"]);
});
