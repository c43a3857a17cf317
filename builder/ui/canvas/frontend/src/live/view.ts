import { BricksView } from "./bricks.ts";
import { Chart, type ChartSpec } from "./chart.ts";
import { h, setAttributes } from "./dom.ts";
import type { Range } from "./figure.ts";
import { FiltersView } from "./filters.ts";
import { GradientsView } from "./gradients.ts";
import { percent } from "./format.ts";
import { ended, HeaderView } from "./header.ts";
import { MatrixView } from "./matrix.ts";
import { horizon, type Merged, type Series } from "./series.ts";
import { type Look, readLook, resolve } from "./theme.ts";
import type { Gradients, LiveData, Point, State, Task } from "./types.ts";

const LOSS: ChartSpec = {
  title: "Loss",
  train: (p) => p[2],
  test: (t) => t[2],
  axis: { rangemode: "tozero", tickformat: ".3~g" },
  hover: "%{y:.4f}  (epoch %{customdata})",
  words: (value) => value.toPrecision(3),
};

function hundredfold(share: number | null | undefined): number | null {
  return share === null || share === undefined ? null : 100 * share;
}

const ACCURACY: ChartSpec = {
  title: "Accuracy",
  train: (p) => hundredfold(p[3]),
  test: (t) => hundredfold(t[3]),
  axis: { range: [0, 103], ticksuffix: " %" },
  hover: "%{y:.1f} %  (epoch %{customdata})",
  words: (value) => percent(value / 100),
};

const OVERLAP: ChartSpec = { ...ACCURACY, title: "Mean IoU", evaluated: true, train: () => null, test: (t) => hundredfold(t[4]) };

const EXPLAINED: ChartSpec = {
  title: "R²",
  evaluated: true,
  train: () => null,
  test: (t) => t[4] ?? null,
  axis: { tickformat: ".2~f" },
  hover: "%{y:.3f}  (epoch %{customdata})",
  words: (value) => value.toFixed(3),
};

const PRECISION: ChartSpec = { ...OVERLAP, title: "mAP" };

/** What is drawn over the steps, by what the data are for. */
const CHARTS: Readonly<Record<Task, readonly ChartSpec[]>> = {
  classification: [LOSS, ACCURACY],
  segmentation: [LOSS, ACCURACY, OVERLAP],
  regression: [LOSS, EXPLAINED],
  detection: [LOSS, PRECISION],
};

/** What was chosen last, for the next time the view is mounted. */
const chosen = { weight: 0, log: false };

const SMOOTHINGS = [["Raw", 0], ["Smooth", 0.6], ["Smoother", 0.9]] as const;

/** What stands where there is no point to draw. */
function missing(state: State): string {
  if (state === "none") return "no run yet";
  return ended(state) ? "it ended before its first step" : "waiting for the first step";
}

/** The whole component: header, charts, filters and confusion matrix of one run at a time. */
export class LiveView {
  private readonly root: HTMLElement;
  private readonly header = new HeaderView();
  private readonly filters = new FiltersView();
  private readonly matrix = new MatrixView();
  private readonly gradients: GradientsView;
  private readonly bricks = new BricksView();
  private charts: readonly Chart[] = [];
  private task: Task | null = null;
  private readonly reset = h("button", { type: "button", class: "reset", hidden: "" }, "Reset zoom");
  private readonly log = h("button", { type: "button", "aria-pressed": "false" }, "Log loss");
  private readonly smoothing = h("div", { class: "choice", role: "group", "aria-label": "Smoothing of the training lines" });
  private readonly host: HTMLElement;
  private series: Series | null = null;
  private drawn = 0;
  private tests = "";
  private look: Look;

  constructor(parent: HTMLElement | ShadowRoot) {
    this.root = h("div", { class: "live" });
    parent.append(this.root);
    this.host = parent instanceof ShadowRoot ? (parent.host as HTMLElement) : parent;
    this.look = readLook(this.host);
    this.colour();
    this.reset.addEventListener("click", () => this.zoom(null));
    this.buildSmoothing();
    this.log.addEventListener("click", () => this.setLog(!chosen.log));
    const tools = h("div", { class: "tools" }, h("span", { class: "hint" }, "Drag to zoom, Shift and drag to move"), this.reset, this.log, this.smoothing);
    this.gradients = new GradientsView(resolve(this.root, this.look));
    this.gradients.onZoom = (x) => this.zoom(x);
    this.root.append(this.header.element, tools, h("div", { class: "columns" }, this.filters.element, this.matrix.element, this.gradients.element, this.bricks.element));
    this.arrange("classification");
  }

  /** The charts of a task, in place of another's. */
  private arrange(task: Task): void {
    if (task === this.task) return;
    this.task = task;
    for (const chart of this.charts) {
      chart.destroy();
      chart.element.remove();
    }
    const look = resolve(this.root, this.look);
    this.charts = CHARTS[task].map((spec) => new Chart(spec, look));
    for (const chart of this.charts) chart.onZoom = (x) => this.zoom(x);
    this.filters.element.before(...this.charts.map((chart) => chart.element));
    this.matrix.element.hidden = task === "regression" || task === "detection";
    this.fill();
    this.drawn = -1;
    this.smooth(chosen.weight);
    if (chosen.log) this.setLog(true);
  }

  /** Two cards a row: one that would stand alone in the last has all of it. */
  private fill(): void {
    const cards = [...this.filters.element.parentElement!.children].filter((element) => !(element as HTMLElement).hidden);
    cards.forEach((element, i) => element.classList.toggle("wide", i === cards.length - 1 && i % 2 === 0));
  }

  /** Runs of before gradients were measured have no cards for them. */
  private showGradients(gradients: Gradients | null, none: boolean): void {
    this.gradients.update(gradients);
    this.bricks.update(gradients);
    const elements = [this.gradients.element, this.bricks.element];
    if (elements[0]!.hidden === none) return;
    for (const element of elements) element.hidden = none;
    this.fill();
  }

  private buildSmoothing(): void {
    for (const [name, weight] of SMOOTHINGS) {
      const button = h("button", { type: "button", "data-weight": weight }, name);
      button.addEventListener("click", () => this.smooth(weight));
      this.smoothing.append(button);
    }
    this.smooth(chosen.weight);
  }

  private smooth(weight: number): void {
    chosen.weight = weight;
    for (const button of this.smoothing.children) setAttributes(button, { "aria-pressed": String(button.getAttribute("data-weight") === String(weight)) });
    for (const chart of this.charts) chart.setSmoothing(weight, this.series?.points ?? [], this.series?.tests ?? []);
  }

  private setLog(on: boolean): void {
    chosen.log = on;
    setAttributes(this.log, { "aria-pressed": String(on) });
    this.charts[0]?.setLogarithmic(on);
  }

  /** Everything over the steps: they are zoomed together. */
  private plots(): readonly (Chart | GradientsView)[] {
    return [...this.charts, this.gradients];
  }

  private zoom(x: Range | null): void {
    this.reset.hidden = x === null;
    for (const plot of this.plots()) plot.zoom(x);
  }

  /** Shows a run's data after `merge`; another run's starts from a clean sheet. */
  show(data: LiveData, { series, added }: Merged): void {
    const { header } = data;
    this.arrange(data.task);
    this.header.update(data);
    this.restyle();
    const step = Math.max(series.points.at(-1)?.[0] ?? 0, series.tests.at(-1)?.[0] ?? 0);
    const steps = horizon(step, header.stepsPerEpoch, header.epochs, ended(data.state));
    const other = this.series?.name !== series.name;
    if (other) this.zoom(null);
    for (const plot of this.plots()) plot.setFrame({ steps, stepsPerEpoch: header.stepsPerEpoch });
    for (const plot of this.plots()) plot.setMarks(data.marks);
    for (const chart of this.charts) chart.setPart(header.part);
    for (const plot of this.plots()) plot.setNone(missing(data.state));
    this.draw(series, added, other);
    this.filters.update(series.snapshot);
    this.matrix.update(series.confusion, data.classes, header.part);
    this.showGradients(series.gradients, !series.gradients && series.points.length > 1);
    this.series = series;
  }

  private draw(series: Series, added: readonly Point[], other: boolean): void {
    const tests = series.tests.map((t) => t[0]).join();
    const whole = other || this.drawn + added.length !== series.points.length;
    for (const chart of this.charts) {
      if (whole) chart.reset(series.points, series.tests);
      else {
        if (tests !== this.tests) chart.setTests(series.tests);
        if (added.length || tests !== this.tests) chart.extend(added, series.points, series.tests);
      }
    }
    this.drawn = series.points.length;
    this.tests = tests;
  }

  /** The charts' colours, for what is drawn by style sheet. */
  private colour(): void {
    this.root.style.setProperty("--train", this.look.train);
    this.root.style.setProperty("--test", this.look.test);
  }

  private restyle(): void {
    const look = readLook(this.host);
    if (JSON.stringify(look) === JSON.stringify(this.look)) return;
    this.look = look;
    this.colour();
    const resolved = resolve(this.root, look);
    for (const plot of this.plots()) plot.setLook(resolved);
  }

  destroy(): void {
    for (const plot of this.plots()) plot.destroy();
    this.filters.destroy();
    this.root.remove();
  }
}
