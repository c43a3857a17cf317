"""One class a sample: outputs are scores (N classes), targets class numbers int64 (N)."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from .task import LossFunction, TaskError


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

    def confusion(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Counts of (true class, highest score), by one bincount of their pair number."""
        pairs = targets * self.classes + outputs.argmax(1)
        return pairs.bincount(minlength=self.classes ** 2).reshape(self.classes, self.classes)
