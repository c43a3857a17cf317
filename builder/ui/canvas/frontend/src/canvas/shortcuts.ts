/** Every key of the canvas. The key handler, the tooltips and the sheet all read this one table. */

export type Command =
  | "search" | "append" | "properties" | "none" | "all" | "next" | "previous" | "left" | "right"
  | "extendNext" | "extendPrevious" | "extendLeft" | "extendRight" | "moveUp" | "moveDown" | "moveLeft" | "moveRight"
  | "wire" | "connect" | "rename" | "block" | "leave" | "rejoin" | "delete" | "undo" | "redo" | "copy" | "cut" | "paste" | "duplicate" | "mute" | "freeze" | "replace"
  | "reference" | "find" | "nextProblem" | "previousProblem" | "arrange" | "fit" | "zoomIn" | "zoomOut" | "help";

export interface Shortcut {
  readonly command: Command;
  /** `Mod` is Ctrl, on a Mac Cmd; the last part is what KeyboardEvent.key says, in any case; `letter` is any letter. */
  readonly keys: readonly string[];
  readonly says: string;
  readonly group: "Build" | "Wires" | "Select and move" | "Edit" | "View";
  /** The browser's own event does it; the key only stands in the sheet. */
  readonly native?: boolean;
}

export const SHORTCUTS: readonly Shortcut[] = [
  { command: "append", keys: ["letter"], group: "Build", says: "Search a layer by its name and add it behind the selected brick, onto the selected wire, or joining the selected bricks" },
  { command: "search", keys: ["/"], group: "Build", says: "Search a layer; values follow its name, as in “conv 6 5 stride=2”" },
  { command: "properties", keys: ["Enter", "Alt+Enter"], group: "Build", says: "Go to the properties of the selected brick, Esc comes back; into a block, unless with Alt; on a wire or with nothing selected, search a layer" },
  { command: "leave", keys: ["Shift+Enter"], group: "Build", says: "Go out of the block that is open" },
  { command: "block", keys: ["Mod+G"], group: "Build", says: "Make a block of the selected bricks" },
  { command: "rename", keys: ["F2"], group: "Build", says: "Rename the selected brick" },
  { command: "replace", keys: ["Mod+Shift+R"], group: "Build", says: "Replace the selected brick by another layer and keep its wires" },
  { command: "mute", keys: ["Ctrl+M"], group: "Build", says: "Mute the selected bricks, or unmute them: their first input passes through" },
  { command: "freeze", keys: ["Mod+Shift+F"], group: "Build", says: "Freeze the selected bricks, or train them again: the weights of a frozen brick stay as they are" },
  { command: "reference", keys: ["F1"], group: "Build", says: "Open the reference page of the selected brick" },
  { command: "connect", keys: ["Mod+Enter"], group: "Wires", says: "Connect from the selected brick: choose where to with the arrow keys or by name" },
  { command: "wire", keys: ["Mod+ArrowDown", "Mod+ArrowUp"], group: "Wires", says: "Select the wire out of the selected brick, or into it" },
  { command: "next", keys: ["ArrowDown"], group: "Select and move", says: "Next brick along the wires; from a wire, the brick that it leads to" },
  { command: "previous", keys: ["ArrowUp"], group: "Select and move", says: "Previous brick; from a wire, the brick that it comes from" },
  { command: "left", keys: ["ArrowLeft"], group: "Select and move", says: "Brick beside it, or wire beside it, to the left" },
  { command: "right", keys: ["ArrowRight"], group: "Select and move", says: "The same to the right" },
  { command: "extendNext", keys: ["Shift+ArrowDown"], group: "Select and move", says: "Add the next brick to the selection; Shift with the other arrows likewise" },
  { command: "extendPrevious", keys: ["Shift+ArrowUp"], group: "Select and move", says: "" },
  { command: "extendLeft", keys: ["Shift+ArrowLeft"], group: "Select and move", says: "" },
  { command: "extendRight", keys: ["Shift+ArrowRight"], group: "Select and move", says: "" },
  { command: "moveDown", keys: ["Alt+ArrowDown"], group: "Select and move", says: "Move the selected bricks; Alt with the other arrows likewise" },
  { command: "moveUp", keys: ["Alt+ArrowUp"], group: "Select and move", says: "" },
  { command: "moveLeft", keys: ["Alt+ArrowLeft"], group: "Select and move", says: "" },
  { command: "moveRight", keys: ["Alt+ArrowRight"], group: "Select and move", says: "" },
  { command: "find", keys: ["Mod+F"], group: "Select and move", says: "Go to a brick by its name" },
  { command: "all", keys: ["Mod+A"], group: "Select and move", says: "Select everything" },
  { command: "none", keys: ["Escape"], group: "Select and move", says: "Select nothing" },
  { command: "rejoin", keys: ["Backspace"], group: "Edit", says: "Take the selected bricks out and join what is left; cut the selected wires" },
  { command: "delete", keys: ["Delete"], group: "Edit", says: "Take them out with their wires" },
  { command: "undo", keys: ["Mod+Z"], group: "Edit", says: "Undo" },
  { command: "redo", keys: ["Mod+Shift+Z", "Mod+Y"], group: "Edit", says: "Redo" },
  { command: "copy", keys: ["Mod+C"], group: "Edit", says: "Copy the selected bricks as text, for this or another project", native: true },
  { command: "cut", keys: ["Mod+X"], group: "Edit", says: "Cut them", native: true },
  { command: "paste", keys: ["Mod+V"], group: "Edit", says: "Paste bricks", native: true },
  { command: "duplicate", keys: ["Mod+D"], group: "Edit", says: "Duplicate the selected bricks" },
  { command: "nextProblem", keys: ["F8"], group: "View", says: "Go to the next problem; Shift+F8 goes to the one before" },
  { command: "previousProblem", keys: ["Shift+F8"], group: "View", says: "" },
  { command: "arrange", keys: ["Mod+Shift+L"], group: "View", says: "Lay the drawing out" },
  { command: "fit", keys: ["Home"], group: "View", says: "Show the whole network" },
  { command: "zoomIn", keys: ["+"], group: "View", says: "Zoom in" },
  { command: "zoomOut", keys: ["-"], group: "View", says: "Zoom out" },
  { command: "help", keys: ["?"], group: "View", says: "Show this sheet" },
];

/** The parts of a key press that a shortcut looks at. */
export interface Press {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  readonly shiftKey: boolean;
}

export const isMac = (platform: string): boolean => /mac|iphone|ipad/i.test(platform);

const isLetter = (key: string): boolean => /^\p{L}$/u.test(key);
// Shift is part of how such a key is typed, not of the shortcut.
const isSign = (key: string): boolean => key.length === 1 && !isLetter(key);

/** Is `press` the key `combo`? */
export function matches(combo: string, press: Press, mac: boolean): boolean {
  const parts = combo.length > 1 ? combo.split("+") : [combo];
  const key = parts.at(-1) ?? "";
  const wanted = new Set(parts.slice(0, -1));
  const ctrl = wanted.has("Ctrl") || (wanted.has("Mod") && !mac);
  const meta = wanted.has("Mod") && mac;
  if (press.ctrlKey !== ctrl || press.metaKey !== meta || press.altKey !== wanted.has("Alt")) return false;
  if (key === "letter") return isLetter(press.key);
  if (!isSign(key) && press.shiftKey !== wanted.has("Shift")) return false;
  return press.key.toLowerCase() === key.toLowerCase();
}

/** The shortcut that a key press is; undefined when it is none. */
export function shortcutOf(press: Press, mac: boolean): Shortcut | undefined {
  return SHORTCUTS.find((shortcut) => shortcut.keys.some((combo) => matches(combo, press, mac)));
}

const SIGNS: Readonly<Record<string, string>> = { ArrowDown: "↓", ArrowUp: "↑", ArrowLeft: "←", ArrowRight: "→", Escape: "Esc", letter: "a … z" };
const MAC: Readonly<Record<string, string>> = { Mod: "⌘", Shift: "⇧", Alt: "⌥", Ctrl: "⌃" };

/** A combination as it stands on the keys: `Ctrl+Shift+Z`, on a Mac `⌘⇧Z`. */
export function shown(combo: string, mac: boolean): string {
  const parts = combo.length > 1 ? combo.split("+") : [combo];
  if (mac) return parts.map((part) => MAC[part] ?? SIGNS[part] ?? part).join("");
  return parts.map((part) => (part === "Mod" ? "Ctrl" : (SIGNS[part] ?? part))).join("+");
}

/** The keys of a command for a tooltip: " (Ctrl+Z)"; nothing when it has none. */
export function keysOf(command: Command, mac: boolean): string {
  const combo = SHORTCUTS.find((shortcut) => shortcut.command === command)?.keys[0];
  return combo ? ` (${shown(combo, mac)})` : "";
}
