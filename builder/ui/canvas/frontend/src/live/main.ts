import type { CleanUp, ComponentArgs } from "../shared/streamlit.ts";
import css from "./live.css?inline";
import { h } from "./dom.ts";
import { merge, remember, type Series } from "./series.ts";
import type { LiveData } from "./types.ts";
import { LiveView } from "./view.ts";

const KEPT_RUNS = 6;
const REPORT_AGAIN_MS = 1500;
/** Streamlit runs the clean-up of a call that was overtaken by the next one while the component stays: only the last call's may take it down, after a moment. */
const GRACE_MS = 300;

/** Lives as long as the page: coming back from another page needs no resend. */
const held = new Map<string, Series>();

interface Mounted {
  readonly view: LiveView;
  reported: number;
  timer: number | undefined;
  leaving: number | undefined;
  calls: number;
}

const mounts = new WeakMap<HTMLElement | ShadowRoot, Mounted>();

function mount(parent: HTMLElement | ShadowRoot): Mounted {
  const style = h("style");
  style.textContent = css;
  const plotly = h("style");
  parent.replaceChildren(style, plotly);
  const mounted = { view: new LiveView(parent), reported: 0, timer: undefined, leaving: undefined, calls: 0 };
  plotly.textContent = plotlyRules();
  mounts.set(parent, mounted);
  return mounted;
}

/** Plotly writes its rules into the document's head, where they do not reach into a shadow root. */
function plotlyRules(): string {
  const sheet = document.querySelector<HTMLStyleElement>("style#plotly\\.js-style-global")?.sheet;
  return sheet ? [...sheet.cssRules].map((rule) => rule.cssText).join("\n") : "";
}

/** Asks Python for everything; again only after a while, for an answer may be under way. */
function report(mounted: Mounted, args: ComponentArgs<LiveData>): void {
  const now = performance.now();
  if (mounted.reported && now - mounted.reported < REPORT_AGAIN_MS) return;
  mounted.reported = now;
  args.setTriggerValue("gap", { series: args.data.series, have: held.get(args.data.series)?.points.length ?? 0 });
  window.clearTimeout(mounted.timer);
  mounted.timer = window.setTimeout(() => report(mounted, args), REPORT_AGAIN_MS + 50);
}

export default function live(args: ComponentArgs<LiveData>): CleanUp {
  const { data, parentElement } = args;
  const mounted = mounts.get(parentElement) ?? mount(parentElement);
  const call = ++mounted.calls;
  window.clearTimeout(mounted.leaving);
  const merged = merge(held.get(data.series), data);
  remember(held, merged.series, KEPT_RUNS);
  mounted.view.show(data, merged);
  if (merged.gap) report(mounted, args);
  else window.clearTimeout(mounted.timer);
  return () => {
    if (call !== mounted.calls) return;
    window.clearTimeout(mounted.timer);
    window.clearTimeout(mounted.leaving);
    mounted.leaving = window.setTimeout(() => leave(parentElement, mounted), GRACE_MS);
  };
}

function leave(parent: HTMLElement | ShadowRoot, mounted: Mounted): void {
  mounts.delete(parent);
  mounted.view.destroy();
  parent.replaceChildren();
}
