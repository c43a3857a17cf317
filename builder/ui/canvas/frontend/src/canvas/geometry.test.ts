import assert from "node:assert/strict";
import { test } from "node:test";
import { CATALOGUE, SKIP } from "./fixture.test.ts";
import { BRICK, curve, distance, dotGap, endsOf, fitView, frameView, laneOf, portX, resizedView, revealView } from "./geometry.ts";
import type { Point } from "./types.ts";

const COLUMN = new Map<string, Point>([["start", [0, 0]], ["a", [0, 84]], ["join", [0, 168]], ["end", [0, 252]]]);

test("ports stand evenly along the upper edge", () => {
  assert.equal(portX(0, 1), BRICK.width / 2);
  assert.equal(portX(1, 3), BRICK.width / 2);
});

test("a wire that would run behind a brick gets a lane beside it; a free one does not", () => {
  const skip = { source: "start", target: "join", port: 1 };
  const ends = endsOf(SKIP, skip, COLUMN, CATALOGUE);
  assert.ok(ends);
  const lane = laneOf(skip, ends, COLUMN);
  assert.ok(lane !== null && (lane < 0 || lane > BRICK.width));
  const direct = { source: "start", target: "a" };
  const short = endsOf(SKIP, direct, COLUMN, CATALOGUE);
  assert.ok(short);
  assert.equal(laneOf(direct, short, COLUMN), null);
});

test("a wire straight down is a straight line", () => {
  assert.deepEqual(curve({ from: [5, 0], to: [5, 40] }).map(([x]) => x), [5, 5, 5, 5]);
});

test("distance to a line is measured to the nearest piece", () => {
  assert.equal(distance([3, 4], [[0, 0], [0, 10]]), 3);
  assert.equal(distance([0, 14], [[0, 0], [0, 10]]), 4);
});

test("the whole drawing fits, and a long one is shown from its top at a size that can be read", () => {
  const short = fitView(COLUMN, 900, 800);
  assert.equal(short.zoom, 1);
  const long = fitView(new Map([...COLUMN, ["far", [0, 9000]]]), 900, 800);
  assert.deepEqual([long.zoom, long.y], [0.75, 60]);
});

test("the brick with which a drawing begins is in sight, wherever it stands", () => {
  const stairs = new Map<string, Point>(Array.from({ length: 40 }, (_, i) => [`s${i}`, [i * 300, i * 300]]));
  const row = new Map<string, Point>(Array.from({ length: 40 }, (_, i) => [`r${i}`, [i * 400, 4000 - i * 100]]));
  for (const [places, first] of [[stairs, "s0"], [row, "r0"]] as const) {
    const view = fitView(places, 900, 800);
    assert.equal(revealView(view, places.get(first) as Point, 900, 800), null);
  }
});

test("a pane that changes its size shows all of a drawing that was all in sight, and keeps the middle of one that was not", () => {
  const [wide, narrow] = [{ width: 900, height: 800 }, { width: 500, height: 800 }];
  assert.deepEqual(resizedView(fitView(COLUMN, 900, 800), COLUMN, wide, narrow), fitView(COLUMN, 500, 800));
  assert.deepEqual(resizedView({ x: -40, y: 7, zoom: 1.5 }, COLUMN, wide, narrow), { x: -240, y: 7, zoom: 1.5 });
});

test("a brick in sight needs no move, one below the pane is brought up", () => {
  const view = { x: 0, y: 0, zoom: 1 };
  assert.equal(revealView(view, [100, 100], 800, 600), null);
  const moved = revealView(view, [100, 900], 800, 600);
  assert.ok(moved && 900 + moved.y + BRICK.height <= 600);
});

test("a frame beside a brick comes into sight as far as the brick can stay", () => {
  const view = { x: 0, y: 0, zoom: 1 };
  const pane = { width: 800, height: 600 };
  assert.equal(frameView(view, { x: 300, y: 100, width: 300, height: 300 }, [20, 100], pane), null);
  assert.deepEqual(frameView(view, { x: 600, y: 100, width: 300, height: 300 }, [320, 100], pane), { x: -116, y: 0, zoom: 1 });
  const wide = frameView(view, { x: 600, y: 300, width: 900, height: 300 }, [320, 300], pane);
  assert.ok(wide && wide.zoom < 1);
  assert.deepEqual([320, 1500].map((x) => Math.round(wide.x + x * wide.zoom)), [16, 784]);
});

test("dots come no closer on the screen than can be told apart, and stand where dots stood before", () => {
  for (let zoom = 2; zoom > 0.05; zoom *= 0.93) {
    const gap = dotGap(zoom);
    assert.ok(gap >= 16 && (gap === 24 * zoom || gap < 32), `${gap} at ${zoom}`);
    assert.equal(Math.log2(gap / (24 * zoom)) % 1, 0);
  }
});
