import assert from "node:assert/strict";
import { test } from "node:test";
import { toRgba } from "./theme.ts";

test("mixed colours become a form that Plotly reads", () => {
  assert.equal(toRgba("color(srgb 0.2 0.2 0.25 / 0.6)"), "rgba(51, 51, 64, 0.6)");
  assert.equal(toRgba("color(srgb 1 0 0)"), "rgba(255, 0, 0, 1)");
  assert.equal(toRgba("rgb(1, 2, 3)"), "rgb(1, 2, 3)");
});
