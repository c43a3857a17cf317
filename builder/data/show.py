"""A data set for the eye: how many samples a class has, and a picture of some of each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from .records import Tensors

if TYPE_CHECKING:
    import numpy
    from torch import Tensor

GAP = 2
MOST_POINTS = 2000


def plane(tensors: Tensors, names: Sequence[str] = (), most: int = MOST_POINTS) -> tuple[list[tuple[list, list]], tuple[str, str]]:
    """Rows of numbers as points (N 2) with their labels, the first `most` of the training and of the test part, and what the two axes are.

    More than two numbers are standardised and shown on the two axes along which they spread most (principal components of the training part).
    """
    import torch

    parts, features = [tensors.train_x, tensors.test_x], tensors.shape[0]
    titles = tuple(names[:2]) if len(names) == 2 else ("first number", "second number")
    if features == 1:
        parts, titles = [torch.cat([x, torch.zeros_like(x)], 1) for x in parts], ((*names, "value")[0], "")
    elif features > 2:
        mean, std = (torch.tensor(values, dtype=torch.float64) for values in (tensors.mean, tensors.std))
        parts = [(x.double() - mean) / std for x in parts]
        spread, axes = torch.linalg.eigh(parts[0].mT @ parts[0])  # in rising order
        parts = [x @ axes[:, [-1, -2]] for x in parts]
        shares = [100 * float(spread[place] / spread.sum()) for place in (-1, -2)]
        titles = tuple(f"{which} principal component ({share:.0f} % of the variance)" for which, share in zip(("first", "second"), shares, strict=True))
    labels = (tensors.train_y, tensors.test_y)
    return [(x[:most].tolist(), y[:most].tolist()) for x, y in zip(parts, labels, strict=True)], titles


def samples_per_class(y: Tensor, classes: int) -> list[int]:
    """How many labels each class has."""
    return y.bincount(minlength=classes).tolist()


def sample_grid(tensors: Tensors, each: int = 10) -> list[list[int]]:
    """Indices of the first `each` training samples of every class, a list a class."""
    return [(tensors.train_y == label).nonzero()[:each, 0].tolist() for label in range(len(tensors.classes))]


def grid_image(tensors: Tensors, each: int = 10, most: int | None = None) -> numpy.ndarray:
    """One picture of the sample grid of images, uint8 (height width 4): a row a class, of the first `most` classes; what is between them is transparent."""
    import torch

    rows = sample_grid(tensors, each)[:most]
    _, height, width = tensors.shape
    canvas = torch.zeros(4, len(rows) * (height + GAP) - GAP, each * (width + GAP) - GAP, dtype=torch.uint8)
    for row, indices in enumerate(rows):
        for column, index in enumerate(indices):
            top, left = row * (height + GAP), column * (width + GAP)
            canvas[:3, top:top + height, left:left + width] = tensors.train_x[index]
            canvas[3, top:top + height, left:left + width] = 255
    return canvas.permute(1, 2, 0).contiguous().numpy()
