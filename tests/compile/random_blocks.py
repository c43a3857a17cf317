"""Random projects with blocks: own and from the catalogue, nested, promoted, repeated, muted, with several inputs and outputs."""

from __future__ import annotations

from random import Random

from builder.catalogue import BATCH as N
from builder.catalogue import COMPOSITES, per_sample
from builder.compile.trace import Trace
from builder.graph import Edge, FrozenDict, Network, Node, Project
from builder.graph.analysis import Analysis, analyse
from builder.graph.document import Block, Promoted, freeze
from builder.graph.kinds import Kinds, kinds_of
from tests.graph.drawings import CHOICES, KINDS

SHAPES = ((N, 1, 8, 8), (N, 3, 9, 12), (N, 4, 5, 5), (N, 6))
BLOCK_CHOICES = {**CHOICES, "repeat": (1, 2, 3), "kernel_size": (1, 3), "stride": (1, 2), "expand_ratio": (1, 2), "width": (None, 2), "growth_rate": (2, 3),
                 "reduction": (1, 4)}


def some_values(random: Random, kinds: Kinds, kind: str) -> FrozenDict:
    """Some of a kind's parameters, with small values."""
    given = {}
    for param in kinds.get(kind).params:
        choices = {"bool": (True, False), "choice": getattr(param, "choices", ())}.get(param.type) or BLOCK_CHOICES.get(param.name, (1, 2, 3))
        if random.random() < 0.5 and param.check(param.normal(freeze(value := random.choice(choices)))) is None:
            given[param.name] = value
    if kind in COMPOSITES:
        given |= {param.name: random.choice((2, 4)) for param in COMPOSITES[kind].params if param.name in ("out_channels", "bn_size") or param.name.startswith(("ch", "pool"))}
    return freeze(given)


def values_of(analysis: Analysis) -> list[tuple[str, int, tuple[int, ...]]]:
    """Everything that a wire could start at."""
    return [(name, output, shape) for name, placed in analysis.placed.items() if placed.layer
            for output in range(placed.layer.leaving(placed.node.params)) if (shape := placed.gives(output)) is not None]


def fits(placed) -> bool:
    """Has a brick a shape for all of its outputs, none of them large?"""
    shapes = [placed.gives(output) for output in range(placed.layer.leaving(placed.node.params))]
    return None not in shapes and all(per_sample(shape) < 10_000 for shape in shapes) and placed.cost[0] < 100_000 and not _reads_rows(placed)


def _reads_rows(placed) -> bool:
    inside = [one for inner, _ in placed.body.runs for one in inner.placed.values()] if placed.body else []
    return (placed.node.kind == "Linear" and len(placed.inputs[0]) == 4 and not placed.node.muted) or any(map(_reads_rows, inside))


def grown(random: Random, kinds: Kinds, nodes: list[Node], ports: list[tuple[int, ...]], count: int) -> Network:
    """Bricks that fit, one after another, each where something of the last few values suits it."""
    network = Network(tuple(nodes), ())
    own = list(kinds.blocks) * 20
    for number in range(count * 2):
        analysis = analyse(network, kinds, ports)
        values = values_of(analysis)[-6:]
        kind = random.choice([*KINDS, "Conv2d", "Add", "Linear", *COMPOSITES, *own])
        layer = kinds.get(kind)
        wanted = layer.inputs[0] if layer.inputs[1] is not None else random.choice((2, 2, 3))
        chosen = [random.choice(values) for _ in range(wanted)]
        node = Node(f"{random.choice(('x', 'h', 'out', kind.lower()))}{number}", kind, some_values(random, kinds, kind), None, random.random() < 0.1)
        edges = [Edge(name, node.id, port, output) for port, (name, output, _) in enumerate(chosen)]
        tried = Network((*network.nodes, node), (*network.edges, *edges))
        if network.node(node.id) is None and fits(analyse(tried, kinds, ports).placed[node.id]):
            network = tried
        if len(network.nodes) >= count + len(nodes):
            break
    return network


def ended(random: Random, network: Network, kinds: Kinds, ports: list[tuple[int, ...]], kind: str, most: int) -> Network:
    """The network with one or a few ends that read its last values."""
    values = values_of(analyse(network, kinds, ports))
    ends, wires = [], []
    for number in range(random.choice(range(1, most + 1))):
        name, output, _ = values[-1] if number == 0 else random.choice(values)
        ends.append(Node(f"end{number}", kind))
        wires.append(Edge(name, ends[-1].id, 0, output))
    return Network((*network.nodes, *ends), (*network.edges, *wires))


def some_block(random: Random, blocks: dict[str, Block]) -> Block:
    """A block that is legal for at least one set of input shapes."""
    kinds = kinds_of(FrozenDict(blocks))
    ports = [random.choice(SHAPES[:3]) for _ in range(random.choice((1, 1, 1, 2)))]
    entries = [Node(("x", "skip")[i], "BlockInput") for i in range(len(ports))]
    network = ended(random, grown(random, kinds, entries, ports, random.choice((1, 2, 4))), kinds, ports, "BlockOutput", 2)
    promoted = {}
    for node in network.nodes:
        for param in kinds.get(node.kind).params:
            if random.random() < 0.4 and param.name not in ("shape",):
                promoted.setdefault("depth" if param.name == "repeat" else param.name, []).append((node.id, param.name))
    alike = {name: tuple(target for target in of if _type(kinds, network, target) == _type(kinds, network, of[0])) for name, of in promoted.items()}
    return Block(network, tuple(Promoted(name, of) for name, of in alike.items()), random.choice(("", "What it does.")))


def _type(kinds: Kinds, network: Network, target: tuple[str, str]) -> object:
    param = kinds.get(network.node(target[0]).kind).param(target[1])
    return type(param), getattr(param, "axes", 1)


def random_project(random: Random, most: int = 0) -> Project:
    """A project of one to three blocks and a network of about `most` bricks that uses them; drawn only, so that any ends are allowed."""
    blocks: dict[str, Block] = {}
    for name in ("Inner", "Middle", "Outer")[:random.choice((1, 2, 3))]:
        blocks[name] = some_block(random, blocks)
    frozen = FrozenDict(blocks)
    shapes = [random.choice(SHAPES) for _ in range(random.choice((1, 1, 2)))]
    entries = [Node(("x", "mask")[i], "Input", freeze({"shape": shape[1:]})) for i, shape in enumerate(shapes)]
    kinds = kinds_of(frozen)
    network = ended(random, grown(random, kinds, entries, [], most or random.choice((2, 4, 8))), kinds, [], "Output", 2)
    return Project("Random", FrozenDict({"network": network}), frozen, FrozenDict({"kind": "none"}))


def is_all_read(flow: Trace) -> bool:
    """Is every value read by something? What only leads to an unread output or input of a block is left out once the block is gone."""
    read = {value for step in flow.steps for value in step.inputs} | set(flow.results)
    made = {(name, 0) for name in flow.entries} | {(step.name, output) for step in flow.steps for output in range(len(step.shapes))}
    return made <= read and all(is_all_read(inner) for step in flow.steps for inner, _ in step.runs)
