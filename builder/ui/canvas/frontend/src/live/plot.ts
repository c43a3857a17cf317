import Plotly from "plotly.js-basic-dist-min";
import { h, setAttributes } from "./dom.ts";
import { CONFIG, type Frame, layout, type Range, rateMarks, stepTicks, ticks, whole } from "./figure.ts";
import type { Look } from "./theme.ts";
import type { Mark } from "./types.ts";

/** A card with a plot over a run's steps: axes, zoom, marks, and drawings one after the other. */
export class StepPlot {
  readonly element: HTMLElement;
  onZoom: (x: Range | null) => void = () => {};
  protected readonly title: string;
  protected readonly plot = h("div", { class: "plot", role: "img" });
  protected readonly value = h("span", { class: "value" });
  protected look: Look;
  protected marks: readonly Mark[] = [];
  protected none = "waiting for the first step";
  private readonly axis: Partial<Plotly.LayoutAxis>;
  private readonly observer = new ResizeObserver(() => this.resize());
  private frame: Frame = { steps: 1, stepsPerEpoch: 0 };
  private zoomed = false;
  private ready: Promise<unknown>;
  private released: Promise<unknown> = Promise.resolve();
  private pointer: { readonly x: number; readonly y: number } | null = null;

  constructor(title: string, legend: HTMLElement, axis: Partial<Plotly.LayoutAxis>, data: Plotly.Data[], look: Look) {
    this.title = title;
    this.axis = axis;
    this.look = look;
    this.element = h("section", { class: "card chart", "aria-label": title }, h("header", {}, h("h3", {}, title), legend, this.value), this.plot);
    this.ready = Plotly.newPlot(this.plot, data, layout(look, this.frame, axis), CONFIG).then((div) => {
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

  /** Why there is no line yet, or never will be. */
  setNone(says: string): void {
    this.none = says;
    if (this.plot.hasAttribute("data-empty")) setAttributes(this.plot, { "aria-label": `${this.title}: ${says}`, "data-empty": says });
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
    const axis = this.drawn().xaxis.range ?? whole(this.frame);
    return [Number(axis[0]), Number(axis[1])];
  }

  /** The layout as Plotly keeps it, zoom and all. */
  protected drawn(): Plotly.Layout {
    return (this.plot as unknown as { readonly layout: Plotly.Layout }).layout;
  }

  /** Runs after Plotly has drawn what came before; a failure of one drawing leaves the next untouched. */
  protected then(draw: () => Promise<unknown> | void): void {
    this.ready = this.ready.then(() => this.released).then(draw).then(() => this.hoverAgain()).catch((reason: unknown) => console.error(this.title, reason));
  }

  /** Shows the x range of a zoom made in this plot or in its neighbour; null goes back to the whole run. */
  zoom(x: Range | null): void {
    const released = x === null && this.zoomed;
    this.zoomed = x !== null;
    const vertical = released ? { "yaxis.autorange": !this.axis.range, ...(this.axis.range ? { "yaxis.range": this.axis.range } : {}) } : {};
    const range = x ?? whole(this.frame);
    this.then(() => Plotly.relayout(this.plot, { "xaxis.range": [...range], ...vertical } as Partial<Plotly.Layout>));
  }

  /** Sets the whole run's x axis; a zoomed plot stays where it is. */
  setFrame(frame: Frame): void {
    const { steps, stepsPerEpoch } = this.frame;
    if (frame.steps === steps && frame.stepsPerEpoch === stepsPerEpoch) return;
    this.frame = frame;
    const { at, text } = ticks(frame);
    const range = this.zoomed ? {} : { "xaxis.range": whole(frame) };
    this.then(() => Plotly.relayout(this.plot, { "xaxis2.tickvals": at, "xaxis2.ticktext": text, "xaxis.tickmode": stepTicks(frame), "xaxis.dtick": 1, ...range } as unknown as Partial<Plotly.Layout>));
  }

  /** Shows where the learning rate was changed. */
  setMarks(marks: readonly Mark[]): void {
    if (JSON.stringify(marks) === JSON.stringify(this.marks)) return;
    this.marks = marks;
    this.then(() => Plotly.relayout(this.plot, rateMarks(this.look, marks)));
  }

  destroy(): void {
    this.observer.disconnect();
    this.onZoom = () => {};
    void this.ready.then(() => Plotly.purge(this.plot));
  }
}
