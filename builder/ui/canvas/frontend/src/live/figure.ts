import type { Config, Data, Layout, LayoutAxis } from "plotly.js";
import { epochTicks } from "./series.ts";
import type { Look } from "./theme.ts";
import type { Mark } from "./types.ts";

/** The x axis while nobody has zoomed: steps shown and how they make epochs. */
export interface Frame {
  readonly steps: number;
  readonly stepsPerEpoch: number;
}

export type Range = readonly [number, number];

/** Places of the lines among a chart's traces; the fourth is empty and holds up the axis of epochs. */
export const RAW = 0;
export const SMOOTH = 1;
export const TEST = 2;

export const CONFIG: Partial<Config> = { displayModeBar: false, responsive: false, doubleClick: false, showTips: false, displaylogo: false };

const MOST_TICKS = 10;

/** The whole run with room for the last marker. */
export function whole(frame: Frame): [number, number] {
  return [0, frame.steps * 1.015];
}

/** Every step is marked while there are few: halves of a step mean nothing. Of more, Plotly chooses. */
export function stepTicks(frame: Frame): "linear" | "auto" {
  return frame.steps <= 8 ? "linear" : "auto";
}

/** Where the axis at the top is marked: at the ends of the epochs shown, the first one with the word. */
export function ticks(frame: Frame): { at: number[]; text: string[] } {
  const { at, text } = epochTicks(frame.stepsPerEpoch, Math.ceil(frame.steps / Math.max(1, frame.stepsPerEpoch)), MOST_TICKS);
  return { at, text: text.map((number, i) => (i ? number : `epoch ${number}`)) };
}

/** The empty lines of a chart. */
export function traces(look: Look, hover: string): Data[] {
  const line = { type: "scatter" as const, x: [] as number[], y: [] as number[], customdata: [] as number[], hovertemplate: hover };
  const marker = { color: look.test, size: 8, line: { color: look.paper, width: 1.5 } };
  return [
    { ...line, name: "training", mode: "lines", line: { color: look.train, width: 1.6 }, opacity: 1, connectgaps: false },
    { ...line, name: "smoothed", mode: "lines", line: { color: look.train, width: 2.2 }, visible: false },
    { ...line, name: "test", mode: "lines+markers", line: { color: look.test, width: 1.6, dash: "dot" }, marker },
    { type: "scatter", x: [], y: [], xaxis: "x2", hoverinfo: "skip" },
  ];
}

/** Axes and surroundings: steps below, epochs above with the grid, `axis` is what is special about the values. */
export function layout(look: Look, frame: Frame, axis: Partial<LayoutAxis>): Partial<Layout> {
  const { text, faint, grid, paper, font } = look;
  const { at, text: names } = ticks(frame);
  const shared = { gridcolor: grid, zerolinecolor: grid, linecolor: grid, tickfont: { color: faint, size: 11 }, fixedrange: false };
  const steps = { title: { text: "step", font: { size: 11, color: faint }, standoff: 4 }, range: whole(frame), tickmode: stepTicks(frame), tick0: 0, dtick: 1, showgrid: false, tickformat: ",~r", hoverformat: ",d", nticks: 7 };
  return {
    autosize: true,
    margin: { l: 54, r: 12, t: 26, b: 38 },
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    font: { family: font, size: 12, color: text },
    showlegend: false,
    hovermode: "x unified",
    hoverdistance: 24,
    hoverlabel: { bgcolor: paper, bordercolor: grid, font: { family: font, size: 12, color: text } },
    dragmode: "zoom",
    uirevision: "kept",
    xaxis: { ...shared, ...steps, unifiedhovertitle: { text: "step %{x:,d}" } } as Partial<LayoutAxis>,
    xaxis2: { ...shared, overlaying: "x", matches: "x", side: "top", tickmode: "array", tickvals: at, ticktext: names, ticks: "", showgrid: true },
    yaxis: { ...shared, automargin: false, nticks: 6, ...axis },
  };
}

/** Upright lines where the learning rate was changed, each with the new rate at its foot. */
export function rateMarks(look: Look, marks: readonly Mark[]): Partial<Layout> {
  const line = { color: look.faint, width: 1, dash: "dash" as const };
  const shapes = marks.map(([x]) => ({ type: "line" as const, x0: x, x1: x, yref: "paper" as const, y0: 0, y1: 1, line }));
  const annotations = marks.map(([x, rate]) => ({
    x, y: 0, yref: "paper" as const, text: `lr ${Number(rate.toPrecision(6))}`, textangle: "-90", showarrow: false,
    xanchor: "right" as const, yanchor: "bottom" as const, font: { color: look.faint, size: 11 },
  }));
  return { shapes, annotations };
}

/** What changes in traces and layout with the theme's colours; data, ranges and zoom are not touched. */
export function recoloured(look: Look): { traces: Data; layout: Partial<Layout> } {
  const { font, hoverlabel, xaxis } = layout(look, { steps: 1, stepsPerEpoch: 0 }, {});
  const keys = ["gridcolor", "zerolinecolor", "linecolor", "tickfont"] as const;
  const axes = ["xaxis", "xaxis2", "yaxis"].flatMap((name) => keys.map((key) => [`${name}.${key}`, xaxis?.[key]]));
  const lines = { "line.color": [look.train, look.train, look.test], "marker.color": [undefined, undefined, look.test], "marker.line.color": [undefined, undefined, look.paper] };
  return { traces: lines as unknown as Data, layout: { font, hoverlabel, "xaxis.title.font.color": look.faint, ...Object.fromEntries(axes) } as Partial<Layout> };
}

/** The value axis by powers of ten, or as `axis` has it. */
export function logarithmic(on: boolean, axis: Partial<LayoutAxis>): Partial<Layout> {
  return {
    "yaxis.type": on ? "log" : "linear", "yaxis.autorange": true, "yaxis.dtick": on ? 1 : null,
    "yaxis.tickformat": on ? "" : axis.tickformat, "yaxis.exponentformat": "power",
  } as Partial<Layout>;
}
