"""Edits: data that turns one project into the next. The canvas, the fixes and Python speak this one vocabulary.

An edit is a table with an "op": add, insert, remove, connect, disconnect, set, replace, rename, move, settings, choose_data, name, batch.
`apply` never changes its argument; it raises EditError, in words for people, when the edit does not fit the project.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from builder.catalogue import DATASETS, LAYERS, OPTIMIZERS

from .document import (
    MAX_DEPTH,
    MAX_EDGES,
    MAX_NODES,
    DocumentError,
    Edge,
    FrozenDict,
    Network,
    Node,
    Project,
    edge_from_json,
    freeze,
    id_problem,
    node_from_json,
)

Edit = Mapping[str, object]


class EditError(DocumentError):
    """An edit does not fit the project it was meant for."""


def arity(kind: str) -> tuple[int, int | None]:
    """Fewest and most inputs of a kind (None = any number); an unknown kind may have any."""
    layer = LAYERS.get(kind)
    return layer.inputs if layer else (0, None)


def fresh_id(network: Network, kind: str) -> str:
    """A free name for a new brick: the kind's stem and the smallest free number."""
    layer = LAYERS.get(kind)
    stem = (layer.stem if layer else "") or kind.lower()
    taken = {node.id for node in network.nodes}
    if kind in ("Input", "Output") and stem not in taken:
        return stem
    return next(f"{stem}{i}" for i in range(1, len(taken) + 2) if f"{stem}{i}" not in taken)


def _need(network: Network, name: object) -> Node:
    node = network.node(name) if isinstance(name, str) else None
    if node is None:
        raise EditError(f"there is no brick called {name!r:.60} any more")
    return node


def _put(network: Network, record: object) -> tuple[Network, Node]:
    if not isinstance(record, Mapping):
        raise EditError("an added brick must say its kind")
    kind = record.get("kind")
    if kind not in LAYERS:
        raise EditError(f"there is no layer called {kind!r:.60}")
    node = node_from_json({**record, "id": record.get("id") or fresh_id(network, kind)})
    if network.node(node.id):
        raise EditError(f"there is already a brick called {node.id!r}")
    return replace(network, nodes=(*network.nodes, node)), node


def _reaches(network: Network, start: str, goal: str) -> bool:
    followers: dict[str, list[str]] = {}
    for edge in network.edges:
        followers.setdefault(edge.source, []).append(edge.target)
    seen, waiting = set(), [start]
    while waiting:
        name = waiting.pop()
        if name == goal:
            return True
        if name not in seen:
            seen.add(name)
            waiting += followers.get(name, ())
    return False


def wire(network: Network, source: str, target: str, port: int) -> Network:
    """`network` with a wire; what was in that port is replaced, a port past the end of a variadic brick becomes the next free one."""
    most = arity(_need(network, target).kind)[1]
    if arity_out(_need(network, source).kind) == 0:
        raise EditError(f"{source!r} is where the network ends; nothing can follow it")
    if most == 0:
        raise EditError(f"{target!r} is where the network begins; nothing can lead into it")
    if source == target or _reaches(network, target, source):
        raise EditError(f"a wire from {source!r} to {target!r} would run in a circle")
    if most is not None and port >= most:
        raise EditError(f"{target!r} has {most} input{'s' if most > 1 else ''}; there is no input {port + 1}")
    kept = tuple(edge for edge in network.edges if (edge.target, edge.port) != (target, port))
    return _close_gaps(replace(network, edges=(*kept, Edge(source, target, port))), {target})


def arity_out(kind: str) -> int:
    """Number of outputs of a kind."""
    layer = LAYERS.get(kind)
    return layer.outputs if layer else 1


def _close_gaps(network: Network, targets: set[str]) -> Network:
    """Number the inputs of variadic bricks 0, 1, 2 ... again after wires were cut."""
    renumbered = {}
    for name in targets:
        node = network.node(name)
        if node and arity(node.kind)[1] is None:
            renumbered |= {edge: Edge(edge.source, edge.target, i) for i, edge in enumerate(network.into(name))}
    return replace(network, edges=tuple(renumbered.get(edge, edge) for edge in network.edges)) if renumbered else network


def _add(network: Network, edit: Edit) -> Network:
    return _put(network, edit.get("node"))[0]


def _insert(network: Network, edit: Edit) -> Network:
    old = edge_from_json(edit.get("edge"))
    if old not in network.edges:
        raise EditError(f"the wire from {old.source!r} to {old.target!r} is gone")
    network, node = _put(network, edit.get("node"))
    if arity(node.kind)[1] == 0 or arity_out(node.kind) == 0:
        raise EditError(f"{node.kind} cannot stand in the middle of a wire")
    edges = tuple(Edge(node.id, old.target, old.port) if edge == old else edge for edge in network.edges)
    return replace(network, edges=(*edges, Edge(old.source, node.id)))


def _remove(network: Network, edit: Edit) -> Network:
    ids = edit.get("ids")
    names = [_need(network, name).id for name in ids] if isinstance(ids, list | tuple) else []
    if not names:
        raise EditError("nothing was chosen to remove")
    gone = set(names)
    edges = network.edges
    if edit.get("rejoin"):
        network = replace(network, edges=tuple(_rejoined(network, edge, gone) for edge in edges if edge.target not in gone))
        network = replace(network, edges=tuple(edge for edge in network.edges if edge is not None and edge.source not in gone))
    kept = tuple(edge for edge in network.edges if edge.source not in gone and edge.target not in gone)
    touched = {edge.target for edge in edges if edge.source in gone}
    return _close_gaps(Network(tuple(node for node in network.nodes if node.id not in gone), kept), touched - gone)


def _rejoined(network: Network, edge: Edge, gone: set[str]) -> Edge:
    """The wire that takes the place of `edge` when its source goes: from what fed the first input of the bricks removed."""
    source, seen = edge.source, set()
    while source in gone and source not in seen:
        seen.add(source)
        feeding = network.into(source)
        if not feeding:
            return edge
        source = feeding[0].source
    # In a circle of two bricks the one that stays would feed itself.
    return edge if source == edge.target else replace(edge, source=source)


def _connect(network: Network, edit: Edit) -> Network:
    edge = edge_from_json(edit)
    return wire(network, edge.source, edge.target, edge.port)


def _disconnect(network: Network, edit: Edit) -> Network:
    edge = edge_from_json(edit)
    if edge not in network.edges:
        raise EditError(f"the wire from {edge.source!r} to {edge.target!r} is gone")
    return _close_gaps(replace(network, edges=tuple(e for e in network.edges if e != edge)), {edge.target})


def _set(network: Network, edit: Edit) -> Network:
    node = _need(network, edit.get("id"))
    changes, layer = edit.get("params"), LAYERS.get(node.kind)
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
    return _replaced(network, replace(node, params=kept))


def _replaced(network: Network, node: Node) -> Network:
    return replace(network, nodes=tuple(node if other.id == node.id else other for other in network.nodes))


def _replace(network: Network, edit: Edit) -> Network:
    """Another kind in the same place: wires stay, parameters that both kinds have stay."""
    node, kind = _need(network, edit.get("id")), edit.get("kind")
    if kind not in LAYERS:
        raise EditError(f"there is no layer called {kind!r:.60}")
    if arity(kind) != arity(node.kind) or arity_out(kind) != arity_out(node.kind):
        raise EditError(f"{kind} does not have the inputs and outputs of {node.kind}; {node.id!r} cannot become one")
    params = FrozenDict({name: value for name, value in node.params.items() if LAYERS[kind].param(name)})
    return _replaced(network, replace(node, kind=kind, params=params))


def _rename(network: Network, edit: Edit) -> Network:
    node, name = _need(network, edit.get("id")), edit.get("to")
    if said := id_problem(name):
        raise EditError(said)
    if name != node.id and network.node(name):
        raise EditError(f"there is already a brick called {name!r}")
    edges = tuple(Edge(name if e.source == node.id else e.source, name if e.target == node.id else e.target, e.port) for e in network.edges)
    return Network(tuple(replace(n, id=name) if n.id == node.id else n for n in network.nodes), edges)


def _move(network: Network, edit: Edit) -> Network:
    places = edit.get("at")
    if not isinstance(places, Mapping):
        raise EditError("a move must say where each brick goes")
    moved = {name: node_from_json({**_need(network, name).to_json(), "at": at}).at for name, at in places.items()}
    return replace(network, nodes=tuple(replace(n, at=moved[n.id]) if n.id in moved else n for n in network.nodes))


def _within_limits(network: Network) -> Network:
    """The network itself: what could not be opened again is not made."""
    for what, count, most in (("bricks", len(network.nodes), MAX_NODES), ("wires", len(network.edges), MAX_EDGES)):
        if count > most:
            raise EditError(f"a network may have {most:,} {what}; this one is full")
    return network


NETWORK_OPS: Mapping[str, Callable[[Network, Edit], Network]] = {
    "add": _add, "insert": _insert, "remove": _remove, "connect": _connect, "disconnect": _disconnect, "set": _set,
    "replace": _replace, "rename": _rename, "move": _move}


def _settings(project: Project, edit: Edit) -> Project:
    path = str(edit.get("path", ""))
    section, _, rest = path.partition(".")
    if section not in ("training", "task", "data") or not rest:
        raise EditError(f"there is no setting called {path!r:.60}")
    value = freeze(edit.get("value"))
    if value is None:
        raise EditError(f"{path} needs a value")
    if rest.count(".") >= MAX_DEPTH:
        raise EditError(f"there is no setting called {path!r:.60}")
    # Frozen again as a whole: what nests deeper than a file may is refused here, not when the file is opened next.
    return replace(project, **{section: freeze(_set_path(getattr(project, section), rest.split("."), value))})


def _set_path(table: FrozenDict, path: list[str], value: object) -> FrozenDict:
    if len(path) == 1:
        return FrozenDict({**table, path[0]: value})
    inner = table.get(path[0])
    return FrozenDict({**table, path[0]: _set_path(inner if isinstance(inner, FrozenDict) else FrozenDict(), path[1:], value)})


def _choose_data(project: Project, edit: Edit) -> Project:
    """Another data set; the training settings follow it only when they were the recommended ones for the old."""
    source = edit.get("source")
    if source not in DATASETS:
        raise EditError(f"there is no data set called {source!r:.60}; there are {', '.join(DATASETS)}")
    recipe = project.recipes.get(source)
    untouched = not project.training or project.training in project.recipes.values()
    training = recipe if recipe is not None and untouched else project.training
    return replace(project, data=FrozenDict({**project.data, "source": source}), training=training)


def _choose_optimizer(project: Project, edit: Edit) -> Project:
    """Another optimiser with its own defaults; the learning rate of the old one would mean something else there."""
    kind = edit.get("kind")
    if kind not in OPTIMIZERS:
        raise EditError(f"there is no optimiser called {kind!r:.60}; there are {', '.join(OPTIMIZERS)}")
    return replace(project, training=FrozenDict({**project.training, "optimizer": FrozenDict({"kind": kind})}))


def _name(project: Project, edit: Edit) -> Project:
    name = edit.get("value")
    if not isinstance(name, str) or not name.strip() or len(name) > 80:
        raise EditError("a project's name has 1 to 80 characters")
    return replace(project, name=freeze(name.strip()))


def _batch(project: Project, edit: Edit) -> Project:
    parts = edit.get("edits")
    if not isinstance(parts, list | tuple):
        raise EditError("a batch must hold a list of edits")
    for part in parts:
        project = apply(project, part)
    return project


PROJECT_OPS: Mapping[str, Callable[[Project, Edit], Project]] = {
    "settings": _settings, "choose_data": _choose_data, "choose_optimizer": _choose_optimizer, "name": _name, "batch": _batch}


def apply(project: Project, edit: Edit) -> Project:
    """The project after `edit`; raises EditError when it does not fit."""
    op = edit.get("op") if isinstance(edit, Mapping) else None
    try:
        if isinstance(op, str) and op in NETWORK_OPS:
            return project.with_network(_within_limits(NETWORK_OPS[op](project.network, edit)))
        if isinstance(op, str) and op in PROJECT_OPS:
            return PROJECT_OPS[op](project, edit)
    except EditError:
        raise
    except DocumentError as error:
        raise EditError(str(error)) from None
    except RecursionError:
        raise EditError("the edit nests too deep") from None
    raise EditError(f"there is no edit called {op!r:.60}")


def label(edit: Edit) -> str:
    """What undo calls this edit."""
    given = edit.get("label")
    if isinstance(given, str) and given.strip():
        return given[:80]
    match edit.get("op"), edit:
        case "add" | "insert" as op, {"node": {"kind": kind}}:
            return f"{op.capitalize()} {kind}"
        case "remove", {"ids": [only]}:
            return f"Remove {only}"
        case "remove", {"ids": ids}:
            return f"Remove {len(ids)} bricks"
        case "connect" | "disconnect" as op, {"source": source, "target": target}:
            return f"{op.capitalize()} {source} and {target}"
        case "set", {"id": name, "params": params}:
            return f"Set {', '.join(params)} of {name}"
        case "replace", {"id": name, "kind": kind}:
            return f"Replace {name} by {kind}"
        case "rename", {"id": name, "to": to}:
            return f"Rename {name} to {to}"
        case "move", {"at": places}:
            return f"Move {next(iter(places))}" if len(places) == 1 else f"Move {len(places)} bricks"
        case "settings", {"path": path}:
            return f"Set {path}"
        case "choose_data", {"source": source}:
            return f"Use {source}"
        case "choose_optimizer", {"kind": kind}:
            return f"Use {kind}"
        case "name", _:
            return "Rename project"
    return "Edit"
