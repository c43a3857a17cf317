/** One row of the training curve: step, epoch, loss, accuracy (a share; null where nothing is right or wrong), samples per second. */
export type Point = readonly [step: number, epoch: number, loss: number | null, accuracy: number | null, speed: number];

/** What the data are for, which says what is drawn. */
export type Task = "classification" | "segmentation" | "regression" | "detection";

/** One evaluation on the part that the run is watched on: step, epoch, loss, accuracy (a share), and the task's figure: mean IoU or mean average precision (shares), or R². */
export type TestPoint = readonly [step: number, epoch: number, loss: number | null, accuracy: number | null, figure?: number | null];

/** A change of the learning rate: the steps after `step` go by `rate`. */
export type Mark = readonly [step: number, rate: number];

/** The first learned layer's weights: base64 of uint8, 0 = `low`, 255 = `high`, shape (out, in, height, width). */
export interface Snapshot {
  readonly step: number;
  readonly epoch: number;
  readonly layer: string;
  readonly shape: readonly [number, number, number, number];
  readonly low: number;
  readonly high: number;
  readonly data: string;
  /** How many filters the layer has when not all are in the picture, else 0. */
  readonly of?: number;
}

/** matrix[i][j] counts samples of class i that were called j. */
export interface Confusion {
  readonly epoch: number;
  readonly step: number;
  readonly matrix: readonly (readonly number[])[];
}

/** Norms of gradients: rows of a step, the norm over all weights, and one for each layer; null where it is not finite. */
export interface Gradients {
  readonly layers: readonly string[];
  readonly rows: readonly (readonly [number, number | null, ...(number | null)[]])[];
}

export type State =
  | "none" | "queued" | "starting" | "running" | "pausing" | "paused" | "stopping"
  | "completed" | "stopped" | "diverged" | "failed" | "out_of_memory" | "killed";

export type Part = "validation" | "test";

/** What the header shows; null where it is not known yet. */
export interface Header {
  readonly epoch: number;
  readonly epochs: number;
  readonly step: number;
  readonly steps: number;
  readonly stepsPerEpoch: number;
  readonly left: number | null;
  readonly speed: number | null;
  readonly seconds: number;
  readonly device: string;
  readonly deviceName: string;
  readonly best: { readonly accuracy: number | null; readonly figure: number | null; readonly epoch: number } | null;
  readonly parameters: number | null;
  readonly trainSamples: number | null;
  readonly testSamples: number | null;
  readonly validationSamples: number | null;
  /** What the run is watched on. */
  readonly part: Part;
  /** What the test part gave when it was last asked for. */
  readonly tested: { readonly accuracy: number | null; readonly figure: number | null; readonly epoch: number; readonly checkpoint: string } | null;
}

/**
 * What Python sends. `points` are numbers base, base + 1, ... of the series; the component must already hold the `base` before them.
 * `snapshot`, `confusion` and `gradients` are left out (null) when they were sent before; `snapshotStep`, `confusionEpoch` and `gradientsStep` (0: none) say which are the newest.
 */
export interface LiveData {
  readonly run: string | null;
  readonly series: string;
  readonly title: string;
  readonly state: State;
  readonly says: string;
  readonly task: Task;
  readonly classes: readonly string[];
  readonly base: number;
  readonly points: readonly Point[];
  readonly tests: readonly TestPoint[];
  readonly marks: readonly Mark[];
  readonly snapshot: Snapshot | null;
  readonly snapshotStep: number;
  readonly confusion: Confusion | null;
  readonly confusionEpoch: number;
  readonly gradients: Gradients | null;
  readonly gradientsStep: number;
  readonly header: Header;
}
