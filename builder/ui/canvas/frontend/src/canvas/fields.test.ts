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
  for (const text of ["abc", "1.5", "0x10", "", "12 3", "9".repeat(40), "NaN", "Infinity"]) {
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
  for (const text of ["1 × 28 × 28", "(1, 28, 28)", "1,28,28", "1x28x28", "1 28 28"]) assert.deepEqual(value(text, { type: "ints" }), [1, 28, 28]);
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

const offered = (text: string, more: Partial<Param> = {}): unknown => {
  const parsed = parse(text, param({ min: 1, max: 4096, ...more }));
  return parsed.ok ? `read as ${show(parsed.value)}` : parsed.meant;
};

test("a number is read however a keyboard writes it", () => {
  for (const [text, number] of [["１２", 12], ["٣", 3], ["३०", 30], ["1e3", 1000], ["8.0", 8], ["+4", 4], ["007", 7], ["1_000", 1000], ["3\u200b", 3], [" 5\n", 5]] as const) {
    assert.equal(value(text, { min: 1 }), number, text);
  }
  assert.equal(value("−0.5", { type: "float" }), -0.5);
});

test("what a refused text may stand for is offered", () => {
  for (const [text, number] of [["0", 1], ["-1", 1], ["3.5", 4], ["1,000", 1000], ["1 000", 1000], ["5 px", 5], ["5;", 5], ["", 3]] as const) {
    assert.equal(offered(text), number, text);
  }
  for (const text of ["1" + "0".repeat(30), "abc", "🙂", "0x10", "1 or 2", "five words and a number 5 in a paragraph"]) assert.equal(offered(text), undefined, text);
  assert.equal(offered("0,5", { type: "float", max: 1, min: 0 }), 0.5);
  assert.equal(offered("30 %", { type: "float", max: 1, min: 0 }), 0.3);
  assert.equal(offered("1,000", { axes: 2 }), 1000);
  assert.deepEqual(offered("N × 1 × 28 × 28", { type: "ints", most: 4 }), [1, 28, 28]);
  assert.deepEqual(offered("0x28x28.5", { type: "ints", most: 4 }), [1, 28, 29]);
  assert.equal(offered("1 × tall", { type: "ints", most: 4 }), undefined);
  for (const text of ["3,5", "3x5", "3 × 5", "(3, 5)"]) assert.deepEqual(offered(text, { axes: 2 }), [3, 5], text);
});

test("a message quotes no more of a text than fits a line", () => {
  assert.match(String(value("a pasted\nparagraph that goes on and on", { min: 1 })), /; “a pasted paragraph that…” is not one\.$/);
  assert.match(String(value("9".repeat(40), { max: 4096 })), /; 9{23}… is outside\.$/);
});

test("a list of numbers that is too short or too long is said with its length", () => {
  assert.equal(value("1 2 3 4 5", { type: "ints", fewest: 1, most: 4 }), "size must be 1 to 4 whole numbers; here are 5.");
});

test("a text of its own form is taken as it is, three axes take three numbers, and a list may have none where that is allowed", () => {
  assert.equal(value(" ij,jk->ik ", { type: "text" }), "ij,jk->ik");
  for (const text of ["1 × 3 × 3", "(1, 3, 3)", "1x3x3"]) assert.deepEqual(value(text, { axes: 3, min: 1 }), [1, 3, 3], text);
  assert.equal(value("3", { axes: 3, min: 1 }), 3);
  assert.equal(value("3 x 3", { axes: 3, min: 1 }), "size must be 3 to 3 whole numbers; here are 2.");
  assert.deepEqual(value("", { type: "ints", fewest: 0, most: 4 }), []);
  assert.deepEqual(value("-1 4", { type: "ints", min: -1, most: 4 }), [-1, 4]);
});
