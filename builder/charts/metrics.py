"""What a confusion matrix says of every class and of all of them: precision, recall and F1."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class ClassMetrics:
    """One class: of what was called so the share that is so, of what is so the share that was called so, their harmonic mean, and its samples.

    None where there is nothing to take a share of.
    """

    name: str
    precision: float | None
    recall: float | None
    f1: float | None
    samples: int


def by_class(confusion: Sequence[Sequence[int]], names: Sequence[str]) -> list[ClassMetrics]:
    """A record a class; confusion[i][j] counts the samples of class i called j."""
    called = [sum(column) for column in zip(*confusion, strict=True)]
    rows = []
    for i, row in enumerate(confusion):
        right, samples = row[i], sum(row)
        f1 = 2 * right / (samples + called[i]) if samples + called[i] else None
        rows.append(ClassMetrics(names[i] if i < len(names) else str(i), _share(right, called[i]), _share(right, samples), f1, samples))
    return rows


def macro_f1(confusion: Sequence[Sequence[int]]) -> float | None:
    """The mean F1 of the classes that are there or were named, each counting as much as the others."""
    known = [row.f1 for row in by_class(confusion, ()) if row.f1 is not None]
    return sum(known) / len(known) if known else None


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
