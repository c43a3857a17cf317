"""Drawing by writing: `g.Conv2d(x, out_channels=64)` lays a brick, draws its wires and gives what leaves it."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from builder.catalogue import CatalogueError
from builder.graph import Edge, FrozenDict, Network, Node
from builder.graph.document import EMPTY, Block, freeze, id_problem
from builder.graph.kinds import OUTPUT, kinds_of

from .layout import laid_out


@dataclass(frozen=True)
class Value:
    """What leaves a brick: its name, and which of its outputs."""

    source: str
    output: int = 0


class Drawing:
    """The bricks and wires of one network, in the order in which they are written.

    A brick is named as `name=` says, else after its kind and counted. `silent` are codes of advice that the network goes against on
    purpose; `of` names the brick whose weights it uses. A wire list is one value, or a list of them where a brick takes any number.
    """

    def __init__(self):
        self.nodes: list[Node] = []
        self.edges: list[Edge] = []
        self.blocks: FrozenDict = EMPTY
        self._counts: dict[str, int] = {}

    def __getattr__(self, kind: str) -> Callable[..., Value]:
        if kind not in kinds_of(self.blocks):
            raise CatalogueError(f"there is no brick called {kind!r} to draw")
        return functools.partial(self._lay, kind)

    def block(self, kind: str, summary: str, body: Callable) -> Callable[..., Value]:
        """A block of this project, drawn by `body` on the block's inputs: what is returned lays an instance of it."""
        inside = Drawing()
        entering = [inside.BlockInput(name=name) for name in list(inspect.signature(body).parameters)[1:]]
        inside.BlockOutput(body(inside, *entering), name="out")
        self.blocks = FrozenDict({**self.blocks, kind: Block(inside.network(), (), summary)})
        return functools.partial(self._lay, kind)

    def _lay(self, kind: str, *values: Value, name: str | None = None, silent: tuple[str, ...] = (), of: str | None = None, **params: object):
        layer = kinds_of(self.blocks).get(kind)
        if unknown := layer.unknown(params):
            raise CatalogueError(f"{kind} has no parameter {unknown[0]!r}")
        stem = layer.stem or kind.lower()
        if name is None:
            self._counts[stem] = self._counts.get(stem, 0) + 1
            name = f"{stem}{self._counts[stem]}"
        if said := id_problem(name):
            raise CatalogueError(said)
        self.nodes.append(Node(name, kind, freeze(params), silent=silent, of=of))
        self.edges += [Edge(value.source, name, port, value.output) for port, value in enumerate(values)]
        left = tuple(Value(name, output) for output in range(layer.leaving(params)))
        return left[0] if len(left) == 1 else left

    def network(self) -> Network:
        """The bricks, each in its place; the ends come last, the first of them the one that the body returned."""
        ends = [node for node in self.nodes if node.kind in ("Output", OUTPUT)]
        nodes = (*(node for node in self.nodes if node not in ends), *sorted(ends, key=lambda node: node.id != "output"))
        edges = tuple(self.edges)
        places: Mapping[str, tuple[float, float]] = laid_out(nodes, edges)
        return Network(tuple(replace(node, at=places[node.id]) for node in nodes), edges)
