import assert from "node:assert/strict";
import { test } from "node:test";
import { cells, describe, recall, strength, worst } from "./confusion.ts";

const MATRIX = [[131, 4, 5], [0, 0, 0], [1, 0, 9]];

test("shares are of the row, the true class", () => {
  const cell = cells(MATRIX)[0]![1]!;
  assert.equal(cell.of, 140);
  assert.equal(describe(cell, ["3", "8", "5"]), "3 called 8: 4 of 140 (2.9 %)");
  assert.equal(describe(cells(MATRIX)[0]![0]!, ["3", "8", "5"]), "3 recognised: 131 of 140 (93.6 %)");
});

test("recall is the diagonal's share; a class without samples has none", () => {
  assert.deepEqual(recall(MATRIX), [131 / 140, null, 0.9]);
});

test("the worst mistake is the one with the largest share of its class", () => {
  assert.equal(worst(MATRIX)?.truth, 2);
  assert.equal(worst([[3, 0], [0, 4]]), undefined);
});

test("every mistake that was made can be seen, none that was not", () => {
  const [row] = cells([[999, 1, 0]]);
  assert.ok(strength(row![1]!) > 0.1);
  assert.equal(strength(row![2]!), 0);
  assert.ok(strength(row![0]!) > 0.99);
});
