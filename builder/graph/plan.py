"""A drawing in the order it runs, with places in the place of names: what has to be looked up only once, however often shapes are worked out."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from builder.catalogue import LAYERS, Layer, Shape
from builder.catalogue.compiled import Costed, Shaped

from .document import Edge, FrozenDict, Network, Node
from .kinds import Kinds

# An ordinary brick: the function of its inputs' shapes, the place of the brick that gives the first, and those of all where there are several.
Row = tuple[Shaped, int, tuple[int, ...]]
# In the place of a shape: the layer itself has to be asked what it says to its inputs. No layer gives this shape.
UNTOLD: Shape = (-1,)


@functools.lru_cache(maxsize=8192)
def functions(kind: str, params: FrozenDict) -> tuple[Shaped, Costed] | None:
    """The compiled functions of a layer of the catalogue with these parameters; None where there are none."""
    layer = LAYERS.get(kind)
    return layer.compiled(params) if layer else None


@functools.lru_cache(maxsize=8192)
def values(kind: str, params: FrozenDict) -> Mapping[str, object]:
    """Parameters as the formulas of a layer of the catalogue read them: what may have several axes has a value for each."""
    return LAYERS[kind].whole(params)


@dataclass(frozen=True)
class Plan:
    """Bricks by place, in the order they run, those of a circle last; `rows` are those that run, None for one that is not ordinary.

    An ordinary brick is a layer of the catalogue whose shape is compiled (see catalogue.compiled), wired, not muted, and with weights of its own.
    """

    nodes: tuple[Node, ...]
    layers: tuple[Layer | None, ...]
    places: Mapping[str, int]
    sources: tuple[tuple[int, ...], ...]
    rows: tuple[Row | None, ...]
    borrowers: tuple[str, ...]

    def changed(self, network: Network, nodes: Sequence[Node], kinds: Kinds) -> Plan:
        """The plan with other bricks of the same names, kinds and wires."""
        bricks, rows = list(self.nodes), list(self.rows)
        for node in nodes:
            place = self.places[node.id]
            bricks[place], rows[place] = node, _row(node, self.layers[place], network.into(node.id), self.places, kinds)
        borrowers = tuple(node.id for node in bricks if node.of) if any(node.of for node in nodes) or self.borrowers else ()
        return replace(self, nodes=tuple(bricks), rows=tuple(rows), borrowers=borrowers)


def planned(network: Network, running: Sequence[Node], kinds: Kinds) -> Plan:
    """The plan of a drawing whose bricks run in this order; those that wait for each other in a circle come behind."""
    first = {node.id for node in running}
    nodes = (*running, *(node for node in network.nodes if node.id not in first)) if len(running) < len(network.nodes) else tuple(running)
    places = {node.id: place for place, node in enumerate(nodes)}
    layers = tuple(kinds.get(node.kind) for node in nodes)
    wires = [network.into(node.id) for node in nodes]
    return Plan(nodes, layers, places, tuple(tuple(places[edge.source] for edge in edges if edge.source in places) for edges in wires),
                tuple(_row(node, layer, edges, places, kinds) for node, layer, edges in zip(running, layers, wires, strict=False)),
                tuple(node.id for node in nodes if node.of))


def _row(node: Node, layer: Layer | None, edges: Sequence[Edge], places: Mapping[str, int], kinds: Kinds) -> Row | None:
    if layer is None or not edges or node.muted or node.of or kinds.is_block(node.kind):
        return None
    fewest, most = layer.inputs
    wired = fewest <= len(edges) <= (most or len(edges)) and all(edge.port == port and not edge.output and edge.source in places for port, edge in enumerate(edges))
    found = functions(node.kind, node.params) if wired else None
    return (found[0], places[edges[0].source], tuple(places[edge.source] for edge in edges) if len(edges) > 1 else ()) if found else None


def through(row: Row, shapes: Sequence[Shape | None]) -> Shape | None:
    """What an ordinary brick makes of the shapes so far; None while one of its inputs has none, UNTOLD where they may not fit."""
    shaped, source, several = row
    if several:
        given = [shapes[place] for place in several]
        return None if None in given else shaped(*given) or UNTOLD
    shape = shapes[source]
    return None if shape is None else shaped(shape) or UNTOLD
