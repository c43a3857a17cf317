import type { Catalogue } from "./catalogue.ts";
import { byId } from "./index.ts";
import type { BrickInfo, BrickNode, NetworkDocument } from "./types.ts";

/** Bricks that may use one another's weights are of one kind; a brick that uses another's has its parameters too. */

/** The brick whose weights and parameters `node` has: the one it names, else itself. */
export function ownerOf(document: NetworkDocument, node: BrickNode): BrickNode {
  return (node.of === undefined ? undefined : byId(document.nodes).get(node.of)) ?? node;
}

/** A brick with weights of its own again, and nothing said of others'. */
function alone(node: BrickNode): BrickNode {
  const { of: _, ...rest } = node;
  return rest;
}

/** Frozen or not; a brick that is not says nothing of it. */
export function frozen(node: BrickNode, value: boolean): BrickNode {
  const { frozen: _, ...rest } = node;
  return value ? { ...rest, frozen: true } : rest;
}

/** The document with bricks frozen, or trained again; weights that are shared are their owner's to freeze. */
export function frozenIn(document: NetworkDocument, ids: readonly string[], value: boolean): NetworkDocument {
  const known = byId(document.nodes);
  const chosen = new Set(ids.map((id) => known.get(id)?.of ?? id));
  return { ...document, nodes: document.nodes.map((node) => (chosen.has(node.id) ? frozen(node, value) : node)) };
}

/** The document in which brick `id` uses the weights of `of`, or for null has its own again, with the parameters that it used. */
export function shared(document: NetworkDocument, id: string, of: string | null): NetworkDocument {
  const node = byId(document.nodes).get(id);
  if (!node) return document;
  if (of === null) {
    const { params } = ownerOf(document, node);
    const own = { ...alone(node), params: params ?? {} };
    return { ...document, nodes: document.nodes.map((other) => (other.id === id ? own : other)) };
  }
  const named = byId(document.nodes).get(of);
  const owner = named && ownerOf(document, named);
  if (!owner || owner.id === id || owner.kind !== node.kind) return document;
  const follows = (other: BrickNode): boolean => other.id === id || other.of === id;
  return { ...document, nodes: document.nodes.map((other) => (follows(other) ? { ...frozen(other, false), of: owner.id } : other)) };
}

/** The bricks when some go: the weights of one that goes are left to the first that uses them, with its parameters. */
export function inherited(nodes: readonly BrickNode[], gone: ReadonlySet<string>): readonly BrickNode[] {
  const known = byId(nodes);
  const heirs = new Map<string, string>();
  for (const node of nodes) {
    if (node.of !== undefined && gone.has(node.of) && !gone.has(node.id) && known.has(node.of) && !heirs.has(node.of)) heirs.set(node.of, node.id);
  }
  if (heirs.size === 0) return nodes;
  return nodes.map((node) => {
    const heir = node.of === undefined ? undefined : heirs.get(node.of);
    if (heir === undefined) return node;
    const owner = known.get(node.of ?? "");
    return heir === node.id ? frozen({ ...alone(node), params: owner?.params ?? {} }, owner?.frozen ?? false) : { ...node, of: heir };
  });
}

/** The bricks whose weights `node` could use: of its kind, with weights of their own. */
export function lenders(document: NetworkDocument, node: BrickNode): readonly string[] {
  return document.nodes.filter((other) => other.kind === node.kind && other.id !== node.id && other.of === undefined).map((other) => other.id);
}

/** Owners of weights that several bricks of a drawing use. */
export function lendersUsed(document: NetworkDocument): ReadonlySet<string> {
  return new Set(document.nodes.flatMap((node) => node.of ?? []));
}

/** A hue for everyone who shares a brick's weights, from its name. */
export function hueOf(owner: string): number {
  return [...owner].reduce((hue, letter) => (hue * 31 + (letter.codePointAt(0) ?? 0)) % 360, 7);
}

/** May the weights of a brick be frozen? Has it weights, or is it a block that could? */
export function freezable(document: NetworkDocument, id: string, infos: Readonly<Record<string, BrickInfo>>, catalogue: Catalogue): boolean {
  const node = byId(document.nodes).get(id);
  if (!node) return false;
  const owner = ownerOf(document, node);
  return owner.frozen === true || (infos[owner.id]?.params ?? 0) > 0 || catalogue.layers[node.kind]?.block !== undefined;
}
