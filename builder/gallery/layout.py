"""Where the bricks of a ready-made drawing stand: rows by what must run first, a column for every way through it."""

from __future__ import annotations

from collections.abc import Mapping

from builder.graph import Edge, Node
from builder.graph.document import Network, order

PITCH = 84  # pixels from one brick of a column to the next on the canvas
COLUMN = 312  # pixels from one column to the next


def laid_out(nodes: tuple[Node, ...], edges: tuple[Edge, ...]) -> dict[str, tuple[float, float]]:
    """A place for every brick: below all that it reads, the longest way down straight on, the others beside it where there is room.

    Where a way is joined by what it had long before, it goes on one column further right, so that the wires across can be seen.
    """
    network = Network(nodes, edges)
    names = [node.id for node in order(network)[0]]
    row = _rows(network, names)
    way = _ways(network, names, row)
    column: dict[str, int] = {}
    taken: dict[int, set[int]] = {}
    for name in names:
        if name not in column:
            chain = _chain(network, name, way)
            # A free row above: what ends there is not taken for what begins here.
            rows = set(range(row[name] - 1, row[chain[-1]] + 1))
            read = [edge.source for edge in network.into(name)]
            least = max(column[source] + (way[source] == name) for source in read) if read else 0
            free = next(x for x in range(least, least + len(names) + 1) if rows.isdisjoint(taken.get(x, set())))
            taken.setdefault(free, set()).update(rows)
            column |= dict.fromkeys(chain, free)
    return {name: (float(COLUMN * column[name]), float(PITCH * row[name])) for name in names}


def _rows(network: Network, names: list[str]) -> dict[str, int]:
    """The longest way from the beginning to every brick; what nothing feeds stands right over the brick that reads it."""
    row: dict[str, int] = {}
    for name in names:
        row[name] = max((row[edge.source] + 1 for edge in network.into(name)), default=0)
    for name in reversed(names):
        if not network.into(name) and (readers := [row[edge.target] for edge in network.out_of(name)]):
            row[name] = min(readers) - 1
    return row


def _ways(network: Network, names: list[str], row: Mapping[str, int]) -> Mapping[str, str]:
    """For every brick the one that goes on below it: of those that have their longest way through it, the one with the longest way to go."""
    height: dict[str, int] = {}
    for name in reversed(names):
        height[name] = max((height[edge.target] + 1 for edge in network.out_of(name)), default=0)
    followers: dict[str, list[str]] = {}
    for name in names:
        if edges := network.into(name):
            followers.setdefault(max(edges, key=lambda edge: row[edge.source]).source, []).append(name)
    return {name: max(followers[name], key=lambda reader: height[reader]) if name in followers else "" for name in names}


def _chain(network: Network, name: str, way: Mapping[str, str]) -> list[str]:
    """Bricks under each other, up to one that also reads what stands higher among them."""
    chain = [name]
    while below := way[chain[-1]]:
        if {edge.source for edge in network.into(below)} & set(chain[:-1]):
            break
        chain.append(below)
    return chain
