import type { Catalogue, Layer } from "./catalogue.ts";
import type { BrickNode, CanvasData, NetworkDocument, Wire } from "./types.ts";

const layer = (kind: string, stem: string, inputs: Layer["inputs"], outputs = 1): Layer => {
  const size = { name: "size", type: "int", default: 3, min: 1, max: 9, axes: 2, doc: "side" } as const;
  return { kind, category: kind, stem, inputs, outputs, summary: `${kind} does.`, source: "", pattern: "", length: "", keys: [], params: [size] };
};

/** Kinds that no real catalogue has: nothing here may depend on what layers there are. */
export const CATALOGUE: Catalogue = {
  categories: ["Start", "Step", "Join", "End"],
  layers: {
    Start: layer("Start", "start", [0, 0]),
    Step: layer("Step", "step", [1, 1]),
    Join: layer("Join", "join", [2, null]),
    End: layer("End", "end", [1, 1], 0),
  },
};

export const brick = (id: string, kind = "Step", at?: BrickNode["at"]): BrickNode => ({ id, kind, params: {}, ...(at ? { at } : {}) });
export const wire = (source: string, target: string, port = 0): Wire => (port > 0 ? { source, target, port } : { source, target });

/** start, a, b, end in a column, 84 apart. */
export const CHAIN: NetworkDocument = {
  nodes: [brick("start", "Start", [0, 0]), brick("a", "Step", [0, 84]), brick("b", "Step", [0, 168]), brick("end", "End", [0, 252])],
  edges: [wire("start", "a"), wire("a", "b"), wire("b", "end")],
};

/** start feeds both a and join; a feeds join first. */
export const SKIP: NetworkDocument = {
  nodes: [brick("start", "Start"), brick("a"), brick("join", "Join"), brick("end", "End")],
  edges: [wire("start", "a"), wire("a", "join"), wire("start", "join", 1), wire("join", "end")],
};

export function pushed(document: NetworkDocument, ack?: CanvasData["ack"], revision = 1): CanvasData {
  const totals = { params: 0, macs: 0, bytes: 0, layers: 0 };
  const analysis = { nodes: {}, problems: [], totals };
  return { load_id: "one", revision, ack: ack ?? null, refused: null, document, analysis, history: { undo: [], redo: [] }, catalogue: { url: "" } };
}
