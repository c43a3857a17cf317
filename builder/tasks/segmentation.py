"""One class a pixel: outputs are scores (N classes H W), or one for two classes (N 1 H W); targets class numbers uint8 (N H W), 255 of no class."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from builder.catalogue.datasets import IGNORED

from .figures import counts_of_pixels, overlaps
from .pixels import loss_of_pixels, loss_of_scores
from .task import LossFunction, TaskError, shown

MOST_PIXELS = 32_768  # of the masks that are pictured while a run goes on: 44 kB of text


@dataclass(frozen=True)
class Segmentation:
    """The task of naming the class of every pixel; the highest score counts as the answer, and of one score for two classes its sign.

    `form` "logits" takes that one score; `gaps` says that some pixels are of no class: they are neither learned nor counted.
    """

    classes: int
    form: str = "classes"
    gaps: bool = True

    def check(self, outputs: Tensor) -> None:
        """Raises TaskError unless there is one score a class and pixel, or one a pixel for two classes where the loss takes it."""
        if not isinstance(outputs, Tensor):
            raise TaskError(f"The network should give one tensor of scores, and gives a {type(outputs).__name__}.")
        needed = 1 if self.form == "logits" else self.classes
        if outputs.ndim != 4 or outputs.shape[1] != needed:
            raise TaskError(f"The network gives {shown(outputs)}: its output must be N×{needed}×H×W, " + (
                "one score a pixel with this loss." if self.form == "logits" else f"one score a pixel for each of {self.classes} classes."))

    def loss(self, loss_fn: LossFunction, outputs: Tensor, targets: Tensor) -> Tensor:
        """The loss function of scores and targets in the form that it takes; pixels of no class have no part in it."""
        if outputs.shape[2:] != targets.shape[1:]:
            raise TaskError(f"The network gives {shown(outputs)}, and the masks have {targets.shape[1]}×{targets.shape[2]} pixels: it must give as many.")
        if self.form == "classes":
            return loss_of_pixels(loss_fn, outputs, targets) if self.gaps else loss_fn(outputs, targets.long())
        return loss_of_scores(loss_fn, outputs, targets)

    def correct(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """How many pixels are given their class."""
        return (self.named(outputs) == targets).sum()

    def answers(self, targets: Tensor) -> Tensor | int:
        """Every pixel of a class."""
        return (targets != IGNORED).sum() if self.gaps else targets.numel()

    def tally(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """The counts of `confusion`, one after the other."""
        return self.confusion(outputs, targets).flatten()

    def figures(self, tally: Tensor, samples: int) -> dict[str, float]:
        """The mean over the classes of intersection over union (IoU, Jaccard), and of Dice's coefficient; a class that is neither there nor named is left out; nothing where none is."""
        return overlaps(tally.reshape(self.classes, self.classes))

    def pictured(self, outputs: Tensor) -> Tensor | None:
        """The masks of the first samples, as many as MOST_PIXELS hold; None where not even one does."""
        count = MOST_PIXELS // (outputs.shape[2] * outputs.shape[3])
        return self.named(outputs[:count]).to(torch.uint8) if count else None

    def confusion(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Counts of (true class, answer) over the pixels, by one bincount of their pair number."""
        return counts_of_pixels(outputs, targets, self.classes)

    def named(self, outputs: Tensor) -> Tensor:
        """The class numbers that are given, int64 (N H W)."""
        return (outputs[:, 0] > 0).long() if self.classes == 2 and outputs.shape[1] == 1 else outputs.argmax(1)
