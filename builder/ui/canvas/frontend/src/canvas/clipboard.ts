import type { Catalogue } from "./catalogue.ts";
import { findNode, makeWire, portOf } from "./document.ts";
import { ownerOf } from "./sharing.ts";
import { nameProblem } from "./fields.ts";
import { BRICK, bounds, type Places, snapPoint } from "./geometry.ts";
import { batch, type Drawing, moves } from "./gestures.ts";
import type { BrickNode, Edit, NetworkDocument, Params, ParamValue, Point, Wire } from "./types.ts";

const TYPE = "brickwork/bricks";
const VERSION = 1;

/** What pasted text may hold: it comes from anywhere. */
const LIMIT = { text: 2_000_000, nodes: 2000, edges: 8000, blocks: 200, id: 60, kind: 80, params: 60, name: 60, word: 200, list: 16, codes: 40, place: 1e7 } as const;

/** Definitions of blocks by name, as they stand in a file. */
export type Definitions = Readonly<Record<string, unknown>>;

export interface Bricks {
  readonly nodes: readonly BrickNode[];
  readonly edges: readonly Wire[];
  readonly blocks: Definitions;
}

function kindsIn(definition: unknown): readonly string[] {
  const nodes = (definition as { nodes?: readonly { kind?: unknown }[] } | null)?.nodes;
  return Array.isArray(nodes) ? nodes.map((node) => String(node?.kind)) : [];
}

/** The definitions that these kinds are made of, those inside them included. */
function definitionsOf(kinds: readonly string[], known: Definitions): Definitions {
  const found: Record<string, unknown> = {};
  const queue = [...kinds];
  for (let kind = queue.pop(); kind !== undefined; kind = queue.pop()) {
    if (!Object.hasOwn(known, kind) || Object.hasOwn(found, kind)) continue;
    found[kind] = known[kind];
    queue.push(...kindsIn(known[kind]));
  }
  return found;
}

/** Bricks as text for the clipboard, with the wires among them; null when there are none. */
export function copyText({ document, places }: Drawing, ids: readonly string[], known: Definitions = {}): string | null {
  const chosen = new Set(ids);
  const nodes = document.nodes.filter((node) => chosen.has(node.id)).map((node) => {
    // Where the brick whose weights it uses is not at hand, it has the same parameters.
    const { params } = ownerOf(document, node);
    return { ...node, ...(node.of === undefined ? {} : { params: params ?? {} }), at: places.get(node.id) ?? node.at ?? [0, 0] };
  });
  if (nodes.length === 0) return null;
  const edges = document.edges.filter((edge) => chosen.has(edge.source) && chosen.has(edge.target));
  const blocks = definitionsOf(nodes.map((node) => node.kind), known);
  return JSON.stringify({ type: TYPE, version: VERSION, nodes, edges, blocks });
}

class Refused extends Error {}

function refuse(says: string): never {
  throw new Refused(says);
}

type Table = Readonly<Record<string, unknown>>;
const isTable = (value: unknown): value is Table => typeof value === "object" && value !== null && !Array.isArray(value);

function list(value: unknown, what: string, most: number): readonly unknown[] {
  if (!Array.isArray(value)) refuse(`The copied ${what} are not a list.`);
  if (value.length > most) refuse(`${value.length.toLocaleString("en-US")} ${what} are too many to paste; ${most.toLocaleString("en-US")} are allowed.`);
  return value;
}

function whole(value: unknown, what: string): number {
  if (value === undefined) return 0;
  if (typeof value !== "number" || !Number.isInteger(value) || value < 0 || value >= LIMIT.edges) refuse(`A copied wire has no proper ${what}.`);
  return value;
}

function idOf(value: unknown): string {
  if (typeof value !== "string" || value.length > LIMIT.id || nameProblem(value, []) !== null) refuse("A copied brick has no proper name.");
  return value;
}

const isNumber = (value: unknown): value is number => typeof value === "number" && Number.isFinite(value);

function paramOf(value: unknown, id: string): ParamValue {
  if (value === null || typeof value === "boolean" || isNumber(value)) return value;
  if (typeof value === "string" && value.length <= LIMIT.word) return value;
  if (Array.isArray(value) && value.length <= LIMIT.list && value.every(isNumber)) return value;
  return refuse(`A parameter of ${id} is not one that a brick can have.`);
}

function paramsOf(value: unknown, id: string): Params {
  if (value === undefined) return {};
  if (!isTable(value)) refuse(`The parameters of ${id} are not a table.`);
  const entries = Object.entries(value);
  if (entries.length > LIMIT.params || entries.some(([name]) => !/^[A-Za-z_]\w*$/.test(name) || name.length > LIMIT.name)) refuse(`${id} has parameters that no brick can have.`);
  return Object.fromEntries(entries.map(([name, inner]) => [name, paramOf(inner, id)]));
}

function placeOf(value: unknown): Point {
  const fine = Array.isArray(value) && value.length === 2 && value.every((part) => isNumber(part) && Math.abs(part) <= LIMIT.place);
  return fine ? (value as unknown as Point) : [0, 0];
}

function codesOf(value: unknown): readonly string[] {
  const codes = Array.isArray(value) ? value.slice(0, LIMIT.codes) : [];
  return codes.filter((code): code is string => typeof code === "string" && /^[\w-]{1,60}$/.test(code));
}

function nodeOf(value: unknown): BrickNode {
  if (!isTable(value)) refuse("A copied brick is not a table.");
  const id = idOf(value.id);
  const { kind } = value;
  if (typeof kind !== "string" || kind === "" || kind.length > LIMIT.kind) refuse(`${id} does not say which layer it is.`);
  const silent = codesOf(value.silent);
  const node = { id, kind, params: paramsOf(value.params, id), at: placeOf(value.at) };
  const of = value.of === undefined ? {} : { of: idOf(value.of) };
  return { ...node, ...of, ...(value.muted === true ? { muted: true } : {}), ...(value.frozen === true ? { frozen: true } : {}), ...(silent.length > 0 ? { silent } : {}) };
}

function wireOf(value: unknown): Wire {
  if (!isTable(value)) refuse("A copied wire is not a table.");
  return makeWire(idOf(value.source), idOf(value.target), whole(value.port, "input"), whole(value.output, "output"));
}

function blocksOf(value: unknown): Definitions {
  if (value === undefined) return {};
  if (!isTable(value) || Object.keys(value).length > LIMIT.blocks) refuse("The copied blocks are not a table of definitions.");
  for (const [name, block] of Object.entries(value)) {
    if (!/^[A-Z]\w*$/.test(name) || name.length > LIMIT.name || !isTable(block)) refuse("A copied block has no proper name or definition.");
  }
  return value;
}

/** Does following the wires lead back to where one started? */
function circular(nodes: readonly BrickNode[], edges: readonly Wire[]): boolean {
  const waiting = new Map(nodes.map((node) => [node.id, 0]));
  const after = new Map<string, string[]>();
  for (const { source, target } of edges) {
    waiting.set(target, (waiting.get(target) ?? 0) + 1);
    after.set(source, [...(after.get(source) ?? []), target]);
  }
  const ready = nodes.map((node) => node.id).filter((id) => waiting.get(id) === 0);
  for (const id of ready) {
    for (const target of after.get(id) ?? []) {
      const left = (waiting.get(target) ?? 0) - 1;
      waiting.set(target, left);
      if (left === 0) ready.push(target);
    }
  }
  return ready.length < nodes.length;
}

function checked(record: Table, catalogue: Catalogue): Bricks {
  if (record.version !== VERSION) refuse(`These bricks were copied in another version of Brickwork (${String(record.version).slice(0, 12)}); this one reads version ${VERSION}.`);
  const nodes = list(record.nodes, "bricks", LIMIT.nodes).map(nodeOf);
  const edges = list(record.edges ?? [], "wires", LIMIT.edges).map(wireOf);
  const blocks = blocksOf(record.blocks);
  const names = new Set(nodes.map((node) => node.id));
  if (nodes.length === 0) refuse("There is no brick in the copied text.");
  if (names.size < nodes.length) refuse("Two of the copied bricks have the same name.");
  if (edges.some((edge) => !names.has(edge.source) || !names.has(edge.target))) refuse("A copied wire leads to a brick that was not copied.");
  if (new Set(edges.map((edge) => `${edge.target} ${portOf(edge)}`)).size < edges.length) refuse("Two of the copied wires lead into one input.");
  if (circular(nodes, edges)) refuse("The copied wires run in a circle.");
  const unknown = [...new Set(nodes.map((node) => node.kind))].filter((kind) => !Object.hasOwn(catalogue.layers, kind) && !Object.hasOwn(blocks, kind));
  if (unknown.length > 0) refuse(`There is no layer called ${unknown.slice(0, 3).map((kind) => kind.slice(0, 40)).join(", ")} here.`);
  return { nodes, edges, blocks };
}

export type Pasted = { readonly ok: true; readonly bricks: Bricks } | { readonly ok: false; readonly says: string };

/** The bricks that pasted text holds, or in words why it holds none. */
export function readText(text: string, catalogue: Catalogue): Pasted {
  if (text.length > LIMIT.text) return { ok: false, says: "The text on the clipboard is too long to be copied bricks." };
  try {
    const record: unknown = JSON.parse(text);
    if (!isTable(record) || record.type !== TYPE) return { ok: false, says: notOurs(text) };
    return { ok: true, bricks: checked(record, catalogue) };
  } catch (error) {
    return { ok: false, says: error instanceof Refused ? error.message : notOurs(text) };
  }
}

function notOurs(text: string): string {
  return text.trim() === "" ? "There is nothing on the clipboard that could be pasted." : "The text on the clipboard is not bricks. Select bricks and copy them first.";
}

/** Names for pasted bricks: their own where they are free, else their stem with the next free number. */
function freshNames(nodes: readonly BrickNode[], taken: ReadonlySet<string>): ReadonlyMap<string, string> {
  const used = new Set(taken);
  const fresh = (id: string): string => {
    if (!used.has(id)) return id;
    const stem = id.replace(/\d+$/, "") || id;
    let number = 1;
    while (used.has(`${stem}${number}`)) number += 1;
    return `${stem}${number}`;
  };
  return new Map(
    nodes.map((node) => {
      const name = fresh(node.id);
      used.add(name);
      return [node.id, name] as const;
    }),
  );
}

/** Names for pasted definitions: their own where it is free or means the same, else with a number. */
function blockNames(blocks: Definitions, known: Definitions, catalogue: Catalogue): ReadonlyMap<string, string> {
  const used = new Set([...Object.keys(catalogue.layers), ...Object.keys(known)]);
  const names = new Map<string, string>();
  for (const [name, block] of Object.entries(blocks)) {
    const same = Object.hasOwn(known, name) && JSON.stringify(known[name]) === JSON.stringify(block);
    let fresh = name;
    for (let number = 2; !same && used.has(fresh); number += 1) fresh = `${name.slice(0, LIMIT.name - 4)}${number}`;
    used.add(fresh);
    names.set(name, fresh);
  }
  return names;
}

/** A definition in which the blocks have their new names. */
function renamedIn(block: unknown, names: ReadonlyMap<string, string>): unknown {
  const nodes = (block as { nodes?: unknown }).nodes;
  if (!Array.isArray(nodes)) return block;
  return { ...(block as object), nodes: nodes.map((node) => (isTable(node) ? { ...node, kind: names.get(String(node.kind)) ?? node.kind } : node)) };
}

/** Blocks that others are made of come first. */
function innerFirst(blocks: Definitions): readonly string[] {
  const done: string[] = [];
  const visit = (name: string, path: readonly string[]): void => {
    if (done.includes(name) || path.includes(name) || !Object.hasOwn(blocks, name)) return;
    for (const kind of kindsIn(blocks[name])) visit(kind, [...path, name]);
    done.push(name);
  };
  for (const name of Object.keys(blocks)) visit(name, []);
  return done;
}

/** How far to move a group so that it covers no brick: to the right of where it would lie, brick by brick. */
function clearOf(group: readonly Point[], places: Places): Point {
  const covered = (dx: number): boolean =>
    group.some(([x, y]) => [...places.values()].some((at) => Math.abs(at[0] - x - dx) < BRICK.width && Math.abs(at[1] - y) < BRICK.height));
  let dx = 0;
  while (covered(dx)) dx += BRICK.width + 40;
  return [dx, 0];
}

/** The brick of the drawing that a pasted one can use the weights of, as what it was copied from did; undefined where there is none. */
function lenderIn(document: NetworkDocument, of: string, kind: string): string | undefined {
  const found = findNode(document, of);
  return found?.kind === kind && found.of === undefined ? of : undefined;
}

/** The edit that pastes bricks, and their new names. `centre` is where they go when they come from elsewhere. */
export function pasteEdit(drawing: Drawing, bricks: Bricks, centre: Point, known: Definitions = {}, label = "Paste"): { readonly edit: Edit; readonly ids: readonly string[] } {
  const { document, places, catalogue } = drawing;
  const names = freshNames(bricks.nodes, new Set(document.nodes.map((node) => node.id)));
  const kinds = blockNames(bricks.blocks, known, catalogue);
  const box = bounds(bricks.nodes.map((node) => node.at ?? [0, 0])) ?? { x: 0, y: 0, width: 0, height: 0 };
  const here = bricks.nodes.some((node) => findNode(document, node.id));
  const start: Point = here ? [0, 0] : [centre[0] - box.x - box.width / 2, centre[1] - box.y - box.height / 2];
  const group = bricks.nodes.map(({ at }): Point => [(at?.[0] ?? 0) + start[0], (at?.[1] ?? 0) + start[1]]);
  const shift = clearOf(group, places);
  const define = innerFirst(bricks.blocks)
    .filter((name) => kinds.get(name) !== name || !Object.hasOwn(known, name))
    .map((name): Edit => ({ op: "define", name: kinds.get(name) ?? name, block: renamedIn(bricks.blocks[name], kinds) }));
  const add = bricks.nodes.map(({ of, ...node }, i): Edit => {
    const [x, y] = group[i] ?? [0, 0];
    const lender = of === undefined ? undefined : (names.get(of) ?? lenderIn(document, of, node.kind));
    return { op: "add", node: { ...node, ...(lender === undefined ? {} : { of: lender }), id: names.get(node.id) ?? node.id, kind: kinds.get(node.kind) ?? node.kind, at: snapPoint([x + shift[0], y + shift[1]]) } };
  });
  const order = [...bricks.edges].sort((a, b) => portOf(a) - portOf(b));
  const connect = order.map((wire): Edit => ({ op: "connect", ...makeWire(names.get(wire.source) ?? "", names.get(wire.target) ?? "", portOf(wire), wire.output) }));
  const n = bricks.nodes.length;
  const edits = [...define, ...add, ...connect, ...moves(drawing, {})];
  return { edit: batch(`${label} ${n === 1 ? (bricks.nodes[0]?.kind ?? "") : `${n} bricks`}`, edits), ids: [...names.values()] };
}
