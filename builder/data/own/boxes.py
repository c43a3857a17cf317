"""Boxes drawn on pictures, whatever file says them: cut out, so that each is a sample of its own, or kept on their pictures."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from ..records import DataError
from .places import Item, Listing
from .report import Broken, counted

MOST_BOXES = 1_000_000
SLACK = 1.0  # pixels by which a box may stand over the edge: boxes are rounded


@dataclass(frozen=True)
class Box:
    """A thing in a picture: the number of its class, and left, top, right and bottom in pixels, or as `shares` of the picture's sides; `place` tells those of one file apart."""

    label: int
    sides: tuple[float, float, float, float]
    place: int
    shares: bool = False

    def on(self, size: tuple[int, int]) -> tuple[float, float, float, float]:
        """Left, top, right and bottom in pixels of a picture of this width and height."""
        left, top, right, bottom = self.sides
        return (left * size[0], top * size[1], right * size[0], bottom * size[1]) if self.shares else self.sides


@dataclass(frozen=True)
class Drawn:
    """A picture with what was drawn on it; `size` is the width and height that the file of the boxes says, None where it says none; `upright` where it was turned as its file says
    before that."""

    item: Item
    boxes: tuple[Box, ...]
    part: str = ""
    size: tuple[int, int] | None = None
    upright: bool = False


@dataclass
class Boxes:
    """The pictures that files of boxes name, the classes, what was left out, and what is worth a word."""

    pictures: list[Drawn] = field(default_factory=list)
    classes: list[str] = field(default_factory=list)
    broken: list[Broken] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def must_have_some(self, file: str) -> None:
        """Raises DataError where there is no box, naming the file that should have them."""
        if not any(drawn.boxes for drawn in self.pictures):
            first = f": {self.broken[0].name}: {self.broken[0].why}" if self.broken else ""
            raise DataError(f"{file} has no box that can be used{first}")

    def whole_parts(self) -> None:
        """Lists or folders that leave pictures out, or have one part alone, are no parts: then these are drawn."""
        named = [one.part for one in self.pictures if one.part]
        if named and (len(named) < len(self.pictures) or not {"train"} < set(named)):
            left = len(self.pictures) - len(named)
            self.notes.append(f"The parts are drawn: {f'{left:,} pictures are in none of the lists or folders train, val and test' if left else 'lists or folders name one part alone'}.")
            self.pictures[:] = [replace(one, part="") for one in self.pictures]


def wrong_sides(sides: Sequence[float], size: tuple[int, int] | None) -> Iterator[str]:
    """What is wrong with a box (left, top, right, bottom in pixels) on a picture of this width and height, as parts of a sentence."""
    left, top, right, bottom = sides
    if right <= left or bottom <= top:
        yield f"it is {right - left:g} wide and {bottom - top:g} high"
    elif size and (left < -SLACK or top < -SLACK or right > size[0] + SLACK or bottom > size[1] + SLACK):
        yield f"it goes from {left:g}, {top:g} to {right:g}, {bottom:g}, and its picture from 0, 0 to {size[0]}, {size[1]}"


def unused(listing: Listing, taken: int, why: str) -> list[str]:
    """A note about pictures that are left aside."""
    left = len(listing.items) - taken
    return [f"{counted(left, 'picture')} {why} {'is' if left == 1 else 'are'} left aside."] if left else []


def whole_pixels(sides: Sequence[float], size: tuple[int, int]) -> tuple[int, int, int, int]:
    """The whole pixels that a box touches in a picture of this width and height, at least one."""
    left, top = (min(max(0, math.floor(start)), most - 1) for start, most in zip(sides[:2], size, strict=True))
    return left, top, max(left + 1, min(size[0], math.ceil(sides[2]))), max(top + 1, min(size[1], math.ceil(sides[3])))
