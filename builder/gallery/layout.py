"""Where the bricks of a ready-made drawing stand: rows by what must run first, a column for every way through it."""

from __future__ import annotations

from collections.abc import Mapping

from builder.graph import Edge, Node
from builder.graph.document import Network, order

PITCH = 84  # pixels from one brick of a column to the next on the canvas
COLUMN = 312  # pixels from one column to the next


def laid_out(nodes: tuple[Node, ...], edges: tuple[Edge, ...]) -> dict[str, tuple[float, float]]:
    """A place for every brick: below all that it reads, the longest way down straight on, the others beside it where there is room."""
    network = Network(nodes, edges)
    names = [node.id for node in order(network)[0]]
    row = dict.fromkeys(names, 0)
    for name in names:
        row[name] = max((row[edge.source] + 1 for edge in network.into(name)), default=0)
    # What nothing feeds stands right over the brick that reads it.
    for name in reversed(names):
        if not network.into(name) and (readers := [row[edge.target] for edge in network.out_of(name)]):
            row[name] = min(readers) - 1
    way = _ways(network, names)
    column: dict[str, int] = {}
    taken: dict[int, set[int]] = {}
    for name in names:
        if name not in column:
            chain = _chain(name, way)
            rows = set(range(row[chain[0]], row[chain[-1]] + 1))
            beside = min((column[edge.source] for edge in network.into(name)), default=0)
            free = next(x for x in range(beside, beside + len(names) + 1) if rows.isdisjoint(taken.get(x, set())))
            taken.setdefault(free, set()).update(rows)
            column |= dict.fromkeys(chain, free)
    return {name: (float(COLUMN * column[name]), float(PITCH * row[name])) for name in names}


def _ways(network: Network, names: list[str]) -> Mapping[str, str]:
    """For every brick the one that goes on below it: of those that read it, the one with the longest way to go that no other claims."""
    height: dict[str, int] = {}
    for name in reversed(names):
        height[name] = max((height[edge.target] + 1 for edge in network.out_of(name)), default=0)
    way: dict[str, str] = {}
    claimed: set[str] = set()
    for name in names:
        readers = [edge.target for edge in network.out_of(name) if edge.target not in claimed]
        if readers:
            way[name] = max(readers, key=lambda reader: height[reader])
            claimed.add(way[name])
    return way


def _chain(name: str, way: Mapping[str, str]) -> list[str]:
    chain = [name]
    while chain[-1] in way:
        chain.append(way[chain[-1]])
    return chain
