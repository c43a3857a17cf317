"""One class a sample: outputs are scores (N classes), or one for two classes (N 1); targets class numbers int64 (N), in training also shares of the classes float32 (N classes)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from .task import LossFunction, TaskError, shown

TOP = 5
BINS = 15


def balanced(counts: Tensor) -> Tensor:
    """A weight a class, float32, by its number of samples: samples / (classes · samples of the class), as scikit-learn's class_weight="balanced"; 1 for a class that has none."""
    # Label smoothing asks for every class: one without a sample would be all that counts.
    return torch.where(counts > 0, int(counts.sum()) / (len(counts) * counts.clamp(min=1)), 1.0)


@dataclass(frozen=True)
class Classification:
    """The task of naming the one class of a sample; the highest score counts as the answer, and of one score for two classes its sign.

    `form` is what the loss takes for targets: "classes" are their numbers, "one-hot" 1 for the true class and 0 for the others, "logits" the same, or
    one number alone for two classes.
    """

    classes: int
    form: str = "classes"

    def check(self, outputs: Tensor) -> None:
        """Raises TaskError unless there is one score a class, or one for two classes where the loss can be meant so."""
        if not isinstance(outputs, Tensor):
            raise TaskError(f"The network should give one tensor of scores, and gives a {type(outputs).__name__}.")
        if outputs.ndim != 2 or outputs.shape[1] not in ((self.classes, 1) if self.form == "logits" and self.classes == 2 else (self.classes,)):
            raise TaskError(f"The network gives {shown(outputs)}, and the data has {self.classes} classes: its output must be N×{self.classes}, one score a class.")

    def loss(self, loss_fn: LossFunction, outputs: Tensor, targets: Tensor) -> Tensor:
        """The loss function of scores and targets in the form that it takes; of shares of the classes where it is one that takes them."""
        if targets.ndim == 2:
            return loss_fn(outputs, (targets[:, 1:] if self._single(outputs) else targets).to(outputs.dtype))
        if self.form == "classes":
            return loss_fn(outputs, targets)
        aims = targets[:, None] if self._single(outputs) else one_hot(targets, self.classes)
        return loss_fn(outputs, aims.to(outputs.dtype))

    def correct(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """How many answers are the true class, of a mixed sample the one that has the largest share of it."""
        return (self.named(outputs) == (targets if targets.ndim == 1 else targets.argmax(1))).sum()

    def answers(self, targets: Tensor) -> int:
        """Every sample."""
        return len(targets)

    def tally(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """How many targets are among the five highest scores, then how sure and how often right the answers are, by BINS steps of sureness."""
        scores = torch.cat([torch.zeros_like(outputs), outputs], 1) if self._single(outputs) else outputs
        sure, answers = scores.softmax(1).max(1)
        bins = (sure * BINS).long().clamp(0, BINS - 1)
        right = (answers == targets).to(torch.float32)
        among = (scores.topk(min(TOP, self.classes), 1).indices == targets[:, None]).sum().to(torch.float32)
        spread = torch.zeros(2, BINS, device=outputs.device)
        return torch.cat([among[None], spread.index_add_(1, bins, torch.stack([sure.to(torch.float32), right])).flatten(), self._sureness(outputs)])

    def _sureness(self, outputs: Tensor) -> Tensor:
        """1 a batch whose scores are a distribution over the classes once softmax has seen them: those that losses of their own make them."""
        return torch.ones(1, device=outputs.device) * (self.form == "classes" or self._single(outputs))

    def figures(self, tally: Tensor, samples: int) -> dict[str, float]:
        """Top-5 accuracy, where there are more than five classes, and the expected calibration error of 15 bins (Guo et al. 2017, arXiv:1706.04599,
        section 2), where the loss makes the scores a distribution over the classes."""
        among, *spread, sure_batches = tally.tolist()
        sure, right = spread[:BINS], spread[BINS:]
        error = sum(abs(a - b) for a, b in zip(sure, right, strict=True)) / samples
        return {**({"top5": among / samples} if self.classes > TOP else {}), **({"calibration_error": error} if math.isfinite(error) and sure_batches else {})}

    def pictured(self, outputs: Tensor) -> None:
        """None: the confusion matrix says it."""

    def confusion(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Counts of (true class, answer), by one bincount of their pair number."""
        pairs = targets * self.classes + self.named(outputs)
        return pairs.bincount(minlength=self.classes ** 2).reshape(self.classes, self.classes)

    def _single(self, outputs: Tensor) -> bool:
        """Whether one score stands for two classes; where there is one class alone it is that class's."""
        return self.classes == 2 and outputs.shape[1] == 1

    def named(self, outputs: Tensor) -> Tensor:
        """The class numbers that are given, int64 (N)."""
        return (outputs[:, 0] > 0).long() if self._single(outputs) else outputs.argmax(1)
