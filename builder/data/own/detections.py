"""Whole pictures with the boxes on them, for a network that finds things: both brought to one size together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy
from PIL import Image, ImageDraw

from ..boxes import MOST_BOXES, NO_CLASS, NUMBERS
from ..records import DataError, Progress
from .boxes import Box, Boxes, unused
from .brought import Brought, parts_of, tiled
from .choices import Choices
from .decoding import Piece, Sheaf, looked_at, read_pixels
from .pictures import taken
from .places import Listing
from .report import Broken, counted
from .tiles import Tiles, coloured, small

VISIBLE = 0.25  # of a box's area that must be left in the picture
SIDE, EACH = 112, 6  # pixels and number of the pictures that a look shows


def read_detections(found: Boxes, listing: Listing, origin: str, choices: Choices, tell: Progress, look: bool) -> Brought:
    """The pictures with their boxes as samples of one size; raises DataError when none can be used."""
    many = [one for one in found.pictures if len(one.boxes) > MOST_BOXES]
    drawn = [one for one in found.pictures if len(one.boxes) <= MOST_BOXES]
    broken = [*listing.broken, *found.broken, *(Broken(one.item.name, f"it has {len(one.boxes):,} boxes; {MOST_BOXES:,} are allowed in a picture") for one in many)]
    tiles = Tiles(EACH) if look else None

    def seen(piece: Piece, image: Image.Image) -> None:
        if tiles and tiles.wants(0):
            tiles.add(0, _tile(image, drawn[piece.label].boxes))

    sheaves = [Sheaf(one.item, (Piece("/".join(one.item.parts), number, one.part),), one.size, one.upright) for number, one in enumerate(drawn)]
    read = read_pixels(sheaves, broken, origin, choices, tell, look, seen)
    usual = read.sizes.most_common(1)[0][0]
    # Where a look left a picture out its size is what its boxes were drawn on, or that of most.
    shapes = [shape or (drawn[piece.label].size or usual[::-1])[::-1] for piece, shape in zip(read.good, read.shapes, strict=True)]
    placed = [[(box.label, sides) for box in drawn[piece.label].boxes if (sides := moved(box.on(size[::-1]), size, read.side, choices.fit))]
              for piece, size in zip(read.good, shapes, strict=True)]
    there = sorted({label for boxes in placed for label, _ in boxes})
    if not there:
        raise DataError(f"no box of {origin} lies in what is left of its picture: choose pad or stretch for pictures of other shapes")
    numbers = {label: number for number, label in enumerate(there)}
    counts = numpy.array([numpy.bincount([numbers[label] for label, _ in boxes], minlength=len(there)) for boxes in placed])
    parts, said = parts_of([piece.part for piece in read.good], [piece.name for piece in read.good], [int(not boxes) for boxes in placed], choices, look)
    lost = sum(len(drawn[piece.label].boxes) for piece in read.good) - int(counts.sum())
    empty = sum(not boxes for boxes in placed)
    notes = [*(looked_at(len(sheaves), "pictures") if look else ()), *found.notes, *unused(listing, len(found.pictures), "that no file of boxes names"),
             *([f"{counted(empty, 'picture')} {'has' if empty == 1 else 'have'} no box: nothing is to be found there."] if empty else []),
             *([f"{lost:,} of {lost + int(counts.sum()):,} boxes lie outside what is left of their pictures, or nearly, and are left out: choose pad or stretch to keep them."] if lost else [])]
    classes = tuple(found.classes[label] for label in there)
    return Brought("", origin, classes, (0,) * len(placed), tuple(parts), (read.channels, read.side, read.side), read.sizes, read.broken, (*notes, *said), read.side, read.x,
                   tiled(tiles, {0: "pictures"}), "detection", y=None if look else _packed(placed, numbers), areas=counts)


def moved(sides: Sequence[float], size: tuple[int, int], side: int, fit: str) -> tuple[float, float, float, float] | None:
    """A box (left, top, right, bottom in pixels) of a picture of this height and width as shares of the square that `pictures.fitted` makes of it;
    None where less than a quarter of it is left."""
    left, top, across, down = taken(size[::-1], (side, side), fit)
    whole = [(sides[0] - left) / across, (sides[1] - top) / down, (sides[2] - left) / across, (sides[3] - top) / down]
    inside = [min(max(0.0, value), 1.0) for value in whole]
    area, rest = ((box[2] - box[0]) * (box[3] - box[1]) for box in (whole, inside))
    # As they are kept: sides of no length are none.
    kept = numpy.array(inside, numpy.float32)
    return tuple(inside) if rest >= VISIBLE * area and kept[0] < kept[2] and kept[1] < kept[3] else None


def _packed(placed: Sequence[Sequence[tuple[int, Sequence[float]]]], numbers: Mapping[int, int]) -> numpy.ndarray:
    """float32 (N M 5), as `builder.data.boxes` says."""
    y = numpy.zeros((len(placed), max(map(len, placed)), NUMBERS), numpy.float32)
    y[..., 4] = NO_CLASS
    for picture, boxes in zip(y, placed, strict=True):
        for row, (label, sides) in zip(picture, boxes, strict=False):
            row[:] = *sides, numbers[label]
    return y


def _tile(image: Image.Image, boxes: Sequence[Box]) -> numpy.ndarray:
    """A picture with its boxes, small; each class has its colour."""
    scale, (width, height) = SIDE / max(image.size), image.size
    tile = Image.fromarray(small(image, SIDE))
    pen = ImageDraw.Draw(tile)
    across, down = (SIDE - width * scale) / 2, (SIDE - height * scale) / 2
    for box in boxes:
        left, top, right, bottom = box.on(image.size)
        colour = tuple(coloured(numpy.array([[box.label % 254 + 1]], numpy.uint8))[0, 0].tolist())
        corners = (across + left * scale, down + top * scale, across + right * scale - 1, down + bottom * scale - 1)
        pen.rectangle((*corners[:2], max(corners[0], corners[2]), max(corners[1], corners[3])), outline=colour)
    return numpy.asarray(tile)
