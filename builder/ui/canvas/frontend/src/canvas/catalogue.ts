import type { BrickNode, ParamValue } from "./types.ts";

export interface Param {
  readonly name: string;
  readonly type: "int" | "float" | "bool" | "choice" | "ints" | "text";
  readonly default: ParamValue;
  readonly min?: number | null;
  readonly max?: number | null;
  readonly axes?: number;
  readonly choices?: readonly (string | number)[];
  readonly optional?: boolean;
  /** How many numbers a list of them may have. */
  readonly fewest?: number;
  readonly most?: number;
  readonly doc: string;
  /** Another parameter, and the words of it with which this one counts. */
  readonly when?: readonly [param: string, words: readonly string[]];
}

export interface Layer {
  readonly kind: string;
  readonly category: string;
  readonly summary: string;
  readonly stem: string;
  readonly inputs: readonly [min: number, max: number | null];
  readonly outputs: number;
  /** The parameter that says how many outputs a brick has, where one does. */
  readonly outputs_by?: string;
  readonly source: string;
  readonly pattern: string;
  readonly length: string;
  readonly params: readonly Param[];
  readonly keys: readonly string[];
  readonly input_names?: readonly string[];
  readonly output_names?: readonly string[];
  /** Made of bricks: the user's own, or one of the catalogue's. */
  readonly block?: "own" | "catalogue";
  /** Only inside blocks, or only outside of them; absent means anywhere. */
  readonly scope?: "block" | "network";
  /** Of the project's own blocks: how many bricks of the project are instances of it. */
  readonly uses?: number;
  /** Of the project's own blocks: the instances to open to see its inside; empty when the network uses none. */
  readonly way?: readonly string[];
  /** Of the project's own blocks: the (brick, parameter) pairs inside that each of its parameters sets. */
  readonly promoted?: Readonly<Record<string, readonly (readonly [brick: string, param: string])[]>>;
}

export interface Catalogue {
  readonly categories: readonly string[];
  /** Kinds that the palette shows first. */
  readonly often?: readonly string[];
  readonly layers: Readonly<Record<string, Layer>>;
  readonly datasets?: readonly Dataset[];
  readonly tasks?: readonly Task[];
  /** The block that is being edited, null for the network: what may be added depends on it. */
  readonly inside?: string | null;
}

export interface Dataset {
  readonly source: string;
  readonly title: string;
  readonly shape: readonly number[];
  readonly classes: number;
}

export interface Task {
  readonly kind: string;
  readonly title: string;
  readonly summary: string;
  readonly trains?: boolean;
}

export const EMPTY_CATALOGUE: Catalogue = { categories: [], layers: {} };

/** `Input and output` -> `input-and-output`, the name the colours go by. */
export function slug(category: string | undefined): string {
  return (category ?? "other").toLowerCase().replace(/[^a-z0-9]+/g, "-");
}

export function isVariadic(layer: Layer | undefined): boolean {
  return layer !== undefined && layer.inputs[1] === null;
}

/** How many inputs to draw: a brick that takes any number shows the wired ones and a free one. */
export function inputCount(layer: Layer | undefined, wired: number): number {
  if (!layer) return Math.max(1, wired);
  const [min, max] = layer.inputs;
  return max === null ? Math.max(min, wired + 1) : max;
}

/** Is this what a parameter may be? */
function fits(value: ParamValue, { min, max, fewest, most }: Param): boolean {
  if (Array.isArray(value)) return value.length >= (fewest ?? 1) && value.length <= (most ?? value.length);
  return typeof value === "number" && Number.isInteger(value) && value >= (min ?? 1) && value <= (max ?? value);
}

/** How many outputs a brick has; of some layers a parameter says it, a number or a list with an entry for each. */
export function outputCount(layer: Layer | undefined, node?: Pick<BrickNode, "params">): number {
  const param = layer?.outputs_by === undefined ? undefined : layer.params.find((one) => one.name === layer.outputs_by);
  if (!param) return layer?.outputs ?? 1;
  const given = node?.params?.[param.name] ?? param.default;
  const value = fits(given, param) ? given : param.default;
  return Array.isArray(value) ? value.length : Number(value);
}

/** What the k-th input is called: its name in the catalogue, else its number. */
export function inputName(layer: Layer | undefined, port: number): string {
  return layer?.input_names?.[port] ?? `input ${port + 1}`;
}

/** What the k-th output is called. */
export function outputName(layer: Layer | undefined, output: number, of = outputCount(layer)): string {
  return layer?.output_names?.[output] ?? (of > 1 ? `output ${output + 1}` : "output");
}

/** The value in force: what the brick says, else the declaration's default. */
export function valueOf(node: BrickNode, param: Param): ParamValue {
  const given = node.params?.[param.name];
  return given === undefined ? param.default : given;
}

/** Does a parameter count as the others are? One that does not is not asked for. */
export function applies(node: BrickNode, layer: Layer, { when }: Param): boolean {
  const other = when && layer.params.find((one) => one.name === when[0]);
  return !other || when[1].some((word) => word === valueOf(node, other));
}

export function sameValue(a: ParamValue, b: ParamValue): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** The catalogue with the project's own blocks, as it is where `inside` is being edited. */
export function withBlocks(base: Catalogue, blocks: Readonly<Record<string, Layer>>, inside: string | null): Catalogue {
  const added = Object.values(blocks).map((layer) => layer.category).filter((category) => !base.categories.includes(category));
  const categories = [...base.categories, ...new Set(added)];
  return { ...base, categories, layers: { ...base.layers, ...blocks }, inside };
}

/** May a brick of this layer be added to what is being edited? */
export function offered(layer: Layer, { inside = null }: Catalogue): boolean {
  return layer.scope !== (inside === null ? "block" : "network") && layer.kind !== inside;
}

export interface Group {
  readonly category: string;
  readonly layers: readonly Layer[];
}

/** 0 the kind starts with the query, 1 contains it, 2 the category does, 3 the summary does; null: no match. */
export function rank(layer: Layer, query: string): number | null {
  const wanted = query.trim().toLowerCase();
  const kind = layer.kind.toLowerCase();
  if (kind.startsWith(wanted)) return 0;
  if (kind.includes(wanted)) return 1;
  if (layer.category.toLowerCase().includes(wanted)) return 2;
  return layer.summary.toLowerCase().includes(wanted) ? 3 : null;
}

/** Layers by category in the catalogue's order; with a query only those that match, best group and best layer first. */
export function grouped(catalogue: Catalogue, query: string): readonly Group[] {
  const layers = Object.values(catalogue.layers)
    .filter((layer) => offered(layer, catalogue))
    .map((layer) => ({ layer, score: rank(layer, query) }))
    .filter((entry): entry is { layer: Layer; score: number } => entry.score !== null);
  const groups = catalogue.categories.map((category) => {
    const mine = layers.filter((entry) => entry.layer.category === category).sort((a, b) => a.score - b.score);
    return { category, layers: mine.map((entry) => entry.layer), best: mine[0]?.score ?? 9 };
  });
  const found = groups.filter((group) => group.layers.length > 0).sort((a, b) => a.best - b.best);
  const often = query.trim() === "" ? (catalogue.often ?? []).flatMap((kind) => layers.find((entry) => entry.layer.kind === kind)?.layer ?? []) : [];
  return often.length > 0 ? [{ category: "Often used", layers: often }, ...found] : found;
}
