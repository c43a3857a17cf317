import assert from "node:assert/strict";
import { test } from "node:test";
import { layout, logarithmic, rateMarks, recoloured, stepTicks, ticks, traces, whole } from "./figure.ts";
import type { Look } from "./theme.ts";

const look: Look = { text: "#111", faint: "#222", grid: "#333", paper: "#444", train: "#555", test: "#666", font: "serif" };

test("the axis of steps is titled, shows the whole run and leaves room for the last marker", () => {
  const { xaxis } = layout(look, { steps: 100, stepsPerEpoch: 45 }, {});
  assert.equal((xaxis?.title as { text: string }).text, "step");
  assert.deepEqual(xaxis?.range, whole({ steps: 100, stepsPerEpoch: 45 }));
  assert.ok(Number(xaxis?.range?.[1]) > 100);
});

test("epochs are marked at the top where they end, with the grid", () => {
  assert.deepEqual(ticks({ steps: 135, stepsPerEpoch: 45 }), { at: [45, 90, 135], text: ["epoch 1", "2", "3"] });
  const { xaxis, xaxis2 } = layout(look, { steps: 135, stepsPerEpoch: 45 }, {});
  assert.deepEqual([xaxis?.showgrid, xaxis2?.showgrid, xaxis2?.side], [false, true, "top"]);
});

test("few steps are marked one by one, many as Plotly likes", () => {
  assert.deepEqual([stepTicks({ steps: 3, stepsPerEpoch: 45 }), stepTicks({ steps: 500, stepsPerEpoch: 45 })], ["linear", "auto"]);
});

test("training is a line, test has markers, the smoothed line is hidden at first", () => {
  const [raw, smoothed, tested] = traces(look, "") as { mode?: string; visible?: boolean; line?: { color?: string } }[];
  assert.deepEqual([raw?.mode, tested?.mode, smoothed?.visible], ["lines", "lines+markers", false]);
  assert.deepEqual([raw?.line?.color, tested?.line?.color], ["#555", "#666"]);
});

test("another theme changes colours and neither ranges nor data", () => {
  const change = recoloured(look);
  const keys = [...Object.keys(change.layout), ...Object.keys(change.traces)];
  assert.ok(keys.includes("yaxis.gridcolor") && keys.includes("line.color"));
  assert.equal(keys.find((key) => /range|\.x$|\.y$|tickvals/.test(key)), undefined);
});

test("a change of the learning rate is an upright line that says the new rate", () => {
  const { shapes, annotations } = rateMarks(look, [[120, 0.001], [300, 0.1 + 0.2]]);
  assert.deepEqual(shapes?.map((shape) => [shape.x0, shape.x1, shape.yref]), [[120, 120, "paper"], [300, 300, "paper"]]);
  assert.deepEqual(annotations?.map((words) => [words.x, words.text]), [[120, "lr 0.001"], [300, "lr 0.3"]]);
  assert.deepEqual(rateMarks(look, []), { shapes: [], annotations: [] });
});

test("powers of ten are an axis of their own, and the way back restores its format", () => {
  const axis = { tickformat: ".3~g" };
  assert.equal((logarithmic(true, axis) as Record<string, unknown>)["yaxis.type"], "log");
  const back = logarithmic(false, axis) as Record<string, unknown>;
  assert.deepEqual([back["yaxis.type"], back["yaxis.tickformat"], back["yaxis.dtick"]], ["linear", ".3~g", null]);
});
