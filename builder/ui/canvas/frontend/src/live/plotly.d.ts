declare module "plotly.js-basic-dist-min" {
  import * as Plotly from "plotly.js";

  /** Hover by pixels of the plotting area; missing in the published types. */
  interface Fx {
    hover(plot: HTMLElement, at: { readonly xpx: number; readonly ypx: number }, subplot: string): void;
    unhover(plot: HTMLElement): void;
  }

  const all: typeof Plotly & { readonly Fx: Fx };
  export default all;
}
