import assert from "node:assert/strict";
import { test } from "node:test";
import { aligned } from "./align.ts";
import type { Layer } from "./catalogue.ts";
import { copyText, pasteEdit, readText } from "./clipboard.ts";
import { applyEdit, wireId } from "./document.ts";
import { brick, CATALOGUE, CHAIN, SKIP, wire } from "./fixture.test.ts";
import { BRICK, type Direction, endsOf, type Places } from "./geometry.ts";
import { type Drawing, dropLayer, paletteTarget } from "./gestures.ts";
import { addLayer } from "./joining.ts";
import { autoLayout, directionOf, place } from "./layout.ts";
import { brickBefore, brickFrom, wireBeside, wireFrom } from "./navigate.ts";
import { overlayAt } from "./overlay.ts";
import type { Spot } from "./quick.ts";
import { matches, SHORTCUTS, shortcutOf, shown } from "./shortcuts.ts";
import type { Edit, NetworkDocument, Point } from "./types.ts";
import { goalsFrom, instead, portRefusal, rewire } from "./wiring.ts";

const drawing = (document: NetworkDocument): Drawing => ({ document, places: place(document, new Map()), catalogue: CATALOGUE });
const kind = (name: string): Layer => CATALOGUE.layers[name] as Layer;
const apply = (document: NetworkDocument, edit: Edit): NetworkDocument => applyEdit(document, edit, CATALOGUE);
const wires = (document: NetworkDocument): string[] => document.edges.map(wireId).sort();
const added = (document: NetworkDocument, name: string, spot: Spot): NetworkDocument => apply(document, addLayer(drawing(document), kind(name), {}, spot, [0, 0]).edit);

/** start feeds a and b, side by side; nothing follows them. */
const FORK: NetworkDocument = {
  nodes: [brick("start", "Start", [0, 0]), brick("a", "Step", [-140, 84]), brick("b", "Step", [140, 84])],
  edges: [wire("start", "a"), wire("start", "b")],
};

test("a layer added behind a brick with one wire stands on it, behind a branching one it gets a branch of its own", () => {
  assert.deepEqual(wires(added(CHAIN, "Step", { type: "behind", id: "a" })), ["a->step1:0", "b->end:0", "start->a:0", "step1->b:0"]);
  assert.ok(wires(added(SKIP, "Step", { type: "behind", id: "start" })).includes("start->step1:0"));
});

test("the values typed behind a name are those of the new brick", () => {
  const { edit } = addLayer(drawing(CHAIN), kind("Step"), { size: 5 }, { type: "behind", id: "a" }, [0, 0]);
  assert.deepEqual(apply(CHAIN, edit).nodes.find((node) => node.id === "step1")?.params, { size: 5 });
});

test("several bricks and a layer of many inputs are joined in the order of the selection", () => {
  const joined = added(FORK, "Join", { type: "join", ids: ["b", "a"] });
  assert.deepEqual(wires(joined), ["a->join1:1", "b->join1:0", "start->a:0", "start->b:0"]);
});

test("joining a brick with one before it goes on to where the last one led", () => {
  const joined = added(CHAIN, "Join", { type: "join", ids: ["a", "b"] });
  assert.deepEqual(wires(joined), ["a->b:0", "a->join1:0", "b->join1:1", "join1->end:0", "start->a:0"]);
  const at = (id: string): Point => joined.nodes.find((node) => node.id === id)?.at ?? [0, 0];
  assert.deepEqual([at("join1")[1], at("end")[1]], [252, 336]);
});

test("a layer dropped on the body of a brick takes its place, one dropped beside it is a branch from the same source", () => {
  const target = paletteTarget(drawing(CHAIN), kind("Join"), [120, 112]);
  assert.deepEqual(target, { type: "onto", id: "a" });
  const { edit } = dropLayer(drawing(CHAIN), kind("Join"), [120, 112], target);
  assert.equal(apply(CHAIN, edit).nodes.find((node) => node.id === "a")?.kind, "Join");
  const beside = paletteTarget(drawing(CHAIN), kind("Step"), [380, 112]);
  assert.equal(beside.type, "beside");
  assert.ok(wires(apply(CHAIN, dropLayer(drawing(CHAIN), kind("Step"), [380, 112], beside).edit)).includes("start->step1:0"));
});

test("a layer that has no room for the wires does not take a brick's place", () => {
  assert.notEqual(paletteTarget(drawing(SKIP), kind("Step"), [120, 12 + (place(SKIP, new Map()).get("join")?.[1] ?? 0)]).type, "onto");
  assert.notEqual(paletteTarget(drawing(CHAIN), kind("End"), [120, 112]).type, "onto");
});

test("arrows lead along the wires and to the side, and from nothing to the first or the last brick", () => {
  const here = drawing(FORK);
  assert.equal(brickFrom(here, null, "next"), "start");
  assert.equal(brickFrom(here, null, "previous"), "b");
  assert.equal(brickFrom(here, "a", "previous"), "start");
  assert.equal(brickFrom(here, "a", "right"), "b");
  assert.equal(brickFrom(here, "b", "left"), "a");
  assert.equal(brickFrom(here, "a", "next"), null);
});

test("wires are reached from their bricks, and the ones beside them by arrows", () => {
  const here = drawing(FORK);
  const first = wireFrom(here, "start", true);
  assert.ok(first);
  const both = [first, wireBeside(here, first, "right"), wireBeside(here, first, "left")].filter((one) => one !== null).map(wireId);
  assert.deepEqual(both.sort(), ["start->a:0", "start->b:0"]);
  assert.equal(wireId(wireFrom(here, "b", false) as never), "start->b:0");
});

test("a wire drawn by keys is offered the free inputs first and tells why the others cannot be", () => {
  const goals = goalsFrom(drawing({ ...SKIP, nodes: [...SKIP.nodes, brick("c", "Step", [300, 0])] }), "a");
  assert.equal(goals[0]?.note, "");
  assert.equal(goals[0]?.why, null);
  const why = (id: string): string | null | undefined => goals.find((goal) => goal.id === id)?.why;
  assert.match(why("start") ?? "", /nothing goes into it/);
  assert.ok(goals.some((goal) => goal.id === "join" && goal.port === 2 && goal.title === "join, input 3"));
  assert.ok(goals.some((goal) => goal.id === "join" && goal.note === "instead of start"));
});

test("a wire whose end is dragged elsewhere does not stand in its own way", () => {
  const here = drawing(CHAIN);
  const moved = CHAIN.edges[1] ?? null;
  assert.match(portRefusal(here, wire("b", "a"), null) ?? "", /loop/);
  assert.equal(portRefusal(here, wire("b", "a"), moved), null);
  assert.match(portRefusal(here, wire("start", "b", 3), null) ?? "", /b has 1 input; there is no input 4/);
});

test("a wire led to a taken input of the same brick changes places with the one there, and no other wire is lost", () => {
  const c = { nodes: [...SKIP.nodes, brick("c", "Step", [300, 0])], edges: [...SKIP.edges, wire("start", "c"), wire("c", "join", 2)] };
  const here = drawing(c);
  const ports = (document: NetworkDocument): string[] => document.edges.filter((edge) => edge.target === "join").map(wireId).sort();
  const before = ports(c);
  const [first, second, third] = [0, 1, 2].map((port) => c.edges.find((edge) => edge.target === "join" && (edge.port ?? 0) === port));
  assert.ok(first && second && third);
  const swap = rewire(here, first, wire(first.source, "join", 1));
  assert.ok(swap);
  assert.deepEqual(ports(apply(c, swap)), [`${first.source}->join:1`, `${second.source}->join:0`, `${third.source}->join:2`].sort());
  const last = rewire(here, first, wire(first.source, "join", before.length));
  assert.ok(last);
  assert.deepEqual(ports(apply(c, last)), [`${second.source}->join:0`, `${third.source}->join:1`, `${first.source}->join:2`].sort());
  assert.equal(rewire(here, first, first), null);
  assert.deepEqual([instead(here, "join", 1), instead(here, "join", 1, first), instead(here, "join", 0, first)], [`instead of ${second.source}`, `changes places with ${second.source}`, ""]);
});

test("what is taken out leaves the brick that fed it selected", () => {
  const before = (ids: string[]): string | null => brickBefore(drawing(CHAIN), ids);
  assert.deepEqual([before(["b"]), before(["a", "b"]), before(["b", "a"]), before(["start"])], ["a", "start", "start", null]);
});

test("copied bricks come back under free names with the wires among them, beside the old ones, as one edit", () => {
  const text = copyText(drawing(CHAIN), ["a", "b"]) ?? "";
  const read = readText(text, CATALOGUE);
  assert.ok(read.ok);
  const { edit, ids } = pasteEdit(drawing(CHAIN), read.bricks, [0, 0]);
  assert.deepEqual(ids, ["a1", "b1"]);
  const after = apply(CHAIN, edit);
  assert.deepEqual(wires(after), ["a->b:0", "a1->b1:0", "b->end:0", "start->a:0"]);
  assert.deepEqual(after.nodes.find((node) => node.id === "b1")?.at, [280, 168]);
  assert.equal(edit.label, "Paste 2 bricks");
});

test("bricks pasted into another drawing stand where one looks and keep their names", () => {
  const read = readText(copyText(drawing(CHAIN), ["a", "b"]) ?? "", CATALOGUE);
  assert.ok(read.ok);
  const { edit, ids } = pasteEdit(drawing({ nodes: [], edges: [] }), read.bricks, [1000, 500]);
  assert.deepEqual(ids, ["a", "b"]);
  const at = apply({ nodes: [], edges: [] }, edit).nodes[0]?.at;
  assert.deepEqual(at, [1000 - BRICK.width / 2, 432]);
});

test("definitions travel along, get another name where theirs means something else, and are not sent where they are known", () => {
  const block = { nodes: [{ id: "s", kind: "Step", params: {} }], edges: [], params: [] };
  const outer = { nodes: [{ id: "i", kind: "Inner", params: {} }], edges: [], params: [] };
  const known = { Inner: block, Outer: outer };
  const catalogue = { ...CATALOGUE, layers: { ...CATALOGUE.layers, Outer: kind("Step"), Inner: kind("Step") } };
  const source: NetworkDocument = { nodes: [brick("o", "Outer", [0, 0])], edges: [] };
  const text = copyText({ ...drawing(source), catalogue }, ["o"], known) ?? "";
  const read = readText(text, CATALOGUE);
  assert.ok(read.ok);
  const ops = (edit: Edit): readonly Edit[] => (edit.op === "batch" ? edit.edits : [edit]);
  const define = (to: Drawing, defs: object): Edit[] => ops(pasteEdit(to, read.bricks, [0, 0], defs as never).edit).filter((edit) => edit.op === "define");
  assert.deepEqual(define(drawing(CHAIN), {}).map((edit) => edit.op === "define" && edit.name), ["Inner", "Outer"]);
  assert.deepEqual(define({ ...drawing(CHAIN), catalogue }, known), []);
  const clash = pasteEdit({ ...drawing(CHAIN), catalogue }, read.bricks, [0, 0], { ...known, Outer: { nodes: [] } });
  assert.deepEqual(ops(clash.edit).filter((edit) => edit.op === "define").map((edit) => edit.op === "define" && edit.name), ["Outer2"]);
  assert.ok(ops(clash.edit).some((edit) => edit.op === "add" && edit.node.kind === "Outer2"));
});

test("text that is not bricks, or hostile, is refused in words", () => {
  const says = (text: string): string => {
    const read = readText(text, CATALOGUE);
    return read.ok ? "taken" : read.says;
  };
  const bricks = (more: object): string => JSON.stringify({ type: "brickwork/bricks", version: 1, nodes: [brick("a"), brick("b")], edges: [], ...more });
  assert.equal(says(bricks({})), "taken");
  assert.match(says("hello"), /not bricks/);
  assert.match(says(""), /nothing on the clipboard/);
  assert.match(says("[1]"), /not bricks/);
  assert.match(says(bricks({ version: 9 })), /another version of Brickwork \(9\)/);
  assert.match(says(bricks({ nodes: 3 })), /not a list/);
  assert.match(says(bricks({ nodes: [] })), /no brick/);
  assert.match(says(bricks({ nodes: [brick("a"), brick("a")] })), /same name/);
  assert.match(says(bricks({ nodes: [brick("a b")] })), /no proper name/);
  assert.match(says(bricks({ nodes: [brick("a", "Nope")] })), /no layer called Nope/);
  assert.match(says(bricks({ nodes: Array.from({ length: 2001 }, (_, i) => brick(`a${i}`)) })), /2,001 bricks are too many/);
  assert.match(says(bricks({ nodes: [{ ...brick("a"), params: { size: { evil: 1 } } }] })), /parameter of a/);
  assert.match(says(bricks({ nodes: [{ ...brick("a"), params: { "<img>": 1 } }] })), /no brick can have/);
  assert.match(says(bricks({ edges: [wire("a", "zz")] })), /not copied/);
  assert.match(says(bricks({ edges: [wire("a", "b"), wire("b", "a")] })), /circle/);
  assert.match(says(bricks({ edges: [wire("a", "b"), wire("a", "b")] })), /into one input/);
  assert.match(says(bricks({ edges: [{ source: "a", target: "b", port: 1e9 }] })), /no proper input/);
  assert.match(says(bricks({ blocks: { lower: {} } })), /no proper name or definition/);
  assert.match(says(" ".repeat(2_000_001)), /too long/);
});

test("bricks line up on an edge or a middle, or get equal distances", () => {
  const places: Places = new Map([["a", [0, 0]], ["b", [100, 40]], ["c", [400, 200]]]);
  const column = (how: Parameters<typeof aligned>[1], axis: 0 | 1): number[] => Object.values(aligned(places, how)).map((at) => at[axis]);
  assert.deepEqual(column("left", 0), [0, 0, 0]);
  assert.deepEqual(column("right", 0), [400, 400, 400]);
  assert.deepEqual(column("centre", 0), [200, 200, 200]);
  assert.deepEqual(column("top", 1), [0, 0, 0]);
  assert.deepEqual(column("bottom", 1), [200, 200, 200]);
  assert.deepEqual(column("middle", 1), [100, 100, 100]);
  assert.deepEqual(column("across", 0), [0, 200, 400]);
  assert.deepEqual(column("down", 1), [0, 100, 200]);
});

test("a drawing laid out to the right is known to run there, and what is added goes on to the right", () => {
  const places = autoLayout(CHAIN, "right");
  const at = (id: string): Point => places.get(id) ?? [0, 0];
  assert.ok(at("a")[0] > at("start")[0] + BRICK.width && at("a")[1] === at("start")[1]);
  assert.equal(directionOf(CHAIN, places, "down"), "right");
  assert.equal(directionOf(CHAIN, autoLayout(CHAIN), "right"), "down");
  assert.equal(directionOf({ nodes: [], edges: [] }, new Map(), "right"), "right");
  const moved: Drawing = { document: CHAIN, places, catalogue: CATALOGUE, direction: "right" };
  const after = apply(CHAIN, addLayer(moved, kind("Step"), {}, { type: "behind", id: "a" }, [0, 0]).edit);
  const spot = (id: string): Point => after.nodes.find((node) => node.id === id)?.at ?? [0, 0];
  assert.deepEqual(spot("step1"), at("b"));
  assert.ok(spot("b")[0] > spot("step1")[0] && spot("end")[0] > spot("b")[0]);
  assert.deepEqual(paletteTarget(moved, kind("End"), [at("end")[0] + BRICK.width + 60, at("end")[1] + 20]), { type: "free" });
  const wireTo = endsOf(CHAIN, wire("a", "b"), places, CATALOGUE, "right");
  assert.deepEqual([wireTo?.from[0], wireTo?.to[0]], [at("a")[0] + BRICK.width, at("b")[0]]);
});

test("a chain of a thousand bricks and a wide drawing are laid out without overlap", () => {
  const names = Array.from({ length: 1000 }, (_, i) => `s${i}`);
  const long: NetworkDocument = { nodes: names.map((name) => brick(name)), edges: names.slice(1).map((name, i) => wire(names[i] ?? "", name)) };
  const corners = new Set([...autoLayout(long).values()].map((at) => at.join()));
  assert.equal(corners.size, 1000);
});

test("many bricks without a place are laid out behind those that have one, and a pile counts as none", () => {
  const names = Array.from({ length: 1000 }, (_, i) => `s${i}`);
  const corners = (nodes: NetworkDocument["nodes"], direction: Direction): Set<string> => {
    const places = place({ nodes, edges: [] }, new Map(), direction);
    return new Set([...places.values()].map((at) => at.join()));
  };
  for (const direction of ["down", "right"] as const) {
    assert.equal(corners(names.map((name, i) => (i === 0 ? brick(name, "Step", [0, 0]) : { id: name, kind: "Step" })), direction).size, 1000);
    assert.equal(corners(names.map((name) => brick(name, "Step", [0, 0])), direction).size, 1000);
  }
  const few = names.slice(0, 20).map((name) => brick(name, "Step", [8, 8]));
  assert.equal(new Set([...place({ nodes: few, edges: [] }, new Map()).values()].map((at) => at.join())).size, 1);
});

const press = (key: string, more: object = {}): Parameters<typeof shortcutOf>[0] => ({ key, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...more });

test("a key press is the shortcut that the table says, on a Mac with its own key", () => {
  assert.equal(shortcutOf(press("z", { ctrlKey: true }), false)?.command, "undo");
  assert.equal(shortcutOf(press("Z", { ctrlKey: true, shiftKey: true }), false)?.command, "redo");
  assert.equal(shortcutOf(press("z", { metaKey: true }), true)?.command, "undo");
  assert.equal(shortcutOf(press("z", { ctrlKey: true }), true), undefined);
  assert.equal(shortcutOf(press("?", { shiftKey: true }), false)?.command, "help");
  assert.equal(shortcutOf(press("/", { shiftKey: true }), false)?.command, "search");
  assert.equal(shortcutOf(press("c"), false)?.command, "append");
  assert.equal(shortcutOf(press("C", { shiftKey: true }), false)?.command, "append");
  assert.equal(shortcutOf(press("ArrowDown", { altKey: true }), false)?.command, "moveDown");
  assert.equal(shortcutOf(press("+"), false)?.command, "zoomIn");
  assert.equal(shortcutOf(press("m", { ctrlKey: true }), true)?.command, "mute");
});

test("no two shortcuts share a key, and each says what it does or belongs to one that does", () => {
  const seen = SHORTCUTS.flatMap((shortcut) => shortcut.keys.filter((combo) => combo !== "letter"));
  assert.equal(new Set(seen).size, seen.length);
  for (const combo of seen) assert.ok(!matches(combo, press("q"), false));
  assert.deepEqual([shown("Mod+Shift+Z", false), shown("Mod+Shift+Z", true), shown("+", false)], ["Ctrl+Shift+Z", "⌘⇧Z", "+"]);
});

test("a list opened near the edge stays inside the pane", () => {
  assert.deepEqual(overlayAt([900, 700], 1000, 800), [644, 452]);
  assert.deepEqual(overlayAt([-50, -50], 1000, 800), [8, 8]);
});
