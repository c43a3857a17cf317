"""Edits of bricks and wires: each turns one network into the next, and refuses in words for people what does not fit."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from .document import (
    EMPTY,
    MAX_EDGES,
    MAX_NODES,
    MAX_SILENT,
    DocumentError,
    Edge,
    FrozenDict,
    Network,
    Node,
    edge_from_json,
    freeze,
    id_problem,
    node_from_json,
)
from .kinds import ENDS, Kinds, kinds_of

Edit = Mapping[str, object]


class EditError(DocumentError):
    """An edit does not fit the project it was meant for."""


def arity(kind: str, kinds: Kinds | None = None) -> tuple[int, int | None]:
    """Fewest and most inputs of a kind (None = any number); an unknown kind may have any."""
    layer = (kinds or kinds_of(EMPTY)).get(kind)
    return layer.inputs if layer else (0, None)


def arity_out(kind: str, kinds: Kinds | None = None, params: Mapping[str, object] = EMPTY) -> int:
    """Number of outputs of a brick of a kind with these parameters."""
    layer = (kinds or kinds_of(EMPTY)).get(kind)
    return layer.leaving(params) if layer else 1


def fresh_id(network: Network, kind: str, kinds: Kinds | None = None) -> str:
    """A free name for a new brick: the kind's stem and the smallest free number."""
    layer = (kinds or kinds_of(EMPTY)).get(kind)
    stem = (layer.stem if layer else "") or kind.lower()
    taken = {node.id for node in network.nodes}
    if kind in ENDS and stem not in taken:
        return stem
    return next(f"{stem}{i}" for i in range(1, len(taken) + 2) if f"{stem}{i}" not in taken)


def need(network: Network, name: object) -> Node:
    """The brick called `name`; raises EditError when there is none."""
    node = network.node(name) if isinstance(name, str) else None
    if node is None:
        raise EditError(f"there is no brick called {name!r:.60} any more")
    return node


def _put(network: Network, record: object, kinds: Kinds) -> tuple[Network, Node]:
    if not isinstance(record, Mapping):
        raise EditError("an added brick must say its kind")
    kind = record.get("kind")
    if kind not in kinds:
        raise EditError(f"there is no layer called {kind!r:.60}")
    node = node_from_json({**record, "id": record.get("id") or fresh_id(network, kind, kinds)})
    if network.node(node.id):
        raise EditError(f"there is already a brick called {node.id!r}")
    return replace(network, nodes=(*network.nodes, node)), node


def reaches(network: Network, start: str, goal: str) -> bool:
    """Does a way along the wires lead from `start` to `goal`?"""
    followers: dict[str, list[str]] = {}
    for edge in network.edges:
        followers.setdefault(edge.source, []).append(edge.target)
    return leads(followers, start, goal)


def leads(followers: Mapping[str, Sequence[str]], start: str, goal: str) -> bool:
    """Does a way lead from `start` to `goal`, where each brick leads to its followers?"""
    seen, waiting = set(), [start]
    while waiting:
        name = waiting.pop()
        if name == goal:
            return True
        if name not in seen:
            seen.add(name)
            waiting += followers.get(name, ())
    return False


def wire(network: Network, edge: Edge, kinds: Kinds) -> Network:
    """`network` with a wire; what was in that port is replaced, a port past the end of a variadic brick becomes the next free one."""
    source, target = edge.source, edge.target
    start = need(network, source)
    most, leaving = arity(need(network, target).kind, kinds)[1], arity_out(start.kind, kinds, start.params)
    if leaving == 0:
        raise EditError(f"{source!r} is where the network ends; nothing can follow it")
    if most == 0:
        raise EditError(f"{target!r} is where the network begins; nothing can lead into it")
    if source == target or reaches(network, target, source):
        raise EditError(f"a wire from {source!r} to {target!r} would run in a circle")
    if most is not None and edge.port >= most:
        raise EditError(f"{target!r} has {most} input{'s' if most > 1 else ''}; there is no input {edge.port + 1}")
    if edge.output >= leaving:
        raise EditError(f"{source!r} has {leaving} output{'s' if leaving > 1 else ''}; there is no output {edge.output + 1}")
    kept = tuple(other for other in network.edges if (other.target, other.port) != (target, edge.port))
    return close_gaps(replace(network, edges=(*kept, edge)), {target}, kinds)


def close_gaps(network: Network, targets: set[str], kinds: Kinds) -> Network:
    """Number the inputs of variadic bricks 0, 1, 2 ... again after wires were cut."""
    renumbered = {}
    for name in targets:
        node = network.node(name)
        if node and arity(node.kind, kinds)[1] is None:
            renumbered |= {edge: replace(edge, port=i) for i, edge in enumerate(network.into(name))}
    return replace(network, edges=tuple(renumbered.get(edge, edge) for edge in network.edges)) if renumbered else network


def _add(network: Network, edit: Edit, kinds: Kinds) -> Network:
    return _put(network, edit.get("node"), kinds)[0]


def _insert(network: Network, edit: Edit, kinds: Kinds) -> Network:
    old = edge_from_json(edit.get("edge"))
    if old not in network.edges:
        raise EditError(f"the wire from {old.source!r} to {old.target!r} is gone")
    network, node = _put(network, edit.get("node"), kinds)
    if arity(node.kind, kinds)[1] == 0 or arity_out(node.kind, kinds, node.params) == 0:
        raise EditError(f"{node.kind} cannot stand in the middle of a wire")
    edges = tuple(Edge(node.id, old.target, old.port) if edge == old else edge for edge in network.edges)
    return replace(network, edges=(*edges, Edge(old.source, node.id, 0, old.output)))


def _remove(network: Network, edit: Edit, kinds: Kinds) -> Network:
    ids = edit.get("ids")
    names = [need(network, name).id for name in ids] if isinstance(ids, list | tuple) else []
    if not names:
        raise EditError("nothing was chosen to remove")
    gone = set(names)
    edges = network.edges
    if edit.get("rejoin"):
        network = replace(network, edges=tuple(_rejoined(network, edge, gone) for edge in edges if edge.target not in gone))
        network = replace(network, edges=tuple(edge for edge in network.edges if edge is not None and edge.source not in gone))
    kept = tuple(edge for edge in network.edges if edge.source not in gone and edge.target not in gone)
    touched = {edge.target for edge in edges if edge.source in gone}
    network = inherited(network, gone)
    return close_gaps(Network(tuple(node for node in network.nodes if node.id not in gone), kept), touched - gone, kinds)


def inherited(network: Network, gone: set[str]) -> Network:
    """`network` with the weights of bricks that go left to the first that uses them; its params were theirs."""
    heirs: dict[str, Node] = {}
    for node in network.nodes:
        if node.of in gone and node.id not in gone and network.node(node.of):
            heirs.setdefault(node.of, node)
    if not heirs:
        return network

    def now(node: Node) -> Node:
        if node.of not in heirs:
            return node
        heir = heirs[node.of]
        return replace(node, of=heir.id) if node.id != heir.id else replace(node, of=None, params=network.node(node.of).params, frozen=network.node(node.of).frozen)

    return replace(network, nodes=tuple(map(now, network.nodes)))


def _rejoined(network: Network, edge: Edge, gone: set[str]) -> Edge:
    """The wire that takes the place of `edge` when its source goes: from what fed the first input of the bricks removed."""
    now, seen = edge, set()
    while now.source in gone and now.source not in seen:
        seen.add(now.source)
        feeding = network.into(now.source)
        if not feeding:
            return edge
        now = feeding[0]
    # In a circle of two bricks the one that stays would feed itself.
    return edge if now.source == edge.target else replace(edge, source=now.source, output=now.output)


def _connect(network: Network, edit: Edit, kinds: Kinds) -> Network:
    return wire(network, edge_from_json(edit), kinds)


def _disconnect(network: Network, edit: Edit, kinds: Kinds) -> Network:
    edge = edge_from_json(edit)
    if edge not in network.edges:
        raise EditError(f"the wire from {edge.source!r} to {edge.target!r} is gone")
    return close_gaps(replace(network, edges=tuple(e for e in network.edges if e != edge)), {edge.target}, kinds)


def _set(network: Network, edit: Edit, kinds: Kinds) -> Network:
    node = need(network, edit.get("id"))
    # Bricks that share weights have one set of parameters: the owner's.
    node = network.node(node.of) or node if node.of else node
    changes, layer = edit.get("params"), kinds.get(node.kind)
    if not isinstance(changes, Mapping):
        raise EditError("a change of parameters must name them")
    params = {**node.params, **freeze(changes)}
    if layer:
        for name in changes:
            param = layer.param(name)
            if param is None and changes[name] is not None:
                raise EditError(f"{node.kind} has no parameter {name!r:.60}")
            value = params[name]
            if value is not None and (said := param.check(param.normal(value))):
                raise EditError(said)
    kept = FrozenDict({name: value for name, value in params.items() if value is not None or name not in changes})
    return replaced(network, replace(node, params=kept))


def replaced(network: Network, node: Node) -> Network:
    """`network` with `node` in the place of the brick of its name."""
    return replace(network, nodes=tuple(node if other.id == node.id else other for other in network.nodes))


def _replace(network: Network, edit: Edit, kinds: Kinds) -> Network:
    """Another kind in the same place: wires stay, parameters that both kinds have stay; a kind without room for the wires is refused."""
    node, kind = need(network, edit.get("id")), edit.get("kind")
    if kind not in kinds:
        raise EditError(f"there is no layer called {kind!r:.60}")
    most, leaving = arity(kind, kinds)[1], arity_out(kind, kinds, node.params)
    wired = network.into(node.id)
    needed = len(wired) if most is None else max((edge.port + 1 for edge in wired), default=0)
    used = max((edge.output + 1 for edge in network.out_of(node.id)), default=0)
    if most is not None and needed > most:
        raise EditError(f"{node.id!r} has {needed} input{'s' if needed > 1 else ''} wired; {kind} has {most}, so it cannot take its place")
    if used > leaving:
        raise EditError(f"{used} output{'s' if used > 1 else ''} of {node.id!r} {'are' if used > 1 else 'is'} wired; "
                        f"{kind} has {leaving}, so it cannot take its place")
    params = FrozenDict({name: value for name, value in node.params.items() if kinds.get(kind).param(name)})
    return close_gaps(replaced(network, replace(node, kind=kind, params=params, of=None)), {node.id}, kinds)


def _rename(network: Network, edit: Edit, kinds: Kinds) -> Network:
    node, name = need(network, edit.get("id")), edit.get("to")
    if said := id_problem(name):
        raise EditError(said)
    if name != node.id and network.node(name):
        raise EditError(f"there is already a brick called {name!r}")
    edges = tuple(replace(e, source=name if e.source == node.id else e.source, target=name if e.target == node.id else e.target)
                  for e in network.edges)
    nodes = (replace(n, id=name) if n.id == node.id else replace(n, of=name) if n.of == node.id else n for n in network.nodes)
    return Network(tuple(nodes), edges)


def _move(network: Network, edit: Edit, kinds: Kinds) -> Network:
    places = edit.get("at")
    if not isinstance(places, Mapping):
        raise EditError("a move must say where each brick goes")
    moved = {name: node_from_json({**need(network, name).to_json(), "at": at}).at for name, at in places.items()}
    return replace(network, nodes=tuple(replace(n, at=moved[n.id]) if n.id in moved else n for n in network.nodes))


def _chosen(network: Network, edit: Edit) -> list[Node]:
    ids = edit.get("ids")
    nodes = [need(network, name) for name in ids] if isinstance(ids, list | tuple) else []
    if not nodes:
        raise EditError("no brick was chosen")
    return nodes


def _mute(network: Network, edit: Edit, kinds: Kinds) -> Network:
    """Mute bricks, which are bypassed then, or unmute them."""
    value = edit.get("value", True)
    if not isinstance(value, bool):
        raise EditError("a brick is muted or not: true or false")
    nodes = _chosen(network, edit)
    for node in nodes:
        if arity(node.kind, kinds)[1] == 0 or arity_out(node.kind, kinds) == 0:
            raise EditError(f"{node.id!r} cannot be muted: it is where the network {'ends' if arity_out(node.kind, kinds) == 0 else 'begins'}")
    chosen = {node.id for node in nodes}
    return replace(network, nodes=tuple(replace(node, muted=value) if node.id in chosen else node for node in network.nodes))


def _freeze(network: Network, edit: Edit, kinds: Kinds) -> Network:
    """Keep the weights of bricks as they are while the others are trained, or train them again."""
    value = edit.get("value", True)
    if not isinstance(value, bool):
        raise EditError("a brick is frozen or not: true or false")
    # Weights that are shared are their owner's to freeze.
    chosen = {node.of or node.id for node in _chosen(network, edit)}
    return replace(network, nodes=tuple(replace(node, frozen=value) if node.id in chosen else node for node in network.nodes))


def _share(network: Network, edit: Edit, kinds: Kinds) -> Network:
    """Let a brick use the weights of another one of its kind, or give it weights of its own again."""
    node, of = need(network, edit.get("id")), edit.get("of")
    if of is None:
        owner = network.node(node.of) if node.of else None
        return replaced(network, replace(node, of=None, params=owner.params if owner else node.params))
    owner = need(network, of)
    owner = network.node(owner.of) or owner if owner.of else owner
    if owner.id == node.id:
        raise EditError(f"{node.id!r} has these weights already")
    if owner.kind != node.kind:
        raise EditError(f"{node.id!r} is a {node.kind} and {owner.id!r} a {owner.kind}; only bricks of one kind can share weights")
    if node.kind in ENDS:
        raise EditError(f"{node.kind} has no weights to share")
    nodes = (replace(n, of=owner.id, frozen=False) if n.id == node.id or n.of == node.id else n for n in network.nodes)
    return replace(network, nodes=tuple(nodes))


def sharers(network: Network, name: str) -> list[str]:
    """The bricks that use the weights of the one called `name`."""
    return [node.id for node in network.nodes if node.of == name]


def _silence(network: Network, edit: Edit, kinds: Kinds) -> Network:
    """Say one kind of advice no more on one brick, or say it again."""
    node, code, value = need(network, edit.get("id")), edit.get("code"), edit.get("value", True)
    if not isinstance(code, str) or not code.strip() or len(code) > 60:
        raise EditError("which advice is not wanted must be named by its code")
    kept = tuple(other for other in node.silent if other != code)
    if value and len(kept) >= MAX_SILENT:
        raise EditError(f"{node.id!r} has {MAX_SILENT} silenced kinds of advice already")
    return replaced(network, replace(node, silent=(*kept, code) if value else kept))


def within_limits(network: Network) -> Network:
    """The network itself: what could not be opened again is not made."""
    for what, count, most in (("bricks", len(network.nodes), MAX_NODES), ("wires", len(network.edges), MAX_EDGES)):
        if count > most:
            raise EditError(f"a network may have {most:,} {what}; this one is full")
    return network


NETWORK_OPS: Mapping[str, Callable[[Network, Edit, Kinds], Network]] = {
    "add": _add, "insert": _insert, "remove": _remove, "connect": _connect, "disconnect": _disconnect, "set": _set,
    "replace": _replace, "rename": _rename, "move": _move, "mute": _mute, "silence": _silence,
    "freeze": _freeze, "share": _share}
