"""Boxes as a tensor: float32 (N M 5), of each of up to M boxes in a picture left, top, right and bottom as shares of its sides and the number of its class, -1 for none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

NUMBERS = 5
NO_CLASS = -1
# Of one picture: more are no use to a detector that looks once.
MOST_BOXES = 500


def packed(pictures: Sequence[Sequence[Sequence[float]]], most: int = 0) -> Tensor:
    """Boxes (left, top, right, bottom, class number) of pictures, as many in each as there are, as float32 (N M 5); M is the largest count, at least 1 and `most`."""
    import torch

    wide = max([1, most, *map(len, pictures)])
    empty = [0.0, 0.0, 0.0, 0.0, float(NO_CLASS)]
    return torch.tensor([[*map(list, boxes), *[empty] * (wide - len(boxes))] for boxes in pictures], dtype=torch.float32).reshape(-1, wide, NUMBERS)


def boxes_per_class(y: Tensor, classes: int) -> list[int]:
    """How many boxes (N M 5) each class has."""
    import torch

    labels = y[..., 4]
    return labels[labels >= 0].to(torch.int64).bincount(minlength=classes).tolist()


def wrong_boxes(y: Tensor, classes: int) -> str:
    """What is wrong with boxes, in words with {part} for the part; empty where nothing is."""
    there = y[..., 4] >= 0
    if not bool(y.isfinite().all()):
        return "a number of a {part} box is not finite."
    if not bool(there.any()):
        return "no {part} picture has a box."
    labels, (left, top, right, bottom) = y[..., 4][there], y[..., :4][there].unbind(-1)
    if bool((labels != labels.round()).any()) or not labels.max() < classes:
        return f"a {{part}} box is of class {float(labels.max()):g}, and there are {classes} classes, from 0."
    if bool(((left < 0) | (top < 0) | (right > 1) | (bottom > 1) | (left >= right) | (top >= bottom)).any()):
        return "a {part} box must have left < right and top < bottom, from 0 to 1 of the picture's sides."
    return ""
