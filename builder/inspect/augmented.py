"""Augmentations for the eye: training images as they are and as they are trained on, epoch after epoch."""

from __future__ import annotations

import numpy
import torch
from torch import Tensor

from builder.catalogue.colours import NO_CLASS, class_colours
from builder.data.records import Tensors
from builder.train.augment import Augment
from builder.train.batches import before

from .found import edged

GAP = 2
SPACE = 10  # pixels between an image and what becomes of it
OPAQUE = 255


def shown(tensors: Tensors, samples: int) -> list[int]:
    """Which training samples are shown: the first of every class, then the second, or the first ones where a sample has no one class."""
    if tensors.task != "classification":
        return list(range(min(samples, len(tensors.train_x))))
    by_class = [(tensors.train_y == label).nonzero()[:samples, 0].tolist() for label in range(len(tensors.classes))]
    turns = [places[turn] for turn in range(samples) for places in by_class if turn < len(places)]
    return turns[:samples]


def sheet(tensors: Tensors, augment: Augment | None, seed: int, samples: int = 6, epochs: int = 6) -> tuple[numpy.ndarray, list[int]]:
    """One picture, uint8 (height width 4), transparent between the images, and the numbers of the samples in it: a row a sample, as it is and, behind a space, in the first epochs of a run.

    A segmentation's mask stands below its image, boxes are drawn on it.
    """
    numbers = torch.tensor(shown(tensors, samples))
    images, truth = tensors.train_x[numbers], tensors.train_y[numbers] if tensors.task in ("segmentation", "detection") else None
    columns = [_tiles(images.float() / 255, truth, len(tensors.classes))]
    for epoch in range(1, epochs + 1):
        if augment is None:
            columns.append(columns[0])
            continue
        every = augment.chances(len(tensors.train_x), seed, epoch)
        chance = every[numbers]
        if augment.mixes:
            both = torch.cat([before(len(tensors.train_x), seed, epoch)[numbers], numbers])
            columns.append(_tiles(augment.mixed(tensors.train_x[both].float() / 255, every[both], len(numbers))[0], None, 0))
            continue
        columns.append(_tiles(augment.images(images.float() / 255, chance), None if truth is None else augment.answers(truth, images, chance), len(tensors.classes)))
    return _together(columns), numbers.tolist()


def _tiles(images: Tensor, truth: Tensor | None, classes: int) -> Tensor:
    """Images float32 (N C H W) of 0 to 1 as bytes (N H W 3), each with its mask below it or its boxes on it; of other than three channels the first."""
    seen = images if images.shape[1] == 3 else images[:, :1].expand(-1, 3, -1, -1)
    tiles = (seen * 255).round().clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 1)
    if truth is None:
        return tiles
    return torch.cat([tiles, _coloured(truth, classes)], 1) if truth.dtype == torch.uint8 else edged(tiles, truth, classes)


def _coloured(masks: Tensor, classes: int) -> Tensor:
    """Masks uint8 (N H W) in colours, uint8 (N H W 3)."""
    table = torch.tensor([*class_colours(classes), *[NO_CLASS] * (256 - classes)], dtype=torch.uint8)
    return table[masks.long()]


def _together(columns: list[Tensor]) -> numpy.ndarray:
    count, height, width, _ = columns[0].shape
    canvas = torch.zeros(count * (height + GAP) - GAP, len(columns) * (width + GAP) - GAP + SPACE, 4, dtype=torch.uint8)
    for place, tiles in enumerate(columns):
        left = place * (width + GAP) + (SPACE if place else 0)
        for row, tile in enumerate(tiles):
            canvas[row * (height + GAP):row * (height + GAP) + height, left:left + width] = torch.cat([tile, torch.full_like(tile[..., :1], OPAQUE)], 2)
    return canvas.numpy()
