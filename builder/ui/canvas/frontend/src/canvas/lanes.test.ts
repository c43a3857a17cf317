import assert from "node:assert/strict";
import { test } from "node:test";
import { brick, CATALOGUE, wire } from "./fixture.test.ts";
import { BRICK, type Ends, endsOf, laneOf, PITCH, type Places, samples } from "./geometry.ts";
import { lanesOf, NO_LANES } from "./lanes.ts";
import type { NetworkDocument, Point, Wire } from "./types.ts";

/** A repeatable source of numbers from 0 to 1. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
}

function drawing(seed: number): { document: NetworkDocument; places: Places } {
  const next = numbers(seed);
  const nodes = Array.from({ length: 60 }, (_, i) => brick(`b${i}`, i % 7 === 3 ? "Join" : "Step"));
  const edges = nodes.slice(1).flatMap((node, i): Wire[] => {
    const first = wire(`b${i}`, node.id);
    return node.kind === "Join" ? [first, wire(`b${Math.floor(next() * (i + 1))}`, node.id, 1)] : [first];
  });
  const places = new Map(nodes.map((node, i): [string, Point] => [node.id, [Math.floor(next() * 3) * 300, i * PITCH + Math.floor(next() * 20)]]));
  return { document: { nodes, edges }, places };
}

/** The least and greatest x between the ends of a wire, found by looking at every brick. */
function reach(ends: Ends, places: Places): readonly [number, number] {
  const xs = [...places.values()].filter(([, y]) => y + BRICK.height > ends.from[1] && y < ends.to[1]).map(([x]) => x);
  return [Math.min(...xs), Math.max(...xs)];
}

test("a wire has a lane when a brick stands in its way, and the lane runs beside every brick between its ends", () => {
  for (let seed = 1; seed < 30; seed += 1) {
    const { document, places } = drawing(seed);
    for (const one of document.edges) {
      const ends = endsOf(document, one, places, CATALOGUE);
      assert.ok(ends);
      const lane = laneOf(one, ends, places);
      const [left, right] = reach(ends, places);
      if (lane !== null) assert.ok(lane === left - 28 || lane === right + BRICK.width + 28);
      const hit = [...places].some(([id, at]) => id !== one.source && id !== one.target && samples(ends, null).some(([x, y]) => {
        return x > at[0] && x < at[0] + BRICK.width && y > at[1] && y < at[1] + BRICK.height;
      }));
      if (hit && ends.to[1] - ends.from[1] >= PITCH) assert.notEqual(lane, null);
    }
  }
});

test("what is kept from the lanes before is what working them all out anew would give", () => {
  for (let seed = 1; seed < 12; seed += 1) {
    const { document, places } = drawing(seed);
    const next = numbers(seed + 99);
    let [kept, now] = [lanesOf(NO_LANES, document, places, CATALOGUE), places];
    for (let step = 0; step < 25; step += 1) {
      const id = `b${Math.floor(next() * 60)}`;
      const [x, y] = now.get(id) ?? [0, 0];
      now = new Map([...now, [id, [x + Math.floor(next() * 400 - 200), y + Math.floor(next() * 400 - 200)] as Point]]);
      kept = lanesOf(kept, document, now, CATALOGUE);
      assert.deepEqual(kept.of, lanesOf(NO_LANES, document, now, CATALOGUE).of);
    }
  }
});

test("nothing is worked out when nothing moved", () => {
  const { document, places } = drawing(1);
  const lanes = lanesOf(NO_LANES, document, places, CATALOGUE);
  assert.equal(lanesOf(lanes, document, places, CATALOGUE), lanes);
});
