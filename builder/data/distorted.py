"""The built-in digits, distorted: turned, scaled, slanted and shifted by chance that follows from a seed.

Pixels are worked out in whole numbers, so that they are the same on every machine. An exported training holds the text of `distorted`.
"""

from __future__ import annotations

import math
from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

DISTORTED = "distorted-digits"
TIMES = 4


def read_distorted() -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Training images and labels, test images and labels; what a test digit became is never in the training part."""
    from .digits import read_digits

    images, labels, test_images, test_labels = read_digits()
    return distorted(images, TIMES, 0), labels.repeat(TIMES), distorted(test_images, TIMES, 1), test_labels.repeat(TIMES)


def distorted(images, times, seed):
    """The images uint8 (N 1 28 28) so many times over: turned by up to 20°, scaled by 0.8 to 1.2, slanted by up to 0.2, shifted by up to 3 pixels."""
    import torch

    random, ways = Random(seed), []
    for _ in range(times * len(images)):
        turn, slant, wide, high, across, along = (2 * random.random() - 1 for _ in range(6))
        cos, sin, wide, high = math.cos(turn * math.pi / 9), math.sin(turn * math.pi / 9), 1 + 0.2 * wide, 1 + 0.2 * high
        way = (cos / wide, (sin + 0.2 * slant * cos) / wide, 3 * across, -sin / high, (cos - 0.2 * slant * sin) / high, 3 * along)
        ways.append([round(65536 * number) for number in way])
    place, made = 2 * torch.arange(28, dtype=torch.int32) - 27, []  # halves of a pixel from the middle
    # With an empty rim, where all that lies outside is read. A few images at a time stay in the processor's cache.
    rimmed = torch.nn.functional.pad(images.repeat(times, 1, 1, 1)[:, 0], (1, 1, 1, 1)).flatten(1)
    for way, pixels in zip(torch.tensor(ways, dtype=torch.int32).split(64), rimmed.split(64), strict=True):
        a, b, c, d, e, f = way.T[:, :, None, None]
        # Where every pixel comes from, in 1/65536 of a pixel.
        x = ((a * place + b * place[:, None]) >> 1) + c + 27 * 32768 + 65536  # N 28 28
        y = ((d * place + e * place[:, None]) >> 1) + f + 27 * 32768 + 65536
        total = 0
        for down in (0, 1):
            for right in (0, 1):
                at = ((y >> 16) + down).clamp(0, 29) * 30 + ((x >> 16) + right).clamp(0, 29)
                share = (y & 65535 if down else 65536 - (y & 65535)).long() * (x & 65535 if right else 65536 - (x & 65535))
                total = total + pixels.gather(1, at.flatten(1).long()).reshape(share.shape) * share
        made.append(((total + (1 << 31)) >> 32).to(torch.uint8))
    return torch.cat(made)[:, None]
