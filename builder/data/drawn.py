"""Data that are made from a seed for regression and segmentation: a noisy curve, and pictures of circles, squares and triangles.

Everything is worked out in whole numbers, or rounded to 1/65536, so that it is the same bits on every machine (see `points`). An exported training
holds the text of these very functions.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

Four = tuple["Tensor", "Tensor", "Tensor", "Tensor"]


def curve(samples, noise):
    """Numbers x from -4 to 4 and sin(2x) + x/4, spread by `noise`, as tensors (N 1) (N 1)."""
    import torch

    random, rows = Random(0), []
    for _ in range(samples):
        # The sum of twelve even chances, less six, has mean 0 and standard deviation 1, and is nearly normal.
        x, chance = 8 * random.random() - 4, sum(int(random.random() * 65536) for _ in range(12)) / 65536 - 6
        x = round(x * 65536) / 65536
        rows.append((x, round((math.sin(2 * x) + x / 4 + noise * chance) * 65536) / 65536))
    return torch.tensor(rows).split(1, 1)


def grain(count, seed, most=255):
    """Whole numbers 0 to `most`, one less than a power of two, that look like chance: products and shifts that mix every bit of the place with every other."""
    import torch

    mixed = torch.arange(count) + seed * 1_000_003
    for _ in range(2):
        mixed = ((mixed >> 16) ^ mixed) * 73_244_475 & 0xFFFFFFFF
    return ((mixed >> 16) ^ mixed) & most


def painted(count, most, seed, noise, side=64):
    """Grey pictures uint8 (N 1 side side) of up to `most` shapes each, lighter or darker than what is behind them and grainy, by `noise` of 255 grey levels; masks uint8 (N side side),
    1 circle, 2 square, 3 triangle; and the box of the last shape, left, top, right and bottom as shares of the side (N 4)."""
    import torch

    random, pictures, masks, boxes = Random(seed), [], [], []
    y, x = torch.arange(side)[:, None], torch.arange(side)
    for _ in range(count):
        behind = 60 + int(136 * random.random())
        picture, mask = torch.full((side, side), behind), torch.zeros(side, side, dtype=torch.uint8)
        for _ in range(1 + int(most * random.random())):
            kind, radius, light = 1 + int(3 * random.random()), side // 10 + int(side // 8 * random.random()), 30 + int(30 * random.random())
            across, along = (radius + int((side - 2 * radius) * random.random()) for _ in range(2))
            dx, dy = (x - across).abs(), y - along
            inside = {1: dx ** 2 + dy ** 2 <= radius ** 2, 2: (dx <= radius) & (dy.abs() <= radius), 3: (2 * dx <= dy + radius) & (dy <= radius)}[kind]
            picture[inside], mask[inside] = behind + (light if random.random() < 0.5 else -light), kind
        pictures.append(picture)
        masks.append(mask)
        boxes.append([across - radius, along - radius, across + radius + 1, along + radius + 1])
    pictures = torch.stack(pictures)
    # Two grains together fall on the middle more often than on the ends; their standard deviation is 8 times 13.
    grains = (grain(2 * pictures.numel(), seed).reshape(2, *pictures.shape).sum(0) - 255) * round(8192 / 13 * noise) >> 16
    return (pictures + grains).clamp(0, 255).to(torch.uint8)[:, None], torch.stack(masks), torch.tensor(boxes) / side


def read_curve(samples=1000, noise=0.2):
    """Training samples float32 (N 1) and targets (N 1), test samples and targets."""
    x, y = curve(samples, noise)
    return x[:samples // 2], y[:samples // 2], x[samples // 2:], y[samples // 2:]


def read_shapes(samples=1000, noise=13.0):
    """Training pictures uint8 (N 1 64 64) and masks uint8 (N 64 64), test pictures and masks."""
    pictures, masks, _ = painted(samples, 3, 0, noise)
    first = samples * 4 // 5
    return pictures[:first], masks[:first], pictures[first:], masks[first:]


def read_boxes(samples=2000, noise=13.0):
    """Training pictures uint8 (N 1 64 64) and boxes float32 (N 4), test pictures and boxes."""
    pictures, _, boxes = painted(samples, 1, 1, noise)
    first = samples * 4 // 5
    return pictures[:first], boxes[:first], pictures[first:], boxes[first:]


def scenes(count, most, seed, noise, side=64):
    """Grey pictures uint8 (N 1 side side), grainy by `noise` of 255 grey levels, of one to `most` circles, squares and triangles that hardly overlap, and of each of these left, top, right and bottom
    as shares of the side and the number of its kind, 0 circle, 1 square, 2 triangle, or -1 for none (N most 5)."""
    import torch

    random, behind, shapes = Random(seed), [], []
    for _ in range(count):
        behind.append(60 + int(136 * random.random()))
        placed = []
        for _ in range(1 + int(most * random.random())):
            kind, radius, light = int(3 * random.random()), side // 12 + int(side // 7 * random.random()), 30 + int(30 * random.random())
            across, along = (radius + int((side - 2 * radius) * random.random()) for _ in range(2))
            light = light if random.random() < 0.5 else -light
            # One that would cover more than the edge of another is left out.
            if all(5 * max(abs(across - x), abs(along - y)) > 4 * (radius + reach) for x, y, reach, *_ in placed):
                placed.append((across, along, radius, kind, light))
        shapes.append(placed + [(0, 0, -1, -1, 0)] * (most - len(placed)))
    # Numbers of 16 bits hold them all, and are painted in a quarter of the time.
    behind, shapes = torch.tensor(behind, dtype=torch.int16)[:, None, None], torch.tensor(shapes, dtype=torch.int16)
    pictures, x = behind.repeat(1, side, side), torch.arange(side, dtype=torch.int16)
    for one in shapes.unbind(1):
        across, along, radius, kind, light = (number[:, None, None] for number in one.unbind(1))
        dx, dy = (x - across).abs(), x[:, None] - along
        inside = torch.where(kind == 0, dx * dx + dy * dy <= radius * radius, torch.where(kind == 1, (dx <= radius) & (dy.abs() <= radius), (2 * dx <= dy + radius) & (dy <= radius)))
        pictures = torch.where(inside & (radius > 0), behind + light, pictures)
    # Two grains together fall on the middle more often than on the ends; their standard deviation is 8 times 13.
    grains = grain(pictures.numel(), seed, 65535).reshape(pictures.shape)
    grains = ((grains & 255) + (grains >> 8) - 255) * round(8192 / 13 * noise) >> 16
    across, along, radius, kind = (shapes[..., place] for place in range(4))
    boxes = torch.stack([across - radius, along - radius, across + radius + 1, along + radius + 1], 2) * (kind >= 0)[..., None] / side
    return (pictures + grains).clamp(0, 255).to(torch.uint8)[:, None], torch.cat([boxes, kind[..., None].float()], 2)


def read_scenes(samples=2000, noise=13.0):
    """Training pictures uint8 (N 1 64 64) and boxes float32 (N 5 5), test pictures and boxes."""
    pictures, boxes = scenes(samples, 5, 2, noise)
    first = samples * 4 // 5
    return pictures[:first], boxes[:first], pictures[first:], boxes[first:]


# How each is read, and the functions that this takes.
DRAWN: Mapping[str, tuple[Callable[[], Four], tuple[Callable, ...]]] = {
    "curve": (read_curve, (curve,)), "shapes": (read_shapes, (grain, painted)), "shapes-boxes": (read_boxes, (grain, painted)),
    "shapes-detection": (read_scenes, (grain, scenes))}
