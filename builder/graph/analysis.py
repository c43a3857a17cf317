"""Shapes through a drawing: every brick's inference, in the order they run, by closed formulas alone."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass

from builder.catalogue import LAYERS, Inference, Layer, Shape

from .document import FrozenDict, Network, Node, order


@functools.lru_cache(maxsize=8192)
def infer(kind: str, inputs: tuple[Shape, ...], params: FrozenDict) -> Inference:
    """`Layer.infer`, remembered: an edit changes few bricks, the others are looked up."""
    return LAYERS[kind].infer(inputs, params)


@functools.lru_cache(maxsize=8192)
def cost(kind: str, inputs: tuple[Shape, ...], params: FrozenDict) -> tuple[int, int]:
    """Learned numbers and multiply-adds of one sample."""
    return LAYERS[kind].cost(infer(kind, inputs, params))


@dataclass(frozen=True)
class Placed:
    """One brick with what its wires bring: `inputs` is None while an input is missing or has no shape."""

    node: Node
    layer: Layer | None
    inputs: tuple[Shape, ...] | None
    missing: tuple[int, ...]
    inference: Inference | None

    @property
    def shape(self) -> Shape | None:
        """The output shape, None when it is not known."""
        return self.inference.shape if self.inference else None

    @property
    def cost(self) -> tuple[int, int]:
        """Learned numbers and multiply-adds of one sample; zero while the shape is not known."""
        return cost(self.node.kind, self.inputs, self.node.params) if self.shape is not None else (0, 0)


@dataclass(frozen=True)
class Analysis:
    """Every brick placed, in the order they run; `cycle` names the bricks of a loop; `used` are those that lead to an Output."""

    network: Network
    placed: Mapping[str, Placed]
    cycle: tuple[str, ...]
    used: frozenset[str]

    def shape(self, name: str) -> Shape | None:
        """The output shape of a brick, None when it is not known."""
        return self.placed[name].shape if name in self.placed else None


def analyse(network: Network) -> Analysis:
    """The shapes of a whole drawing; nothing is raised, what cannot be worked out is None."""
    nodes, cycle = order(network)
    placed: dict[str, Placed] = {}
    for node in nodes:
        placed[node.id] = _place(network, node, placed)
    for node in network.nodes:
        placed.setdefault(node.id, Placed(node, LAYERS.get(node.kind), None, (), None))
    return Analysis(network, placed, tuple(cycle), _used(network))


def _place(network: Network, node: Node, placed: Mapping[str, Placed]) -> Placed:
    layer = LAYERS.get(node.kind)
    edges = network.into(node.id)
    if layer is None:
        return Placed(node, None, None, (), None)
    taken, wanted = {edge.port for edge in edges}, layer.inputs[0]
    missing = tuple(port for port in range(wanted) if port not in taken)
    if layer.inputs[1] is None:
        missing = missing[:max(0, wanted - len(edges))]
    shapes = tuple(placed[edge.source].shape if edge.source in placed else None for edge in edges)
    if missing or None in shapes:
        return Placed(node, layer, None, missing, None)
    return Placed(node, layer, shapes, (), infer(node.kind, shapes, node.params))


def _used(network: Network) -> frozenset[str]:
    """Bricks from which an Output can be reached; all of them while there is none."""
    waiting = [node.id for node in network.nodes if node.kind == "Output"]
    if not waiting:
        return frozenset(node.id for node in network.nodes)
    seen: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += [edge.source for edge in network.into(name)]
    return frozenset(seen)
