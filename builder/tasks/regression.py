"""Numbers: outputs and targets are float32 (N K), one number for each of K targets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from builder.catalogue.datasets import BOX

from .figures import errors, sums_of_errors
from .task import TaskError, Ungraded, shown

MOST_SAMPLES, MOST_NUMBERS = 500, 2000  # that are pictured while a run goes on


@dataclass(frozen=True)
class Regression(Ungraded):
    """The task of telling numbers; nothing is right or wrong, only nearer or farther."""

    targets: Sequence[str]

    def check(self, outputs: Tensor) -> None:
        """Raises TaskError unless there is one number a target."""
        if not isinstance(outputs, Tensor):
            raise TaskError(f"The network should give one tensor of numbers, and gives a {type(outputs).__name__}.")
        count = len(self.targets)
        if outputs.ndim != 2 or outputs.shape[1] != count:
            raise TaskError(f"The network gives {shown(outputs)}, and the data has {count} target{'' if count == 1 else 's'} a sample: its output must be N×{count}.")

    def tally(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """For each target the sums of squared and absolute errors, of the true numbers and of their squares (4 K); then that of the boxes' overlap."""
        sums = sums_of_errors(outputs, targets)
        overlap = _overlap(outputs.to(sums.dtype), targets.to(sums.dtype)).sum() if tuple(self.targets) == BOX else sums.new_zeros(())
        return torch.cat([sums.flatten(), overlap[None]])

    def figures(self, tally: Tensor, samples: int) -> dict[str, float]:
        """Mean squared and mean absolute error over all targets; R², 1 - squared errors / squared deviations from the mean, as the mean over the targets
        whose numbers differ; of boxes the mean intersection over union."""
        found = errors(tally[:-1].reshape(4, -1), samples)
        return {**found, **({"box_iou": tally[-1].item() / samples} if tuple(self.targets) == BOX else {})}

    def pictured(self, outputs: Tensor) -> Tensor:
        """The numbers of the first samples."""
        return outputs[:min(MOST_SAMPLES, MOST_NUMBERS // len(self.targets))].to(torch.float32)

    def confusion(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """None: there are no classes."""
        return torch.zeros(0, 0, dtype=torch.int64)


def _overlap(a: Tensor, b: Tensor) -> Tensor:
    """Intersection over union of boxes (N 4) as left, top, right, bottom, pair by pair (N); a box that is turned inside out has no area."""
    area_a, area_b = ((box[:, 2:] - box[:, :2]).clamp(min=0).prod(1) for box in (a, b))
    both = (torch.minimum(a[:, 2:], b[:, 2:]) - torch.maximum(a[:, :2], b[:, :2])).clamp(min=0).prod(1)
    return both / (area_a + area_b - both).clamp(min=1e-12)
