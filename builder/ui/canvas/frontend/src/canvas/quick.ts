import { type Catalogue, inputCount, type Layer, outputCount, type Param, sameValue } from "./catalogue.ts";
import { findNode, inputsOf, outputsOf } from "./document.ts";
import { joinPair, type Parsed, parse, show } from "./fields.ts";
import type { BrickInfo, NetworkDocument, Params, ParamValue, Wire } from "./types.ts";

/** Where a layer from the quick search would go. */
export type Spot =
  | { readonly type: "behind"; readonly id: string }
  | { readonly type: "before"; readonly id: string }
  | { readonly type: "wire"; readonly wire: Wire }
  | { readonly type: "join"; readonly ids: readonly string[] }
  | { readonly type: "replace"; readonly id: string }
  | { readonly type: "free" };

/** What a search looks at. */
export interface Scene {
  readonly document: NetworkDocument;
  readonly catalogue: Catalogue;
  readonly infos: Readonly<Record<string, BrickInfo>>;
  /** Inside a block's definition. */
  readonly inBlock: boolean;
}

/** One line of the list: a layer with the parameters that were typed behind its name. */
export interface Choice {
  readonly layer: Layer;
  readonly params: Params;
  /** "out_channels 6, kernel_size 5" */
  readonly makes: string;
  /** Why it cannot be added as it was typed; null when it can. */
  readonly wrong: string | null;
  /** Does it take what flows here? */
  readonly fits: boolean;
}

/** `conv 6 5 stride=2` -> the name `conv` and the values behind it. */
export function splitQuery(query: string): { readonly name: string; readonly values: readonly string[] } {
  const words = query.trim().split(/\s+/).filter((word) => word !== "");
  const first = words.findIndex((word, i) => i > 0 && /^[-+.\d([]|=/.test(word));
  const cut = first < 0 ? words.length : first;
  return { name: words.slice(0, cut).join("").toLowerCase(), values: words.slice(cut) };
}

function isSubsequence(short: string, long: string): boolean {
  let at = 0;
  for (const letter of long) if (letter === short[at]) at += 1;
  return at === short.length;
}

/** How well a name matches, 0 best; null when it does not. */
export function textRank(layer: Layer, name: string): number | null {
  const kind = layer.kind.toLowerCase();
  if (name === "" || kind === name) return 0;
  if (layer.stem === name) return 1;
  if (kind.startsWith(name)) return 2;
  if (layer.stem.startsWith(name)) return 3;
  if (kind.includes(name)) return 4;
  if (name.length > 1 && kind.startsWith(name.charAt(0)) && isSubsequence(name, kind)) return 5;
  if (layer.category.toLowerCase().replace(/\s/g, "").includes(name)) return 6;
  return name.length > 2 && layer.summary.toLowerCase().replace(/\s/g, "").includes(name) ? 7 : null;
}

/** The axes that a layer's pattern wants, or gives (`of` 1), the batch included; `open` when `...` stands for any number more. */
export function patternAxes(pattern: string, of: 0 | 1 = 0): { readonly axes: number; readonly open: boolean } {
  const side = pattern.split("->")[of]?.split(",")[0] ?? "";
  const tokens = side.match(/\([^)]*\)|\S+/g) ?? ["..."];
  const open = tokens.includes("...");
  return { axes: tokens.length - (open ? 1 : 0), open };
}

/**
 * How many axes leave a brick, the batch included: as they were worked out, else as the patterns of the layers say, so that a layer typed right
 * behind a new one is found as if the answer were there; null when nobody knows.
 */
export function axesBehind(scene: Scene, id: string, seen: ReadonlySet<string> = new Set()): number | null {
  const sizes = scene.infos[id]?.sizes;
  const layer = scene.catalogue.layers[findNode(scene.document, id)?.kind ?? ""];
  if (sizes || !layer) return sizes ? sizes.length + 1 : null;
  const { axes, open } = patternAxes(layer.pattern, 1);
  if (!open) return axes > 0 ? axes : null;
  const before = inputsOf(scene.document, id)[0]?.source;
  return before === undefined || seen.has(before) ? null : axesBehind(scene, before, new Set([...seen, id]));
}

/** 0 made for so many axes or for any number, 1 takes them, 2 does not; 0 where their number is not known. */
export function shapeRank(layer: Layer, here: number | null): number {
  if (here === null) return 0;
  const { axes, open } = patternAxes(layer.pattern);
  if (!open) return axes === here ? 0 : 2;
  if (here < axes) return 2;
  return axes === 0 ? 0 : 1;
}

function feeding(scene: Scene, spot: Spot): string | undefined {
  if (spot.type === "behind") return spot.id;
  if (spot.type === "wire") return spot.wire.source;
  if (spot.type === "join") return spot.ids[0];
  return spot.type === "replace" ? inputsOf(scene.document, spot.id)[0]?.source : undefined;
}

/** Has `layer` room for every wire that brick `id` has? */
export function hasRoom(document: NetworkDocument, id: string, layer: Layer): boolean {
  const most = layer.inputs[1];
  const inputs = inputsOf(document, id);
  const outputs = outputsOf(document, id);
  const ports = Math.max(0, ...inputs.map((wire) => (wire.port ?? 0) + 1));
  const used = Math.max(0, ...outputs.map((wire) => (wire.output ?? 0) + 1));
  return (most === null || ports <= most) && used <= outputCount(layer, findNode(document, id));
}

/** 0 its inputs and outputs suit the spot, 1 it goes there with something left to connect, 2 it would stay loose. */
export function arityRank(layer: Layer, spot: Spot): number {
  const takes = inputCount(layer, 0) > 0;
  const needs = layer.inputs[0];
  if (spot.type === "free") return takes ? 1 : 0;
  if (spot.type === "join") return needs > 1 && (layer.inputs[1] ?? spot.ids.length) >= spot.ids.length ? 0 : 2;
  if (spot.type === "replace") return 0;
  if (spot.type === "before") return outputCount(layer) > 0 ? 0 : 2;
  const goesOn = spot.type === "behind" || outputCount(layer) > 0;
  if (!takes || !goesOn) return 2;
  return needs > 1 ? 1 : 0;
}

function inScope(layer: Layer, inBlock: boolean): boolean {
  return layer.scope === undefined || (layer.scope === "block") === inBlock;
}

interface Entry {
  readonly layer: Layer;
  readonly order: readonly number[];
  readonly fits: boolean;
}

function entry(scene: Scene, spot: Spot, layer: Layer, name: string, place: number): Entry | null {
  const text = textRank(layer, name);
  if (text === null || !inScope(layer, scene.inBlock)) return null;
  if (spot.type === "replace" && (layer.kind === findNode(scene.document, spot.id)?.kind || !hasRoom(scene.document, spot.id, layer))) return null;
  const before = feeding(scene, spot);
  const source = before === undefined ? undefined : findNode(scene.document, before);
  const shape = before === undefined ? 0 : shapeRank(layer, axesBehind(scene, before));
  const arity = arityRank(layer, spot);
  // Two of a family in a row are rare: what usually comes next stands first.
  const again = source && spot.type !== "replace" && scene.catalogue.layers[source.kind]?.category === layer.category ? 1 : 0;
  const fits = arity < 2 && shape < 2;
  const length = name === "" ? 0 : layer.kind.length;
  return { layer, fits, order: [text, fits ? 0 : 1, arity, shape, name === "" ? again : 0, length, place] };
}

function compare(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((value, i) => value !== b[i]);
  return at < 0 ? 0 : (a[at] as number) - (b[at] as number);
}

/** The layers that match `query`, best first: by text, then by what fits at `spot`. */
export function search(scene: Scene, spot: Spot, query: string): readonly Choice[] {
  const { name, values } = splitQuery(query);
  const found = matching(scene, spot, name);
  const [first = "", ...rest] = query.trim().split(/\s+/);
  // Nothing is called like that: what follows the first word was meant as values, and is told as such.
  if (found.length === 0 && rest.length > values.length) return made(matching(scene, spot, first.toLowerCase()), rest);
  return made(found, values);
}

function matching(scene: Scene, spot: Spot, name: string): Entry[] {
  return Object.values(scene.catalogue.layers).map((layer, i) => entry(scene, spot, layer, name, i)).filter((one) => one !== null);
}

function made(found: Entry[], values: readonly string[]): readonly Choice[] {
  return found.sort((a, b) => compare(a.order, b.order)).map(({ layer, fits }) => ({ layer, fits, ...withValues(layer, values) }));
}

/** Parameters in the order in which bare values are taken: the key ones, then the others. */
function positional(layer: Layer): readonly Param[] {
  const keys = layer.keys.map((name) => layer.params.find((param) => param.name === name)).filter((param) => param !== undefined);
  return [...keys, ...layer.params.filter((param) => !layer.keys.includes(param.name))];
}

function named(layer: Layer, name: string): Param | string {
  const wanted = name.toLowerCase();
  const exact = layer.params.find((param) => param.name === wanted);
  if (exact) return exact;
  const starting = layer.params.filter((param) => param.name.startsWith(wanted)).sort((a, b) => a.name.length - b.name.length);
  const [first] = starting;
  if (wanted !== "" && first && starting.every((param) => param.name.startsWith(first.name))) return first;
  const has = layer.params.map((param) => param.name).join(", ");
  if (starting.length > 1 && wanted !== "") return `${name} could be ${starting.map((param) => param.name).join(" or ")}.`;
  return has ? `${layer.kind} has no parameter “${name.slice(0, 24)}”; it has ${has}.` : `${layer.kind} has no parameters.`;
}

const YES = ["yes", "true", "on", "1"];
const NO = ["no", "false", "off", "0"];

function readChoice(text: string, param: Param): Parsed {
  const found = param.choices?.find((choice) => String(choice).toLowerCase() === text.toLowerCase());
  if (found !== undefined) return { ok: true, value: found };
  return { ok: false, says: `${param.name} is one of ${(param.choices ?? []).join(", ")}; “${text.slice(0, 24)}” is not.` };
}

function readPair(text: string, param: Param): Parsed {
  const [height, width, ...rest] = text.split(/[x×,*]/i).map((part) => parse(part, param));
  if (!height || !width || rest.length > 0) return { ok: false, says: `${param.name} has two sides, as in 3x5; “${text.slice(0, 24)}” has not.` };
  if (!height.ok) return height;
  return width.ok ? { ok: true, value: joinPair(height.value, width.value) } : width;
}

/** The value that a word of the query stands for. */
function readValue(word: string, param: Param): Parsed {
  const text = word.replace(/^[([]|[)\]]$/g, "");
  const low = text.toLowerCase();
  if (param.optional && ["none", "auto", "automatic"].includes(low)) return { ok: true, value: null };
  if (param.type === "bool") {
    if (YES.includes(low) || NO.includes(low)) return { ok: true, value: YES.includes(low) };
    return { ok: false, says: `${param.name} is yes or no; “${text.slice(0, 24)}” is neither.` };
  }
  if (param.type === "choice") return readChoice(text, param);
  return param.axes === 2 && /[x×,*]/i.test(text) ? readPair(text, param) : parse(text, param);
}

interface Reading {
  readonly params: Record<string, ParamValue>;
  readonly wrong: string | null;
}

/** Neighbouring bare numbers for a parameter that takes a list of them become one word. */
function gathered(words: readonly string[], slots: readonly Param[]): readonly string[] {
  if (slots[0]?.type !== "ints") return words;
  const bare = words.filter((word) => !word.includes("="));
  return bare.length > 1 ? [bare.join("x"), ...words.filter((word) => word.includes("="))] : words;
}

function read(layer: Layer, words: readonly string[]): Reading {
  const slots = positional(layer);
  const params: Record<string, ParamValue> = {};
  let next = 0;
  for (const word of gathered(words, slots)) {
    const [name, text] = word.includes("=") ? [word.slice(0, word.indexOf("=")), word.slice(word.indexOf("=") + 1)] : [null, word];
    const param = name === null ? slots[next++] : named(layer, name);
    if (param === undefined) return { params, wrong: `${layer.kind} has ${slots.length === 0 ? "no parameters" : `no place for “${word.slice(0, 24)}”`}.` };
    if (typeof param === "string") return { params, wrong: param };
    const value = readValue(text, param);
    if (!value.ok) return { params, wrong: value.says };
    params[param.name] = value.value;
  }
  return { params, wrong: null };
}

function withValues(layer: Layer, words: readonly string[]): Pick<Choice, "params" | "makes" | "wrong"> {
  const { params, wrong } = read(layer, words);
  const told = layer.params.filter((param) => layer.keys.includes(param.name) || param.name in params);
  const ordered = positional(layer).filter((param) => told.includes(param));
  const makes = ordered.map((param) => `${param.name} ${show(params[param.name] ?? param.default) || "automatic"}`).join(", ");
  const kept = Object.entries(params).filter(([name, value]) => !sameValue(value, layer.params.find((param) => param.name === name)?.default ?? null));
  return { params: Object.fromEntries(kept), makes, wrong };
}

/** What the search box says about the place. */
export function spotName(spot: Spot): string {
  switch (spot.type) {
    case "behind":
      return `behind ${spot.id}`;
    case "before":
      return `before ${spot.id}`;
    case "wire":
      return `between ${spot.wire.source} and ${spot.wire.target}`;
    case "join":
      return `joining ${spot.ids.join(", ")}`;
    case "replace":
      return `in place of ${spot.id}`;
    default:
      return "here";
  }
}

/** Where a layer added now would go, from what is selected. */
export function spotOf(scene: Pick<Scene, "document" | "catalogue">, selected: readonly string[], wires: readonly Wire[]): Spot {
  const [only, ...more] = selected;
  const [wire, ...others] = wires;
  if (only === undefined) return wire && others.length === 0 ? { type: "wire", wire } : { type: "free" };
  if (more.length > 0) return { type: "join", ids: selected };
  const node = findNode(scene.document, only);
  if (!node) return { type: "free" };
  if (outputCount(scene.catalogue.layers[node.kind], node) > 0) return { type: "behind", id: only };
  const [into, ...rest] = inputsOf(scene.document, only);
  if (into && rest.length === 0) return { type: "wire", wire: into };
  return { type: "before", id: only };
}
