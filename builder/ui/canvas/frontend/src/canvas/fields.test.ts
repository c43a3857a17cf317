import assert from "node:assert/strict";
import { test } from "node:test";
import type { Param } from "./catalogue.ts";
import { joinPair, nameProblem, parse, show } from "./fields.ts";

const param = (more: Partial<Param>): Param => ({ name: "size", type: "int", default: 3, doc: "", ...more });
const value = (text: string, more: Partial<Param> = {}): unknown => {
  const parsed = parse(text, param(more));
  return parsed.ok ? parsed.value : parsed.says;
};

test("whole numbers are read, and anything else is refused in words that name the field", () => {
  assert.equal(value(" 12 ", { min: 1 }), 12);
  for (const text of ["abc", "1.5", "1e3", "0x10", "", "12 3", "9".repeat(40), "NaN", "Infinity"]) {
    assert.match(String(value(text, { min: 1 })), /^size (must be a whole number|is empty)/);
  }
});

test("limits are told with the number that broke them", () => {
  assert.equal(value("0", { min: 1, max: 4096 }), "size must be a whole number from 1 to 4,096; 0 is outside.");
});

test("numbers may be written with an exponent", () => {
  assert.equal(value("1e-5", { type: "float" }), 1e-5);
  assert.match(String(value("1e999", { type: "float" })), /too large/);
});

test("an empty field is automatic where the parameter may be left out", () => {
  assert.equal(value("", { optional: true }), null);
});

test("sizes are read with crosses, commas or spaces between", () => {
  for (const text of ["1 × 28 × 28", "1,28,28", "1x28x28", "1 28 28"]) assert.deepEqual(value(text, { type: "ints" }), [1, 28, 28]);
  assert.match(String(value("1 × tall", { type: "ints" })), /tall/);
  assert.equal(show([1, 28, 28]), "1 × 28 × 28");
});

test("equal components become one number", () => {
  assert.equal(joinPair(3, 3), 3);
  assert.deepEqual(joinPair(3, 5), [3, 5]);
});

test("a brick's name must be a Python name that is free", () => {
  assert.equal(nameProblem("conv_1", ["fc1"]), null);
  for (const name of ["", "1a", "a b", "a-b", "ä", "class", "fc1"]) assert.notEqual(nameProblem(name, ["fc1"]), null);
});
