import assert from "node:assert/strict";
import { test } from "node:test";
import { applies, grouped, inputCount, type Layer, type Param, slug, withBlocks } from "./catalogue.ts";
import { CATALOGUE } from "./fixture.test.ts";
import { bytes, percent, problemCount, short, spoken } from "./format.ts";
import { themeOf } from "./theme.ts";
import type { Problem } from "./types.ts";

test("without a query every layer is listed in the catalogue's order", () => {
  assert.deepEqual(grouped(CATALOGUE, "").map((group) => group.category), CATALOGUE.categories);
});

test("a query finds by name first, and by what a layer does", () => {
  assert.deepEqual(grouped(CATALOGUE, "st").flatMap((group) => group.layers.map((layer) => layer.kind)), ["Start", "Step"]);
  assert.equal(grouped(CATALOGUE, "Join does")[0]?.category, "Join");
  assert.deepEqual(grouped(CATALOGUE, "nothing"), []);
});

test("a brick that takes any number of inputs shows the wired ones and a free one", () => {
  assert.deepEqual([0, 2, 5].map((wired) => inputCount(CATALOGUE.layers.Join, wired)), [2, 3, 6]);
  assert.equal(inputCount(undefined, 0), 1);
});

test("what is often used comes first, until something is searched", () => {
  const [first, ...kinds] = Object.keys(CATALOGUE.layers);
  const often = [kinds[0] ?? "", first ?? ""];
  assert.deepEqual(grouped({ ...CATALOGUE, often }, "")[0]?.layers.map((layer) => layer.kind), often);
  assert.equal(grouped({ ...CATALOGUE, often }, first ?? "").some((group) => group.category === "Often used"), false);
});

test("categories become names of colours", () => {
  assert.equal(slug("Input and output"), "input-and-output");
});

test("numbers are short and keep three figures", () => {
  assert.deepEqual([999, 21840, 480500, 1250000].map(short), ["999", "21.8 k", "481 k", "1.25 M"]);
  assert.equal(bytes(87360), "87.4 kB");
  assert.deepEqual([0, 0.0004, 0.0119, 0.3, 0.99996, 1].map(percent), ["0 %", "< 0.1 %", "1.2 %", "30 %", "99.9 %", "100 %"]);
});

test("problems are counted by how bad they are", () => {
  const problem = (severity: Problem["severity"]): Problem => ({ node: null, field: null, severity, says: "", because: "", fixes: [] });
  assert.equal(problemCount([problem("advice"), problem("error"), problem("error")]), "2 errors, 1 advice");
  assert.equal(problemCount([]), "No problems");
});

test("a screen reader hears kind, name, shape and problems", () => {
  assert.equal(spoken({ id: "a", kind: "Step" }, { shape: "N×3" }), "Step a, output N×3");
  assert.equal(spoken({ id: "a", kind: "Step", muted: true }, { shape: "N×3" }), "Step a, muted, output N×3");
});

test("the theme is read off the background", () => {
  assert.deepEqual(["#fff", "#15171c", "rgb(250, 250, 250)", "rgb(14, 17, 23)", ""].map(themeOf), ["light", "dark", "light", "dark", "light"]);
});

test("own blocks stand in the palette, but not inside themselves, and the ends of a drawing only where they belong", () => {
  const step = CATALOGUE.layers.Step as Layer;
  const wide: Layer = { ...step, kind: "Wide", category: "Own", block: "own" };
  const base = { ...CATALOGUE, layers: { ...CATALOGUE.layers, Port: { ...step, kind: "Port", scope: "block" }, Start: { ...step, kind: "Start", scope: "network" } } } as const;
  const kinds = (inside: string | null): string[] => grouped(withBlocks(base, { Wide: wide }, inside), "").flatMap((group) => group.layers.map((layer) => layer.kind));
  assert.ok(kinds(null).includes("Wide") && kinds(null).includes("Start") && !kinds(null).includes("Port"));
  assert.ok(!kinds("Wide").includes("Wide") && kinds("Wide").includes("Port") && !kinds("Wide").includes("Start"));
  assert.ok(kinds("Other").includes("Wide"));
});

test("a parameter that counts only with a word of another one is asked for only then", () => {
  const init: Param = { name: "init", type: "choice", default: "default", choices: ["default", "Normal", "Orthogonal"], doc: "" };
  const std: Param = { name: "init_std", type: "float", default: null, doc: "", when: ["init", ["Normal"]] };
  const join: Layer = { ...(CATALOGUE.layers.Join as Layer), params: [init, std] };
  const asked = (params: Record<string, string>): readonly string[] => join.params.filter((param) => applies({ id: "fc", kind: "Join", params }, join, param)).map(({ name }) => name);
  assert.deepEqual(asked({}), ["init"]);
  assert.deepEqual(asked({ init: "Orthogonal" }), ["init"]);
  assert.deepEqual(asked({ init: "Normal" }), ["init", "init_std"]);
});
