/** Colours of the page's theme as Plotly needs them: resolved, not as variables. */
export interface Look {
  readonly text: string;
  readonly faint: string;
  readonly grid: string;
  readonly paper: string;
  readonly train: string;
  readonly test: string;
  readonly font: string;
}

/** Reads the theme off the variables that Streamlit sets on every component's host. */
export function readLook(host: Element): Look {
  const style = getComputedStyle(host);
  const read = (name: string, otherwise: string) => style.getPropertyValue(name).trim() || otherwise;
  const text = read("--st-text-color", "#31333f");
  const [first, second] = palette(read("--st-chart-categorical-colors", ""));
  return {
    text,
    faint: `color-mix(in srgb, ${text} 60%, transparent)`,
    grid: `color-mix(in srgb, ${text} 10%, transparent)`,
    paper: read("--st-background-color", "#ffffff"),
    train: first ?? read("--st-blue-color", "#1c83e1"),
    test: second ?? read("--st-orange-color", "#ff8700"),
    font: read("--st-font", "sans-serif"),
  };
}

/** The same colours in the form that Plotly parses: it knows no `color-mix`. */
export function resolve(host: HTMLElement, look: Look): Look {
  const probe = host.appendChild(document.createElement("span"));
  const colour = (value: string): string => {
    probe.style.color = value;
    return toRgba(getComputedStyle(probe).color);
  };
  const resolved = { ...look, text: colour(look.text), faint: colour(look.faint), grid: colour(look.grid), paper: colour(look.paper), train: colour(look.train), test: colour(look.test) };
  probe.remove();
  return resolved;
}

/** "color(srgb 0.2 0.2 0.25 / 0.6)" -> "rgba(51, 51, 64, 0.6)"; other forms stay as they are. */
export function toRgba(colour: string): string {
  const match = /^color\(srgb ([\d.e-]+) ([\d.e-]+) ([\d.e-]+)(?: \/ ([\d.e-]+))?\)$/.exec(colour);
  if (!match) return colour;
  const [red, green, blue] = match.slice(1, 4).map((part) => Math.round(Number(part) * 255));
  return `rgba(${red}, ${green}, ${blue}, ${match[4] ?? 1})`;
}

/** The colours of a list such as "#4453d4,#d9730d" or "rgb(1, 2, 3), #fff". */
export function palette(list: string): string[] {
  return list.split(/,(?![^(]*\))/).map((colour) => colour.replace(/["'[\]]/g, "").trim()).filter(Boolean);
}
