import assert from "node:assert/strict";
import { test } from "node:test";
import { epochTicks, horizon, merge, remember, type Series, smooth, stride } from "./series.ts";
import type { LiveData, Point } from "./types.ts";

const HEADER = {
  epoch: 1, epochs: 2, step: 4, steps: 8, stepsPerEpoch: 4, left: null, speed: null, seconds: 0, device: "cpu", deviceName: "",
  best: null, parameters: null, trainSamples: null, testSamples: null, validationSamples: null, part: "test" as const, tested: null,
};
const EMPTY: LiveData = {
  run: "r", series: "r:0", title: "", state: "running", says: "", task: "classification", classes: [], base: 0, points: [], tests: [], marks: [],
  snapshot: null, snapshotStep: 0, confusion: null, confusionEpoch: 0, gradients: null, gradientsStep: 0, header: HEADER,
};
const point = (step: number): Point => [step, 1, 1 / step, 0.5, 100];
const points = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => point(from + i));
const holding = (upTo: number): Series => ({ name: "r:0", points: points(1, upTo), tests: [], snapshot: null, confusion: null, gradients: null });

test("an update that overlaps what is held adds each point once", () => {
  const { series, added, gap } = merge(holding(5), { ...EMPTY, base: 2, points: points(3, 8) });
  assert.deepEqual(added, points(6, 8));
  assert.deepEqual(series.points, points(1, 8));
  assert.equal(gap, false);
});

test("an update that starts behind what is held is a gap and adds nothing", () => {
  const { series, added, gap } = merge(holding(5), { ...EMPTY, base: 7, points: points(8, 9) });
  assert.equal(gap, true);
  assert.deepEqual(added, []);
  assert.deepEqual(series.points, points(1, 5));
});

test("a fresh page that is sent the middle of a run has a gap; sent the whole run it has none", () => {
  assert.equal(merge(undefined, { ...EMPTY, base: 3, points: points(4, 6) }).gap, true);
  const whole = merge(undefined, { ...EMPTY, points: points(1, 6) });
  assert.equal(whole.gap, false);
  assert.equal(whole.series.points.length, 6);
});

test("an older update that arrives late takes nothing away", () => {
  const { series, added } = merge(holding(8), { ...EMPTY, base: 1, points: points(2, 4) });
  assert.deepEqual(added, []);
  assert.equal(series.points.length, 8);
});

test("a resumed run is another series and starts from nothing", () => {
  const { series } = merge(holding(8), { ...EMPTY, series: "r:1", points: points(1, 3) });
  assert.deepEqual(series.points, points(1, 3));
});

test("a snapshot, confusion matrix or gradients that are missing is a gap, one that is held is not", () => {
  const snapshot = { step: 3, epoch: 1, layer: "conv1", shape: [1, 1, 1, 1], low: 0, high: 1, data: "AA==" } as const;
  assert.equal(merge(holding(5), { ...EMPTY, base: 5, snapshotStep: 3 }).gap, true);
  assert.equal(merge({ ...holding(5), snapshot }, { ...EMPTY, base: 5, snapshotStep: 3 }).gap, false);
  assert.equal(merge(holding(5), { ...EMPTY, base: 5, confusionEpoch: 1 }).gap, true);
  const confusion = { epoch: 1, step: 4, matrix: [[1]] };
  assert.equal(merge(holding(5), { ...EMPTY, base: 5, confusion, confusionEpoch: 1 }).gap, false);
  assert.equal(merge(holding(5), { ...EMPTY, base: 5, gradientsStep: 4 }).gap, true);
  const held = merge(holding(5), { ...EMPTY, base: 5, gradients: { layers: ["fc"], rows: [[4, 0.5, 0.5]] }, gradientsStep: 4 });
  assert.deepEqual([held.gap, held.series.gradients?.rows.length, merge(held.series, { ...EMPTY, base: 5, gradientsStep: 4 }).gap], [false, 1, false]);
});

test("only the newest runs are remembered, the one just used among them", () => {
  const held = new Map<string, Series>();
  for (const name of ["a", "b", "c", "a", "d"]) remember(held, { ...holding(1), name }, 3);
  assert.deepEqual([...held.keys()], ["c", "a", "d"]);
});

test("smoothing in two parts gives what smoothing in one gives", () => {
  const values = [1, 0.5, null, 0.25, 0.75];
  const whole = smooth(values, 0.8).values;
  const first = smooth(values.slice(0, 2), 0.8);
  assert.deepEqual([...first.values, ...smooth(values.slice(2), 0.8, first.state).values], whole);
});

test("smoothing starts at the first value and leaves a constant alone", () => {
  assert.deepEqual(smooth([3, 3, 3], 0.9).values.map((v) => v?.toFixed(6)), ["3.000000", "3.000000", "3.000000"]);
  assert.deepEqual(smooth([null, 2], 0.9).values.map((v) => v?.toFixed(6)), [undefined, "2.000000"]);
});

test("ticks stand at the ends of epochs and are thinned by 1, 2, 5, 10", () => {
  assert.deepEqual(epochTicks(45, 3), { at: [45, 90, 135], text: ["1", "2", "3"] });
  assert.deepEqual(epochTicks(10, 15, 10).text, ["2", "4", "6", "8", "10", "12", "14"]);
  assert.deepEqual(epochTicks(0, 15), { at: [], text: [] });
  assert.equal(stride(500, 10), 50);
});

test("the axis never ends before the data or behind the run, and is at least half full after the first steps of an epoch", () => {
  for (let step = 1; step <= 450; step++) {
    const shown = horizon(step, 30, 15, false);
    assert.ok(shown >= step && shown <= 450, `step ${step} on ${shown}`);
    if (step > 4) assert.ok(step > 0.49 * shown, `step ${step} on ${shown}`);
  }
  assert.equal(horizon(77, 30, 15, true), 77);
});
