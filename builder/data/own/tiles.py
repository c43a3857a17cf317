"""A picture of what is being brought, before it is kept: a few samples of each class, small."""

from __future__ import annotations

import io
from collections import defaultdict
from collections.abc import Sequence

import numpy
from PIL import Image

from builder.catalogue.colours import NO_CLASS, class_colours

SIDE = 48  # pixels of a tile
EACH = 10
CLASSES = 16
GAP = 2
OPAQUE = 255


class Tiles:
    """The first tiles of the first classes, given one after the other."""

    def __init__(self, each: int = EACH, classes: int = CLASSES):
        self._each, self._classes = each, classes
        self._rows: dict[int, list[numpy.ndarray]] = defaultdict(list)

    def wants(self, label: int) -> bool:
        """Whether another tile of this class is shown."""
        return label < self._classes and len(self._rows.get(label, ())) < self._each

    def add(self, label: int, pixels: numpy.ndarray) -> None:
        """A tile uint8 (H W 3)."""
        self._rows[label].append(pixels)

    def sheet(self, kept: Sequence[int]) -> bytes:
        """A PNG with a row for each of the classes `kept` that has tiles, the page between them; nothing without any."""
        rows = [self._rows[label] for label in kept if self._rows.get(label)]
        if not rows:
            return b""
        height, width = rows[0][0].shape[:2]
        across = max(map(len, rows))
        canvas = numpy.zeros((len(rows) * (height + GAP) - GAP, across * (width + GAP) - GAP, 4), numpy.uint8)
        for row, tiles in enumerate(rows):
            for column, tile in enumerate(tiles):
                top, left = row * (height + GAP), column * (width + GAP)
                canvas[top:top + height, left:left + width, :3] = tile
                canvas[top:top + height, left:left + width, 3] = OPAQUE
        stream = io.BytesIO()
        Image.fromarray(canvas).save(stream, "PNG")
        return stream.getvalue()

    def has(self, label: int) -> bool:
        """Whether there is a tile of this class."""
        return bool(self._rows.get(label))


def coloured(numbers: numpy.ndarray) -> numpy.ndarray:
    """Class numbers uint8 (H W) as colours (H W 3); what is of no class is white."""
    return numpy.array([*class_colours(255), NO_CLASS], numpy.uint8)[numbers]


def tile(pixels: numpy.ndarray) -> numpy.ndarray:
    """Pixels uint8 (C H W), grey or colour, as a tile."""
    image = Image.fromarray(pixels[0] if len(pixels) == 1 else numpy.ascontiguousarray(numpy.moveaxis(pixels, 0, 2)))
    return small(image)


def small(image: Image.Image, side: int = SIDE) -> numpy.ndarray:
    """A whole picture as a tile, uint8 (side side 3): shrunk to fit with black around, enlarged by whole pixels when it is small."""
    image = image.convert("RGB")
    scale = min(side / image.width, side / image.height)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    image = image.resize(size, Image.Resampling.BILINEAR if scale < 1 else Image.Resampling.NEAREST)
    canvas = Image.new("RGB", (side, side))
    canvas.paste(image, ((side - size[0]) // 2, (side - size[1]) // 2))
    return numpy.asarray(canvas)
