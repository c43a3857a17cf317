import Plotly from "plotly.js-basic-dist-min";
import { h, setAttributes, setText } from "./dom.ts";
import { rateMarks, recoloured } from "./figure.ts";
import { says, size, tens } from "./norms.ts";
import { StepPlot } from "./plot.ts";
import { mix } from "./ramp.ts";
import type { Look } from "./theme.ts";
import type { Gradients } from "./types.ts";

/** Of more layers the legend names the first and the last, and the pointer the one that it is nearest to. */
const MOST_NAMED = 6;

const AXIS: Partial<Plotly.LayoutAxis> = { type: "log", exponentformat: "power" };

/** The lines: all weights together, then each layer in a colour that says how deep it lies. */
function lines({ layers, rows }: Gradients, look: Look): Plotly.Data[] {
  const x = rows.map((row) => row[0]);
  const few = layers.length <= MOST_NAMED;
  const line = (name: string, at: number, style: Partial<Plotly.ScatterLine>): Plotly.Data => ({
    type: "scatter", mode: rows.length === 1 ? "markers" : "lines", name, x, y: rows.map((row) => row[at] || null), line: style, marker: { color: style.color!, size: 7 }, connectgaps: false,
    hovertemplate: few ? "%{y:.3~g}" : `${name} %{y:.3~g} at step %{x:,d}<extra></extra>`,
  } as Plotly.Data);
  return [
    { type: "scatter", x: [], y: [], xaxis: "x2", hoverinfo: "skip" },
    line("all weights", 1, { color: look.faint, width: 1.6, dash: "dot" }),
    ...layers.map((name, i) => line(name, i + 2, { color: mix(i, layers.length), width: few ? 1.6 : 1.1 })),
  ];
}

/** How large the gradients of every layer are, step by step: a network that does not learn shows here where. */
export class GradientsView extends StepPlot {
  private readonly legend: HTMLElement;
  private readonly readout = h("p", { class: "readout" });
  private named = "";
  private gradients: Gradients | null = null;

  constructor(look: Look) {
    const legend = h("span", { class: "legend" });
    super("Gradients", legend, AXIS, lines({ layers: [], rows: [] }, look), look);
    this.legend = legend;
    this.element.append(h("footer", {}, this.readout));
  }

  /** Draws what was measured. */
  update(gradients: Gradients | null): void {
    setAttributes(this.plot, gradients?.rows.length ? { "data-empty": null } : { "data-empty": this.none, "aria-label": `Norms of the gradients: ${this.none}` });
    if (gradients === this.gradients) return;
    this.gradients = gradients;
    this.name(gradients?.layers ?? []);
    const last = gradients?.rows.at(-1);
    const total = last?.[1] ?? null;
    setText(this.value, total === null ? "" : `all weights ${size(total)}`);
    setText(this.readout, gradients ? says(gradients) : "");
    setAttributes(this.plot, { "aria-label": last ? `Norms of the gradients up to step ${last[0]}: ${this.value.textContent}. ${this.readout.textContent}` : `Norms of the gradients: ${this.none}` });
    this.draw();
  }

  private draw(): void {
    const gradients = this.gradients ?? { layers: [], rows: [] };
    const hovermode = gradients.layers.length <= MOST_NAMED ? "x unified" : "closest";
    this.then(() => {
      const drawn = this.drawn();
      return Plotly.react(this.plot, lines(gradients, this.look), { ...drawn, hovermode, yaxis: { ...drawn.yaxis, dtick: tens(gradients) } });
    });
  }

  private name(layers: readonly string[]): void {
    if (layers.join() === this.named) return;
    this.named = layers.join();
    const key = (name: string, colour: string) => {
      const element = h("span", { class: "key" }, name);
      element.style.setProperty("--train", colour);
      return element;
    };
    const ends = () => [key(layers[0]!, mix(0, layers.length)), h("span", {}, "…"), key(layers.at(-1)!, mix(layers.length - 1, layers.length))];
    this.legend.replaceChildren(...(layers.length > MOST_NAMED ? ends() : layers.map((name, i) => key(name, mix(i, layers.length)))));
  }

  /** Repaints in other colours, data and zoom untouched. */
  setLook(look: Look): void {
    this.look = look;
    this.then(() => Plotly.relayout(this.plot, { ...recoloured(look).layout, ...rateMarks(look, this.marks) }));
    this.draw();
  }
}
