"""Bricks that use the weights of others: can they?"""

from __future__ import annotations

from collections.abc import Iterator

from ..analysis import Analysis, Placed, owner
from ..problems import Fix, Problem, batch


def sharing(analysis: Analysis, placed: Placed) -> Iterator[Problem]:
    """What keeps a brick from using the weights of the one that it names."""
    node, network = placed.node, analysis.network
    if node.of is None:
        return
    if placed.layer is not None and not placed.layer.module and not placed.layer.block:
        yield _wrong(node.id, f"{node.kind} has no weights to share", f"it names {node.of}")
        return
    lender = owner(network, node)
    if lender is None:
        yield _wrong(node.id, f"{_because(analysis, node)}, so {node.id} has no weights", "weights are shared between bricks of one kind")
    elif lender.id not in analysis.used and node.id in analysis.used:
        yield _wrong(node.id, f"{node.of}, whose weights it uses, is not used itself", "weights belong to a brick that leads to the output")
    elif placed.shape is not None and (other := analysis.placed[lender.id]).shape is not None and built(placed) != built(other):
        yield _wrong(node.id, f"it reads something else than {node.of}, whose weights it uses", _compared(placed, other))


def _because(analysis: Analysis, node) -> str:
    found = analysis.network.node(node.of)
    if found is None:
        return f"there is no brick called {node.of}"
    if found.kind != node.kind:
        return f"{node.of} is a {found.kind:.60} and {node.id} a {node.kind:.60}"
    return f"{node.of} is muted" if found.muted else f"{node.of} uses the weights of another brick itself"


def _compared(placed: Placed, other: Placed) -> str:
    from builder.catalogue import show

    one, two = (", ".join(map(show, which.inputs)) for which in (placed, other))
    return f"{placed.node.id} reads {one}, {other.node.id} reads {two}"


def _wrong(name: str, says: str, because: str) -> Problem:
    own: Fix = batch(f"Give {name} weights of its own", {"op": "share", "id": name, "of": None}, sure=True)
    return Problem(name, None, "error", says, because, (own,), "sharing")


def built(placed: Placed) -> object:
    """What the constructors of a brick, or of all bricks inside a block, are given."""
    if placed.body is not None:
        return tuple((count, tuple((name, built(one)) for name, one in inner.placed.items() if name in inner.used))
                     for inner, count in placed.body.runs)
    if placed.layer is None or not placed.layer.module or placed.inference is None or placed.inference.shape is None or placed.node.muted:
        return placed.node.kind, placed.node.muted
    return placed.node.kind, tuple(placed.layer.arguments(placed.inference, placed.node.params).items())
