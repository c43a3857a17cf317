"""A drawing as a picture: the text that graphviz's `dot` lays out. No torch, and no problem stops it."""

from __future__ import annotations

from collections.abc import Iterator

from builder.catalogue import show
from builder.graph import Project, check
from builder.graph.analysis import Placed

STYLE = """\
    graph [rankdir=TB, nodesep=0.35, ranksep=0.4]
    node [shape=box, style="rounded,filled", color="#c3c8d2", fillcolor="#f4f5f7", fontname="Helvetica", fontsize=11, margin="0.16,0.07"]
    edge [color="#8b92a0", fontcolor="#596070", fontname="Helvetica", fontsize=9, arrowsize=0.7]"""
LEARNS, WRONG = 'fillcolor="#e6e8fb"', 'color="#d0342c", penwidth=1.6'


def quoted(*lines: str) -> str:
    """Lines of text as one string of the dot language, centred under each other."""
    printable = ("".join(c if c.isprintable() else " " for c in line) for line in lines)
    return '"' + "\\n".join(line.replace("\\", "\\\\").replace('"', '\\"') for line in printable) + '"'


def dot(project: Project) -> str:
    """The network for `dot`: a box a brick, a line a wire with its shape; bricks that learn are tinted, wrong ones have a red border."""
    report = check(project)
    wrong = {problem.node for problem in report.errors}
    placed = report.analysis.placed
    bricks = [_brick(brick, name in wrong) for name, brick in placed.items()]
    wires = [f"    {quoted(e.source)} -> {quoted(e.target)} [label={quoted(' ' + show(placed[e.source].shape))}]"
             for e in project.network.edges]
    return "\n".join([f"digraph {quoted(project.name)} {{", STYLE, *bricks, *wires, "}", ""])


def _brick(placed: Placed, wrong: bool) -> str:
    attributes = [f"label={quoted(*_label(placed))}", *([LEARNS] if placed.cost[0] else []), *([WRONG] if wrong else [])]
    return f"    {quoted(placed.node.id)} [{', '.join(attributes)}]"


def _label(placed: Placed) -> Iterator[str]:
    key = placed.layer.key(placed.node.params) if placed.layer else ""
    yield placed.node.id
    yield f"{placed.node.kind} {key}".strip()
    if count := placed.cost[0]:
        yield f"{count:,} parameters"
