import assert from "node:assert/strict";
import { test } from "node:test";
import { lookAt, type Memory, putAside, takeBack, withLook } from "./memory.ts";
import { mayReload } from "./server.ts";
import { open } from "./sync.ts";
import type { CanvasData } from "./types.ts";

function storage(): Storage {
  const kept = new Map<string, string>();
  const part = { getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, value: string) => kept.set(key, value), removeItem: (key: string) => kept.delete(key) };
  return part as unknown as Storage;
}

test("the page is loaded anew once in half a minute at most", () => {
  const kept = storage();
  assert.deepEqual([100_000, 120_000, 131_000].map((now) => mayReload(kept, now)), [true, false, true]);
});

test("what a tab put aside is found once, and what is not ours is left alone", () => {
  const kept = storage();
  const data = { load_id: "one", revision: 3, document: { nodes: [], edges: [] } } as unknown as CanvasData;
  const looks = { "": { view: { x: 1, y: 2, zoom: 0.5 }, selected: ["conv1"] } };
  const memory: Memory = { path: ["block1"], looks, sync: open(data, "c-1") };
  putAside(new Map([["one", memory]]), kept);
  assert.deepEqual([...takeBack(kept)], [["one", memory]]);
  assert.equal(takeBack(kept).size, 0);
  for (const odd of ["{", "3", "[3]", "null", '[["one", {"sync": {}}]]']) {
    kept.setItem("brickwork-canvas", odd);
    assert.equal(takeBack(kept).size, 0);
  }
});

test("every drawing of a project is remembered as it was looked at", () => {
  const data = { load_id: "one", revision: 3, document: { nodes: [], edges: [] } } as unknown as CanvasData;
  const view = { x: 1, y: 2, zoom: 0.5 };
  const inside = withLook({ path: [], looks: {}, sync: open(data, "c-1") }, ["block1", "inner"], { view });
  const both = withLook(inside, [], { selected: ["conv1"] });
  assert.deepEqual(lookAt(both, ["block1", "inner"]), { view, selected: [] });
  assert.deepEqual(lookAt(both, []), { view: null, selected: ["conv1"] });
  assert.deepEqual(lookAt(undefined, []), { view: null, selected: [] });
});
