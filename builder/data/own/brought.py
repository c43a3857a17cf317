"""What has been read of a person's data, whatever it was read from; what part, size and picture it gets."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy

from ..records import DataError
from .choices import Choices
from .pile import Pile, must_fit
from .report import Broken
from .split import TEST, TRAIN, VALID, split
from .tiles import Tiles

LARGE = 1_000_000_000  # bytes of all samples, up to which a size that all pictures have is kept without being asked for
MOST_SAID = 1000  # broken items that are kept by name
SIDES = (28, 32, 48, 64, 96, 128, 160, 224)
USUAL_BYTES = 100_000_000  # what a suggested size stays below


@dataclass(frozen=True)
class Brought:
    """What was read: samples uint8 (N C H W), or float32 (N F) of a table, with parts and what is to be told; without `x` it was looked at only.

    `labels` are class numbers, or the same number for all where `y` says more: float32 (N K) of regression, masks uint8 (N H W) of segmentation, whose `areas`
    (N classes) count pixels, or boxes float32 (N M 5) of detection, whose `areas` count them. `sizes` counts the pictures by (height, width), `side` is what was asked for or suggested. `more` is what a report says besides: a
    picture of some samples, a table's columns.
    """

    title: str
    origin: str
    classes: tuple[str, ...]
    labels: tuple[int, ...]
    parts: tuple[str, ...]
    shape: tuple[int, ...]
    sizes: Mapping[tuple[int, int], int]
    broken: tuple[Broken, ...]
    notes: tuple[str, ...]
    side: int | None = None
    x: numpy.ndarray | Pile | None = field(default=None, repr=False)
    more: Mapping[str, object] = field(default_factory=dict, repr=False)
    task: str = "classification"
    targets: tuple[str, ...] = ()
    y: numpy.ndarray | Pile | None = field(default=None, repr=False)
    areas: numpy.ndarray | None = field(default=None, repr=False)

    def counts(self) -> tuple[list[int], ...]:
        """Training and test samples of each class, then those of the validation part where it came with one; of segmentation pixels, of detection boxes, of regression none."""
        there = (TRAIN, TEST, VALID)[:3 if VALID in self.parts else 2]
        if self.areas is not None:
            parts = numpy.array(self.parts)
            return tuple(self.areas[parts == part].sum(0).tolist() for part in there)
        table = Counter(zip(self.labels, self.parts, strict=True))
        return tuple([table[label, part] for label in range(len(self.classes))] for part in there)

    def to_json(self) -> dict[str, object]:
        """All but the samples."""
        train, test, valid = (self.parts.count(part) for part in (TRAIN, TEST, VALID))
        return {"title": self.title, "origin": self.origin, "task": self.task, "classes": list(self.classes), "targets": list(self.targets), "shape": list(self.shape),
                "train": train, "test": test, "valid": valid, "counts": list(self.counts()), "sizes": [[*size, count] for size, count in Counter(self.sizes).most_common(20)],
                "side": self.side, "notes": list(self.notes), "broken": [[one.name, one.why] for one in self.broken[:MOST_SAID]], "broken_count": len(self.broken),
                **self.more}


def parts_of(given: Sequence[str], names: Sequence[str], labels: Sequence[int], choices: Choices, look: bool, what: str = "sample") -> tuple[list[str], list[str]]:
    """The part of each sample, or of `what` is given: what its folder says, or a split class by class. What cannot be split is refused, when looked at only said.

    A validation folder is the validation part where there is a test folder too; without one it tests.
    """
    said = set(given)
    if not said & {VALID, TEST}:
        parts = split(names, labels, choices.test, choices.seed)
        if TEST in parts:
            return parts, []
        return _cannot(parts, f"{len(parts)} {what}{'s' if len(parts) > 1 else ''} cannot be split into a training and a test part: a class needs two", look)
    if not said - {VALID, TEST}:
        return _cannot([TEST] * len(names), f"there is a {' and a '.join(sorted(said))} part and none to train on: no train folder, or nothing in it that can be used", look)
    if TEST not in said:
        return [TEST if part == VALID else TRAIN for part in given], ["There is no test folder: what is in the validation folder tests."]
    if VALID not in said:
        return [part or TRAIN for part in given], []
    counts = [f"{sum(part == one for part in given):,}" for one in (VALID, TEST)]
    return [part or TRAIN for part in given], [f"It has three parts of its own: {len(given) - sum(part in (VALID, TEST) for part in given):,} {what}s train, {counts[0]} validate and {counts[1]} test."]


def _cannot(parts: list[str], why: str, look: bool) -> tuple[list[str], list[str]]:
    if not look:
        raise DataError(why)
    return parts, [f"{why[0].upper()}{why[1:]}."]


def side_for(sizes: Mapping[tuple[int, int], int], count: int, channels: int) -> int:
    """A side that suits: the one that all have, else the largest usual one below most pictures' short side that keeps the whole small."""
    if len(sizes) == 1:
        [(height, width)] = sizes
        if height == width and count * channels * height * width <= LARGE and height <= SIDES[-1]:
            return height
    short = sorted(min(size) for size, times in sizes.items() for _ in range(times))
    middle = short[len(short) // 2] if short else SIDES[0]
    return max((side for side in SIDES if side <= middle and count * channels * side * side <= USUAL_BYTES), default=SIDES[0])


def pictures_must_fit(count: int, shape: Sequence[int], choices: Choices) -> None:
    """Raises DataError where so many pictures are too large, before any is read."""
    must_fit(count * int(numpy.prod(shape)), choices.most, choices.room, f"{count:,} pictures of {'×'.join(map(str, shape))}")


def tiled(tiles: Tiles | None, names: Mapping[int, str]) -> dict[str, object]:
    """What a report says of the picture of some samples: a PNG, and what each of its rows shows."""
    rows = [row for row in names if tiles and tiles.has(row)]
    return {"tiles": {"png": base64.b64encode(tiles.sheet(rows)).decode("ascii"), "rows": [names[row] for row in rows]}} if rows else {}
