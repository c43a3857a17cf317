"""The colours that classes have where masks and boxes are drawn: the same on every page and in every picture."""

from __future__ import annotations

import colorsys
from functools import cache

Colour = tuple[int, int, int]
# Class 0 is mostly what is behind everything: it stays dark. The others are told apart by those who see no red or no green too (Okabe & Ito 2008).
FIRST: tuple[Colour, ...] = ((60, 60, 66), (230, 159, 0), (86, 180, 233), (0, 158, 115), (240, 228, 66), (0, 114, 178), (213, 94, 0), (204, 121, 167))
NO_CLASS: Colour = (255, 255, 255)
GOLDEN = 0.618034  # steps of the golden ratio spread hues evenly, however many there are


@cache
def class_colours(count: int) -> tuple[Colour, ...]:
    """A colour a class, red, green and blue from 0 to 255: the first eight apart for every eye, more around the circle of hues."""
    more = (colorsys.hsv_to_rgb(number * GOLDEN % 1, 0.55 + 0.4 * (number % 2), 0.9) for number in range(max(0, count - len(FIRST))))
    return (*FIRST, *(tuple(round(255 * part) for part in one) for one in more))[:count]


@cache
def box_colours(count: int) -> tuple[Colour, ...]:
    """The same for classes of boxes: none is of what is behind everything, so none is dark."""
    return class_colours(count + 1)[1:]
