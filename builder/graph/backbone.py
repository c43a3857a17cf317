"""A network as a backbone: its last learned layer gives a score a class of another data set, and the rest may stay as it learned to be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from builder.catalogue import BATCH, LAYERS, Dataset, show

from . import blockedits
from .analysis import Analysis, Placed, analyse
from .bricks import NETWORK_OPS, Edit, EditError, fresh_id
from .datasets import meant, used
from .document import FrozenDict, Network, Node, Project
from .kinds import OUTPUT, kinds_of

# What turns the features of the last learned layer into scores: its kind and the parameter that says how many it gives.
HEADS = {"Linear": "out_features", "Conv2d": "out_channels"}
GREY = 1  # channels of a picture without colours


def backbone(project: Project, edit: Edit) -> Project:
    """The project with a head for the classes of the data set "source", an Input that takes its samples, and the rest frozen with "freeze".

    Weights are not touched: those of the old head have other shapes and do not fit any more. Raises EditError where there is no head to replace
    or the samples cannot go through.
    """
    (dataset, section), freeze = meant(edit.get("source")), edit.get("freeze", False)
    if dataset.task == "segmentation":
        raise EditError(f"{dataset.title} is for segmentation: a backbone gets a head that gives one answer a sample; draw the bricks that give one a pixel yourself")
    if dataset.task == "detection":
        raise EditError(f"{dataset.title} is for detection: a backbone gets a head that gives one answer a sample; draw the bricks that give one for every cell of a grid yourself")
    if not isinstance(freeze, bool):
        raise EditError("the other bricks are frozen or not: true or false")
    project = _single(project)
    path = _head(_analysed(project))
    project, path = _made_own(project, path)
    project = _with_classes(project, path, dataset.answers)
    project = _frozen(project, path, freeze)
    project = _entered(project, dataset)
    return replace(project, task=FrozenDict({"kind": dataset.task}), data=used(project, section))


def _analysed(project: Project) -> Analysis:
    return analyse(project.network, kinds_of(project.blocks))


def _single(project: Project) -> Project:
    """The project with one Input and one Output; answers that are given in training only go, with what only they need."""
    network = project.network
    inputs = [node.id for node in network.nodes if node.kind == "Input"]
    late = [node.id for node in network.nodes if node.kind == "Output" and node.params.get("when") == "training"]
    always = [node.id for node in network.nodes if node.kind == "Output" and node.id not in late]
    for names, what in ((inputs, "Input"), (always, "Output")):
        if len(names) != 1:
            raise EditError(f"a network for classification has one {what}, this one has {len(names)}: {', '.join(names[:6]) or 'none'}")
    if not late:
        return project
    before = _analysed(project).used
    network = _without(network, late)
    after = analyse(network, kinds_of(project.blocks)).used
    return project.with_network(_without(network, [name for name in before - after if network.node(name)]))


def _without(network: Network, names: Sequence[str]) -> Network:
    gone = set(names)
    return Network(tuple(node for node in network.nodes if node.id not in gone),
                   tuple(edge for edge in network.edges if edge.source not in gone and edge.target not in gone))


def _head(analysis: Analysis) -> tuple[str, ...]:
    """The way to the last learned layer: block instances from the outermost in, then the brick."""
    end = next(node for node in analysis.network.nodes if node.kind in ("Output", OUTPUT))
    for placed in _upwards(analysis, end.id):
        node = placed.node
        if node.kind in HEADS and (node.kind == "Linear" or placed.layer.values(node.params)["kernel_size"] == 1):
            return (node.of or node.id,)
        if placed.body is not None and len(placed.body.outputs) == 1:
            inner = placed.body.runs[-1][0]
            if any(one.cost[0] for one in inner.placed.values()):
                if len(placed.body.runs) > 1 or placed.body.runs[0][1] > 1:
                    raise EditError(f"the last learned layer is inside {node.id!r}, which is several copies in a row: unpack it first")
                return (node.id, *_head(inner))
        if placed.cost[0]:
            raise EditError(f"the last learned layer is {node.id!r}, a {node.kind}: a backbone ends in a Linear or a 1×1 Conv2d; insert a Linear behind it")
    raise EditError(f"no Linear and no 1×1 Conv2d leads to {end.id!r} alone: insert a Linear before it")


def _upwards(analysis: Analysis, name: str) -> Iterator[Placed]:
    """The bricks above, the nearest first, as long as one wire alone leads there; one without weights whose inputs are several ends it."""
    while len(edges := analysis.network.into(name)) == 1:
        name = edges[0].source
        placed = analysis.placed[name]
        if placed.layer is None:
            return
        if not placed.node.muted:
            yield placed


def _made_own(project: Project, path: tuple[str, ...]) -> tuple[Project, tuple[str, ...]]:
    """The blocks on a path unlinked where they belong to the catalogue or to other instances too, so that the head changes here only."""
    scope: str | None = None
    for name in path[:-1]:
        kind = project.scope(scope).node(name).kind
        if kind not in project.blocks or blockedits.uses(project, kind) > 1:
            project = blockedits.BLOCK_OPS["unlink"](project, {"op": "unlink", "id": name, **_in(scope)})
        scope = project.scope(scope).node(name).kind
    return project, path


def _in(scope: str | None) -> dict[str, str]:
    return {} if scope is None else {"in": scope}


def _scopes(project: Project, path: Sequence[str]) -> Iterator[tuple[str | None, str]]:
    """(the block that a part of the path stands in, that part)."""
    scope: str | None = None
    for name in path:
        yield scope, name
        scope = project.scope(scope).node(name).kind


def _edited(project: Project, scope: str | None, edit: Edit) -> Project:
    network = NETWORK_OPS[edit["op"]](project.scope(scope), edit, kinds_of(project.blocks))
    return project.with_network(network) if scope is None else blockedits.changed_inside(project, scope, network, edit)


def _with_classes(project: Project, path: tuple[str, ...], classes: int) -> Project:
    steps = list(_scopes(project, path))
    scope, name = steps[-1]
    node = project.scope(scope).node(name)
    project = _edited(project, scope, {"op": "set", "id": name, "params": {HEADS[node.kind]: classes}})
    # Where the number is a parameter of the block, the instance says it, from the inside out.
    for (above, instance), inner in zip(reversed(steps[:-1]), reversed(path[1:]), strict=True):
        kind = project.scope(above).node(instance).kind
        promoted = next((one.name for one in project.blocks[kind].params if (inner, HEADS[node.kind]) in one.of), None)
        if promoted is not None and promoted in project.scope(above).node(instance).params:
            project = _edited(project, above, {"op": "set", "id": instance, "params": {promoted: classes}})
    return project


def _frozen(project: Project, path: tuple[str, ...], freeze: bool) -> Project:
    """The head trained, and with `freeze` nothing else: every brick with weights beside the path."""
    for scope, name in list(_scopes(project, path)):
        others = [node.id for node in project.scope(scope).nodes if node.id != name and _learns(project, node)]
        project = _edited(project, scope, {"op": "freeze", "ids": [name], "value": False})
        if freeze and others:
            project = _edited(project, scope, {"op": "freeze", "ids": others, "value": True})
    return project


def _learns(project: Project, node: Node) -> bool:
    """Has a brick weights of its own, or bricks with weights inside?"""
    layer = kinds_of(project.blocks).get(node.kind)
    return layer is not None and node.of is None and (bool(layer.block) or layer.weights != "0")


def _entered(project: Project, dataset: Dataset) -> Project:
    """The Input takes the samples of a data set; where the network's layers are made for more channels or pixels, these are made right behind it.

    Of the ways that lead to one score a class the first is taken under which every brick keeps the weights that it has room for, else the first.
    """
    entry = next(node for node in project.network.nodes if node.kind == "Input")
    before, params = LAYERS["Input"].values(entry.params)["shape"], _params(project)
    plain = _edited(project, None, {"op": "set", "id": entry.id, "params": {"shape": dataset.shape, "dtype": None}})
    wanted = (BATCH, dataset.answers)
    ways = [plain, *(_adapted(plain, entry.id, before, dataset.shape) if len(before) == len(dataset.shape) == 3 else ())]
    able = [way for way in ways if _answer(way) == wanted]
    if not able:
        raise EditError(f"samples of {dataset.title} ({show((BATCH, *dataset.shape))}) cannot go through this network: {_reason(plain, wanted)}")
    return next((way for way in able if _params(way) == params), able[0])


def _params(project: Project) -> list[int]:
    """What every brick with weights has of them, in the order they run."""
    analysis = _analysed(project)
    return [placed.cost[0] for name, placed in analysis.placed.items() if name in analysis.used and placed.cost[0]]


def _answer(project: Project) -> tuple[int, ...] | None:
    """The shape of what leaves the network."""
    return _analysed(project).shape(next(node.id for node in project.network.nodes if node.kind == "Output"))


def _reason(project: Project, wanted: tuple[int, ...]) -> str:
    analysis = _analysed(project)
    end = next(node.id for node in project.network.nodes if node.kind == "Output")
    if analysis.shape(end) is not None:
        return f"it gives {show(analysis.shape(end))}, and one score a class is {show(wanted)}"
    placed = next((one for one in analysis.placed.values() if one.inference is not None and one.inference.problems), None)
    return f"{placed.node.id}: {placed.inference.problems[0].says}" if placed else "a brick of it has no shape yet"


def _adapted(project: Project, entry: str, before: Sequence[int], shape: Sequence[int]) -> Iterator[Project]:
    """The project with the samples brought to the old channels, to the old size, or both."""
    channels = [("Expand", {"sizes": (-1, before[0], -1, -1)})] if shape[0] == GREY < before[0] else []
    size = [] if tuple(shape[1:]) == tuple(before[1:]) else [("Upsample", {"size": before[1] if before[1] == before[2] else tuple(before[1:]), "scale_factor": None, "mode": "bilinear"})]
    ways = (channels, size, [*channels, *size] if channels and size else [])
    yield from (_behind(project, entry, bricks) for bricks in ways if bricks)


def _behind(project: Project, entry: str, bricks: Sequence[tuple[str, Mapping[str, object]]]) -> Project:
    """The project with bricks one after the other right behind its Input."""
    network, kinds = project.network, kinds_of(project.blocks)
    source, readers = entry, network.out_of(entry)
    for kind, params in bricks:
        name = fresh_id(network, kind, kinds)
        network = NETWORK_OPS["add"](network, {"node": {"id": name, "kind": kind, "params": dict(params)}}, kinds)
        network = NETWORK_OPS["connect"](network, {"source": source, "target": name}, kinds)
        source = name
    for edge in readers:
        network = NETWORK_OPS["connect"](network, {"source": source, "target": edge.target, "port": edge.port}, kinds)
    return project.with_network(network)
