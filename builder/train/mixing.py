"""Augmentations that mix each image with another one: MixUp and CutMix.

Each function takes images and as many others, float32 (N C H W) on the scale 0 to 1, `chance` (N draws), and the parameters of its record; it returns the mixed images and
how much of each is its own (N), which is how much of its class is in it. What is said in builder.train.augmentations of its functions holds for these.
"""

from __future__ import annotations

import torch


def mix_up(images, others, chance, alpha):
    """Every pixel of the image and of the other, in shares that are drawn for each image."""
    share = beta(chance[:, 0], alpha)
    return torch.lerp(others, images, share[:, None, None, None]), share


def cut_mix(images, others, chance, alpha):
    """The other in a rectangle of the image's form, whose size and place are drawn for each image; what lies outside of the image is cut off."""
    height, width = images.shape[2:]
    half = 0.5 * (1 - beta(chance[:, 0], alpha)).sqrt()
    (left, right), (top, bottom) = (((at - reach).clamp(min=0), (at + reach).clamp(max=size)) for at, reach, size in (
        ((width * chance[:, 1]).floor(), (width * half).floor(), width), ((height * chance[:, 2]).floor(), (height * half).floor(), height)))
    x, y = torch.arange(width, device=images.device), torch.arange(height, device=images.device)
    across, down = (x >= left[:, None]) & (x < right[:, None]), (y >= top[:, None]) & (y < bottom[:, None])
    inside = down[:, None, :, None] & across[:, None, None, :]
    # Shares of 0 and 1 leave every bit as it is, in a fraction of the time of torch.where.
    return torch.lerp(images, others, torch.empty_like(images).copy_(inside)), 1 - (right - left) * (bottom - top) / (width * height)


def beta(chance, alpha):
    """Numbers of the distribution Beta(alpha, alpha), from even chances (N): its distribution function, which is added up in small steps, read backwards."""
    # Up to the middle, of which the rest is the mirror image; in even steps of x ** alpha where the density is infinite at 0.
    even = torch.arange(1025, dtype=torch.float64) / 1024
    x = 0.5 * even ** max(1.0, 1 / alpha)
    density = ((1 - x) * (x if alpha > 1 else torch.ones_like(x))) ** (alpha - 1)
    up_to = torch.cat([torch.zeros(1, dtype=torch.float64), (density[1:] + density[:-1]).cumsum(0)])
    x, up_to = (values.float().to(chance.device) for values in (x, up_to / up_to[-1] / 2))
    low = torch.minimum(chance, 1 - chance)
    end = torch.searchsorted(up_to, low, right=True).clamp(max=1024)
    first, share = end - 1, (low - up_to[end - 1]) / (up_to[end] - up_to[end - 1])
    found = x[first] + share * (x[end] - x[first])
    return torch.where(chance <= 0.5, found, 1 - found)
