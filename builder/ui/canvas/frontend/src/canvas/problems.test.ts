import assert from "node:assert/strict";
import { test } from "node:test";
import { problemBeside, problemKey, sentence, spokenProblem, sureCount } from "./problems.ts";
import type { Problem } from "./types.ts";

const problem = (node: string | null, code: string, sure = false): Problem => ({
  node, field: null, severity: "warning", says: `${code} is odd`, because: "", code, path: [], fixes: [{ label: "Mend", edit: { op: "remove", ids: ["a"] }, sure }],
});
const ALL = [problem("a", "one", true), problem("a", "two"), problem(null, "three", true)];

test("the next problem goes round the end", () => {
  const keys = ALL.map(problemKey);
  assert.equal(problemBeside(ALL, null, 1), ALL[0]);
  assert.equal(problemBeside(ALL, null, -1), ALL[2]);
  assert.equal(problemBeside(ALL, keys[0] ?? null, 1), ALL[1]);
  assert.equal(problemBeside(ALL, keys[2] ?? null, 1), ALL[0]);
  assert.equal(problemBeside(ALL, keys[0] ?? null, -1), ALL[2]);
  assert.equal(problemBeside([], null, 1), null);
});

test("a problem that is gone leaves the way to begin at the first", () => {
  assert.equal(problemBeside(ALL, problemKey(problem("b", "one")), 1), ALL[0]);
});

test("problems with a sure fix are counted", () => {
  assert.equal(sureCount(ALL), 2);
  assert.equal(sureCount([]), 0);
});

test("a sentence begins with a capital unless it begins with a name", () => {
  const isName = (word: string): boolean => word === "join";
  assert.equal(sentence("the window is too long", isName), "The window is too long");
  assert.equal(sentence("join gets it twice", isName), "join gets it twice");
  assert.equal(sentence("conv1 and conv2 follow", isName), "conv1 and conv2 follow");
  assert.equal(sentence("kernel_size must be at least 1", isName), "kernel_size must be at least 1");
  assert.equal(sentence("1·28·28 = 784", isName), "1·28·28 = 784");
});

test("the way to a problem is spoken", () => {
  assert.equal(spokenProblem(ALL, ALL[1] as Problem), "Problem 2 of 3, warning: a, two is odd");
  assert.equal(spokenProblem(ALL, ALL[2] as Problem), "Problem 3 of 3, warning: three is odd");
});
