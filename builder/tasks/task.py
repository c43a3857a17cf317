"""What the training loop asks of a task; it knows nothing else about the data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from torch import Tensor

LossFunction = Callable[[Tensor, Tensor], Tensor]


class TaskError(ValueError):
    """A network's outputs do not fit the task; the message is for people."""


def shown(outputs: Tensor) -> str:
    """The shape of outputs as people write it, N×10."""
    return "×".join(["N", *map(str, outputs.shape[1:])])


class Ungraded:
    """What tasks share whose answers are nearer or farther, never simply right or wrong; their figures tell how near."""

    def loss(self, loss_fn: LossFunction, outputs: Tensor, targets: Tensor) -> Tensor:
        """The loss function of what the network gives and of what is true."""
        return loss_fn(outputs, targets)

    def correct(self, outputs: Tensor, targets: Tensor) -> int:
        """None."""
        return 0

    def answers(self, targets: Tensor) -> int:
        """None."""
        return 0


class Task(Protocol):
    """Results stay on the device of the tensors; `loss` and `correct`, asked every step, never wait for it."""

    def check(self, outputs: Tensor) -> None:
        """Raises TaskError when outputs of this shape cannot be meant; asked once, on the first batch."""

    def loss(self, loss_fn: LossFunction, outputs: Tensor, targets: Tensor) -> Tensor:
        """The mean loss of the batch, without axes, with its graph."""

    def correct(self, outputs: Tensor, targets: Tensor) -> Tensor | int:
        """How many answers of the batch are right, without axes; 0 where nothing is right or wrong."""

    def answers(self, targets: Tensor) -> Tensor | int:
        """How many could be right: samples, or pixels; 0 where nothing is right or wrong, and the accuracy is None."""

    def tally(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Sums over the batch, of which `figures` makes numbers once those of all batches are added up."""

    def figures(self, tally: Tensor, samples: int) -> dict[str, float]:
        """What the sums say of so many samples, by name."""

    def pictured(self, outputs: Tensor) -> Tensor | None:
        """Of the first samples of a batch what a picture of the answers takes: class numbers uint8 (n H W) or numbers float32 (n K); None where there is none."""

    def confusion(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Counts int64 (classes classes): row true class, column given class; (0 0) where there are no classes."""
