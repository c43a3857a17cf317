import assert from "node:assert/strict";
import { test } from "node:test";
import type { Layer } from "./catalogue.ts";
import { applyEdit, wireId } from "./document.ts";
import { CATALOGUE, CHAIN, SKIP, wire } from "./fixture.test.ts";
import { BRICK, dropTarget, type Places } from "./geometry.ts";
import { appendLayer, connectLoose, type Drawing, dropLayer, freePort, layerTarget, moveBricks, withRoom } from "./gestures.ts";
import { autoLayout, place } from "./layout.ts";
import type { Edit, NetworkDocument } from "./types.ts";

const drawing = (document: NetworkDocument): Drawing => ({ document, places: place(document, new Map()), catalogue: CATALOGUE });
const kind = (name: string): Layer => CATALOGUE.layers[name] as Layer;
const apply = (document: NetworkDocument, edit: Edit): NetworkDocument => applyEdit(document, edit, CATALOGUE);
const wires = (document: NetworkDocument): string[] => document.edges.map(wireId).sort();
const heights = (document: NetworkDocument): Record<string, number | undefined> => Object.fromEntries(document.nodes.map((node) => [node.id, node.at?.[1]]));

test("a layer dropped on a wire is inserted there and what follows makes room, as one edit", () => {
  const target = dropTarget([122, 154], CHAIN, drawing(CHAIN).places, CATALOGUE);
  assert.deepEqual(target, { type: "wire", wire: wire("a", "b") });
  const { id, edit } = dropLayer(drawing(CHAIN), kind("Step"), [122, 154], target);
  const edited = apply(CHAIN, edit);
  assert.equal(id, "step1");
  assert.deepEqual(wires(edited), ["a->step1:0", "b->end:0", "start->a:0", "step1->b:0"]);
  assert.deepEqual(heights(edited), { start: 0, a: 84, step1: 168, b: 252, end: 336 });
});

test("a layer dropped just below a brick is connected to it", () => {
  const places = drawing(CHAIN).places;
  const target = dropTarget([30, 164], CHAIN, places, CATALOGUE);
  assert.deepEqual(target, { type: "below", id: "a" });
  const edited = apply(CHAIN, dropLayer(drawing(CHAIN), kind("Step"), [30, 164], target).edit);
  assert.ok(wires(edited).includes("a->step1:0"));
  assert.ok(wires(edited).includes("a->b:0"));
});

test("a layer dropped where nothing is stays by itself", () => {
  const target = dropTarget([900, 900], CHAIN, drawing(CHAIN).places, CATALOGUE);
  assert.deepEqual(target, { type: "free" });
  const edited = apply(CHAIN, dropLayer(drawing(CHAIN), kind("Step"), [900, 900], target).edit);
  assert.deepEqual(edited.edges, CHAIN.edges);
});

test("a layer added behind the selected brick goes onto its wire; behind the last brick it is appended", () => {
  assert.deepEqual(wires(apply(CHAIN, appendLayer(drawing(CHAIN), kind("Step"), "a", [0, 0]).edit)), [
    "a->step1:0",
    "b->end:0",
    "start->a:0",
    "step1->b:0",
  ]);
  const open = apply(CHAIN, { op: "remove", ids: ["end"] });
  assert.ok(wires(apply(open, appendLayer(drawing(open), kind("End"), "b", [0, 0]).edit)).includes("b->end:0"));
});

test("nothing can be added behind the end of the network", () => {
  assert.deepEqual(apply(CHAIN, appendLayer(drawing(CHAIN), kind("Step"), "end", [0, 0]).edit).edges, CHAIN.edges);
});

test("a drawing without places is laid out from top to bottom, and the first move saves all of them", () => {
  const places: Places = autoLayout(SKIP);
  const y = (id: string): number => places.get(id)?.[1] ?? Number.NaN;
  assert.ok(y("start") < y("a") && y("a") < y("join") && y("join") < y("end"));
  const edit = moveBricks(drawing(SKIP), { a: [400, 400] });
  assert.ok(edit?.op === "move");
  assert.deepEqual(Object.keys(edit.at).sort(), ["a", "end", "join", "start"]);
});

test("a laid out branch stands on the side of the port it leads to", () => {
  const long = apply(apply(SKIP, { op: "insert", node: { id: "b", kind: "Step" }, edge: wire("a", "join") }), {
    op: "insert",
    node: { id: "c", kind: "Step" },
    edge: wire("start", "join", 1),
  });
  const x = (document: NetworkDocument, id: string): number => autoLayout(document).get(id)?.[0] ?? Number.NaN;
  assert.ok(x(long, "b") < x(long, "c"));
  const swapped = { ...long, edges: long.edges.map((edge) => (edge.target === "join" ? wire(edge.source, "join", edge.port ? 0 : 1) : edge)) };
  assert.ok(x(swapped, "c") < x(swapped, "b"));
});

test("dragging a brick back to where it was is no edit", () => {
  assert.equal(moveBricks(drawing(CHAIN), { a: [0, 84] }), null);
});

test("only a layer with an input and an output goes onto a wire", () => {
  assert.deepEqual(layerTarget(drawing(CHAIN), kind("Step"), [122, 154]).type, "wire");
  assert.deepEqual(layerTarget(drawing(CHAIN), kind("End"), [122, 154]).type, "below");
  assert.deepEqual(layerTarget(drawing(CHAIN), kind("Start"), [122, 154]).type, "free");
});

test("a fix that puts two bricks on a wire finds places for both and keeps its name", () => {
  const first: Edit = { op: "insert", node: { id: "x", kind: "Step" }, edge: wire("b", "end") };
  const second: Edit = { op: "insert", node: { id: "y", kind: "Step" }, edge: wire("x", "end") };
  const edit = withRoom(drawing(CHAIN), { op: "batch", label: "Insert two", edits: [first, second] });
  const edited = apply(CHAIN, edit);
  assert.equal(edit.label, "Insert two");
  assert.deepEqual(heights(edited), { start: 0, a: 84, b: 168, x: 252, y: 336, end: 420 });
});

test("a fix that places nothing is sent as it came", () => {
  const fix: Edit = { op: "set", id: "a", params: { size: 1 }, label: "Set size" };
  assert.deepEqual(withRoom(drawing(CHAIN), fix), fix);
});

test("a wire dropped on the body of a brick goes to its first free input", () => {
  assert.equal(freePort(drawing(SKIP), "join"), 2);
  assert.equal(freePort(drawing(CHAIN), "b"), 0);
});

test("a brick put onto a wire that goes round others covers none of them", () => {
  const now = drawing(SKIP);
  const edit = withRoom(now, { op: "insert", node: { id: "x", kind: "Step" }, edge: wire("start", "join", 1) });
  const edited = apply(SKIP, edit);
  const all = edited.nodes.map((node) => node.at ?? [Number.NaN, Number.NaN]);
  for (const [i, a] of all.entries()) {
    for (const b of all.slice(i + 1)) assert.ok(Math.abs(a[0] - b[0]) >= BRICK.width || Math.abs(a[1] - b[1]) >= BRICK.height);
  }
});

test("a loose brick dragged onto a wire is put there, one that has wires is only moved", () => {
  const loose = { ...CHAIN, nodes: [...CHAIN.nodes, { id: "x", kind: "Step", at: [600, 0] as const }] };
  const edit = connectLoose(drawing(loose), "x", [4, 124]);
  assert.ok(edit);
  const edited = apply(loose, edit);
  assert.deepEqual(wires(edited), ["a->x:0", "b->end:0", "start->a:0", "x->b:0"]);
  assert.deepEqual(heights(edited), { start: 0, a: 84, x: 168, b: 252, end: 336 });
  assert.equal(connectLoose(drawing(loose), "x", [900, 900]), null);
});
