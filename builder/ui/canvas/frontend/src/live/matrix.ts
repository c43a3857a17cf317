import { cells, type Cell, describe, recall, strength, worst } from "./confusion.ts";
import { h, setAttributes, setText } from "./dom.ts";
import { percent } from "./format.ts";
import type { Confusion, Part } from "./types.ts";

const MOST_NUMBERED = 20;

/** The confusion matrix as a table: rows are true classes, columns what they were called, recall at the row's end. */
export class MatrixView {
  readonly element: HTMLElement;
  private readonly caption = h("span", { class: "value" });
  private readonly table = h("table", { class: "matrix" });
  private readonly readout = h("p", { class: "readout" });
  private readonly empty = h("p", { class: "empty" }, "Which class was taken for which, after each epoch.");
  private shown: Confusion | null = null;
  private classes: readonly string[] = [];
  private grid: Cell[][] = [];
  private hovered: readonly number[] | undefined;

  constructor() {
    this.element = h("section", { class: "card confusion", "aria-label": "Confusion matrix" },
      h("header", {}, h("h3", {}, "Confusion"), this.caption), this.empty, h("div", { class: "scroll" }, this.table), h("footer", {}, this.readout));
    this.table.addEventListener("pointerover", (event) => this.point(event.target));
    this.table.addEventListener("pointerleave", () => this.point(null));
  }

  update(confusion: Confusion | null, classes: readonly string[], part: Part): void {
    if (confusion === this.shown && classes.length === this.classes.length) return;
    this.shown = confusion;
    this.classes = classes;
    this.empty.hidden = confusion !== null;
    this.table.hidden = confusion === null;
    this.grid = confusion ? cells(confusion.matrix) : [];
    setText(this.caption, confusion ? `${part} part, after epoch ${confusion.epoch}` : "");
    if (confusion) this.fill(recall(confusion.matrix));
    this.say();
  }

  private fill(recalls: readonly (number | null)[]): void {
    const n = this.grid.length;
    if (this.table.dataset.size !== `${n} ${this.classes.join(" ")}`) this.build(n);
    this.grid.forEach((row, i) => {
      const tr = this.table.tBodies[0]!.rows[i]!;
      row.forEach((cell, j) => this.paint(tr.cells[j + 1]!, cell));
      const share = recalls[i] ?? null;
      const end = tr.cells[n + 1]!;
      setText(end, share === null ? "—" : percent(share));
      end.style.setProperty("--share", String(share ?? 0));
    });
  }

  private paint(td: HTMLTableCellElement, cell: Cell): void {
    const text = this.grid.length > MOST_NUMBERED ? "" : cell.count ? String(cell.count) : "";
    setText(td, text);
    const s = strength(cell);
    td.style.setProperty("--strength", s.toFixed(3));
    setAttributes(td, { class: `${cell.right ? "right" : "wrong"}${s > 0.55 ? " strong" : ""}`, "aria-label": describe(cell, this.classes) });
  }

  private build(n: number): void {
    const name = (i: number) => this.classes[i] ?? String(i);
    const indices = Array.from({ length: n }, (_, i) => i);
    const long = indices.some((i) => name(i).length > 2);
    const head = h("tr", {}, h("th", { class: "corner", scope: "col" }, h("span", {}, "called \u2192\ntrue \u2193")),
      ...indices.map((i) => h("th", { scope: "col", class: "called" }, h("span", {}, name(i)))), h("th", { scope: "col", class: "recall" }, "recall"));
    const rows = indices.map((i) => h("tr", {}, h("th", { scope: "row" }, name(i)), ...indices.map((j) => h("td", { "data-at": `${i} ${j}` })), h("td", { class: "recall" })));
    this.table.replaceChildren(h("thead", {}, head), h("tbody", {}, ...rows));
    this.table.dataset.size = `${n} ${this.classes.join(" ")}`;
    setAttributes(this.table, { "data-long": long ? "" : null, "data-many": n > MOST_NUMBERED ? "" : null, "aria-label": "Rows: true class; columns: predicted class" });
    this.table.style.setProperty("--classes", String(n));
  }

  private point(target: EventTarget | null): void {
    this.hovered = target instanceof HTMLElement ? target.dataset.at?.split(" ").map(Number) : undefined;
    this.say();
  }

  private say(): void {
    if (!this.shown) return setText(this.readout, "");
    const [truth = -1, called = -1] = this.hovered ?? [];
    const cell = this.grid[truth]?.[called];
    const mistake = worst(this.shown.matrix);
    const rest = mistake ? `Most frequent mistake: ${describe(mistake, this.classes)}` : "No mistakes";
    setText(this.readout, cell ? describe(cell, this.classes) : rest);
  }
}
