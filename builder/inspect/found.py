"""Boxes drawn on pictures: those that are true, or those that a network finds."""

from __future__ import annotations

import torch
from torch import Tensor

from builder.catalogue.colours import box_colours

# Of what is told: a box with a lower score is not shown.
SURE = 0.5


def edged(tiles: Tensor, boxes: Tensor, classes: int) -> Tensor:
    """Tiles uint8 (N H W 3) with the edges of their boxes (N M 5) in the colours of their classes."""
    tiles, shades, (height, width) = tiles.clone(), torch.tensor(box_colours(classes), dtype=torch.uint8), tiles.shape[1:3]
    for tile, row in zip(tiles, boxes.tolist(), strict=True):
        for left, top, right, bottom, kind in row:
            if kind >= 0:
                first, last = min(round(left * width), width - 1), max(0, round(right * width) - 1)
                upper, lower = min(round(top * height), height - 1), max(0, round(bottom * height) - 1)
                tile[[upper, lower], first:last + 1] = shades[int(kind)]
                tile[upper:lower + 1, [first, last]] = shades[int(kind)]
    return tiles


def with_found(picture: Tensor, outputs: Tensor, classes: int) -> Tensor:
    """A picture uint8 (C H W) of one or three channels with the boxes that a grid of cells (1 5+classes H W) is sure of, uint8 (3 H W)."""
    from builder.tasks.yolo import detections

    [(boxes, _, kinds)] = detections(outputs, SURE)
    tile = picture.expand(3, -1, -1).permute(1, 2, 0)
    return edged(tile[None], torch.cat([boxes, kinds[:, None].float()], 1)[None], classes)[0].permute(2, 0, 1)
