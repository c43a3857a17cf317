import assert from "node:assert/strict";
import { test } from "node:test";
import { NO_SCALE, polygon, SLAB, sameScale, scaleOf, type Slab, slabOf } from "./slab.ts";
import type { Point } from "./types.ts";

const width = (points: readonly Point[]): number => Math.max(...points.map(([x]) => x)) - Math.min(...points.map(([x]) => x));
const height = (points: readonly Point[]): number => Math.max(...points.map(([, y]) => y)) - Math.min(...points.map(([, y]) => y));

test("the largest axes of a drawing make its scale, images and vectors apart", () => {
  assert.deepEqual(scaleOf([[1, 28, 28], [64, 7, 9], [320], null, undefined]), { channels: 64, side: 28, length: 320 });
  assert.deepEqual(scaleOf([]), NO_SCALE);
  assert.ok(sameScale(scaleOf([[3, 4, 5]]), scaleOf([[3, 5, 4]])));
});

test("more channels make a box wider, a larger image makes it higher and deeper", () => {
  const scale = scaleOf([[512, 224, 224]]);
  const [small, thick, large] = [[16, 14, 14], [512, 14, 14], [16, 224, 224]].map((sizes) => slabOf(sizes, scale) as Slab);
  assert.ok(small && thick && large);
  assert.ok(width(thick.front) > width(small.front) && height(thick.front) === height(small.front));
  assert.ok(height(large.front) > height(small.front) && width(large.side ?? []) > width(small.side ?? []));
});

test("a slab never leaves its place, whatever its sizes are", () => {
  for (const sizes of [[1, 1, 1], [4096, 4096, 4096], [2048, 1, 4096], [8, 16, 64, 64], [10], [100_000], [128, 768]]) {
    for (const scale of [NO_SCALE, scaleOf([sizes]), scaleOf([[4096, 4096, 4096], [100_000]])]) {
      const slab = slabOf(sizes, scale) as Slab;
      const points = [...slab.front, ...(slab.top ?? []), ...(slab.side ?? [])];
      assert.ok(points.every(([x, y]) => x >= 0 && x <= SLAB.width && y >= 0 && y <= SLAB.height), `${sizes}`);
    }
  }
});

test("a vector is a thin bar, in proportion to the longest", () => {
  const scale = scaleOf([[1000], [10]]);
  const [long, short] = [slabOf([1000], scale) as Slab, slabOf([10], scale) as Slab];
  assert.equal(long.top, undefined);
  assert.ok(width(long.front) < height(long.front) && height(short.front) < height(long.front));
});

test("an unknown size has no slab", () => {
  assert.deepEqual([slabOf(null, NO_SCALE), slabOf([], NO_SCALE), slabOf([3, null, 4], NO_SCALE)], [null, null, null]);
  assert.equal(polygon([[1, 2], [3, 4]]), "1,2 3,4");
});
