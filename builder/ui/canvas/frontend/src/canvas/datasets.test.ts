import assert from "node:assert/strict";
import { test } from "node:test";
import { choices, means } from "./datasets.ts";

const digits = { source: "digits", title: "Digits", shape: [1, 28, 28], classes: 10 };
const own = { source: "own", sha256: "0".repeat(64), title: "Ants", shape: [3, 32, 32], classes: ["ants", "bees"], train: 6, test: 2 };

test("a person's own data can be chosen where the project is for them, and are said in full in an edit", () => {
  assert.deepEqual(choices([digits], own).map((one) => [one.title, one.classes]), [["Digits", 10], ["Ants", 2]]);
  assert.equal(means("own", own), own);
  assert.equal(means("digits", own), "digits");
});

test("without such data there is the catalogue alone", () => {
  assert.deepEqual(choices([digits], undefined), [digits]);
  assert.equal(means("digits", undefined), "digits");
});
