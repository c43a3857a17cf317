"""A drawing as a small picture: a row of boxes as in papers' figures. Height is the side of the image, width the channels, an arc a skip.

Pure Python and no text in it, so that a page of them is drawn at once and nothing that a user wrote can be in one. Equal drawings give equal
pictures.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from builder.graph import Project, check

from .outline import Outline, Unit, outline, rest, size
from .palette import THEMES, Theme, mixed

WIDTH, HEIGHT = 320, 112
MARGIN = 8
LOWEST, TALLEST = 8.0, 72.0
VECTOR = 5.0  # the width of what has no channels over a plane: a row of features
SLAB = 3.0  # of bricks that change no channels
GAP = 6.0
SHRINK = 0.45  # a side a tenth as long is drawn a third as high: what is 7 pixels wide must still be seen beside 224
BESIDE = 9.0  # pixels between what stands one above the other
STRIPES = 6  # copies in a row that are counted out
DEPTH, RISE = 0.16, 0.6  # of a box, as a share of its height; how far its far edge stands above, as a share of the depth
MOST_ARCS = 48
THIN = ("Activation", "Regularisation", "Normalisation", "Shape", "Merge")


@dataclass(frozen=True)
class Box:
    """One brick as it is painted: its left edge, its middle, its sides, in pixels."""

    x: float
    y: float
    width: float
    height: float
    unit: Unit

    @property
    def deep(self) -> float:
        """How far the box goes back."""
        return min(9.0, DEPTH * self.height)

    @property
    def top(self) -> float:
        """Where an arc leaves it: over the far edge."""
        return self.y - self.height / 2 - RISE * self.deep


def thumbnail(project: Project, theme: str = "light") -> str:
    """The project's first network as an SVG of 320×112 pixels for a "light" or "dark" page; whatever is wrong in the drawing, there is a picture."""
    found, colours = outline(check(project).analysis), THEMES[theme]
    boxes = _placed(found)
    shapes = "".join((*_links(found, boxes, colours), *(_box(box, colours) for box in boxes)))
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}">'
            f'<g stroke-width="0.7" stroke-linejoin="round">{shapes}</g></svg>')


def _height(unit: Unit, largest: float) -> float:
    """Pixels for the side of an image; for a vector, for how many features it has."""
    side, channels = size(unit)
    if unit.shape and len(rest(unit.shape)) < 2:
        return LOWEST + (TALLEST - LOWEST) * min(1.0, math.log2(1 + channels) / 12)
    return LOWEST + (TALLEST - LOWEST) * (side / max(1.0, largest)) ** SHRINK


def _width(unit: Unit) -> float:
    if unit.category in THIN:
        return SLAB
    if len(rest(unit.shape)) < 2:
        return VECTOR
    return 3.0 + 2.1 * math.log2(1 + size(unit)[1]) + 2.0 * (min(unit.copies, STRIPES) - 1)


def _placed(found: Outline) -> list[Box]:
    """Where every brick stands: columns from left to right, squeezed to the width; in a column one above the other."""
    columns = found.columns()
    largest = max((size(unit)[0] for unit in found.units if len(rest(unit.shape)) > 1), default=1.0)
    widths = [_width(unit) for unit in found.units]
    wide = {column: max(w for w, c in zip(widths, columns, strict=True) if c == column) for column in sorted(set(columns))}
    deep = DEPTH * TALLEST
    room, needed = WIDTH - 2 * MARGIN - deep, sum(wide.values()) + GAP * (len(wide) - 1)
    squeeze = min(1.6, room / needed) if needed else 1.0
    left, x = {}, MARGIN + (room - squeeze * needed) / 2
    for column, width in wide.items():
        left[column] = x
        x += squeeze * (width + GAP)
    heights = [_height(unit, largest) for unit in found.units]
    middles = _stacked(_stacks(found, columns), heights)
    boxes = []
    for place, unit in enumerate(found.units):
        width, (middle, height) = squeeze * widths[place], middles[place]
        boxes.append(Box(left[columns[place]] + (squeeze * wide[columns[place]] - width) / 2, middle, width, height, unit))
    return boxes


def _stacked(stacks: list[list[int]], heights: list[float]) -> dict[int, tuple[float, float]]:
    """The middle and the height of every brick: the stack of a column stands in the middle; all shrink until the highest has room."""
    room = HEIGHT - 2 * MARGIN
    share = min((1.0, *((room - BESIDE * (len(stack) - 1)) / sum(heights[place] for place in stack) for stack in stacks)))
    found = {}
    for stack in stacks:
        # Boxes rise to the right: the middle of their fronts is a little below the picture's.
        y = HEIGHT / 2 + 4 - (share * sum(heights[place] for place in stack) + BESIDE * (len(stack) - 1)) / 2
        for place in stack:
            found[place] = y + share * heights[place] / 2, share * heights[place]
            y += share * heights[place] + BESIDE
    return found


def _stacks(found: Outline, columns: tuple[int, ...]) -> list[list[int]]:
    """The bricks of every column from top to bottom: in the order of what they read, so that towers stay apart."""
    into: dict[int, list[int]] = {}
    for source, target in found.links:
        into.setdefault(target, []).append(source)
    height: dict[int, float] = {}
    stacks = []
    for column in sorted(set(columns)):
        members = [place for place in range(len(columns)) if columns[place] == column]
        read = {place: [height.get(source, 0.5) for source in into.get(place, ())] or [0.5] for place in members}
        stacks.append(sorted(members, key=lambda place: (sum(read[place]) / len(read[place]), place)))
        height |= {place: (lane + 0.5) / len(members) for lane, place in enumerate(stacks[-1])}
    return stacks


def _links(found: Outline, boxes: list[Box], colours: Theme) -> Iterator[str]:
    """Lines to the next column, and arcs over what lies between."""
    columns = found.columns()
    straight, arcs = [], []
    for source, target in found.links:
        one, other = boxes[source], boxes[target]
        between = [box for box, column in zip(boxes, columns, strict=True) if columns[source] < column < columns[target]]
        over = between and abs(one.y - other.y) < 1 and any(abs(box.y - one.y) < one.height / 2 for box in between)
        (arcs.append(_arc(one, other, between)) if over else straight.append(_line(one, other)))
    if straight:
        yield f'<path d="{"".join(straight)}" fill="none" stroke="{mixed(colours.muted, colours.page, 0.6)}"/>'
    if arcs:
        yield f'<path d="{"".join(arcs[:MOST_ARCS])}" fill="none" stroke="{mixed(colours.category("Merge"), colours.page, 0.75)}"/>'


def _line(one: Box, other: Box) -> str:
    x, end = one.x + one.width, other.x
    if abs(one.y - other.y) < 1:
        return f"M{x:.1f} {one.y:.1f}H{end:.1f}"
    bend = (end - x) / 2
    return f"M{x:.1f} {one.y:.1f}C{x + bend:.1f} {one.y:.1f} {end - bend:.1f} {other.y:.1f} {end:.1f} {other.y:.1f}"


def _arc(one: Box, other: Box, between: list[Box]) -> str:
    """From top to top, over the tallest box between: a cubic reaches three quarters of the way to its controls."""
    start, end = one.x + one.width / 2 + one.deep / 2, other.x + other.width / 2 + other.deep / 2
    highest = min(one.top, other.top, *(box.top for box in between))
    control = max((2 - (one.top + other.top) / 8) / 0.75, highest - 6 - 0.05 * (end - start))
    return f"M{start:.1f} {one.top:.1f}C{start:.1f} {control:.1f} {end:.1f} {control:.1f} {end:.1f} {other.top:.1f}"


def _box(box: Box, colours: Theme) -> str:
    """Front, top and side of a box; copies in a row are stripes on its front."""
    colour, deep = colours.category(box.unit.category), box.deep
    x, right, up, down, rise = box.x, box.x + box.width, box.y - box.height / 2, box.y + box.height / 2, RISE * deep
    front, top, side = (mixed(colour, colours.page, share) for share in (0.62, 0.34, 0.82))
    stripes = min(box.unit.copies, STRIPES)
    lines = "".join(f"M{x + box.width * i / stripes:.1f} {down:.1f}V{up:.1f}l{deep:.1f} {-rise:.1f}" for i in range(1, stripes))
    return (f'<g stroke="{colour}"><path fill="{top}" d="M{x:.1f} {up:.1f}l{deep:.1f} {-rise:.1f}H{right + deep:.1f}L{right:.1f} {up:.1f}z"/>'
            f'<path fill="{side}" d="M{right:.1f} {up:.1f}l{deep:.1f} {-rise:.1f}V{down - rise:.1f}L{right:.1f} {down:.1f}z"/>'
            f'<path fill="{front}" d="M{x:.1f} {up:.1f}H{right:.1f}V{down:.1f}H{x:.1f}z"/>'
            + (f'<path fill="none" stroke="{mixed(colours.page, colour, 0.5)}" d="{lines}"/>' if lines else "") + "</g>")
