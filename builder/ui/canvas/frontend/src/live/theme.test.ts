import assert from "node:assert/strict";
import { test } from "node:test";
import { palette, toRgba } from "./theme.ts";

test("mixed colours become a form that Plotly reads", () => {
  assert.equal(toRgba("color(srgb 0.2 0.2 0.25 / 0.6)"), "rgba(51, 51, 64, 0.6)");
  assert.equal(toRgba("color(srgb 1 0 0)"), "rgba(255, 0, 0, 1)");
  assert.equal(toRgba("rgb(1, 2, 3)"), "rgb(1, 2, 3)");
});

test("a theme's list of colours is split between colours, not inside them", () => {
  assert.deepEqual(palette("#4453d4,#d9730d"), ["#4453d4", "#d9730d"]);
  assert.deepEqual(palette("rgb(1, 2, 3), #fff"), ["rgb(1, 2, 3)", "#fff"]);
  assert.deepEqual(palette(""), []);
});
