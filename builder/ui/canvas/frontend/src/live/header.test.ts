import assert from "node:assert/strict";
import { test } from "node:test";
import { ended, numbers, progressText, tone } from "./header.ts";
import type { Header } from "./types.ts";

const header: Header = {
  epoch: 3, epochs: 15, step: 120, steps: 675, stepsPerEpoch: 45, left: 12.3, speed: 2601, seconds: 2.8, device: "cpu", deviceName: "EPYC",
  best: { accuracy: 0.806, figure: null, epoch: 2 }, parameters: 21840, trainSamples: 1437, testSamples: 360, validationSamples: 0, part: "test", tested: null,
};

test("while it trains the header counts epochs and says how long it will take", () => {
  assert.equal(progressText(header, "running"), "Epoch 3 of 15, 17 %");
  assert.deepEqual(numbers(header, "running").map((n) => n.value), ["80.6 %", "about 12 s", "2,601", "CPU", "21,840"]);
});

test("when it has ended the header says how far it came and how long it took", () => {
  assert.equal(progressText(header, "stopped"), "Epoch 3 of 15, step 120 of 675");
  assert.equal(numbers(header, "stopped")[1]!.value, "2.8 s");
});

test("a run with a validation part says which figure is of which part, and shows the test part's once it was asked for", () => {
  const watched: Header = { ...header, part: "validation", validationSamples: 144 };
  const [best, test, , , , size] = numbers(watched, "completed");
  assert.deepEqual([best?.label, test?.value, test?.note], ["Best validation accuracy", "—", "kept for the end"]);
  assert.equal(size?.note, "1,437 training, 144 validation, 360 test samples");
  const asked = numbers({ ...watched, tested: { accuracy: 0.791, figure: null, epoch: 2, checkpoint: "best" } }, "completed")[1];
  assert.deepEqual([asked?.label, asked?.value, asked?.note], ["Test accuracy", "79.1 %", "best checkpoint, epoch 2"]);
});

test("before anything is known every number is a dash", () => {
  const nothing: Header = { ...header, epoch: 0, epochs: 0, step: 0, left: null, speed: null, seconds: 0, device: "", deviceName: "", best: null, parameters: null, trainSamples: null };
  assert.deepEqual(numbers(nothing, "starting").map((n) => n.value), ["—", "—", "—", "—", "—"]);
  assert.equal(progressText(nothing, "starting"), "Starting: loading torch…");
});

test("only a run that can still change is busy, and only what went wrong is bad", () => {
  assert.deepEqual((["none", "starting", "paused", "stopping", "completed", "stopped", "diverged", "killed"] as const).map(tone),
    ["calm", "busy", "calm", "busy", "good", "calm", "bad", "bad"]);
  assert.equal(ended("out_of_memory"), true);
});

test("masks are judged by overlap too, numbers by R², and boxes by mAP", () => {
  const masks = numbers({ ...header, best: { accuracy: 0.95, figure: 0.712, epoch: 3 } }, "completed", "segmentation")[0];
  assert.deepEqual([masks?.label, masks?.value, masks?.note], ["Best test accuracy", "95.0 %", "after epoch 3, mean IoU 71.2 %"]);
  const told = numbers({ ...header, part: "validation", best: { accuracy: null, figure: 0.9731, epoch: 3 } }, "completed", "regression");
  assert.deepEqual([told[0]?.label, told[0]?.value, told[1]?.label], ["Best validation R²", "0.973", "Test R²"]);
  const found = numbers({ ...header, part: "validation", best: { accuracy: null, figure: 0.635, epoch: 7 } }, "running", "detection")[0];
  assert.deepEqual([found?.label, found?.value], ["Best validation mAP", "63.5 %"]);
});
