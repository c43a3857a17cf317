import { type Catalogue, isVariadic } from "./catalogue.ts";
import type { BrickNode, Edit, NetworkDocument, Wire } from "./types.ts";

export type Growing = Extract<Edit, { readonly op: "add" | "connect" }>;

export const grows = (edit: Edit): edit is Growing => edit.op === "add" || edit.op === "connect";

/** Bricks and wires that are added in place: looked up in steps of one, however many there are. */
class Growth {
  private readonly nodes: Map<string, BrickNode>;
  /** By the port that it ends in; a wire that takes another's place comes last. */
  private readonly wires = new Map<string, Wire>();
  private readonly inputs = new Map<string, number>();
  private readonly catalogue: Catalogue;

  constructor(document: NetworkDocument, catalogue: Catalogue) {
    this.catalogue = catalogue;
    this.nodes = new Map(document.nodes.map((node) => [node.id, node]));
    for (const wire of document.edges) this.put(wire);
  }

  private put(wire: Wire): void {
    const key = `${wire.target}:${wire.port ?? 0}`;
    if (!this.wires.delete(key)) this.inputs.set(wire.target, (this.inputs.get(wire.target) ?? 0) + 1);
    this.wires.set(key, wire);
  }

  add(node: BrickNode): void {
    if (!this.nodes.has(node.id)) this.nodes.set(node.id, node);
  }

  connect({ source, target, port = 0, output = 0 }: Wire): void {
    const brick = this.nodes.get(target);
    if (!brick || !this.nodes.has(source)) return;
    const count = this.inputs.get(target) ?? 0;
    const next = isVariadic(this.catalogue.layers[brick.kind]) ? Math.min(port, count) : port;
    this.put({ source, target, ...(next > 0 ? { port: next } : {}), ...(output > 0 ? { output } : {}) });
  }

  document(): NetworkDocument {
    return { nodes: [...this.nodes.values()], edges: [...this.wires.values()] };
  }
}

/** The document after bricks and wires were added one after the other. */
export function grown(document: NetworkDocument, edits: readonly Growing[], catalogue: Catalogue): NetworkDocument {
  const growth = new Growth(document, catalogue);
  for (const edit of edits) {
    if (edit.op === "add") growth.add(edit.node);
    else growth.connect(edit);
  }
  return growth.document();
}
