"""A data set for the eye: how many samples a class has, and a picture of some of each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .records import Tensors

if TYPE_CHECKING:
    import numpy
    from torch import Tensor

GAP = 2


def samples_per_class(y: Tensor, classes: int) -> list[int]:
    """How many labels each class has."""
    return y.bincount(minlength=classes).tolist()


def sample_grid(tensors: Tensors, each: int = 10) -> list[list[int]]:
    """Indices of the first `each` training samples of every class, a list a class."""
    return [(tensors.train_y == label).nonzero()[:each, 0].tolist() for label in range(len(tensors.classes))]


def grid_image(tensors: Tensors, each: int = 10, most: int | None = None) -> numpy.ndarray:
    """One picture of the sample grid of images, uint8 (height width 3): a row a class, of the first `most` classes, on white."""
    import torch

    rows = sample_grid(tensors, each)[:most]
    channels, height, width = tensors.shape
    canvas = torch.full((channels, len(rows) * (height + GAP) - GAP, each * (width + GAP) - GAP), 255, dtype=torch.uint8)
    for row, indices in enumerate(rows):
        for column, index in enumerate(indices):
            top, left = row * (height + GAP), column * (width + GAP)
            canvas[:, top:top + height, left:left + width] = tensors.train_x[index]
    return canvas.permute(1, 2, 0).expand(-1, -1, 3).contiguous().numpy()
