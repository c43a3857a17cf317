"""What the canvas is told: the document, what follows from it, and which of its edits have arrived. Pure functions."""

from __future__ import annotations

import functools
import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from builder.catalogue import OWN, Inference, Layer, catalogue_json, show
from builder.graph import Analysis, Edge, FrozenDict, Network, Node, Problem, Project, Report, dataset_of
from builder.graph.analysis import Placed, opened
from builder.graph.document import MAX_NESTING, thaw
from builder.graph.memo import by_identity

from . import bundle
from .workspace import Workspace


@by_identity(20_000)
def node_json(placed: Placed, *problems: dict[str, object]) -> dict[str, object]:
    """One brick's labels, for as long as it stands the same object. What share of the whole it has is worked out where it is drawn: it changes with every other brick."""
    (params, macs), shape = placed.cost, placed.shape
    known = placed.layer is not None
    record = {"shape": show(shape), "sizes": None if shape is None else list(shape[1:]), "params": params, "macs": macs,
              "key": _key(placed.layer, placed.node.params) if known else "", "formula": _formula(placed.inference) if placed.inference else [],
              "explain": _explained(placed) if known else "", "problems": list(problems), "live": None}
    if known and (leaving := placed.layer.leaving(placed.node.params)) > 1:
        record["outputs"] = [show(placed.gives(output)) for output in range(leaving)]
    if placed.trained < params:
        record["trainable"] = placed.trained
    if known and (when := placed.layer.param("when")) and not placed.layer.outputs and placed.node.params.get(when.name) == "training":
        record["late"] = True
    if placed.node.muted:
        record["muted"] = True
    if placed.body is not None:
        inside = placed.body.runs[0][0].placed.values() if placed.body.runs else ()
        record["inner"] = sum(not (brick.layer and brick.layer.scope) for brick in inside)
    return record


@by_identity(5_000)
def _formula(inference: Inference) -> list[str]:
    return list(inference.steps)


@by_identity(5_000)
def _key(layer: Layer, params: FrozenDict) -> str:
    return layer.key(params)


@by_identity(5_000)
def _in_words(layer: Layer, inference: Inference) -> str:
    return layer.explain(inference)


@by_identity(5_000)
def problem_json(problem: Problem) -> dict[str, object]:
    """A problem for the canvas, one object for as long as it stands."""
    return problem.to_json()


@by_identity(20_000)
def _record(part: Node | Edge) -> dict[str, object]:
    return part.to_json()


@by_identity(64)
def _records(parts: Sequence[Node | Edge]) -> list[dict[str, object]]:
    return [_record(part) for part in parts]


def network_json(network: Network) -> dict[str, object]:
    """Bricks and wires as they stand in a file; what an edit left alone are the objects that were there before."""
    return {"nodes": _records(network.nodes), "edges": _records(network.edges)}


def _explained(placed: Placed) -> str:
    if placed.node.muted:
        return f"Muted: what comes in goes on unchanged, and {placed.node.kind} is left out of the network."
    return _in_words(placed.layer, placed.inference) if placed.shape and (placed.layer.words or placed.body) else ""


def analysis_json(report: Report, path: Sequence[str] = ()) -> dict[str, object]:
    """Labels of every brick of the drawing that `path` opens, all problems of the project in order, and the totals."""
    path, analysis = opened(report.analysis, path)
    problems = [problem_json(problem) for problem in report.problems]
    of: dict[str, list[dict[str, object]]] = {}
    for problem in problems:
        of.setdefault(_shown_on(problem, path), []).append(problem)
    nodes = {name: node_json(placed, *of.get(name, ())) for name, placed in analysis.placed.items()}
    layers = sum(not (placed.layer and placed.layer.scope) for placed in report.analysis.placed.values())
    return {"nodes": nodes, "problems": problems, "silenced": [problem.to_json() for problem in report.silenced],
            "totals": {"params": report.params, "trainable": report.trainable, "macs": report.macs, "bytes": report.bytes, "layers": layers}}


def _shown_on(problem: dict[str, object], path: Sequence[str]) -> str | None:
    """The brick of the drawing at `path` that a problem is shown on: its own, or the block that it is inside of."""
    whole = (*problem["path"], problem["node"])
    return whole[len(path)] if tuple(problem["path"][:len(path)]) == tuple(path) else None


def _steps(analysis: Analysis, path: Sequence[str]) -> Iterator[tuple[str, str]]:
    """(instance, its kind) along a path that can be opened."""
    for i, name in enumerate(path):
        yield name, opened(analysis, path[:i])[1].network.node(name).kind


def place_json(project: Project, report: Report, path: Sequence[str]) -> dict[str, object]:
    """Where the canvas is: the way into blocks as far as it leads, what is drawn there, and whether it can be changed."""
    path, inside = opened(report.analysis, path)
    steps = list(_steps(report.analysis, path))
    kind = steps[-1][1] if steps else None
    own = kind in project.blocks
    # Of a block of the project its definition is shown, not one instance with its values: that is what is edited.
    network: Network = project.scope(kind) if own or kind is None else inside.network
    catalogue = next((kind for _, kind in steps if kind not in project.blocks), None)
    locked = f"{catalogue} belongs to the catalogue: unlink it to make it yours" if catalogue else None
    return {"path": list(path), "document": network_json(network), "scope": kind if own and not catalogue else None, "locked": locked, "editable": locked is None,
            "crumbs": [{"id": name, "kind": kind, "title": f"{kind} ({name})"} for name, kind in steps]}


def _ways(project: Project) -> dict[str, list[str]]:
    """The instances to open, outermost first, to see the inside of each block; blocks that the network does not use have none."""
    ways: dict[str, list[str]] = {}
    waiting = [(project.network, [])]
    for network, path in waiting:
        for node in network.nodes:
            if node.kind in project.blocks and node.kind not in ways:
                ways[node.kind] = [*path, node.id]
                waiting.append((project.blocks[node.kind].network, ways[node.kind]))
    return ways


def blocks_json(project: Project, report: Report) -> dict[str, object]:
    """The project's own blocks as layers, each with the number of its instances, the way to one, and what its parameters set inside."""
    if not project.blocks:
        return {}
    ways = _ways(project)
    inside = [block.network for block in project.blocks.values()]
    uses = Counter(node.kind for network in (*project.networks.values(), *inside) for node in network.nodes)
    return {name: {**layer.to_json(), "uses": uses[name], "way": ways.get(name, []),
                   "promoted": {promoted.name: [list(target) for target in promoted.of] for promoted in project.blocks[name].params}}
            for name, layer in report.analysis.kinds.own().items()}


def wanted_path(asked: object, load_id: str) -> tuple[str, ...]:
    """The block instances that a canvas asked to open; none when it asked for another project's, or not in a form that can be read."""
    if not isinstance(asked, Mapping) or asked.get("load_id") != load_id or not isinstance(asked.get("path"), list):
        return ()
    return tuple(name for name in asked["path"][:MAX_NESTING] if isinstance(name, str))


def wanted_peek(asked: object, load_id: str) -> str | None:
    """The block instance that a canvas asked to show the inside of where it stands, or None."""
    peek = asked.get("peek") if isinstance(asked, Mapping) and asked.get("load_id") == load_id else None
    return peek if isinstance(peek, str) else None


def peek_json(report: Report, path: Sequence[str], peek: str | None) -> dict[str, object] | None:
    """The inside of the block instance `peek` of the drawing at `path`, with its own values; None when there is nothing to open."""
    whole = (*path, peek) if peek is not None else ()
    way, inner = opened(report.analysis, whole)
    if not whole or way != whole:
        return None
    return {"id": peek, "document": network_json(inner.network), "infos": {name: node_json(placed) for name, placed in inner.placed.items()}}


def canvas_json(workspace: Workspace, client: str | None, path: Sequence[str] = (), peek: str | None = None) -> dict[str, object]:
    """The canvas's whole `data`; `client` is the canvas whose edits were last received in this browser session, `path` what it opened,
    `peek` the block whose inside it shows beside it."""
    ack, refused = workspace.ack(client)
    history, report = workspace.history, workspace.report()
    project = history.project
    place = place_json(project, report, path)
    return {"load_id": workspace.load_id, "revision": history.revision, "ack": ack, "refused": refused,
            "conflicts": workspace.conflicts(client), **place,
            "analysis": analysis_json(report, place["path"]), "history": history.names(), "catalogue": {"url": catalogue_url()},
            "blocks": blocks_json(project, report), "peek": peek_json(report, place["path"], peek),
            "definitions": {name: block.to_json() for name, block in project.blocks.items()},
            "settings": {"source": project.data.get("source"), "task": project.task.get("kind"),
                         "weights": project.weights.get("title"), **own_data(project)}}


def own_data(project: Project) -> dict[str, object]:
    """What the canvas must know of a person's own data, which are in no catalogue: the `data` section, where it is one."""
    return {"own": thaw(project.data)} if project.data.get("source") == OWN and dataset_of(project) else {}


@functools.cache
def catalogue_url() -> str:
    """Address of the catalogue as a static file, named by its content, written when it is missing."""
    text = json.dumps(catalogue_json(), ensure_ascii=False)
    name = f"catalogue-{hashlib.sha256(text.encode()).hexdigest()[:12]}.json"
    path = bundle.STATIC / name
    if not path.is_file():
        for old in bundle.STATIC.glob("catalogue-*.json"):
            old.unlink(missing_ok=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_suffix(".tmp")
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(path)
    return bundle.static_url(name)
