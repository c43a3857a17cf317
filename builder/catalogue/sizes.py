"""Sizes and shapes: tuples of ints, in which a multiple of BATCH grows with the batch, N."""

from __future__ import annotations

import math
from collections.abc import Sequence

Shape = tuple[int, ...]

# The batch stands in shapes as a prime above every size that a parameter may have: whatever is a multiple of it grows with the batch,
# wherever reshaping has put it. Training always has two samples or more, so BatchNorm on one value a channel is not met here.
BATCH = 1_000_003


def size_text(size: int) -> str:
    """One size for people: "49", "N", and "64N" for what grows with the batch 64 times as fast."""
    times, rest = divmod(size, BATCH)
    return str(size) if rest or not times else "N" if times == 1 else f"{times}N"


def show(shape: Sequence[int] | None) -> str:
    """A shape for people, the batch as N: "N×10×24×24"; a single number for a shape without axes."""
    return "?" if shape is None else "×".join(map(size_text, shape)) or "1"


def with_batch(shape: Sequence[int], samples: int) -> Shape:
    """The shape for so many samples."""
    return tuple(size // BATCH * samples if size and size % BATCH == 0 else size for size in shape)


def per_sample(shape: Sequence[int]) -> int:
    """How many numbers a value of this shape has for one sample."""
    return math.prod(with_batch(shape, 1))


def carries_batch(shape: Sequence[int]) -> bool:
    """Does the value grow with the batch?"""
    return any(size and size % BATCH == 0 for size in shape)
