"""Shapes through a drawing: every brick's inference, in the order they run, by closed formulas alone; blocks are worked out inside."""

from __future__ import annotations

import functools
from collections.abc import ItemsView, Iterator, Mapping, Sequence, ValuesView
from dataclasses import dataclass, field, replace

from builder.catalogue import LAYERS, Fitting, Inference, Layer, Shape
from builder.catalogue import Problem as LayerProblem

from .document import EMPTY, Edge, FrozenDict, Network, Node, order
from .kinds import INPUT, OUTPUT, REPEAT, Kinds, kinds_of
from .placed import Body, Placed
from .plan import UNTOLD, Plan, planned, through

# What is worked out for one drawing at most, and how many insides of blocks are remembered: a file may nest repeats in repeats.
MOST_WORK = 200_000
REMEMBERED = 4096


@functools.lru_cache(maxsize=8192)
def infer(kind: str, inputs: tuple[Shape, ...], params: FrozenDict) -> Inference:
    """What a kind of the catalogue makes of these inputs, remembered: an edit changes few bricks, the others are looked up."""
    layer = LAYERS.get(kind)
    if layer is not None:
        return layer.infer(inputs, params)
    nothing = kinds_of(EMPTY)
    if nothing.is_block(kind):
        return _inferred(Node("tried", kind, params), inputs, nothing)[0]
    return Inference(None, (LayerProblem(f"there is no layer called {kind!r:.60}", code="unknown"),))


@dataclass(frozen=True)
class Analysis:
    """Every brick placed, in the order they run; `cycle` names the bricks of a loop; `used` are those that lead to an output."""

    network: Network
    placed: Placements
    cycle: tuple[str, ...]
    used: frozenset[str]
    kinds: Kinds = field(default_factory=lambda: kinds_of(EMPTY), repr=False, compare=False)

    def shape(self, name: str) -> Shape | None:
        """The (first) output shape of a brick, None when it is not known."""
        return self.placed.shape(name)

    def carried(self, edge: Edge) -> Shape | None:
        """The shape that a wire carries, None when it is not known."""
        return self.placed[edge.source].gives(edge.output) if edge.source in self.placed else None

    def infer(self, kind: str, inputs: tuple[Shape, ...], params: FrozenDict) -> Inference:
        """What a brick of any kind would make of these inputs."""
        return _inferred(Node("tried", kind, params), inputs, self.kinds)[0]


def analyse(network: Network, kinds: Kinds | None = None, ports: Sequence[Shape | None] = (), before: Analysis | None = None) -> Analysis:
    """The shapes of a whole drawing; nothing is raised, what cannot be worked out is None. `ports` are the shapes that enter a block.

    Of `before`, an analysis of the drawing as it was, the bricks are taken over that nothing changed for: they stay the same objects.
    """
    kinds = kinds or kinds_of(EMPTY)
    kinds.spent = 0
    if before is None or before.kinds is not kinds or before.cycle or ports or any(node.kind == INPUT for node in network.nodes):
        return _analysed(network, kinds, ports)
    return _analysed_again(network, before)


def _analysed(network: Network, kinds: Kinds, ports: Sequence[Shape | None]) -> Analysis:
    nodes, cycle = order(network)
    entering = dict(zip((node.id for node in network.nodes if node.kind == INPUT), ports, strict=False))
    placed = Placements(network, planned(network, nodes, kinds), kinds)
    placed.work_out(entering)
    return Analysis(network, placed, tuple(cycle), _used(network), kinds)


def _analysed_again(network: Network, before: Analysis) -> Analysis:
    """What an edit can change is worked out again: changed bricks, those whose wires changed, and those that get something else from above."""
    changed, cycle, used = _changed(before.network, network), [], before.used
    if changed is None:
        nodes, cycle = order(network)
        plan, used = planned(network, nodes, before.kinds), _used(network)
    else:
        plan = before.placed.plan.changed(network, changed, before.kinds)
    placed = Placements(network, plan, before.kinds)
    placed.work_out_again(before.placed, changed)
    return Analysis(network, placed, tuple(cycle), before.used if used == before.used else used, before.kinds)


def _changed(before: Network, now: Network) -> list[Node] | None:
    """The bricks that are others now, where all wires and all names and kinds stayed, so that everything runs in the same order; else None."""
    if before.edges is not now.edges or len(before.nodes) != len(now.nodes):
        return None
    pairs = [(a, b) for a, b in zip(before.nodes, now.nodes, strict=True) if a is not b]
    return [b for _, b in pairs] if all((a.id, a.kind, a.muted) == (b.id, b.kind, b.muted) for a, b in pairs) else None


class Placements(Mapping[str, Placed]):
    """The bricks of a drawing by name, in the order they run. Shapes are worked out at once; what belongs to an ordinary brick is put together when asked for."""

    def __init__(self, network: Network, plan: Plan, kinds: Kinds):
        self.network, self.plan, self.kinds = network, plan, kinds
        self._shapes: list[Shape | None] = [None] * len(plan.nodes)  # of the first outputs
        self._made: dict[str, Placed] = {}
        self._ordered = False

    def __getitem__(self, name: str) -> Placed:
        return self._made.get(name) or self._made.setdefault(name, self._ordinary(self.plan.places[name]))

    def __contains__(self, name: object) -> bool:
        return name in self.plan.places

    def __iter__(self) -> Iterator[str]:
        return iter(self.plan.places)

    def __len__(self) -> int:
        return len(self.plan.places)

    def get(self, name: str, default: Placed | None = None) -> Placed | None:
        """The brick called `name`, or `default`."""
        return self._made.get(name) or (self[name] if name in self.plan.places else default)

    def values(self) -> ValuesView[Placed]:
        """All bricks."""
        return self._whole().values()

    def items(self) -> ItemsView[str, Placed]:
        """All names with their bricks."""
        return self._whole().items()

    def shape(self, name: str) -> Shape | None:
        """The (first) output shape of a brick, None when it is not known."""
        place = self.plan.places.get(name)
        return None if place is None else self._shapes[place]

    def _whole(self) -> Mapping[str, Placed]:
        if not self._ordered:
            made = self._made
            self._made, self._ordered = {name: made.get(name) or self[name] for name in self.plan.places}, True
        return self._made

    def _ordinary(self, place: int) -> Placed:
        """An ordinary brick: what comes to it fits, or nothing does yet."""
        node, layer, (_, source, several) = self.plan.nodes[place], self.plan.layers[place], self.plan.rows[place]
        given = tuple(self._shapes[one] for one in several or (source,))
        if None in given:
            return Placed(node, layer, None, (), None)
        return Placed(node, layer, given, (), Fitting(self._shapes[place], layer, given, node.params))

    def work_out(self, entering: Mapping[str, Shape | None]) -> None:
        """All shapes; `entering` are those that come into a block, by the names of its ends."""
        shapes = self._shapes
        for place, row in enumerate(self.plan.rows):
            shape = shapes[place] = UNTOLD if row is None else through(row, shapes)
            if shape is UNTOLD:
                self._special(place, entering)
        self._stuck()

    def work_out_again(self, before: Placements, changed: Sequence[Node] | None) -> None:
        """The shapes of the `changed` bricks (None: of all that do not stand as they stood) and of those that get something else now; the others are kept."""
        plan, old, shapes = self.plan, before.plan, self._shapes
        if changed is None:
            again = [not self._stands(before, node) for node in plan.nodes]
            where = [old.places.get(name) for name in plan.places]
            self._made = {name: made for name, made in before._made.items() if name in plan.places}
        else:
            again = [False] * len(plan.nodes)
            for name in (*(node.id for node in changed), *(name for name in plan.borrowers if not self._stands(before, self.network.node(name)))):
                again[plan.places[name]] = True
            where = range(len(plan.nodes))
            self._made = dict(before._made)
            shapes[:] = before._shapes
        first = 0 if changed is None else again.index(True) if True in again else len(plan.rows)
        names, sources, was, made = list(plan.places), plan.sources, before._shapes, self._made
        other = [False] * len(plan.nodes)  # places that give something else than before
        for place, row in enumerate(plan.rows[first:], first):
            if not again[place] and not (other[row[1]] if row and not row[2] else any(other[source] for source in sources[place])):
                shapes[place] = was[where[place]]
                continue
            known, at = made.pop(names[place], None), where[place]
            shape = shapes[place] = UNTOLD if row is None else through(row, shapes)
            if shape is UNTOLD:
                self._special(place)
                known = known or (before[names[place]] if at is not None else None)
                other[place] = known is None or known.shapes != made[names[place]].shapes
            else:
                other[place] = at is None or shape != was[at] or known is not None and len(known.shapes) > 1
        self._stuck()

    def _stands(self, before: Placements, node: Node) -> bool:
        """Are the brick, its wires and the brick whose weights it uses what they were?"""
        network, drawn = self.network, before.network
        return (drawn.node(node.id) is node and (drawn.edges is network.edges or network.into(node.id) == drawn.into(node.id))
                and (node.of is None or network.node(node.of) is drawn.node(node.of)))

    def _stuck(self) -> None:
        """Bricks of a circle have no shape."""
        for place in range(len(self.plan.rows), len(self.plan.nodes)):
            node, layer = self.plan.nodes[place], self.plan.layers[place]
            self._made[node.id] = Placed(node, layer, None, (), None)
            self._shapes[place] = None

    def _special(self, place: int, entering: Mapping[str, Shape | None] = EMPTY) -> None:
        """A brick with something to say about it, put together at once."""
        node, layer = self.plan.nodes[place], self.plan.layers[place]
        edges = self.network.into(node.id)
        brought = tuple(self._brought(edge) for edge in edges)
        made = _entered(node, layer, entering.get(node.id)) if node.kind == INPUT else _place(self.network, node, layer, edges, brought, self.kinds)
        self._made[node.id], self._shapes[place] = made, made.shape

    def _brought(self, edge: Edge) -> Shape | None:
        place = self.plan.places.get(edge.source)
        if place is None or edge.output == 0:
            return None if place is None else self._shapes[place]
        return self[edge.source].gives(edge.output)


def _entered(node: Node, layer: Layer, shape: Shape | None) -> Placed:
    return Placed(node, layer, () if shape is None else (shape,), (), Inference(shape))


def owner(network: Network, node: Node) -> Node | None:
    """The brick whose weights `node` uses: another of its kind with weights of its own; None when there is none such."""
    found = network.node(node.of) if node.of else None
    return found if found and found.kind == node.kind and found.of is None and found.id != node.id and not found.muted else None


def _place(network: Network, node: Node, layer: Layer | None, edges: Sequence[Edge], brought: tuple[Shape | None, ...], kinds: Kinds) -> Placed:
    if node.of and (lender := owner(network, node)):
        node = replace(node, params=lender.params)
    if layer is None:
        return Placed(node, None, None, (), None)
    if node.muted:
        return _bypassed(node, layer, brought)
    missing = _missing(layer, edges)
    if missing or None in brought:
        return Placed(node, layer, None, missing, None)
    return Placed(node, layer, brought, (), *_inferred(node, brought, kinds))


def _missing(layer: Layer, edges: Sequence[Edge]) -> tuple[int, ...]:
    taken, wanted = {edge.port for edge in edges}, layer.inputs[0]
    missing = tuple(port for port in range(wanted) if port not in taken)
    return missing if layer.inputs[1] is not None else missing[:max(0, wanted - len(edges))]


def _bypassed(node: Node, layer: Layer, brought: tuple[Shape | None, ...]) -> Placed:
    """A muted brick gives what its first wire brings."""
    if not brought:
        return Placed(node, layer, None, (0,), None)
    shape = brought[0]
    return Placed(node, layer, None if shape is None else (shape,), (), None if shape is None else Inference(shape))


def _inferred(node: Node, shapes: tuple[Shape, ...], kinds: Kinds) -> tuple[Inference, Body | None]:
    if not kinds.is_block(node.kind):
        return infer(node.kind, shapes, node.params), None
    key = (node.kind, shapes, node.params)
    if key not in kinds.memory:
        if len(kinds.memory) >= REMEMBERED:
            kinds.memory.clear()
        kinds.memory[key] = _inside(node, shapes, kinds)
    return kinds.memory[key]


def _inside(node: Node, shapes: tuple[Shape, ...], kinds: Kinds) -> tuple[Inference, Body | None]:
    """A block with these shapes at its inputs: its values are checked, then it is analysed once for every different copy in a row."""
    layer = kinds.get(node.kind)
    if problems := wrong_values(layer, node.params):
        return Inference(None, problems), None
    repeat = layer.values(node.params).get(REPEAT.name, 1)
    runs: list[tuple[Analysis, int]] = []
    given = shapes
    while repeat:
        network, problems = kinds.network(node.kind, given, node.params)
        if problems:
            return Inference(None, problems), None
        kinds.spent += len(network.nodes)
        if kinds.spent > MOST_WORK:
            return Inference(None, (LayerProblem(f"the blocks of this drawing hold more than {MOST_WORK:,} bricks", code="size"),)), None
        inner = _analysed(network, kinds, given)
        outputs = tuple(inner.placed[end.id].shape for end in network.nodes if end.kind == OUTPUT)
        count = repeat if outputs == given or None in outputs else 1
        runs.append((inner, count))
        given, repeat = outputs, repeat - count
    body = Body(tuple(runs), given, _total(runs), sum(count * bricks(inner) for inner, count in runs),
                sum(count * inner.placed[name].trained for inner, count in runs for name in inner.used))
    return Inference(given[0] if given else None), body


def wrong_values(layer: Layer, given: Mapping[str, object]) -> tuple[LayerProblem, ...]:
    """What is wrong with the parameters of a block, whatever enters it."""
    values = layer.values(given)
    wrong = [LayerProblem(said, code="value", field=param.name) for param in layer.params if (said := param.check(values[param.name]))]
    return (*wrong, *(LayerProblem(f"{layer.kind} has no parameter {name!r:.60}", code="unknown", field=name) for name in layer.unknown(given)))


def _total(runs: Sequence[tuple[Analysis, int]]) -> tuple[int, int]:
    params = macs = 0
    for inner, count in runs:
        for name in inner.used:
            one = inner.placed[name].cost
            params, macs = params + count * one[0], macs + count * one[1]
    return params, macs


def bricks(analysis: Analysis) -> int:
    """How many bricks a drawing has when every block in it is opened."""
    return sum(placed.body.bricks if placed.body else 1 for placed in analysis.placed.values())


def activation_bytes(analysis: Analysis) -> int:
    """Bytes of everything that the bricks leading to the output give for one sample, those inside blocks instead of the blocks."""
    total = 0
    for name in analysis.used:
        placed = analysis.placed[name]
        if placed.body is not None:
            total += sum(count * activation_bytes(inner) for inner, count in placed.body.runs)
        elif not placed.node.muted and placed.node.kind != INPUT:
            total += placed.bytes
    return total


def _used(network: Network) -> frozenset[str]:
    """Bricks from which an output can be reached; all of them while there is none."""
    waiting = [node.id for node in network.nodes if node.kind in ("Output", OUTPUT)]
    if not waiting:
        return frozenset(node.id for node in network.nodes)
    seen: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            edges = network.into(name)
            waiting += [edge.source for edge in (edges[:1] if network.node(name).muted else edges)]
    return frozenset(seen)


def opened(analysis: Analysis, path: Sequence[str]) -> tuple[tuple[str, ...], Analysis]:
    """The longest part of `path` (instances, outermost first) that can be opened, and the drawing inside."""
    done: list[str] = []
    for name in path:
        inner = inside(analysis, name)
        if inner is None:
            break
        done, analysis = [*done, name], inner
    return tuple(done), analysis


def inside(analysis: Analysis, name: str) -> Analysis | None:
    """The drawing inside a block instance, with shapes where they are known; None where there is nothing to open."""
    placed = analysis.placed.get(name)
    if placed is None or not analysis.kinds.is_block(placed.node.kind):
        return None
    if placed.body is not None:
        return placed.body.runs[0][0]
    edges = {edge.port: analysis.carried(edge) for edge in analysis.network.into(name)}
    ports = tuple(edges.get(port) for port in range(placed.layer.inputs[0]))
    network, _ = analysis.kinds.network(placed.node.kind, ports, placed.node.params)
    return None if network is None else _analysed(network, analysis.kinds, ports)
