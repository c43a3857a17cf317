import Plotly from "plotly.js-basic-dist-min";
import { h, setAttributes, setText } from "./dom.ts";
import { logarithmic, RAW, rateMarks, recoloured, SMOOTH, TEST, traces } from "./figure.ts";
import { StepPlot } from "./plot.ts";
import { type Average, smooth } from "./series.ts";
import type { Look } from "./theme.ts";
import type { Part, Point, TestPoint } from "./types.ts";

/** What one chart shows and how. */
export interface ChartSpec {
  readonly title: string;
  readonly train: (point: Point) => number | null;
  readonly test: (point: TestPoint) => number | null;
  readonly axis: Partial<Plotly.LayoutAxis>;
  readonly hover: string;
  readonly words: (value: number) => string;
  /** The training part has no such number: nothing is said of it. */
  readonly evaluated?: boolean;
}

/** A live chart: a line for the training part, markers for the part that the run is watched on, zoom kept between updates. */
export class Chart extends StepPlot {
  private readonly spec: ChartSpec;
  private readonly watched: HTMLElement;
  private weight = 0;
  private part: Part | null = null;
  private average: Average = { sum: 0, count: 0 };
  private mode: "lines" | "markers" = "lines";

  constructor(spec: ChartSpec, look: Look) {
    const watched = h("span", { class: "key test" });
    const legend = h("span", { class: "legend" }, ...(spec.evaluated ? [] : [h("span", { class: "key train" }, "training")]), watched);
    super(spec.title, legend, spec.axis, traces(look, spec.hover), look);
    this.spec = spec;
    this.watched = watched;
  }

  /** Names the part whose figures are the markers. */
  setPart(part: Part): void {
    if (part === this.part) return;
    this.part = part;
    setText(this.watched, part);
    this.then(() => Plotly.restyle(this.plot, { name: part } as unknown as Plotly.Data, [TEST]));
  }

  /** Draws a series from nothing. */
  reset(points: readonly Point[], tests: readonly TestPoint[]): void {
    const ys = points.map(this.spec.train);
    const smoothed = this.smoothed(ys, { sum: 0, count: 0 });
    const x = points.map((p) => p[0]);
    const data = { x: [x, this.weight ? x : []], y: [ys, smoothed], customdata: [points.map((p) => p[1]), this.weight ? points.map((p) => p[1]) : []] };
    this.then(() => Plotly.restyle(this.plot, data as unknown as Plotly.Data, [RAW, SMOOTH]));
    this.setMode(points);
    this.setTests(tests);
    this.say(points, tests);
  }

  /** A line through one point is nothing to see. */
  private setMode(points: readonly Point[]): void {
    const mode = points.length === 1 ? "markers" : "lines";
    if (mode === this.mode) return;
    this.mode = mode;
    this.then(() => Plotly.restyle(this.plot, { mode, "marker.color": this.look.train, "marker.size": 7 } as unknown as Plotly.Data, [RAW]));
  }

  /** Adds points at the end of the line: the one call made while training. */
  extend(added: readonly Point[], points: readonly Point[], tests: readonly TestPoint[]): void {
    if (added.length) {
      const ys = added.map(this.spec.train);
      const x = added.map((p) => p[0]);
      const epochs = added.map((p) => p[1]);
      const smoothed = this.smoothed(ys, this.average);
      const indices = this.weight ? [RAW, SMOOTH] : [RAW];
      const both = <T>(raw: T, other: T) => (this.weight ? [raw, other] : [raw]);
      this.then(() => Plotly.extendTraces(this.plot, { x: both(x, x), y: both(ys, smoothed), customdata: both(epochs, epochs) } as unknown as Plotly.Data, indices));
    }
    this.setMode(points);
    this.say(points, tests);
  }

  setTests(tests: readonly TestPoint[]): void {
    const data = { x: [tests.map((t) => t[0])], y: [tests.map(this.spec.test)], customdata: [tests.map((t) => t[1])] };
    this.then(() => Plotly.restyle(this.plot, data as unknown as Plotly.Data, [TEST]));
  }

  private smoothed(ys: readonly (number | null)[], from: Average): (number | null)[] {
    if (!this.weight) return [];
    const { values, state } = smooth(ys, this.weight, from);
    this.average = state;
    return values;
  }

  /** 0 shows the raw line alone; above, the raw line is faint behind its average. */
  setSmoothing(weight: number, points: readonly Point[], tests: readonly TestPoint[]): void {
    this.weight = weight;
    this.then(() => Plotly.restyle(this.plot, { opacity: [weight ? 0.28 : 1, 1], visible: [true, weight > 0] } as unknown as Plotly.Data, [RAW, SMOOTH]));
    this.reset(points, tests);
  }

  /** Shows the y axis by powers of ten, where small differences of small losses can be seen, or linearly. */
  setLogarithmic(on: boolean): void {
    this.then(() => Plotly.relayout(this.plot, logarithmic(on, this.spec.axis)));
  }

  /** Repaints in other colours, data and zoom untouched. */
  setLook(look: Look): void {
    this.look = look;
    const change = recoloured(look);
    const whole = { ...change.layout, ...rateMarks(look, this.marks) };
    this.then(() => Plotly.update(this.plot, change.traces, whole, [RAW, SMOOTH, TEST]));
  }

  private say(points: readonly Point[], tests: readonly TestPoint[]): void {
    const last = points.at(-1);
    const train = last ? this.spec.train(last) : null;
    const tested = tests.at(-1);
    const test = tested ? this.spec.test(tested) : null;
    const parts = [train === null ? "" : `training ${this.spec.words(train)}`, test === null ? "" : `${this.part ?? ""} ${this.spec.words(test)}`].filter(Boolean);
    setText(this.value, parts.join(" · "));
    const words = last ? `${this.spec.title} up to step ${last[0]}: ${parts.join(", ")}` : `${this.spec.title}: ${this.none}`;
    setAttributes(this.plot, { "aria-label": words, "data-empty": last ? null : this.none });
  }
}
