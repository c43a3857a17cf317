import assert from "node:assert/strict";
import { test } from "node:test";
import { brick, CHAIN, SKIP, wire } from "./fixture.test.ts";
import { byId, inputsOf, outputsOf, upstream } from "./index.ts";

test("bricks are found by name, wires by either end, inputs in the order of their ports", () => {
  assert.equal(byId(CHAIN.nodes).get("a"), CHAIN.nodes[1]);
  const turned = { ...SKIP, edges: [...SKIP.edges].reverse() };
  assert.deepEqual(inputsOf(turned, "join").map((one) => one.source), ["a", "start"]);
  assert.deepEqual(outputsOf(SKIP, "start").map((one) => one.target), ["a", "join"]);
  assert.deepEqual([inputsOf(SKIP, "start"), outputsOf(SKIP, "nobody")], [[], []]);
});

test("another list of wires has look-ups of its own, the same list the same ones", () => {
  const other = { ...CHAIN, edges: [wire("a", "end")] };
  assert.deepEqual(inputsOf(other, "end"), other.edges);
  assert.equal(inputsOf(CHAIN, "end"), inputsOf({ ...CHAIN }, "end"));
});

test("what leads to a brick is found through every wire, a circle included", () => {
  assert.deepEqual([...upstream(SKIP, "join")].sort(), ["a", "join", "start"]);
  assert.deepEqual([...upstream(SKIP, "a")].sort(), ["a", "start"]);
  const circle = { nodes: [brick("a"), brick("b")], edges: [wire("a", "b"), wire("b", "a")] };
  assert.deepEqual([...upstream(circle, "a")].sort(), ["a", "b"]);
});
