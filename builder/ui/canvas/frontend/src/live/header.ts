import { h, setAttributes, setText } from "./dom.ts";
import { count, duration, percent, timeLeft } from "./format.ts";
import type { Header, LiveData, State, Task } from "./types.ts";

const STATES: Readonly<Record<State, string>> = {
  none: "No run to show",
  queued: "Waiting for its turn",
  starting: "Starting: loading torch…",
  running: "Training",
  pausing: "Pausing…",
  paused: "Paused",
  stopping: "Stopping…",
  completed: "Finished",
  stopped: "Stopped",
  diverged: "The loss diverged",
  failed: "The run failed",
  out_of_memory: "Out of memory",
  killed: "The process was killed",
};

const UNFINISHED: readonly State[] = ["queued", "starting", "running", "pausing", "paused", "stopping"];

/** Whether nothing more will come. */
export function ended(state: State): boolean {
  return !UNFINISHED.includes(state);
}

/** How the state is coloured: busy, good, calm or bad. */
export function tone(state: State): "busy" | "good" | "calm" | "bad" {
  if (state === "none" || state === "paused") return "calm";
  if (!ended(state)) return "busy";
  if (state === "completed") return "good";
  return state === "stopped" ? "calm" : "bad";
}

/** The label and value of each number in the header, in order; an em dash stands where nothing is known yet. */
export function numbers(header: Header, state: State, task: Task = "classification"): { label: string; value: string; note: string }[] {
  const { best, left, speed, seconds } = header;
  const time = ended(state)
    ? { label: "Time", value: seconds ? duration(seconds) : "—", note: "" }
    : { label: "Time left", value: left === null ? "—" : timeLeft(left), note: seconds ? `${duration(seconds)} so far` : "" };
  return [
    { label: `Best ${header.part} ${score(task)}`, value: scored(best, task), note: best ? `after epoch ${best.epoch}${overlap(best, task)}` : "" },
    ...tested(header, task),
    time,
    { label: "Speed", value: speed === null ? "—" : count(speed), note: speed === null ? "" : "samples/s" },
    { label: "Device", value: header.device ? header.device.toUpperCase() : "—", note: header.deviceName },
    { label: "Parameters", value: header.parameters === null ? "—" : count(header.parameters), note: samples(header) },
  ];
}

type Reached = { readonly accuracy: number | null; readonly figure: number | null } | null;

const SCORES: Readonly<Partial<Record<Task, string>>> = { regression: "R²", detection: "mAP" };

/** What runs of a task are compared by. */
function score(task: Task): string {
  return SCORES[task] ?? "accuracy";
}

/** Shares in per cent, as the charts have them; R² is none. */
function scored(reached: Reached, task: Task): string {
  if (!reached) return "—";
  if (reached.accuracy !== null) return percent(reached.accuracy);
  if (reached.figure === null) return "—";
  return task === "regression" ? reached.figure.toFixed(3) : percent(reached.figure);
}

/** Of masks the mean intersection over union, which small classes count in as much as large ones. */
function overlap(reached: Reached, task: Task): string {
  return task === "segmentation" && reached && reached.figure !== null ? `, mean IoU ${percent(reached.figure)}` : "";
}

/** The test part's figure, where it is not what the run is watched on: it is worked out when somebody asks. */
function tested({ part, tested }: Header, task: Task): { label: string; value: string; note: string }[] {
  if (part === "test" && !tested) return [];
  const note = tested ? `${tested.checkpoint} checkpoint, epoch ${tested.epoch}${overlap(tested, task)}` : "kept for the end";
  return [{ label: `Test ${score(task)}`, value: scored(tested, task), note }];
}

/** How many samples each part has. */
function samples({ trainSamples, validationSamples, testSamples }: Header): string {
  if (trainSamples === null) return "";
  const validation = validationSamples ? `, ${count(validationSamples)} validation` : "";
  return `${count(trainSamples)} training${validation}, ${count(testSamples ?? 0)} test samples`;
}

/** "Epoch 3 of 15" with what comes after it. */
export function progressText(header: Header, state: State): string {
  if (!header.epochs) return STATES[state];
  const epoch = `Epoch ${Math.max(1, header.epoch)} of ${header.epochs}`;
  if (ended(state)) return `${epoch}, step ${count(header.step)} of ${count(header.steps)}`;
  return `${epoch}, ${Math.floor((100 * header.step) / Math.max(1, header.steps))} %`;
}

/** State, progress, the numbers and, at the end, what happened in plain words. */
export class HeaderView {
  readonly element: HTMLElement;
  private readonly state = h("span", { class: "state" });
  private readonly title = h("span", { class: "title" });
  private readonly progress = h("span", { class: "progress-text" });
  private readonly bar = h("div", { class: "bar" });
  private readonly track = h("div", { class: "track", role: "progressbar", "aria-valuemin": 0, "aria-valuemax": 100 }, this.bar);
  private readonly stats = h("dl", { class: "stats" });
  private readonly banner = h("p", { class: "banner", role: "status" });

  constructor() {
    this.element = h("section", { class: "card head", "aria-label": "Run" },
      h("div", { class: "line" }, this.state, this.title, this.progress), this.track, this.stats, this.banner);
  }

  update(data: LiveData): void {
    const { header, state } = data;
    this.element.dataset.tone = tone(state);
    setText(this.state, STATES[state]);
    setText(this.title, data.title);
    setText(this.progress, header.epochs ? progressText(header, state) : "");
    this.showProgress(header, state);
    this.showNumbers(header, state, data.task);
    this.banner.hidden = !data.says;
    setText(this.banner, data.says);
  }

  private showProgress(header: Header, state: State): void {
    const share = header.steps ? header.step / header.steps : 0;
    const unknown = tone(state) === "busy" && !header.step;
    this.bar.style.width = unknown ? "" : `${(share * 100).toFixed(2)}%`;
    setAttributes(this.track, {
      "data-unknown": unknown ? "" : null,
      "aria-valuenow": unknown ? null : Math.round(share * 100),
      "aria-valuetext": progressText(header, state),
      "aria-label": "Progress of the run",
    });
  }

  private showNumbers(header: Header, state: State, task: Task): void {
    const shown = numbers(header, state, task);
    while (this.stats.children.length > shown.length) this.stats.lastElementChild!.remove();
    shown.forEach(({ label, value, note }, i) => {
      const item = this.stats.children[i] ?? this.stats.appendChild(h("div", {}, h("dt"), h("dd"), h("dd", { class: "note" })));
      [label, value, note].forEach((text, part) => setText(item.children[part]!, text));
      setAttributes(item, { title: note || null });
    });
  }
}
