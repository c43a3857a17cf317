"""How large the gradients are, brick by brick: where they vanish or explode on their way back is seen before the loss shows it."""

from __future__ import annotations

import math

import torch
from torch import nn

# Of a network with more bricks so many are told, spread evenly: a picture has no room for more.
MOST_BRICKS = 64


class GradientNorms:
    """The lengths (L2 norms) of a network's gradients, of all weights together and of each brick's; reading them waits for the device, and changes nothing."""

    def __init__(self, model: nn.Module):
        trained = [(name.partition(".")[0], weights) for name, weights in model.named_parameters() if weights.requires_grad]
        self.bricks = list(dict.fromkeys(brick for brick, _ in trained))
        number = {brick: i for i, brick in enumerate(self.bricks)}
        self._weights = [(number[brick], weights) for brick, weights in trained]

    @torch.no_grad()
    def read(self) -> tuple[float | None, dict[str, float | None]]:
        """Those of the last step, as the optimiser saw them (behind clipping, with L1): of all, and by brick; None where one is not finite.

        Without gradients, as before the first step, no number and no bricks.
        """
        there = [(number, weights.grad) for number, weights in self._weights if weights.grad is not None]
        if not there:
            return None, {}
        norms = torch.stack([torch.linalg.vector_norm(gradient) for _, gradient in there]).tolist()
        squares = dict.fromkeys((number for number, _ in there), 0.0)
        for (number, _), norm in zip(there, norms, strict=True):
            squares[number] += norm * norm
        every = max(1.0, len(squares) / MOST_BRICKS)
        chosen = sorted(squares)
        told = [chosen[int(i * every)] for i in range(min(len(chosen), MOST_BRICKS))]
        return _length(sum(squares.values())), {self.bricks[number]: _length(squares[number]) for number in told}


def _length(square: float) -> float | None:
    # Six digits are more than a chart shows, and keep the record of a run small.
    return float(f"{math.sqrt(square):.6g}") if math.isfinite(square) else None
