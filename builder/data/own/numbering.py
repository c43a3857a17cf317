"""Which numbers of masks are which classes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy

from builder.catalogue.datasets import IGNORED

from ..records import DataError
from .report import class_name

LEVELS = 256
GAP = 10  # numbers in a row that may be missing between two classes
VOID = frozenset({"void", "unlabelled", "unlabeled", "ignore", "ignored", "ignore region"})


@dataclass(frozen=True)
class Numbering:
    """`table` says for each number of a mask its class, or IGNORED; `wrong` are masks, by their place, with the numbers that are no class."""

    table: numpy.ndarray
    classes: tuple[str, ...]
    wrong: Mapping[int, list[int]]
    notes: tuple[str, ...]


def numbered(areas: numpy.ndarray, names: Mapping[int, str], ignore: int | None) -> Numbering:
    """The classes of masks by `areas` (N 256), how many pixels of each have which number.

    With `names` the classes are those; without, each number that occurs, but for 255 (that is of no class, unless masks hold just 0 and 255), `ignore`, and
    numbers far beyond the others in few masks, which are wrong. Raises DataError when no class is left.
    """
    there = [int(number) for number in numpy.flatnonzero(areas.any(0))]
    notes: list[str] = []
    if names:
        ignored = {number for number, name in names.items() if name.casefold() in VOID} | {ignore} - {None}
        known = [number for number in sorted(names) if number not in ignored]
        ignored |= {IGNORED} - set(known)
        texts = [class_name(names[number]) for number in known]
    else:
        two = set(there) == {0, IGNORED} and ignore is None
        ignored = set() if two else {IGNORED, *([] if ignore is None else [ignore])}
        known = _without_far(areas, [number for number in there if number not in ignored])
        texts = list(map(str, known))
        if known and known != list(range(len(known))):
            notes.append(f"The masks hold the numbers {', '.join(texts[:12])}{' …' if len(texts) > 12 else ''}; each is a class.")
    if not known:
        raise DataError("the masks hold no class: every pixel is " + ("255, which is of none" if there else "missing"))
    if known[-1] >= LEVELS or len(known) > IGNORED:
        raise DataError(f"a mask has at most {IGNORED} classes, numbered from 0 to 255; there are {len(known):,}, up to {known[-1]:,}")
    if len(set(texts)) < len(texts):
        raise DataError("two classes of the masks have one name")
    table = numpy.full(LEVELS, IGNORED, numpy.uint8)
    table[known] = numpy.arange(len(known), dtype=numpy.uint8)
    if said := sorted(ignored & set(there)):
        notes.append(f"Pixels of {', '.join(map(str, said))} are of no class: they are neither learned nor counted.")
    foreign = [number for number in there if number not in known and number not in ignored]
    wrong = {int(mask): [number for number in foreign if areas[mask, number]] for mask in numpy.flatnonzero(areas[:, foreign].any(1))} if foreign else {}
    empty = [name for number, name in zip(known, texts, strict=True) if number not in there]
    if empty:
        notes.append(f"No pixel is of {', '.join(map(repr, empty[:6]))}{' …' if len(empty) > 6 else ''}.")
    return Numbering(table, tuple(texts), wrong, tuple(notes))


def _without_far(areas: numpy.ndarray, numbers: list[int]) -> list[int]:
    """Numbers up to the first wide gap, or all of them where what is beyond it occurs in most masks: then they are levels of grey."""
    before = -1
    for place, number in enumerate(numbers):
        if number - before > GAP + 1:
            beyond = areas[:, numbers[place:]].any(1).sum()
            return numbers if 2 * beyond > len(areas) or not place else numbers[:place]
        before = number
    return numbers
