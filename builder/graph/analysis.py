"""Shapes through a drawing: every brick's inference, in the order they run, by closed formulas alone; blocks are worked out inside."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from builder.catalogue import LAYERS, Inference, Layer, Shape, per_sample
from builder.catalogue import Problem as LayerProblem

from .document import EMPTY, Edge, FrozenDict, Network, Node, order
from .kinds import INPUT, OUTPUT, REPEAT, Kinds, kinds_of

# What is worked out for one drawing at most, and how many insides of blocks are remembered: a file may nest repeats in repeats.
MOST_WORK = 200_000
REMEMBERED = 4096
FLOAT = 4  # bytes of a number: weights and what flows between bricks are float32


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


@functools.lru_cache(maxsize=8192)
def cost(kind: str, inputs: tuple[Shape, ...], params: FrozenDict) -> tuple[int, int]:
    """Learned numbers and multiply-adds of one sample."""
    return LAYERS[kind].cost(infer(kind, inputs, params))


@dataclass(frozen=True)
class Body:
    """The inside of a block for given input shapes: (analysis, how many copies in a row have just these shapes), and what leaves it."""

    runs: tuple[tuple[Analysis, int], ...]
    outputs: tuple[Shape | None, ...]
    cost: tuple[int, int]
    bricks: int
    trained: int = 0


@dataclass(frozen=True)
class Placed:
    """One brick with what its wires bring: `inputs` is None while an input is missing or has no shape; `body` is the inside of a block."""

    node: Node
    layer: Layer | None
    inputs: tuple[Shape, ...] | None
    missing: tuple[int, ...]
    inference: Inference | None
    body: Body | None = None

    @property
    def shape(self) -> Shape | None:
        """The (first) output shape, None when it is not known."""
        return self.inference.shape if self.inference else None

    def gives(self, output: int = 0) -> Shape | None:
        """The shape of the `output`-th output, None when it is not known."""
        if self.body is not None:
            return self.body.outputs[output] if output < len(self.body.outputs) else None
        shapes = self.inference.shapes if self.inference else ()
        return shapes[output] if output < len(shapes) else None

    @property
    def shapes(self) -> tuple[Shape | None, ...]:
        """The shapes of all outputs; of an end, what passes it."""
        if self.body is not None:
            return self.body.outputs
        return self.inference.shapes if self.inference else ()

    @property
    def bytes(self) -> int:
        """Bytes of the outputs for one sample; 0 where no shape is known, and of what leaves the drawing."""
        if self.layer is None or not self.layer.outputs:
            return 0
        size = 2 * FLOAT if self.node.params.get("dtype") == "int64" else FLOAT
        return sum(size * per_sample(shape) for shape in self.shapes if shape is not None)

    @functools.cached_property
    def cost(self) -> tuple[int, int]:
        """Learned numbers and multiply-adds of one sample; zero while the shape is not known. Weights that are shared count for their owner."""
        if self.body is not None:
            params, macs = self.body.cost
        elif self.node.muted or self.shape is None or self.node.kind not in LAYERS:
            return (0, 0)
        else:
            params, macs = cost(self.node.kind, self.inputs, self.node.params)
        return (0 if self.node.of else params), macs

    @property
    def trained(self) -> int:
        """Learned numbers that training changes: none of a frozen brick, nor of what is frozen inside a block."""
        if self.node.frozen or self.node.of:
            return 0
        return self.cost[0] if self.body is None else self.body.trained


@dataclass(frozen=True)
class Analysis:
    """Every brick placed, in the order they run; `cycle` names the bricks of a loop; `used` are those that lead to an output."""

    network: Network
    placed: Mapping[str, Placed]
    cycle: tuple[str, ...]
    used: frozenset[str]
    kinds: Kinds = field(default_factory=lambda: kinds_of(EMPTY), repr=False, compare=False)

    def shape(self, name: str) -> Shape | None:
        """The (first) output shape of a brick, None when it is not known."""
        return self.placed[name].shape if name in self.placed else None

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
    placed: dict[str, Placed] = {}
    for node in nodes:
        placed[node.id] = _entered(node, kinds, entering.get(node.id)) if node.kind == INPUT else _place(network, node, placed, kinds)
    for node in network.nodes:
        placed.setdefault(node.id, Placed(node, kinds.get(node.kind), None, (), None))
    return Analysis(network, placed, tuple(cycle), _used(network), kinds)


def _analysed_again(network: Network, before: Analysis) -> Analysis:
    """What an edit can change is worked out again: changed bricks, those whose wires changed, and those that get something else from above."""
    old = before.placed
    alike = _drawn_alike(before.network, network)
    nodes, cycle = ([network.node(name) for name in old], []) if alike else order(network)
    used = before.used if alike else _used(network)
    placed: dict[str, Placed] = {}
    other: set[str] = set()  # bricks that give something else than before
    for node in nodes:
        name = node.id
        known, edges = old.get(name), network.into(name)
        stands = (known is not None and before.network.node(name) is node and (alike or edges == before.network.into(name))
                  and (node.of is None or network.node(node.of) is before.network.node(node.of)))
        if stands and (not other or other.isdisjoint([edge.source for edge in edges])):
            placed[name] = known
            continue
        placed[name] = made = _place(network, node, placed, before.kinds)
        if known is None or _gives(known) != _gives(made):
            other.add(name)
    for node in network.nodes:
        placed.setdefault(node.id, Placed(node, before.kinds.get(node.kind), None, (), None))
    return Analysis(network, placed, tuple(cycle), before.used if used == before.used else used, before.kinds)


def _gives(placed: Placed) -> object:
    return placed.shapes


def _drawn_alike(before: Network, now: Network) -> bool:
    """Do both have the same wires between bricks of the same names and kinds, so that they run in the same order?"""
    return before.edges is now.edges and len(before.nodes) == len(now.nodes) and all(
        a is b or (a.id, a.kind, a.muted) == (b.id, b.kind, b.muted) for a, b in zip(before.nodes, now.nodes, strict=True))


def _entered(node: Node, kinds: Kinds, shape: Shape | None) -> Placed:
    return Placed(node, kinds.get(node.kind), () if shape is None else (shape,), (), Inference(shape))


def owner(network: Network, node: Node) -> Node | None:
    """The brick whose weights `node` uses: another of its kind with weights of its own; None when there is none such."""
    found = network.node(node.of) if node.of else None
    return found if found and found.kind == node.kind and found.of is None and found.id != node.id and not found.muted else None


def _place(network: Network, node: Node, placed: Mapping[str, Placed], kinds: Kinds) -> Placed:
    layer = kinds.get(node.kind)
    if node.of and (lender := owner(network, node)):
        node = replace(node, params=lender.params)
    edges = network.into(node.id)
    if layer is None:
        return Placed(node, None, None, (), None)
    if node.muted:
        return _bypassed(node, layer, edges, placed)
    missing = _missing(layer, edges)
    shapes = tuple(placed[edge.source].gives(edge.output) if edge.source in placed else None for edge in edges)
    if missing or None in shapes:
        return Placed(node, layer, None, missing, None)
    return Placed(node, layer, shapes, (), *_inferred(node, shapes, kinds))


def _missing(layer: Layer, edges: Sequence[Edge]) -> tuple[int, ...]:
    taken, wanted = {edge.port for edge in edges}, layer.inputs[0]
    missing = tuple(port for port in range(wanted) if port not in taken)
    return missing if layer.inputs[1] is not None else missing[:max(0, wanted - len(edges))]


def _bypassed(node: Node, layer: Layer, edges: Sequence[Edge], placed: Mapping[str, Placed]) -> Placed:
    """A muted brick gives what its first wire brings."""
    if not edges:
        return Placed(node, layer, None, (0,), None)
    first = placed.get(edges[0].source)
    shape = first.gives(edges[0].output) if first else None
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
