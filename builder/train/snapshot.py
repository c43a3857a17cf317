"""Pictures of the first learned layer as it changes."""

from __future__ import annotations

import base64
import math

import torch
from torch import Tensor, nn

from .events import Snapshot

MOST_FILTERS = 64


def watched_layer(model: nn.Module, shape: tuple[int, ...]) -> tuple[str, tuple[int, int, int, int]] | None:
    """Name of the first layer that sees the sample, and the shape (out in height width) in which its weights are pictures.

    The first Conv2d, or a Linear before any Conv2d whose inputs are all numbers of a sample (C H W, H W or F); None when there is neither.
    """
    for name, module in model.named_modules():
        if isinstance(module, nn.Conv2d):
            return name, tuple(module.weight[:MOST_FILTERS].shape)
        if isinstance(module, nn.Linear):
            fits = module.in_features == math.prod(shape) and len(shape) <= 3
            return (name, (min(MOST_FILTERS, module.out_features), *[1] * (3 - len(shape)), *shape)) if fits else None
    return None


def take_snapshot(model: nn.Module, layer: str, shape: tuple[int, int, int, int], step: int, epoch: int) -> Snapshot | None:
    """The layer's weights as bytes between their smallest and largest value; None while any is not finite."""
    weights = model.get_submodule(layer).weight.detach()[:shape[0]].to("cpu", torch.float32).reshape(shape)
    low, high = weights.min().item(), weights.max().item()
    if not torch.isfinite(weights).all():
        return None
    filters = len(model.get_submodule(layer).weight)
    return Snapshot(step, epoch, layer, shape, low, high, base64.b64encode(_bytes(weights, low, high)).decode("ascii"), filters if filters > shape[0] else 0)


def _bytes(weights: Tensor, low: float, high: float) -> bytes:
    levels = (weights - low) * (255 / (high - low)) if high > low else torch.zeros_like(weights)
    return levels.round().clamp(0, 255).to(torch.uint8).contiguous().numpy().tobytes()
