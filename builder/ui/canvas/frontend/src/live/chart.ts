import Plotly from "plotly.js-basic-dist-min";
import { h, setAttributes, setText } from "./dom.ts";
import { CONFIG, type Frame, layout, logarithmic, type Range, rateMarks, RAW, recoloured, SMOOTH, stepTicks, TEST, ticks, traces, whole } from "./figure.ts";
import { type Average, smooth } from "./series.ts";
import type { Look } from "./theme.ts";
import type { Mark, Part, Point, TestPoint } from "./types.ts";

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
  /** The part that the run is watched on has none. */
  readonly trained?: boolean;
  /** Small values matter: it can be shown by powers of ten. */
  readonly powers?: boolean;
}

/** A live chart: a line for the training part, markers for the part that the run is watched on, zoom kept between updates. */
export class Chart {
  readonly element: HTMLElement;
  onZoom: (x: Range | null) => void = () => {};
  private readonly spec: ChartSpec;
  private readonly plot = h("div", { class: "plot", role: "img" });
  private readonly value = h("span", { class: "value" });
  private readonly watched = h("span", { class: "key test" });
  private readonly observer = new ResizeObserver(() => this.resize());
  private frame: Frame = { steps: 1, stepsPerEpoch: 0 };
  private weight = 0;
  private none = "waiting for the first step";
  private mode: "lines" | "markers" = "lines";
  private part: Part | null = null;
  private look: Look;
  private marks: readonly Mark[] = [];
  private average: Average = { sum: 0, count: 0 };
  private zoomed = false;
  private ready: Promise<unknown>;
  private released: Promise<unknown> = Promise.resolve();
  private pointer: { readonly x: number; readonly y: number } | null = null;

  constructor(spec: ChartSpec, look: Look) {
    this.spec = spec;
    this.look = look;
    this.element = h("section", { class: "card chart", "aria-label": spec.title }, h("header", {}, h("h3", {}, spec.title), this.legend(), this.value), this.plot);
    this.ready = Plotly.newPlot(this.plot, traces(look, spec.hover), layout(look, this.frame, spec.axis), CONFIG).then((div) => {
      div.on("plotly_relayout", (change) => this.relayouted(change as Readonly<Record<string, unknown>>));
      div.on("plotly_doubleclick", () => this.onZoom(null));
      this.observer.observe(this.plot);
    });
    this.watchPointer();
  }

  /** Drawing waits while a zoom is being dragged, and what is under the pointer stays shown when a drawing has wiped it. */
  private watchPointer(): void {
    this.plot.addEventListener("pointerdown", () => {
      this.released = new Promise((resolve) => {
        for (const name of ["pointerup", "pointercancel"]) window.addEventListener(name, resolve, { once: true, capture: true });
        // A button released outside the window is only noticed by the next movement without it.
        window.addEventListener("pointermove", function moved(event) {
          if (event.buttons) return;
          window.removeEventListener("pointermove", moved);
          resolve(event);
        });
      });
    }, { capture: true });
    this.plot.addEventListener("pointermove", (event) => (this.pointer = { x: event.clientX, y: event.clientY }));
    this.plot.addEventListener("pointerleave", () => {
      this.pointer = null;
      Plotly.Fx.unhover(this.plot);
    });
  }

  private hoverAgain(): void {
    if (!this.pointer) return;
    const area = this.plot.querySelector(".nsewdrag")?.getBoundingClientRect();
    const x = this.pointer.x - (area?.left ?? 0);
    const y = this.pointer.y - (area?.top ?? 0);
    if (area && x >= 0 && x <= area.width && y >= 0 && y <= area.height) Plotly.Fx.hover(this.plot, { xpx: x, ypx: y }, "xy");
  }

  private legend(): HTMLElement {
    return h("span", { class: "legend" }, ...(this.spec.evaluated ? [] : [h("span", { class: "key train" }, "training")]), ...(this.spec.trained ? [] : [this.watched]));
  }

  /** Names the part whose figures are the markers. */
  setPart(part: Part): void {
    if (part === this.part) return;
    this.part = part;
    setText(this.watched, part);
    this.then(() => Plotly.restyle(this.plot, { name: part } as unknown as Plotly.Data, [TEST]));
  }

  /** Why there is no line yet, or never will be. */
  setNone(says: string): void {
    this.none = says;
    if (this.plot.hasAttribute("data-empty")) setAttributes(this.plot, { "aria-label": `${this.spec.title}: ${says}`, "data-empty": says });
  }

  private resize(): void {
    if (this.plot.isConnected && this.plot.clientWidth > 0) void Plotly.Plots.resize(this.plot);
  }

  private relayouted(change: Readonly<Record<string, unknown>>): void {
    const from = change["xaxis.range[0]"];
    const to = change["xaxis.range[1]"];
    const vertical = "yaxis.range[0]" in change;
    if (typeof from === "number" && typeof to === "number") this.onZoom([from, to]);
    else if (vertical) this.onZoom(this.range());
  }

  private range(): Range {
    const axis = (this.plot as unknown as { readonly layout: Plotly.Layout }).layout.xaxis.range ?? whole(this.frame);
    return [Number(axis[0]), Number(axis[1])];
  }

  /** Runs after Plotly has drawn what came before; a failure of one drawing leaves the next untouched. */
  private then(draw: () => Promise<unknown> | void): void {
    this.ready = this.ready.then(() => this.released).then(draw).then(() => this.hoverAgain()).catch((reason: unknown) => console.error(this.spec.title, reason));
  }

  /** Shows the x range of a zoom made in this chart or in its neighbour; null goes back to the whole run. */
  zoom(x: Range | null): void {
    const released = x === null && this.zoomed;
    this.zoomed = x !== null;
    const vertical = released ? { "yaxis.autorange": !this.spec.axis.range, ...(this.spec.axis.range ? { "yaxis.range": this.spec.axis.range } : {}) } : {};
    const range = x ?? whole(this.frame);
    this.then(() => Plotly.relayout(this.plot, { "xaxis.range": [...range], ...vertical } as Partial<Plotly.Layout>));
  }

  /** Sets the whole run's x axis; a zoomed chart stays where it is. */
  setFrame(frame: Frame): void {
    const { steps, stepsPerEpoch } = this.frame;
    if (frame.steps === steps && frame.stepsPerEpoch === stepsPerEpoch) return;
    this.frame = frame;
    const { at, text } = ticks(frame);
    const range = this.zoomed ? {} : { "xaxis.range": whole(frame) };
    this.then(() => Plotly.relayout(this.plot, { "xaxis2.tickvals": at, "xaxis2.ticktext": text, "xaxis.tickmode": stepTicks(frame), "xaxis.dtick": 1, ...range } as unknown as Partial<Plotly.Layout>));
  }

  /** Draws a series from nothing. */
  reset(points: readonly Point[], tests: readonly TestPoint[]): void {
    const ys = points.map(this.spec.train);
    const smoothed = this.smoothed(ys, { sum: 0, count: 0 });
    const x = points.map((p) => p[0]);
    const data = { x: [x, this.weight ? x : []], y: [ys, smoothed], customdata: [points.map((p) => p[1]), this.weight ? points.map((p) => p[1]) : []] };
    this.then(() => Plotly.restyle(this.plot, data as unknown as Plotly.Data, [RAW, SMOOTH]));
    this.setTests(tests);
    this.setMode(points);
    this.say(points, tests);
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

  /** A line through one point is nothing to see. */
  private setMode(points: readonly Point[]): void {
    const mode = points.length === 1 ? "markers" : "lines";
    if (mode === this.mode) return;
    this.mode = mode;
    this.then(() => Plotly.restyle(this.plot, { mode, "marker.color": this.look.train, "marker.size": 7 } as unknown as Plotly.Data, [RAW]));
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
    if (!this.spec.powers) return;
    this.then(() => Plotly.relayout(this.plot, logarithmic(on, this.spec.axis)));
  }

  /** Shows where the learning rate was changed. */
  setMarks(marks: readonly Mark[]): void {
    if (JSON.stringify(marks) === JSON.stringify(this.marks)) return;
    this.marks = marks;
    this.then(() => Plotly.relayout(this.plot, rateMarks(this.look, marks)));
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

  destroy(): void {
    this.observer.disconnect();
    this.onZoom = () => {};
    void this.ready.then(() => Plotly.purge(this.plot));
  }
}
