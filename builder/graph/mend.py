"""All sure fixes of a project as one edit: each is tried on the project as the ones before it left it, and kept when it only mends."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from .check import Report, check
from .document import Network, Project
from .edits import Edit, EditError, apply
from .problems import Problem

MOST = 100  # fixes that one edit applies
PITCH = 84  # pixels from one brick of a column to the next


def fix_all(project: Project) -> dict[str, object] | None:
    """One batch edit "Fix N problems" that applies the sure fixes one after the other; None when there is none that helps.

    A fix is left out when its problem stays or when another error or warning comes of it on a brick that was fine.
    """
    first = report = check(project)
    edits: list[Edit] = []
    refused: set[tuple] = set()
    while len(edits) < MOST:
        problem = next((p for p in report.problems if p.sure and p.key not in refused), None)
        if problem is None:
            break
        edit = with_room(project, problem.sure.edit)
        try:
            after = apply(project, edit)
        except EditError:
            refused.add(problem.key)
            continue
        now = check(after, report)
        if mends(report, now, problem):
            edits.append({**edit, "label": problem.sure.label})
            project, report = after, now
        else:
            refused.add(problem.key)
    if not edits:
        return None
    left = {problem.key for problem in report.problems}
    count = max(len(edits), sum(problem.key not in left for problem in first.problems if problem.sure))
    return {"op": "batch", "label": f"Fix {count} problem{'' if count == 1 else 's'}", "edits": edits}


def mends(before: Report, after: Report, problem: Problem) -> bool:
    """Is the problem gone, and is there no new error or warning on a brick that could be judged before?"""
    known = {other.key for other in before.problems}
    news = [other for other in after.problems if other.key not in known]
    return problem.key not in {other.key for other in after.problems} and not any(_is_worse(before, other, problem) for other in news)


# While one of these is wrong nothing is said of how the network's end fits the data and the loss.
HIDING = ("ends", "data", "task")


def _is_worse(before: Report, other: Problem, mended: Problem) -> bool:
    """Did the fix make this problem, or could it only not be seen before?"""
    if other.severity == "advice" or other.path or mended.path:
        return other.severity == "error" and len(other.path) == len(mended.path) and other.node == mended.node
    if mended.code in HIDING or _is_open_end(before, mended):
        return False
    if mended.code == "unconnected" and other.severity == "warning":
        # How a drawing goes on could not be judged before the wire was there.
        return False
    placed = before.analysis.placed.get(other.node) if other.node else None
    if placed is None:
        return other.node is None and mended.node is None
    return placed.shape is not None and not placed.node.muted and other.node not in _unjudged(before)


def _is_open_end(before: Report, mended: Problem) -> bool:
    """Was the problem that nothing arrives at an Output? Then nothing was said of how the answer fits the data and the loss."""
    placed = before.analysis.placed.get(mended.node) if mended.node and not mended.path else None
    return placed is not None and placed.node.kind == "Output" and placed.shape is None


def _unjudged(report: Report) -> set[str]:
    """Bricks of which not all could be said: without a shape or above one without, and those behind a Linear that reads an image."""
    network = report.analysis.network
    unknown = [name for name, placed in report.analysis.placed.items() if placed.shape is None and placed.node.kind != "Output"]
    above, waiting = set(), unknown
    while waiting:
        name = waiting.pop()
        if name not in above:
            above.add(name)
            waiting += [edge.source for edge in network.into(name)]
    return above | _below(network, [problem.node for problem in report.problems if problem.code == "image" and not problem.path])


def _below(network: Network, names: list[str]) -> set[str]:
    seen, waiting = set(), list(names)
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += [edge.target for edge in network.out_of(name)]
    return seen


def with_room(project: Project, edit: Mapping[str, object]) -> dict[str, object]:
    """The edit, with bricks that it puts on wires standing right below the one before, and what is below moved down for them."""
    if not any(part.get("op") == "insert" for part in _parts(edit)):
        return dict(edit)
    edits: list[Edit] = []
    for part in _parts(edit):
        if part.get("op") == "insert":
            made = _standing(project.scope(part.get("in")), part)
            edits += made
        else:
            made = [part]
            edits.append(part)
        for one in made:
            project = apply(project, one)
    return {"op": "batch", "label": edit.get("label", ""), "edits": edits}


def _parts(edit: Mapping[str, object]) -> Iterator[Mapping[str, object]]:
    if edit.get("op") == "batch":
        for part in edit["edits"]:
            yield from _parts(part)
    else:
        yield edit


def _standing(network: Network, part: Mapping[str, object]) -> list[Edit]:
    """The insertion at its place in the column, and a move of what would be covered."""
    edge, where = part["edge"], {"in": part["in"]} if "in" in part else {}
    source, target = network.node(edge["source"]), network.node(edge["target"])
    if source is None or target is None or source.at is None or target.at is None:
        return [part]
    at = [source.at[0], source.at[1] + PITCH]
    shift = at[1] + PITCH - target.at[1]
    insertion = {**part, "node": {**part["node"], "at": at}}
    if shift <= 0 or abs(source.at[0] - target.at[0]) > 12:
        return [insertion if shift <= 0 else part]
    lower = [network.node(name) for name in sorted(_below(network, [target.id]))]
    moved = {node.id: [node.at[0], node.at[1] + shift] for node in lower if node.at is not None and node.at[1] >= target.at[1]}
    return [insertion, {"op": "move", "at": moved, **where}]
