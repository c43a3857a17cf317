import assert from "node:assert/strict";
import { test } from "node:test";
import { bars, byBrick, inWords } from "./bars.ts";

test("bars are by powers of ten: the longest fills its row, equal steps in length are equal steps in the bar", () => {
  const [first, second, third] = bars([["a", 0.001], ["b", 0.1], ["c", 10]]);
  assert.equal(third!.share, 1);
  assert.ok(Math.abs(third!.share - second!.share - (second!.share - first!.share)) < 1e-9);
  assert.ok(first!.share > 0 && first!.share < 0.1);
});

test("gradients that are much alike look alike; zero has no bar and what is not finite a whole one", () => {
  const [one, two] = bars([["a", 1], ["b", 0.9]]);
  assert.ok(one!.share - two!.share < 0.05);
  assert.deepEqual(bars([["a", 0], ["b", null], ["c", 2]]).map((bar) => bar.share), [0, 1, 1]);
  assert.deepEqual(bars([["a", 0]]).map((bar) => bar.share), [0]);
  assert.deepEqual(bars([]), []);
});

test("the shortest and the longest are named, and bricks that are not shown are counted", () => {
  assert.equal(inWords({ of: 0, norms: [["conv1", 0.5], ["conv2", 0.002], ["fc", null]] }), "0.00200 (conv2) to 0.500 (conv1), on a logarithmic scale");
  assert.equal(inWords({ of: 900, norms: [["a", 1], ["b", 2]] }), "1.00 (a) to 2.00 (b), on a logarithmic scale; 2 of 900 bricks shown");
  assert.equal(inWords({ of: 0, norms: [["fc", null]] }), "");
});

test("a block's gradient is that of all layers in it, at the newest step; of very many bricks some are shown", () => {
  const rows = [[1, 9, 9, 9, 9], [4, 5.1, 3, 4, 1]] as const;
  assert.deepEqual(byBrick({ layers: ["stem", "stage.conv1", "stage.conv2"], rows: [[1, 9, 9, 9, 9], [4, 5.1, 1, 3, 4]] }), { of: 0, norms: [["stem", 1], ["stage", 5]] });
  assert.deepEqual(byBrick({ layers: ["a", "b", "b.c"], rows }), { of: 0, norms: [["a", 3], ["b", Math.sqrt(17)]] });
  assert.deepEqual(byBrick({ layers: ["a.x", "a.y"], rows: [[1, null, 2, null]] }), { of: 0, norms: [["a", null]] });
  const many = Array.from({ length: 200 }, (_, i) => `fc${i}`);
  const told = byBrick({ layers: many, rows: [[1, 1, ...many.map(() => 1)]] });
  assert.deepEqual([told.of, told.norms.length, told.norms[0]![0]], [200, 64, "fc0"]);
  assert.deepEqual(byBrick({ layers: [], rows: [] }), { of: 0, norms: [] });
});
