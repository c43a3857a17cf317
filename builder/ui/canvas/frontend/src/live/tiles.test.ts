import assert from "node:assert/strict";
import { test } from "node:test";
import { corner, diverging, filterAt, filterRange, paint, tiling, weights } from "./tiles.ts";
import type { Snapshot } from "./types.ts";

const snapshot: Snapshot = {
  step: 1, epoch: 1, layer: "conv1", shape: [2, 1, 1, 2], low: -1, high: 1, data: btoa(String.fromCharCode(0, 255, 128, 51)),
};

test("bytes become weights between low and high", () => {
  assert.deepEqual([...weights(snapshot)].map((w) => w.toFixed(3)), ["-1.000", "1.000", "0.004", "-0.600"]);
  assert.deepEqual(filterRange(weights(snapshot), snapshot.shape, 1).map((w) => w.toFixed(3)), ["-0.600", "0.004"]);
});

test("zero is the lightest colour, below is blue and above is red", () => {
  const [zero, below, above] = [0, -1, 1].map(diverging);
  assert.ok(Math.min(...zero!) >= 250);
  assert.ok(below![2]! > below![0]! && above![0]! > above![2]!);
});

test("the picture fits the room and holds every filter once", () => {
  for (const shape of [[10, 1, 5, 5], [6, 3, 5, 5], [64, 3, 3, 3], [32, 1, 3, 3], [512, 1, 28, 28], [16, 16, 1, 1], [1, 1, 7, 7]] as const) {
    for (const room of [320, 516, 900]) {
      const t = tiling(shape, room, 320);
      assert.ok(t.pixelWidth <= room && t.pixelHeight <= 320, `${shape} in ${room}: ${t.pixelWidth} x ${t.pixelHeight}`);
      assert.ok(t.across * t.down >= t.filters);
      const seen = new Set(Array.from({ length: t.filters }, (_, i) => filterAt(t, ...corner(t, i, 0))));
      assert.equal(seen.size, t.filters);
    }
  }
});

test("up to 64 filters are all shown; of more, as many as can be told apart", () => {
  assert.equal(tiling([64, 3, 3, 3], 516, 320).filters, 64);
  for (const all of [64, 512]) {
    const many = tiling([all, 1, 28, 28], 516, 320);
    assert.deepEqual([many.filters, many.scale], [40, 2]);
  }
  assert.equal(tiling([20, 1, 28, 28], 516, 320).filters, 20);
});

test("pixels are painted where the tiling says and the gap stays transparent", () => {
  const t = tiling(snapshot.shape, 200, 320);
  const pixels = paint(snapshot, t);
  const at = (x: number, y: number) => [...pixels.slice((y * t.pixelWidth + x) * 4, (y * t.pixelWidth + x) * 4 + 4)];
  const [left, top] = corner(t, 0, 0);
  assert.deepEqual(at(left, top), [33, 102, 172, 255]);
  assert.deepEqual(at(left + t.scale, top), [178, 24, 43, 255]);
  if (t.across > 1) assert.equal(at(t.width * t.scale, 0)[3], 0);
});
