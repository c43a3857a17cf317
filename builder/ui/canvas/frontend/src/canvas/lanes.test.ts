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
      if (lane !== null) assert.ok([left - 28, right + BRICK.width + 28, ends.from[0], ends.to[0]].includes(lane));
      const hit = [...places].some(([id, at]) => id !== one.source && id !== one.target && samples(ends, null).some(([x, y]) => {
        return x > at[0] && x < at[0] + BRICK.width && y > at[1] && y < at[1] + BRICK.height;
      }));
      if (hit && ends.to[1] - ends.from[1] >= PITCH) assert.notEqual(lane, null);
    }
  }
});

test("what is kept from the lanes before is what working them all out anew would give", () => {
  for (let seed = 1; seed < 12; seed += 1) {
    const { document, places: down } = drawing(seed);
    const direction = seed % 2 ? "down" : "right";
    const places: Places = direction === "down" ? down : new Map([...down].map(([id, [x, y]]) => [id, [y * 4, x / 3]]));
    const next = numbers(seed + 99);
    let [kept, now] = [lanesOf(NO_LANES, document, places, CATALOGUE, direction), places];
    assert.ok([...kept.of.values()].some(({ lane }) => lane !== null));
    for (let step = 0; step < 25; step += 1) {
      const id = `b${Math.floor(next() * 60)}`;
      const [x, y] = now.get(id) ?? [0, 0];
      now = new Map([...now, [id, [x + Math.floor(next() * 400 - 200), y + Math.floor(next() * 400 - 200)] as Point]]);
      kept = lanesOf(kept, document, now, CATALOGUE, direction);
      assert.deepEqual(kept.of, lanesOf(NO_LANES, document, now, CATALOGUE, direction).of);
    }
  }
});

test("a wire that would touch a brick beside its way turns over its end, or where it starts, whichever is free", () => {
  const places = new Map<string, Point>([["start", [300, 0]], ["a", [600, 84]], ["b", [900, 128]], ["end", [300, 300]], ["c", [600, 190]]]);
  const lane = (source: string, target: string, ports: Places = places, direction: "down" | "right" = "down"): number | null => {
    const one = wire(source, target);
    const nodes = [...ports.keys()].map((id) => brick(id));
    const ends = endsOf({ nodes, edges: [one] }, one, ports, CATALOGUE, direction);
    return ends && laneOf(one, ends, ports, direction);
  };
  assert.equal(lane("start", "b"), 900 + BRICK.width / 2);
  assert.equal(lane("b", "end"), 900 + BRICK.width / 2);
  assert.equal(lane("start", "a"), null);
  const row = new Map<string, Point>([["start", [0, 200]], ["a", [368, 128]], ["b", [736, 0]]]);
  assert.equal(lane("start", "b", row, "right"), BRICK.height / 2);
});

test("nothing is worked out when nothing moved", () => {
  const { document, places } = drawing(1);
  const lanes = lanesOf(NO_LANES, document, places, CATALOGUE);
  assert.equal(lanesOf(lanes, document, places, CATALOGUE), lanes);
});
