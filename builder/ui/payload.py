"""What the canvas is told: the document, what follows from it, and which of its edits have arrived. Pure functions."""

from __future__ import annotations

import functools
import hashlib
import json

from builder.catalogue import catalogue_json, show
from builder.graph import Project, Report
from builder.graph.analysis import Placed

from . import bundle
from .workspace import Workspace


def node_json(placed: Placed, report: Report, problems: list[dict[str, object]]) -> dict[str, object]:
    """One brick's labels; shares are of the whole network's parameters and multiply-adds, 0 to 1."""
    (params, macs), shape = placed.cost, placed.shape
    known = placed.layer is not None
    return {"shape": show(shape), "sizes": None if shape is None else list(shape[1:]), "params": params, "macs": macs,
            "params_share": params / report.params if report.params else 0.0, "macs_share": macs / report.macs if report.macs else 0.0,
            "key": placed.layer.key(placed.node.params) if known else "", "formula": list(placed.inference.steps) if placed.inference else [],
            "explain": placed.layer.explain(placed.inference) if known and placed.layer.words and shape else "",
            "problems": problems}


def analysis_json(report: Report) -> dict[str, object]:
    """Every brick's labels, all problems in order, and the totals."""
    problems = [problem.to_json() for problem in report.problems]
    of: dict[str, list[dict[str, object]]] = {}
    for problem in problems:
        of.setdefault(problem["node"], []).append(problem)
    nodes = {name: node_json(placed, report, of.get(name, [])) for name, placed in report.analysis.placed.items()}
    layers = sum(placed.node.kind not in ("Input", "Output") for placed in report.analysis.placed.values())
    return {"nodes": nodes, "problems": problems,
            "totals": {"params": report.params, "macs": report.macs, "bytes": report.bytes, "layers": layers}}


def document_json(project: Project) -> dict[str, object]:
    """Bricks and wires of the project's network."""
    return project.network.to_json()


def canvas_json(workspace: Workspace, client: str | None) -> dict[str, object]:
    """The canvas's whole `data`; `client` is the canvas whose edits were last received in this browser session."""
    ack, refused = workspace.ack(client)
    history = workspace.history
    return {"load_id": workspace.load_id, "revision": history.revision, "ack": ack, "refused": refused,
            "document": document_json(history.project), "analysis": analysis_json(workspace.report()), "history": history.names(),
            "catalogue": {"url": catalogue_url()}, "editable": True}


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
