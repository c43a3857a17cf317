import { h, setAttributes, setText } from "./dom.ts";
import { count, filtersCaption, number } from "./format.ts";
import { diverging, filterAt, filterRange, paint, type Tiling, tiling, weights } from "./tiles.ts";
import type { Snapshot } from "./types.ts";

const TALLEST = 320;

/** The first layer's filters as one tiled picture. */
export class FiltersView {
  readonly element: HTMLElement;
  private readonly canvas = h("canvas", { role: "img" });
  private readonly caption = h("span", { class: "value" });
  private readonly readout = h("p", { class: "readout" });
  private readonly low = h("span");
  private readonly high = h("span");
  private readonly scale = h("div", { class: "scale", "aria-hidden": "true" }, this.low, h("i"), this.high);
  private readonly empty = h("p", { class: "empty" }, "The first layer's weights, as they change while it trains.");
  private readonly observer = new ResizeObserver(() => this.draw());
  private snapshot: Snapshot | null = null;
  private tiles: Tiling | null = null;
  private hovered: number | undefined;

  constructor() {
    this.element = h("section", { class: "card filters", "aria-label": "First layer" },
      h("header", {}, h("h3", {}, "First layer"), this.caption), this.empty, h("div", { class: "picture" }, this.canvas), h("footer", {}, this.readout, this.scale));
    this.scale.querySelector("i")!.style.background = `linear-gradient(90deg, ${[-1, -0.5, 0, 0.5, 1].map((v) => `rgb(${diverging(v).map(Math.round).join(" ")})`).join(", ")})`;
    this.canvas.addEventListener("pointermove", (event) => this.point(event));
    this.canvas.addEventListener("pointerleave", () => {
      this.hovered = undefined;
      this.say();
    });
    this.observer.observe(this.element);
  }

  update(snapshot: Snapshot | null): void {
    if (snapshot === this.snapshot) return;
    this.snapshot = snapshot;
    this.draw();
  }

  private draw(): void {
    const { snapshot } = this;
    const none = !snapshot;
    this.empty.hidden = !none;
    this.scale.hidden = none;
    this.canvas.hidden = none;
    if (!snapshot) {
      [this.caption, this.readout].forEach((element) => setText(element, ""));
      return;
    }
    const room = Math.max(120, this.canvas.parentElement!.clientWidth);
    const tiles = tiling(snapshot.shape, room, TALLEST);
    this.tiles = tiles;
    setAttributes(this.canvas, { width: tiles.pixelWidth, height: tiles.pixelHeight });
    this.canvas.getContext("2d")?.putImageData(new ImageData(paint(snapshot, tiles), tiles.pixelWidth, tiles.pixelHeight), 0, 0);
    const limit = Math.max(Math.abs(snapshot.low), Math.abs(snapshot.high));
    setText(this.low, number(-limit));
    setText(this.high, number(limit));
    setText(this.caption, `${snapshot.layer} · ${filtersCaption(snapshot.shape, snapshot.of)} · step ${count(snapshot.step)}`);
    setAttributes(this.canvas, { "aria-label": `${this.caption.textContent}, weights from ${number(snapshot.low)} to ${number(snapshot.high)}` });
    this.say();
  }

  private say(): void {
    const { snapshot, tiles, hovered: filter } = this;
    if (!snapshot || !tiles) return;
    const hidden = snapshot.shape[0] > tiles.filters ? `, first ${tiles.filters} of ${count(snapshot.shape[0])} shown` : "";
    const [low, high] = filter === undefined ? [snapshot.low, snapshot.high] : filterRange(weights(snapshot), snapshot.shape, filter);
    const what = filter === undefined ? "Weights" : `Filter ${filter + 1}: weights`;
    setText(this.readout, `${what} from ${number(low)} to ${number(high)}${filter === undefined ? hidden : ""}`);
  }

  private point(event: PointerEvent): void {
    if (!this.tiles) return;
    const scale = this.tiles.pixelWidth / Math.max(1, this.canvas.clientWidth);
    this.hovered = filterAt(this.tiles, event.offsetX * scale, event.offsetY * scale);
    this.say();
  }

  destroy(): void {
    this.observer.disconnect();
  }
}
