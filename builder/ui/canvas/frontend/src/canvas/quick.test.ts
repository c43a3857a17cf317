import assert from "node:assert/strict";
import { test } from "node:test";
import type { Catalogue, Layer, Param } from "./catalogue.ts";
import { brick, wire } from "./fixture.test.ts";
import { arityRank, axesBehind, type Choice, hasRoom, patternAxes, type Scene, search, shapeRank, splitQuery, spotOf, textRank } from "./quick.ts";
import type { BrickInfo } from "./types.ts";

const int = (name: string, value: number | null, more: Partial<Param> = {}): Param => ({ name, type: "int", default: value, min: 1, doc: "", ...more });
const layer = (kind: string, stem: string, pattern: string, more: Partial<Layer> = {}): Layer => {
  return { kind, stem, pattern, category: kind, summary: "", source: "", length: "", inputs: [1, 1], outputs: 1, params: [], keys: [], ...more };
};
const LAYERS: readonly Layer[] = [
  layer("Source", "image", "-> N C H W", { inputs: [0, 0], params: [{ name: "shape", type: "ints", default: [1, 8, 8], min: 1, doc: "" }] }),
  layer("Dense", "fc", "N ... features -> N ... out", { params: [int("out", 64), { name: "bias", type: "bool", default: true, doc: "" }], keys: ["out"] }),
  layer("Window2d", "window", "N C H W -> N out H W", {
    params: [int("out", 32), int("side", 3, { axes: 2 }), int("step", 1), int("steps", 1), { name: "mode", type: "choice", default: "zeros", choices: ["zeros", "reflect"], doc: "" }],
    keys: ["out", "side"],
  }),
  layer("Bend", "bend", "... -> ..."),
  layer("Drop", "drop", "... -> ...", { category: "Noise", params: [{ name: "p", type: "float", default: 0.5, min: 0, max: 1, doc: "" }], keys: ["p"] }),
  layer("Drop2d", "drop", "N C H W -> N C H W", { category: "Noise" }),
  layer("Sum", "sum", "..., ... -> ...", { inputs: [2, null] }),
  layer("Sink", "sink", "... -> ...", { outputs: 0, scope: "network" }),
  layer("Inside", "inside", "... -> ...", { scope: "block" }),
];
const CATALOGUE: Catalogue = { categories: [], layers: Object.fromEntries(LAYERS.map((one) => [one.kind, one])) };
const DOCUMENT = { nodes: [brick("image", "Source"), brick("w", "Window2d"), brick("sum", "Sum"), brick("sink", "Sink")], edges: [wire("image", "w"), wire("w", "sum"), wire("image", "sum", 1), wire("sum", "sink")] };
const scene = (sizes: BrickInfo["sizes"], more: Partial<Scene> = {}): Scene => ({ document: DOCUMENT, catalogue: CATALOGUE, infos: { image: { sizes }, w: { sizes } }, inBlock: false, ...more });
const kinds = (choices: readonly Choice[]): string[] => choices.map((choice) => choice.layer.kind);
const find = (query: string, sizes: BrickInfo["sizes"] = [1, 8, 8]): readonly Choice[] => search(scene(sizes), { type: "behind", id: "image" }, query);

test("what follows the name are values", () => {
  assert.deepEqual(splitQuery("conv 6 5 stride=2"), { name: "conv", values: ["6", "5", "stride=2"] });
  assert.deepEqual(splitQuery("  Max pool 2x3 "), { name: "maxpool", values: ["2x3"] });
  assert.deepEqual(splitQuery(""), { name: "", values: [] });
});

test("a name is matched whole, by what bricks are called, at its start, inside, and by its letters", () => {
  const rank = (name: string): (number | null)[] => ["Window2d", "Dense"].map((kind) => textRank(CATALOGUE.layers[kind] as Layer, name));
  assert.deepEqual(rank("window2d"), [0, null]);
  assert.deepEqual(rank("window"), [1, null]);
  assert.deepEqual(rank("fc"), [null, 1]);
  assert.deepEqual(rank("win"), [2, null]);
  assert.deepEqual(rank("dow"), [4, null]);
  assert.deepEqual(rank("wnd"), [5, null]);
});

test("the axes of a pattern are counted, a product as one and dots as any number", () => {
  assert.deepEqual(patternAxes("N C H W -> N (C H W)"), { axes: 4, open: false });
  assert.deepEqual(patternAxes("N (C H W) -> N C H W"), { axes: 2, open: false });
  assert.deepEqual(patternAxes("N ... E -> N ... F"), { axes: 2, open: true });
  assert.deepEqual(patternAxes("..., ... -> ..."), { axes: 0, open: true });
});

test("axes that are not worked out yet follow from the patterns", () => {
  const known = scene([1, 8, 8], { infos: { image: { sizes: [1, 8, 8] } } });
  const nothing = scene(null, { infos: {} });
  assert.deepEqual(["image", "w", "sum"].map((id) => axesBehind(known, id)), [4, 4, 4]);
  assert.equal(axesBehind(scene(null, { infos: { image: { sizes: [9] } } }), "image"), 2);
  assert.deepEqual(["w", "sum", "gone"].map((id) => axesBehind(nothing, id)), [4, 4, null]);
  const circle = { nodes: [brick("a", "Bend"), brick("b", "Bend")], edges: [wire("a", "b"), wire("b", "a")] };
  assert.equal(axesBehind({ ...nothing, document: circle }, "a"), null);
});

test("a layer made for the shape stands before one that only takes it, and one that does not take it comes last", () => {
  const rank = (kind: string, sizes: BrickInfo["sizes"]): number => shapeRank(CATALOGUE.layers[kind] as Layer, sizes ? sizes.length + 1 : null);
  assert.deepEqual(["Window2d", "Dense", "Bend"].map((kind) => rank(kind, [1, 8, 8])), [0, 1, 0]);
  assert.deepEqual(["Window2d", "Dense", "Bend"].map((kind) => rank(kind, [64])), [2, 1, 0]);
  const order = (sizes: BrickInfo["sizes"]): number => kinds(find("", sizes)).indexOf("Dense") - kinds(find("", sizes)).indexOf("Window2d");
  assert.ok(order([1, 8, 8]) > 0);
  assert.ok(order([64]) < 0);
});

test("of two that match alike the shorter name stands first", () => {
  assert.deepEqual(kinds(find("dro")), ["Drop", "Drop2d"]);
});

test("ends stand where they belong: inside blocks or outside, and sources first on an empty spot", () => {
  assert.ok(!kinds(find("")).includes("Inside"));
  const inside = kinds(search(scene([1], { inBlock: true }), { type: "free" }, ""));
  assert.ok(inside.includes("Inside") && !inside.includes("Sink"));
  assert.equal(inside[0], "Source");
});

test("the values typed are shown by name and become parameters, those that are defaults do not", () => {
  const [first] = find("window 6 5 step=2");
  assert.equal(first?.makes, "out 6, side 5, step 2");
  assert.deepEqual(first?.params, { out: 6, side: 5, step: 2 });
  assert.deepEqual(find("window 32 3x5 mode=Reflect")[0]?.params, { side: [3, 5], mode: "reflect" });
  assert.deepEqual(find("dense 10 no")[0]?.params, { out: 10, bias: false });
  assert.deepEqual(find("drop p=0.3")[0]?.params, { p: 0.3 });
  assert.deepEqual(find("source 3 32 32")[0]?.params, { shape: [3, 32, 32] });
});

test("values that cannot be are told in words and not added", () => {
  const wrong = (query: string): string => find(query)[0]?.wrong ?? "";
  assert.match(wrong("window 0"), /out must be a whole number of at least 1; 0 is outside/);
  assert.match(wrong("window 1.5"), /whole number/);
  assert.match(wrong("window x=3"), /no parameter “x”; it has out, side, step/);
  assert.match(wrong("window s=3"), /could be/);
  assert.match(wrong("window mode=mirror"), /one of zeros, reflect/);
  assert.match(wrong("dense 3 2"), /yes or no/);
  assert.match(wrong("bend 3"), /no parameters/);
  assert.match(wrong("drop 0.1 0.2"), /no place for “0.2”/);
  assert.match(wrong("window abc"), /out must be a whole number of at least 1; “abc” is not one/);
  assert.deepEqual(find("glass abc"), []);
  assert.equal(find("window st=3")[0]?.wrong, null);
});

test("a layer of many inputs is what several bricks want", () => {
  const spot = { type: "join", ids: ["image", "w"] } as const;
  assert.equal(kinds(search(scene([1]), spot, ""))[0], "Sum");
  assert.equal(arityRank(CATALOGUE.layers.Bend as Layer, spot), 2);
});

test("a brick is replaced only by what has room for its wires, and not by itself", () => {
  assert.equal(hasRoom(DOCUMENT, "sum", CATALOGUE.layers.Bend as Layer), false);
  assert.equal(hasRoom(DOCUMENT, "w", CATALOGUE.layers.Sink as Layer), false);
  assert.equal(hasRoom(DOCUMENT, "w", CATALOGUE.layers.Sum as Layer), true);
  assert.ok(!kinds(search(scene([1]), { type: "replace", id: "w" }, "")).includes("Window2d"));
});

test("where a layer would go follows from what is selected", () => {
  const at = (ids: readonly string[], wires = DOCUMENT.edges.slice(0, 0)): unknown => spotOf({ document: DOCUMENT, catalogue: CATALOGUE }, ids, wires);
  assert.deepEqual(at(["w"]), { type: "behind", id: "w" });
  assert.deepEqual(at(["w", "sum"]), { type: "join", ids: ["w", "sum"] });
  assert.deepEqual(at(["sink"]), { type: "wire", wire: wire("sum", "sink") });
  assert.deepEqual(at([], [wire("image", "w")]), { type: "wire", wire: wire("image", "w") });
  assert.deepEqual(at([]), { type: "free" });
});
