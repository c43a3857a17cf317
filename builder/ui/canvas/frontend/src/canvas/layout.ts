import { Graph, layout } from "@dagrejs/dagre";
import { ahead, BRICK, bounds, type Direction, type Places, snap } from "./geometry.ts";
import { inputsOf, outputsOf, portOf } from "./document.ts";
import type { BrickNode, NetworkDocument, Point } from "./types.ts";

/** From one column to the next, or one row of a drawing that runs to the right, canvas pixels: a thumbnail of the live preview has its place there. */
const BETWEEN = 72;

/** Bricks in a row with nothing branching off between them, by their first; a layout needs to look at such a row only as a whole. */
function rows(document: NetworkDocument): readonly (readonly string[])[] {
  const only = (id: string): string | null => {
    const [wire, ...others] = outputsOf(document, id);
    return wire && others.length === 0 && inputsOf(document, wire.target).length === 1 ? wire.target : null;
  };
  const follows = new Map(document.nodes.map((node) => [node.id, only(node.id)]));
  const inside = new Set([...follows.values()].filter((id) => id !== null));
  const left = new Set(document.nodes.map((node) => node.id));
  const row = (start: string): string[] => {
    const ids: string[] = [];
    for (let id: string | null = start; id !== null && left.delete(id); id = follows.get(id) ?? null) ids.push(id);
    return ids;
  };
  const heads = document.nodes.filter((node) => !inside.has(node.id)).map((node) => row(node.id));
  // What is left runs in a circle, which a file may say.
  return [...heads, ...[...left].map(row).filter((ids) => ids.length > 0)];
}

/** Positions of every brick, layered from top to bottom or from left to right. */
export function autoLayout(document: NetworkDocument, direction: Direction = "down"): Places {
  const right = direction === "right";
  const axis = right ? 1 : 0;
  const chains = rows(document);
  const chainOf = new Map(chains.flatMap((ids) => ids.map((id) => [id, ids[0] ?? id] as const)));
  const stride = Math.max(...ahead([0, 0], direction));
  const graph = new Graph({ multigraph: true });
  const ranker = chains.length > MANY ? "longest-path" : "network-simplex";
  graph.setGraph({ rankdir: right ? "LR" : "TB", nodesep: BETWEEN, edgesep: 24, ranksep: stride - (right ? BRICK.width : BRICK.height), ranker });
  for (const ids of chains) {
    const more = (ids.length - 1) * stride;
    graph.setNode(ids[0] ?? "", right ? { width: BRICK.width + more, height: BRICK.height } : { width: BRICK.width, height: BRICK.height + more });
  }
  for (const edge of document.edges) {
    const [source, target] = [chainOf.get(edge.source), chainOf.get(edge.target)];
    if (source !== undefined && target !== undefined && source !== target) graph.setEdge(source, target, {}, `${edge.target} ${portOf(edge)}`);
  }
  layout(graph);
  const places = new Map(chains.flatMap((ids) => unrolled(graph.node(ids[0] ?? "") as Laid, ids, direction)));
  const turned = mirrored(places, axis);
  return inversions(document, turned, axis) < inversions(document, places, axis) ? turned : places;
}

/** With more rows than this, layers are found by the quick way; more bricks than this without a place are laid out together. */
const MANY = 150;

interface Laid {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

function unrolled({ x, y, width, height }: Laid, ids: readonly string[], direction: Direction): readonly (readonly [string, Point])[] {
  const start: Point = [snap(x - width / 2), snap(y - height / 2)];
  return ids.map((id, i) => [id, ahead(start, direction, i)]);
}

/** Pairs of wires into one brick that cross because their sources stand the other way round than its ports. */
function inversions(document: NetworkDocument, places: Places, axis: 0 | 1): number {
  let crossed = 0;
  for (const node of document.nodes) {
    const xs = inputsOf(document, node.id).map((edge) => places.get(edge.source)?.[axis] ?? 0);
    for (const [i, x] of xs.entries()) crossed += xs.slice(i + 1).filter((later) => later < x).length;
  }
  return crossed;
}

function mirrored(places: Places, axis: 0 | 1): Places {
  const most = Math.max(0, ...[...places.values()].map((at) => at[axis]));
  return new Map([...places].map(([id, [x, y]]) => [id, axis === 0 ? [most - x, y] : [x, most - y]]));
}

/** The way most wires lead; `usual` where as many lead down as to the right, or nearly. */
export function directionOf(document: NetworkDocument, places: Places, usual: Direction): Direction {
  let [down, right] = [0, 0];
  for (const { source, target } of document.edges) {
    const [from, to] = [places.get(source), places.get(target)];
    if (!from || !to) continue;
    if (to[0] >= from[0] + BRICK.width && Math.abs(to[1] - from[1]) < to[0] - from[0]) right += 1;
    else if (to[1] > from[1]) down += 1;
  }
  if (right > 2 * down) return "right";
  return down > 2 * right ? "down" : usual;
}

function free(point: Point, places: Places, direction: Direction = "down"): Point {
  let [x, y] = point;
  const taken = (): boolean => [...places.values()].some((at) => Math.abs(at[0] - x) < BRICK.width && Math.abs(at[1] - y) < BRICK.height);
  while (taken()) {
    if (direction === "right") y += BRICK.height + BETWEEN;
    else x += BRICK.width + BETWEEN;
  }
  return [x, y];
}

/** A place for one brick beside those that have one: under what feeds it, else over what it feeds, else to the right. */
function beside(document: NetworkDocument, id: string, places: Places, direction: Direction): Point {
  const above = inputsOf(document, id).map((edge) => places.get(edge.source)).find((at) => at !== undefined);
  if (above) return free(ahead(above, direction), places, direction);
  const below = outputsOf(document, id).map((edge) => places.get(edge.target)).find((at) => at !== undefined);
  if (below) return free(ahead(below, direction, -1), places, direction);
  return free([0, 0], places, direction);
}

/** Bricks that stand exactly where others do: many of them are a pile, which says as little as no place at all. */
function piled(nodes: readonly BrickNode[]): ReadonlySet<string> {
  const counts = new Map<string, number>();
  const spots = nodes.map(({ at }) => at?.join() ?? "");
  for (const spot of spots) counts.set(spot, (counts.get(spot) ?? 0) + 1);
  const pile = nodes.filter((_, i) => spots[i] !== "" && (counts.get(spots[i] ?? "") ?? 0) > 1);
  return new Set(pile.length > MANY ? pile.map((node) => node.id) : []);
}

/** Many bricks without a place, laid out among themselves behind those that have one. */
function behind(document: NetworkDocument, places: Places, direction: Direction): Places {
  const nodes = document.nodes.filter((node) => !places.has(node.id));
  const loose = new Set(nodes.map((node) => node.id));
  const edges = document.edges.filter((edge) => loose.has(edge.source) && loose.has(edge.target));
  const box = bounds(places.values());
  const [dx, dy] = !box ? [0, 0] : direction === "right" ? [box.x, box.y + box.height + BETWEEN] : [box.x + box.width + BETWEEN, box.y];
  return new Map([...autoLayout({ nodes, edges }, direction)].map(([id, [x, y]]) => [id, [x + dx, y + dy]] as const));
}

/** Where every brick stands: where the document says, else where it stood (`known`), else laid out. */
export function place(document: NetworkDocument, known: Places, direction: Direction = "down"): Places {
  const places = new Map<string, Point>();
  const pile = piled(document.nodes);
  for (const node of document.nodes) {
    const at = pile.has(node.id) ? known.get(node.id) : (node.at ?? known.get(node.id));
    if (at) places.set(node.id, at);
  }
  const missing = document.nodes.filter((node) => !places.has(node.id));
  if (places.size === 0) return autoLayout(document, direction);
  if (missing.length > MANY) return new Map([...places, ...behind(document, places, direction)]);
  for (const node of missing) places.set(node.id, beside(document, node.id, places, direction));
  return places;
}

export { free as freePlace };
