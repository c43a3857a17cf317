import { Graph, layout } from "@dagrejs/dagre";
import { BRICK, PITCH, type Places, snap } from "./geometry.ts";
import { inputsOf, outputsOf, portOf } from "./document.ts";
import type { NetworkDocument, Point } from "./types.ts";

/** From one column to the next, canvas pixels: a thumbnail of the live preview has its place there. */
const BETWEEN = 72;

/** Positions of every brick, layered from top to bottom. */
export function autoLayout(document: NetworkDocument): Places {
  const graph = new Graph({ multigraph: true });
  graph.setGraph({ rankdir: "TB", nodesep: BETWEEN, edgesep: 24, ranksep: PITCH - BRICK.height });
  for (const node of document.nodes) graph.setNode(node.id, { ...BRICK });
  for (const edge of document.edges) graph.setEdge(edge.source, edge.target, {}, String(portOf(edge)));
  layout(graph);
  const corner = (id: string): Point => {
    const { x, y } = graph.node(id) as { x: number; y: number };
    return [snap(x - BRICK.width / 2), snap(y - BRICK.height / 2)];
  };
  const places = new Map(document.nodes.map((node) => [node.id, corner(node.id)]));
  const turned = mirrored(places);
  return inversions(document, turned) < inversions(document, places) ? turned : places;
}

/** Pairs of wires into one brick that cross because their sources stand the other way round than its ports. */
function inversions(document: NetworkDocument, places: Places): number {
  let crossed = 0;
  for (const node of document.nodes) {
    const xs = inputsOf(document, node.id).map((edge) => places.get(edge.source)?.[0] ?? 0);
    for (const [i, x] of xs.entries()) crossed += xs.slice(i + 1).filter((later) => later < x).length;
  }
  return crossed;
}

function mirrored(places: Places): Places {
  const most = Math.max(0, ...[...places.values()].map(([x]) => x));
  return new Map([...places].map(([id, [x, y]]) => [id, [most - x, y]]));
}

function free(point: Point, places: Places): Point {
  let [x, y] = point;
  const taken = (): boolean => [...places.values()].some((at) => Math.abs(at[0] - x) < BRICK.width && Math.abs(at[1] - y) < BRICK.height);
  while (taken()) x += BRICK.width + BETWEEN;
  return [x, y];
}

/** A place for one brick beside those that have one: under what feeds it, else over what it feeds, else to the right. */
function beside(document: NetworkDocument, id: string, places: Places): Point {
  const above = inputsOf(document, id).map((edge) => places.get(edge.source)).find((at) => at !== undefined);
  if (above) return free([above[0], above[1] + PITCH], places);
  const below = outputsOf(document, id).map((edge) => places.get(edge.target)).find((at) => at !== undefined);
  if (below) return free([below[0], below[1] - PITCH], places);
  return free([0, 0], places);
}

/** Where every brick stands: where the document says, else where it stood (`known`), else laid out. */
export function place(document: NetworkDocument, known: Places): Places {
  const places = new Map<string, Point>();
  for (const node of document.nodes) {
    const at = node.at ?? known.get(node.id);
    if (at) places.set(node.id, at);
  }
  if (places.size === 0) return autoLayout(document);
  for (const node of document.nodes) {
    if (!places.has(node.id)) places.set(node.id, beside(document, node.id, places));
  }
  return places;
}

export { free as freePlace };
