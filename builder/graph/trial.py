"""Fixes held against each other: each is tried on the drawing, and the ones that leave least to mend come first."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from .document import Project
from .edits import EditError, apply
from .problems import Fix, Problem

if TYPE_CHECKING:
    from .check import Report

Judge = Callable[[Project], "Report"]
Score = tuple[int, int, int, int]

# What a wrong size or shape can be mended by in several ways, some of which only move the mistake further down.
CHOICES = frozenset({"window", "channels", "spatial", "rank", "image", "groups", "dim", "padding", "unconnected"})
# A warning at the brick where an error begins: its fix may be the one that mends the error.
BEGINNINGS = frozenset({"gaps"})
OFFERED = 4
# A trial costs a check of what the fix changes: so many bricks are looked at again for one answer at most.
MOST_BRICKS, MOST_TRIED = 900, 24


@dataclass(frozen=True)
class Trial:
    """A fix and what is left after it: bricks without a shape, errors, warnings, advice."""

    fix: Fix
    score: Score
    left: frozenset[tuple]


def weighed(project: Project, report: Report, judge: Judge) -> tuple[Problem, ...]:
    """The report's problems: of their fixes those that leave least first, without those that break something else where another does not.

    What is gone once the axes of the Input are right is left out: it follows from them.
    """
    problems = _following(project, report, judge)
    tried: dict[int, list[Trial]] = {}
    room = min(MOST_TRIED, MOST_BRICKS // max(1, len(report.analysis.placed)))
    choices = [i for i, problem in enumerate(problems) if problem.severity == "error" and problem.code in CHOICES and _choice(problem)]
    begun = [i for i, problem in enumerate(problems) if problem.code in BEGINNINGS] if choices else []
    for i in [*choices, *begun]:
        fixes = _choice(problems[i])
        if len(fixes) <= room and (len(fixes) > 1 or begun or len(choices) > 1):
            room -= len(fixes)
            tried[i] = list(_trials(project, fixes, judge))
    return tuple(_ordered(problem, i, tried) if i in choices else problem for i, problem in enumerate(problems))


def _choice(problem: Problem) -> Sequence[Fix]:
    """The fixes that are held against each other: of a missing wire the sources, for to take the brick away is another matter."""
    return [fix for fix in problem.fixes if fix.edit.get("op") != "remove"] if problem.code == "unconnected" else problem.fixes


def _trials(project: Project, fixes: Sequence[Fix], judge: Judge) -> Iterator[Trial]:
    for fix in fixes:
        try:
            after = judge(apply(project, fix.edit))
        except EditError:
            continue
        shapeless = sum(placed.shape is None for placed in after.analysis.placed.values())
        counts = [sum(problem.severity == severity for problem in after.problems) for severity in ("error", "warning", "advice")]
        yield Trial(fix, (shapeless, *counts), frozenset(problem.key for problem in after.problems))


def _ordered(problem: Problem, place: int, tried: Mapping[int, Sequence[Trial]]) -> Problem:
    mine = sorted(tried.get(place, ()), key=lambda trial: (trial.score[:2], not trial.fix.sure, trial.score))
    if not mine:
        return replace(problem, fixes=tuple(_once_sure(problem.fixes[:OFFERED])))
    # Where another problem's fix mends this one too and leaves less, it is where the mistake was made.
    others = [trial for i, trials in tried.items() if i != place for trial in trials
              if problem.key not in trial.left and trial.score[:3] < mine[0].score[:3]]
    best = [replace(min(others, key=lambda trial: trial.score).fix, sure=False)] if others else []
    kept = [trial.fix for trial in mine if trial.score[:2] == mine[0].score[:2]]
    rest = [fix for fix in problem.fixes if fix not in _choice(problem)]
    return replace(problem, fixes=tuple(_once_sure([*best, *kept][:OFFERED] + rest)))


def _once_sure(fixes: Sequence[Fix]) -> Iterator[Fix]:
    """Of several ways that each would do, one is taken unasked."""
    seen = False
    for fix in fixes:
        yield replace(fix, sure=False) if seen and fix.sure else fix
        seen |= fix.sure


def _following(project: Project, report: Report, judge: Judge) -> Sequence[Problem]:
    """The problems without the errors of shapes that an Input with too few axes, or with them in another order, brings about further down."""
    first = next((problem for problem in report.problems if problem.code == "data" and problem.node and problem.sure and _is_muddled(report, problem)), None)
    shaped = [problem for problem in report.problems if problem.code in CHOICES and problem.severity == "error"]
    if first is None or not shaped or len(report.analysis.placed) > MOST_BRICKS:
        return report.problems
    left = {problem.key for problem in judge(apply(project, first.sure.edit)).problems}
    return [problem for problem in report.problems if problem not in shaped or problem.key in left]


def _is_muddled(report: Report, problem: Problem) -> bool:
    """Has the Input another number of axes than the samples, or the same sizes in another order?"""
    given, meant = report.analysis.placed[problem.node].shape[1:], tuple(problem.sure.edit["params"]["shape"])
    return len(given) != len(meant) or sorted(given) == sorted(meant)
