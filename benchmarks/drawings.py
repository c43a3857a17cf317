"""Drawings of any size that benchmarks and tests of big graphs work on. Standard library and builder.graph only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise

from builder.graph import Edge, FrozenDict, Network, Node, Project
from builder.graph.document import freeze

CLASSES = 10
# One column of 1,000 bricks is what a long chain looks like to a person; branches stand this many pixels beside it.
ASIDE = 320


def _project(name: str, network: Network) -> Project:
    return Project(name, FrozenDict({"network": network}))


def _head() -> list[tuple[str, str, dict[str, object]]]:
    return [("pool", "AdaptiveAvgPool2d", {"output_size": 1}), ("flatten", "Flatten", {}), ("fc", "Linear", {"out_features": CLASSES})]


PITCH = 84  # pixels from one brick of a column to the next


def chain(shape: tuple[int, ...], *bricks: tuple[str, str, Mapping[str, object]]) -> Network:
    """A column of bricks (id, kind, params) between an Input of `shape` (C H W) and an Output."""
    rows = [("image", "Input", {"shape": shape}), *bricks, ("output", "Output", {})]
    nodes = tuple(Node(name, kind, freeze(params), (0.0, float(PITCH * i))) for i, (name, kind, params) in enumerate(rows))
    return Network(nodes, tuple(Edge(above.id, below.id) for above, below in pairwise(nodes)))


def chain_of(count: int) -> Project:
    """`count` bricks in a row: Conv2d and ReLU in turn between Input and a classifier. No problem in it."""
    pairs = (count - 5) // 2
    bricks = [brick for i in range(1, pairs + 1) for brick in
              ((f"conv{i}", "Conv2d", {"out_channels": 8 + i % 9, "kernel_size": 3, "padding": 1}), (f"relu{i}", "ReLU", {}))]
    extra = [("relu0", "ReLU", {})] if 2 * pairs + 5 < count else []
    return _project(f"Chain of {count}", chain((1, 28, 28), *bricks, *extra, *_head()))


def branchy(count: int) -> Project:
    """About `count` bricks of residual stages (two convolutions and a projection that are added), with every wire of a real network."""
    nodes = [Node("image", "Input", FrozenDict({"shape": (1, 28, 28)}), (0.0, 0.0))]
    edges: list[Edge] = []

    def put(name: str, kind: str, x: float, row: float, *sources: str, **params: object) -> str:
        nodes.append(Node(name, kind, FrozenDict(params), (x, row * PITCH)))
        edges.extend(Edge(source, name, port) for port, source in enumerate(sources))
        return name

    last, row = "image", 1.0
    for i in range(1, max(1, (count - 5) // 6) + 1):
        channels = 8 + i % 9
        y = put(f"conv{i}a", "Conv2d", 0.0, row, last, out_channels=channels, kernel_size=3, padding=1)
        y = put(f"relu{i}a", "ReLU", 0.0, row + 1, y)
        y = put(f"conv{i}b", "Conv2d", 0.0, row + 2, y, out_channels=channels, kernel_size=3, padding=1)
        side = put(f"side{i}", "Conv2d", float(ASIDE), row + 1, last, out_channels=channels, kernel_size=1)
        y = put(f"add{i}", "Add", 0.0, row + 3, y, side)
        last, row = put(f"relu{i}b", "ReLU", 0.0, row + 4, y), row + 5
    for name, kind, params in (*_head(), ("output", "Output", {})):
        last, row = put(name, kind, 0.0, row, last, **params), row + 1
    return _project(f"Branches of {count}", Network(tuple(nodes), tuple(edges)))


def without_places(project: Project) -> Project:
    """The same drawing as a file that says nothing of where bricks stand: the canvas lays it out when it opens."""
    network = project.network
    return project.with_network(replace(network, nodes=tuple(replace(node, at=None) for node in network.nodes)))


DRAWINGS = {"chain": chain_of, "branches": branchy, "no places": lambda count: without_places(branchy(count))}
