import { h, setAttributes, setText } from "./dom.ts";
import { count, number } from "./format.ts";
import { type Bar, bars, byBrick, inWords } from "./bars.ts";
import type { Gradients } from "./types.ts";

/** The length of every brick's gradient as bars by powers of ten, from the network's input down to its output. */
export class BricksView {
  readonly element: HTMLElement;
  private readonly caption = h("span", { class: "value" });
  private readonly list = h("dl", { class: "norms", tabindex: 0, "aria-label": "Gradient norms" });
  private readonly readout = h("p", { class: "readout" });
  private readonly empty = h("p", { class: "empty" }, "How long each brick's gradient is: where they vanish or explode on their way back.");
  private shown: Gradients | null = null;

  constructor() {
    this.element = h("section", { class: "card gradients", "aria-label": "Gradient norm by brick" },
      h("header", {}, h("h3", {}, "Gradient norm by brick"), this.caption), this.empty, this.list, h("footer", {}, this.readout));
  }

  update(gradients: Gradients | null): void {
    if (gradients === this.shown) return;
    this.shown = gradients;
    this.empty.hidden = gradients !== null;
    this.list.hidden = gradients === null;
    const told = byBrick(gradients ?? { layers: [], rows: [] });
    const drawn = bars(told.norms);
    while (this.list.children.length > drawn.length) this.list.lastElementChild!.remove();
    drawn.forEach((bar, i) => this.draw(this.list.children[i] ?? this.list.appendChild(h("div", {}, h("dt"), h("dd", { class: "track" }, h("i")), h("dd"))), bar));
    setText(this.caption, gradients ? `step ${count(gradients.rows.at(-1)![0])}` : "");
    setText(this.readout, inWords(told));
  }

  private draw(row: Element, { brick, norm, share }: Bar): void {
    const [name, track, value] = row.children as unknown as [HTMLElement, HTMLElement, HTMLElement];
    setText(name, brick);
    setText(value, norm === null ? "not finite" : number(norm));
    setAttributes(row, { title: brick, "data-bad": norm === null ? "" : null });
    (track.firstElementChild as HTMLElement).style.width = `${(100 * share).toFixed(1)}%`;
  }
}
