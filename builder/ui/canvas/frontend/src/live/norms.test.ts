import assert from "node:assert/strict";
import { test } from "node:test";
import { says, size, tens } from "./norms.ts";
import { mix } from "./ramp.ts";

const layers = ["conv1", "conv2", "fc"];

test("norms have three digits, very small and very large ones a power", () => {
  assert.deepEqual([0.53129, 12.5, 0, 0.0000412, 1234567].map(size), ["0.531", "12.5", "0", "4.1e-5", "1.2e+6"]);
});

test("the newest step's least and most are named, and layers that none reaches", () => {
  assert.equal(says({ layers, rows: [[1, 2, 9, 9, 9], [5, 0.6, 0.002, 0.3, 0.5]] }), "Least conv1 0.002, most fc 0.5");
  assert.equal(says({ layers, rows: [[5, 0.6, 0, 0.3, 0.5]] }), "No gradient reaches conv1: it does not learn");
  assert.equal(says({ layers, rows: [[5, 0.6, 0, 0, 0.5]] }), "No gradient reaches conv1, conv2: they do not learn");
  assert.equal(says({ layers: ["a", "b", "c", "d", "e"], rows: [[5, 0.6, 0, 0, 0, 0, 0.5]] }), "No gradient reaches 4 layers, a among them: they do not learn");
  assert.equal(says({ layers, rows: [[5, null, null, null, null]] }), "");
});

test("the axis is marked by powers of ten, within one of them by 1, 2 and 5", () => {
  const over = (...norms: number[]) => tens({ layers: ["fc"], rows: norms.map((norm, i) => [i + 1, norm, norm]) });
  assert.deepEqual([over(0.02, 0.09), over(0.02, 30), over(1e-9, 1e4, 0), over()], ["D2", 1, 3, "D2"]);
});

test("colours run from the first layer to the last", () => {
  assert.equal(mix(0, 1), "rgb(66, 99, 235)");
  assert.deepEqual([mix(0, 3), mix(1, 3), mix(2, 3)], ["rgb(66, 99, 235)", "rgb(190, 60, 160)", "rgb(214, 124, 0)"]);
});
