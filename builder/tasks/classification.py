"""One class a sample: outputs are scores (N classes), targets class numbers int64 (N)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from .task import LossFunction, TaskError

TOP = 5
BINS = 15


def balanced(labels: Tensor, classes: int) -> Tensor:
    """A weight a class, float32: samples / (classes · samples of the class), as scikit-learn's class_weight="balanced"."""
    return len(labels) / (classes * labels.bincount(minlength=classes).clamp(min=1))


@dataclass(frozen=True)
class Classification:
    """The task of naming the one class of a sample; the highest score counts as the answer."""

    classes: int

    def check(self, outputs: Tensor) -> None:
        """Raises TaskError unless there is one score a class."""
        if not isinstance(outputs, Tensor):
            raise TaskError(f"The network should give one tensor of scores, and gives a {type(outputs).__name__}.")
        if outputs.ndim != 2 or outputs.shape[1] != self.classes:
            shape = "×".join(["N", *map(str, outputs.shape[1:])])
            raise TaskError(f"The network gives {shape}, and the data has {self.classes} classes: its output must be N×{self.classes}, one score a class.")

    def loss(self, loss_fn: LossFunction, outputs: Tensor, targets: Tensor) -> Tensor:
        """The loss function of scores and class numbers."""
        return loss_fn(outputs, targets)

    def correct(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """How many highest scores are at the true class."""
        return (outputs.argmax(1) == targets).sum()

    def tally(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """How many targets are among the five highest scores, then how sure and how often right the answers are, by BINS steps of sureness."""
        sure, answers = outputs.softmax(1).max(1)
        bins = (sure * BINS).long().clamp(0, BINS - 1)
        right = (answers == targets).to(torch.float32)
        among = (outputs.topk(min(TOP, self.classes), 1).indices == targets[:, None]).sum().to(torch.float32)
        spread = torch.zeros(2, BINS, device=outputs.device)
        return torch.cat([among[None], spread.index_add_(1, bins, torch.stack([sure.to(torch.float32), right])).flatten()])

    def figures(self, tally: Tensor, samples: int) -> dict[str, float]:
        """Top-5 accuracy, where there are more than five classes, and the expected calibration error of 15 bins (Guo et al. 2017, arXiv:1706.04599, section 2)."""
        among, *spread = tally.tolist()
        sure, right = spread[:BINS], spread[BINS:]
        error = sum(abs(a - b) for a, b in zip(sure, right, strict=True)) / samples
        return {**({"top5": among / samples} if self.classes > TOP else {}), **({"calibration_error": error} if math.isfinite(error) else {})}

    def confusion(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Counts of (true class, highest score), by one bincount of their pair number."""
        pairs = targets * self.classes + outputs.argmax(1)
        return pairs.bincount(minlength=self.classes ** 2).reshape(self.classes, self.classes)
