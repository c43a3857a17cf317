"""Points in the plane, made from a seed: two moons and two spirals.

Made with Python's own numbers, so that they are the same bits on every machine: what a seeded `random()` gives never changes
(docs.python.org/3/library/random.html, notes on reproducibility), and coordinates are rounded to 1/65536, far coarser than what one C library's sine
differs from another's by. An exported training holds the text of these very functions.
"""

from __future__ import annotations

import math
from random import Random


def moons(share: float, label: int) -> tuple[float, float]:
    """A place on one of two half circles of radius 1 that reach into each other, `share` of the way along it."""
    x, y = math.cos(math.pi * share), math.sin(math.pi * share)
    return (1 - x, 0.5 - y) if label else (x, y)


def spirals(share: float, label: int) -> tuple[float, float]:
    """A place on one of two arms that wind one and a half times around each other, `share` of the way out."""
    turn, out = 3 * math.pi * share + math.pi * label, 0.2 + 1.8 * share
    return out * math.cos(turn), out * math.sin(turn)


def scattered(curve, samples: int, noise: float) -> list[list[float]]:
    """Points around the places of a curve, of the classes 0 and 1 in turn; `noise` is their standard deviation."""
    random, points = Random(0), []
    for sample in range(samples):
        share = random.random()
        # The sum of twelve even chances, less six, has mean 0 and standard deviation 1, and is nearly normal.
        chances = [sum(int(random.random() * 65536) for _ in range(12)) / 65536 - 6 for _ in range(2)]
        points.append([round((place + noise * chance) * 65536) / 65536 for place, chance in zip(curve(share, sample % 2), chances, strict=True)])
    return points


# The curve that samples are made around; the first half of them is the training part.
POINTS = {"moons": moons, "spirals": spirals}
