"""Bricks and wires added one after the other, as a paste of many does: a thousand take a thousand steps, not a thousand networks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from .bricks import NETWORK_OPS, Edit, arity, arity_out, leads
from .document import Edge, Network, edge_from_json, node_from_json
from .kinds import Kinds


def grown(network: Network, edits: Iterable[Edit], kinds: Kinds) -> Network:
    """The network after these edits, each an add or a connect; raises EditError as they would one by one."""
    growth = _Growth(network, kinds)
    for edit in edits:
        done = growth.put(edit.get("node")) if edit["op"] == "add" else growth.wire(edge_from_json(edit))
        if not done:
            growth = _Growth(NETWORK_OPS[edit["op"]](growth.network(), edit, kinds), kinds)
    return growth.network()


class _Growth:
    """A network that grows in place. What is not plainly right it leaves to the edit itself, which says in words what is wrong."""

    def __init__(self, network: Network, kinds: Kinds) -> None:
        self._kinds = kinds
        self._nodes = {node.id: node for node in network.nodes}
        self._edges = {(edge.target, edge.port): edge for edge in network.edges}
        self._after: dict[str, list[str]] = {}
        self._inputs: dict[str, int] = {}
        for edge in network.edges:
            self._count(edge, 1)

    def network(self) -> Network:
        """The network as it is now."""
        return Network(tuple(self._nodes.values()), tuple(self._edges.values()))

    def put(self, record: object) -> bool:
        """Add the brick of this record; False when the edit itself must judge."""
        if not isinstance(record, Mapping) or not record.get("id") or record.get("kind") not in self._kinds:
            return False
        node = node_from_json(record)
        if node.id in self._nodes:
            return False
        self._nodes[node.id] = node
        return True

    def wire(self, edge: Edge) -> bool:
        """Add a wire; False when the edit itself must judge."""
        if not self._fits(edge):
            return False
        old = self._edges.pop((edge.target, edge.port), None)
        if old is not None:
            self._count(old, -1)
        elif self._open(edge.target):
            edge = replace(edge, port=self._inputs.get(edge.target, 0))
        self._edges[edge.target, edge.port] = edge
        self._count(edge, 1)
        return True

    def _fits(self, edge: Edge) -> bool:
        source, target = self._nodes.get(edge.source), self._nodes.get(edge.target)
        if source is None or target is None or edge.output >= arity_out(source.kind, self._kinds, source.params):
            return False
        if self._open(edge.target):
            # Inputs that a file left out are numbered again by the edit itself.
            if any((edge.target, port) not in self._edges for port in range(self._inputs.get(edge.target, 0))):
                return False
        elif edge.port >= arity(target.kind, self._kinds)[1]:
            return False
        return edge.source != edge.target and not leads(self._after, edge.target, edge.source)

    def _open(self, name: str) -> bool:
        """May this brick have any number of inputs?"""
        return arity(self._nodes[name].kind, self._kinds)[1] is None

    def _count(self, edge: Edge, by: int) -> None:
        self._inputs[edge.target] = self._inputs.get(edge.target, 0) + by
        followers = self._after.setdefault(edge.source, [])
        if by > 0:
            followers.append(edge.target)
        else:
            followers.remove(edge.target)
