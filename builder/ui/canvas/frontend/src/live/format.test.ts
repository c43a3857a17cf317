import assert from "node:assert/strict";
import { test } from "node:test";
import { count, duration, filtersCaption, number, percent, timeLeft } from "./format.ts";

test("numbers are written for people", () => {
  assert.equal(count(21840), "21,840");
  assert.equal(percent(0.9712), "97.1 %");
  assert.equal(number(-0.31267), "−0.313");
});

test("times are said as one would say them", () => {
  assert.deepEqual([3.21, 48, 125, 120, 4800, 3600].map(duration), ["3.2 s", "48 s", "2 min 5 s", "2 min", "1 h 20 min", "1 h"]);
  assert.deepEqual([0.4, 12.3, 47, 95, 130, 5000].map(timeLeft),
    ["a moment", "about 12 s", "about 45 s", "about 95 s", "about 2 min", "about 1 h 23 min"]);
});

test("the first layer is called by what it has", () => {
  assert.equal(filtersCaption([10, 1, 5, 5]), "10 filters 1×5×5");
  assert.equal(filtersCaption([1, 3, 3, 3]), "1 filter 3×3×3");
  assert.equal(filtersCaption([512, 16, 1, 1]), "512 neurons with 16 inputs");
  assert.equal(filtersCaption([32, 1, 1, 2]), "32 neurons with 2 inputs");
  assert.equal(filtersCaption([32, 1, 1, 1]), "32 neurons with 1 input");
  assert.equal(filtersCaption([64, 1, 28, 28], 512), "64 of 512 filters 1×28×28");
});
