"""Edits: data that turns one project into the next. The canvas, the fixes and Python speak this one vocabulary.

An edit is a table with an "op". Those of NETWORK_OPS change bricks and wires, of the network or, with "in", inside a block of the
project; those of BLOCK_OPS make blocks and take them apart; those of PROJECT_OPS change what the network is for. `apply` never changes
its argument; it raises EditError, in words for people, when the edit does not fit the project.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import reduce
from itertools import groupby

from builder.catalogue import LAYERS, LOSSES, OPTIMIZERS, TASKS, Dataset, losses_of
from builder.catalogue.datasets import VALIDATION

from . import blockedits, origin
from .backbone import backbone
from .bricks import NETWORK_OPS, Edit, EditError, arity, arity_out, fresh_id, within_limits
from .datasets import dataset_of, meant, used
from .document import EMPTY, MAX_DEPTH, DocumentError, FrozenDict, Network, Node, Project, freeze, nesting, weights_from_json
from .growth import grown
from .kinds import ENDS, Kinds, kinds_of

__all__ = ["NETWORK_OPS", "PROJECT_OPS", "Edit", "EditError", "apply", "arity", "arity_out", "fresh_id", "label"]


# Turns a network into the next one, given the kinds that are known in its project.
Step = Callable[[Network, Kinds], Network]


def _in_scope(project: Project, edit: Edit, op: str) -> Project:
    """An edit of bricks and wires, in the network or inside the block that "in" names."""
    known = bool(project.weights)

    def step(network: Network, kinds: Kinds) -> Network:
        after = NETWORK_OPS[op](network, edit, kinds)
        return origin.followed(network, after, edit) if known else after

    return _stepped(project, edit, step)


def _stepped(project: Project, edit: Edit, step: Step) -> Project:
    """The project with the network that `edit` is made in after `step`."""
    name, kinds = edit.get("in"), kinds_of(project.blocks)
    if name is not None and not isinstance(name, str):
        raise EditError("the block that an edit is made in must be named")
    if name is not None and name not in project.blocks and name in kinds:
        raise EditError(f"{name} belongs to the catalogue: make it yours (unlink) to change it")
    before = project.scope(name)
    after = within_limits(step(before, kinds))
    _at_home(before, after, name)
    if name is None:
        return project.with_network(after)
    changed = blockedits.changed_inside(project, name, after, edit)
    if edit["op"] in ("add", "insert", "replace"):
        nesting(changed.blocks)
    return changed


def _at_home(before: Network, after: Network, block: str | None) -> None:
    """Refuse the ends of a network inside a block, and those of a block outside."""
    wrong = "network" if block else "block"
    for node in after.nodes:
        known = before.node(node.id)
        if ENDS.get(node.kind) == wrong and (known is None or known.kind != node.kind):
            where = "inside a block; use BlockInput and BlockOutput there" if block else "outside a block; use Input and Output there"
            raise EditError(f"{node.kind} has no place {where}")


def _settings(project: Project, edit: Edit) -> Project:
    path = str(edit.get("path", ""))
    section, _, rest = path.partition(".")
    value = freeze(edit.get("value"))
    if path == "training" and isinstance(value, FrozenDict):
        return replace(project, training=value)
    if section not in ("training", "task", "data") or not rest:
        raise EditError(f"there is no setting called {path!r:.60}")
    if value is None:
        raise EditError(f"{path} needs a value")
    if path == "task.kind" and value not in TASKS:
        raise EditError(f"there is no task called {value!r:.60}; there are {', '.join(TASKS)}")
    if path == f"data.{VALIDATION.name}" and (dataset := dataset_of(project)) and dataset.valid:
        raise EditError(f"{dataset.title} came with a validation part of {dataset.valid:,} samples: none is drawn from its training part")
    if rest.count(".") >= MAX_DEPTH:
        raise EditError(f"there is no setting called {path!r:.60}")
    # Frozen again as a whole: what nests deeper than a file may is refused here, not when the file is opened next.
    after = replace(project, **{section: freeze(_set_path(getattr(project, section), rest.split("."), value))})
    # Samples of another size enter through the Inputs that fitted them before.
    return _entered(after, dataset_of(project), changed) if section == "data" and (changed := dataset_of(after)) else after


def _set_path(table: FrozenDict, path: list[str], value: object) -> FrozenDict:
    if len(path) == 1:
        return FrozenDict({**table, path[0]: value})
    inner = table.get(path[0])
    return FrozenDict({**table, path[0]: _set_path(inner if isinstance(inner, FrozenDict) else FrozenDict(), path[1:], value)})


def _choose_data(project: Project, edit: Edit) -> Project:
    """Another data set, and with it the task that it is for; an Input that fitted the old one fits the new one, and recommended training settings are
    followed by those for it.

    "source" is a registered name, or the whole section of a person's own data.
    """
    dataset, section = meant(edit.get("source"))
    recipe = project.recipes.get(section["source"])
    untouched = not project.training or project.training in project.recipes.values()
    training = recipe if recipe is not None and untouched else project.training
    # A loss of another task is not one of this; the usual one is meant where none is given.
    loss = training.get("loss")
    if isinstance(loss, Mapping) and "kind" in loss and loss["kind"] in LOSSES and loss["kind"] not in losses_of(dataset.task):
        training = FrozenDict({name: value for name, value in training.items() if name != "loss"})
    return replace(_entered(project, dataset_of(project), dataset), task=FrozenDict({**project.task, "kind": dataset.task}), data=used(project, section), training=training)


def _entered(project: Project, before: Dataset | None, after: Dataset) -> Project:
    """The Inputs that took the samples of `before` take those of `after`; one of another shape was meant so and stays."""
    entry = LAYERS["Input"]

    def fits(node: Node) -> bool:
        return node.kind == entry.kind and before is not None and entry.values(node.params)["shape"] == before.shape

    nodes = tuple(replace(node, params=FrozenDict({**node.params, "shape": after.shape})) if fits(node) else node for node in project.network.nodes)
    return project.with_network(replace(project.network, nodes=nodes)) if before and before.shape != after.shape else project


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


def _weights(project: Project, edit: Edit) -> Project:
    """Other weights to start from, or with None fresh ones."""
    value = edit.get("value")
    project = blockedits.everywhere(project, origin.forgotten) if project.weights else project
    return replace(project, weights=EMPTY if value is None else weights_from_json(value))


def _batch(project: Project, edit: Edit) -> Project:
    parts = edit.get("edits")
    if not isinstance(parts, list | tuple):
        raise EditError("a batch must hold a list of edits")
    block = edit.get("in")
    # What a part does not say for itself is made where the batch is.
    placed = [{**part, "in": block} if block is not None and isinstance(part, Mapping) and "in" not in part else part for part in parts]
    for where, run in ((where, list(run)) for where, run in groupby(placed, _grows)):
        project = _grown(project, run) if where else reduce(apply, run, project)
    return project


def _grows(part: object) -> tuple[object, ...]:
    """Where an edit only adds a brick or a wire, as a tuple of one; empty for every other edit."""
    return (part.get("in"),) if isinstance(part, Mapping) and part.get("op") in ("add", "connect") else ()


def _grown(project: Project, edits: list[Edit]) -> Project:
    """Bricks and wires added in one place, one after the other."""
    return _stepped(project, {"op": "add", "in": edits[0].get("in")}, lambda network, kinds: grown(network, edits, kinds))


PROJECT_OPS: Mapping[str, Callable[[Project, Edit], Project]] = {
    "settings": _settings, "choose_data": _choose_data, "choose_optimizer": _choose_optimizer, "name": _name,
    "weights": _weights, "backbone": backbone, "batch": _batch}


def apply(project: Project, edit: Edit) -> Project:
    """The project after `edit`; raises EditError when it does not fit."""
    op = edit.get("op") if isinstance(edit, Mapping) else None
    try:
        if isinstance(op, str) and op in NETWORK_OPS:
            return _in_scope(project, edit, op)
        if isinstance(op, str) and op in blockedits.BLOCK_OPS:
            return blockedits.BLOCK_OPS[op](project, edit)
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
    """What undo calls this edit; one inside a block says in which."""
    block = edit.get("in")
    return f"{_label(edit)} in {block[:60]}" if isinstance(block, str) and block else _label(edit)


def _label(edit: Edit) -> str:
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
        case "mute", {"ids": ids}:
            what = ids[0] if len(ids) == 1 else f"{len(ids)} bricks"
            return f"{'Mute' if edit.get('value', True) else 'Unmute'} {what}"
        case "freeze", {"ids": ids}:
            what = ids[0] if len(ids) == 1 else f"{len(ids)} bricks"
            return f"{'Freeze' if edit.get('value', True) else 'Unfreeze'} {what}"
        case "share", {"id": name, "of": str(owner)}:
            return f"Share the weights of {owner} with {name}"
        case "share", {"id": name}:
            return f"Give {name} weights of its own"
        case "silence", {"id": name}:
            return f"{'Silence' if edit.get('value', True) else 'Show'} advice on {name}"
        case "make_block", _:
            return f"Make block {edit.get('name') or ''}".strip()
        case "unpack" | "unlink" as op, {"id": name}:
            return f"{op.capitalize()} {name}"
        case "rename_block", {"block": name, "to": to}:
            return f"Rename block {name} to {to}"
        case "delete_block", {"block": name}:
            return f"Delete block {name}"
        case "promote" | "demote" as op, {"block": block, "name": name}:
            return f"{op.capitalize()} {name} of {block}"
        case "define", {"name": name}:
            return f"Define block {name}"
        case "settings", {"path": path}:
            return f"Set {path}"
        case "choose_data", {"source": {"title": str(title)}}:
            return f"Use {title}"[:80]
        case "choose_data", {"source": source}:
            return f"Use {source}"[:80]
        case "choose_optimizer", {"kind": kind}:
            return f"Use {kind}"
        case "name", _:
            return "Rename project"
        case "backbone", {"source": {"title": str(title)}}:
            return f"Use as backbone for {title}"[:80]
        case "backbone", {"source": source}:
            return f"Use as backbone for {source}"
        case "weights", {"value": {"title": title}}:
            return f"Start from {title}"[:80]
        case "weights", _:
            return "Start from fresh weights"
    return "Edit"
