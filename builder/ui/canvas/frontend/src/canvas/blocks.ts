import { type Catalogue, type Layer, type Param } from "./catalogue.ts";
import { findNode } from "./document.ts";
import { nameProblem } from "./fields.ts";
import { BRICK, bounds, snap, snapPoint } from "./geometry.ts";
import type { Drawing } from "./gestures.ts";
import type { Crumb, Edit, NetworkDocument, Point } from "./types.ts";

const LONGEST = 60;

function listed(ids: readonly string[]): string {
  return ids.length > 3 ? `${ids.slice(0, 3).join(", ")} and ${ids.length - 3} more` : ids.join(", ");
}

/** Bricks outside of `ids` that wires lead to from there, or from which they lead there. */
function reached(document: NetworkDocument, ids: ReadonlySet<string>, forward: boolean): ReadonlySet<string> {
  const next = new Map<string, string[]>();
  for (const { source, target } of document.edges) {
    const [from, to] = forward ? [source, target] : [target, source];
    next.set(from, [...(next.get(from) ?? []), to]);
  }
  const found = new Set<string>();
  const queue = [...ids];
  for (let id = queue.pop(); id !== undefined; id = queue.pop()) {
    const fresh = (next.get(id) ?? []).filter((other) => !ids.has(other) && !found.has(other));
    for (const other of fresh) found.add(other);
    queue.push(...fresh);
  }
  return found;
}

/** Bricks outside of `ids` that lie on a way from one of them to another. */
function between(document: NetworkDocument, ids: ReadonlySet<string>): readonly string[] {
  const before = reached(document, ids, false);
  return [...reached(document, ids, true)].filter((id) => before.has(id));
}

/** Why no block can be made of these bricks; null when one can. */
export function blockRefusal(document: NetworkDocument, ids: readonly string[], catalogue: Catalogue): string | null {
  if (ids.length === 0) return "Select the bricks that the block shall hold.";
  const ends = ids.filter((id) => catalogue.layers[findNode(document, id)?.kind ?? ""]?.scope !== undefined);
  if (ends.length > 0) return `${listed(ends)} cannot go into a block: that is where the drawing begins or ends.`;
  const apart = document.nodes.find((node) => node.of !== undefined && ids.includes(node.id) !== ids.includes(node.of));
  if (apart?.of !== undefined) return `${apart.id} uses the weights of ${apart.of}: select both, or give it weights of its own.`;
  const missing = between(document, new Set(ids));
  return missing.length > 0 ? `${listed(missing)} ${missing.length === 1 ? "lies" : "lie"} between the selected bricks: select what is in between too.` : null;
}

/** Block1, Block2, ...: the first that is free. */
export function freeBlockName(catalogue: Catalogue): string {
  let number = 1;
  while (catalogue.layers[`Block${number}`]) number += 1;
  return `Block${number}`;
}

/** Why a block cannot be called so; null when it can. Names of blocks become Python classes. */
export function blockNameProblem(name: string, catalogue: Catalogue): string | null {
  const wrong = nameProblem(name, []);
  if (wrong) return name === "" ? "A block needs a name." : wrong.replace("a Python attribute", "a Python class");
  if (!/^[A-Z]/.test(name)) return `A block's name starts with a capital letter, as in ${name.charAt(0).toUpperCase()}${name.slice(1)}.`;
  if (name.length > LONGEST) return `A name has ${LONGEST} letters at most; this one has ${name.length}.`;
  const taken = catalogue.layers[name];
  if (!taken) return null;
  return taken.block === "own" ? `There is already a block called ${name}.` : `${name} is a layer of the catalogue.`;
}

/** What the instance of a new block is called: its name in small letters with the first free number, set off where the name ends in one itself. */
export function instanceId(document: NetworkDocument, ids: readonly string[], name: string): string {
  const taken = new Set(document.nodes.map((node) => node.id).filter((id) => !ids.includes(id)));
  const stem = name.toLowerCase().replace(/\d$/, "$&_");
  let number = 1;
  while (taken.has(`${stem}${number}`)) number += 1;
  return `${stem}${number}`;
}

/** The edit that makes a block of `ids` and one instance `node` where they begin; in a column (or row) of their own, what follows closes up. */
export function blockEdit({ document, places, direction }: Drawing, ids: readonly string[], name: string, node: string): Edit {
  const box = bounds(ids.map((id) => places.get(id)).filter((at) => at !== undefined));
  const make: Edit = { op: "make_block", ids, name, node };
  if (!box) return make;
  const chosen = new Set(ids);
  const along = direction === "right" ? 0 : 1;
  const [start, size, own] = along === 0 ? [box.x, box.width, BRICK.width] : [box.y, box.height, BRICK.height];
  const [end, spare] = [start + size, snap(size - own)];
  const beside = [...places].some(([id, at]) => !chosen.has(id) && at[along] + own > start && at[along] < end);
  const after = beside || spare <= 0 ? [] : [...reached(document, chosen, true)].filter((id) => (places.get(id)?.[along] ?? 0) >= end);
  const back = (id: string): readonly [string, Point] => {
    const [x, y] = places.get(id) ?? [0, 0];
    return [id, along === 0 ? [x - spare, y] : [x, y - spare]];
  };
  const middle: Point = along === 0 ? [box.x, box.y + (box.height - BRICK.height) / 2] : [box.x + (box.width - BRICK.width) / 2, box.y];
  const at = Object.fromEntries([[node, snapPoint(middle)] as const, ...after.map(back)]);
  return { op: "batch", label: `Make block ${name}`, edits: [make, { op: "move", at }] };
}

/** The parameter of `block` that sets `param` of `brick`; null when none does. */
export function promotedAs(block: Layer | undefined, brick: string, param: string): string | null {
  const found = Object.entries(block?.promoted ?? {}).find(([, of]) => of.some(([node, name]) => node === brick && name === param));
  return found?.[0] ?? null;
}

/** A name for a parameter of `block` that none has yet. */
export function freePromoted(block: Layer, param: string): string {
  const taken = new Set([...block.params.map((other) => other.name), "repeat"]);
  if (!taken.has(param)) return param;
  let number = 2;
  while (taken.has(`${param}${number}`)) number += 1;
  return `${param}${number}`;
}

/** Parameters of `block` that could set `param` too, because they hold the same kind of value. */
export function joinable(block: Layer, param: Param): readonly string[] {
  const promoted = new Set(Object.keys(block.promoted ?? {}));
  return block.params.filter((other) => promoted.has(other.name) && other.type === param.type && other.axes === param.axes).map((other) => other.name);
}

/** The edit after which `param` of `brick` is its own again; others that share its parameter of the block keep it. */
export function demotion(block: Layer, brick: string, param: string): Edit | null {
  const name = promotedAs(block, brick, param);
  if (name === null) return null;
  const demote = (which: string): Edit => ({ op: "demote", block: block.kind, name: which });
  if ((block.promoted?.[name] ?? []).length < 2) return demote(name);
  const alone = freePromoted(block, param);
  const label = `Demote ${param} of ${brick}`;
  return { op: "batch", label, edits: [{ op: "promote", block: block.kind, name: alone, node: brick, param }, demote(alone)] };
}

/** Where an entry of the history was made, by its name: the way to that block, [] for the network, null when nothing leads there. */
export function wayTo(entry: string, catalogue: Catalogue): readonly string[] | null {
  const block = / in (\w+)$/.exec(entry)?.[1] ?? "";
  const layer = catalogue.layers[block];
  if (layer?.block !== "own") return [];
  return layer.way && layer.way.length > 0 ? layer.way : null;
}

/** The edit that makes the outermost catalogue block on the way in the user's own; null when there is none. */
export function ownership(crumbs: readonly Crumb[], catalogue: Catalogue): Edit | null {
  const at = crumbs.findIndex((crumb) => catalogue.layers[crumb.kind]?.block !== "own");
  const crumb = crumbs[at];
  const around = crumbs[at - 1];
  return crumb ? { op: "unlink", id: crumb.id, ...(around ? { in: around.kind } : {}) } : null;
}
