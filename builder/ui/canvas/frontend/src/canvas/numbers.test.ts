import assert from "node:assert/strict";
import { test } from "node:test";
import type { Param } from "./catalogue.ts";
import { dragged, held, stepOf, suggested } from "./numbers.ts";

const param = (more: Partial<Param>): Param => ({ name: "size", type: "int", default: 3, min: 1, doc: "", ...more });

test("a drag changes a whole number by one for three pixels, a large one by more, and stays inside the limits", () => {
  assert.equal(dragged(32, -78, param({}), false), 6);
  assert.equal(dragged(64, 168, param({}), false), 120);
  assert.equal(dragged(512, 48, param({}), false), 640);
  assert.equal(dragged(512, 48, param({}), true), 528);
  assert.equal(dragged(3, -900, param({}), false), 1);
  assert.equal(dragged(3, 900, param({ max: 7 }), false), 7);
});

test("a drag changes a share by hundredths without a tail of digits", () => {
  const share = param({ type: "float", default: 0.5, min: 0, max: 1 });
  assert.equal(dragged(0.5, -60, share, false), 0.3);
  assert.equal(dragged(0.5, 3, share, true), 0.501);
  assert.equal(stepOf(0, param({ type: "float", min: null })), 0.01);
});

test("a stepper held down goes faster", () => {
  const steps = [1, 8, 20, 40, 900].map(held);
  assert.deepEqual(steps, [...steps].sort((a, b) => a - b));
  assert.equal(steps[0], 1);
});

test("the numbers offered are small ones for a small parameter, powers of two around a large one, all of them allowed", () => {
  assert.deepEqual(suggested(param({}), 3), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  assert.deepEqual(suggested(param({ min: 0, default: 0 }), 0).slice(0, 3), [0, 1, 2]);
  const large = suggested(param({ default: 64 }), 120);
  for (const one of [60, 64, 120, 128, 240]) assert.ok(large.includes(one), `${one} in ${large.join()}`);
  assert.ok(suggested(param({ max: 4 }), 3).every((one) => one >= 1 && one <= 4));
  assert.deepEqual(suggested(param({ type: "float" }), 3), []);
});
