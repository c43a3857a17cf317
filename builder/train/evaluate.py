"""A network over a whole part of the data, without learning."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from builder.tasks.task import LossFunction, Task

from .batches import Split
from .events import score
from .precision import computed


@dataclass(frozen=True)
class Seen:
    """Mean loss of a sample, share of right answers, confusion[i][j], the samples or pixels of class i called j, and what else the task says.

    `answers` are what the first samples were given, for the eye, where the task has a picture of that.
    """

    loss: float
    accuracy: float | None
    confusion: tuple[tuple[int, ...], ...]
    figures: Mapping[str, float] = field(default_factory=dict)
    answers: Tensor | None = None

    def score(self, by: str = "") -> float:
        """By what epochs are compared: more is better."""
        return score(self.loss, self.accuracy, self.figures, by)


def evaluate(model: nn.Module, split: Split, task: Task, loss_fn: LossFunction, batch: int, precision: str = "float32") -> Seen:
    """The network in evaluation mode over the split, `batch` samples at a time."""
    return next(seen for seen in evaluation(model, split, task, loss_fn, batch, precision) if seen is not None)


@torch.no_grad()
def evaluation(model: nn.Module, split: Split, task: Task, loss_fn: LossFunction, batch: int, precision: str = "float32") -> Iterator[Seen | None]:
    """The same, which comes to a stand before every batch, with None, and gives what it has seen last."""
    model.eval()
    losses, correct, answers, confusion, tally, pictured = [], 0, 0, 0, 0, None
    for first in range(0, len(split), batch):
        yield None
        inputs, targets = split.part(first, min(first + batch, len(split)))
        outputs = computed(model, inputs, precision)
        losses.append(task.loss(loss_fn, outputs, targets) * len(targets))
        correct = correct + task.correct(outputs, targets)
        answers = answers + task.answers(targets)
        tally = tally + task.tally(outputs, targets)
        confusion = confusion + task.confusion(outputs, targets)
        pictured = task.pictured(outputs) if first == 0 else pictured
    answers = int(answers)
    yield Seen(sum(torch.stack(losses).tolist()) / len(split), int(correct) / answers if answers else None, tuple(map(tuple, confusion.tolist())),
               task.figures(tally, len(split)), pictured)
