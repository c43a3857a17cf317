"""What the exported training says of targets: the form in which the loss takes them, what counts as right, and how much there is to be right."""

from __future__ import annotations

import inspect
from dataclasses import dataclass

from builder.catalogue import Dataset, Loss
from builder.catalogue.datasets import IGNORED
from builder.tasks.pixels import loss_of_pixels, loss_of_scores


@dataclass(frozen=True)
class Answers:
    """Pieces of Python about `outputs` and `targets` of a batch: the loss, the number of right answers; `count` is how many answers of the part's
    `labels` could be right. `right` and `count` are empty where nothing is right or wrong. `name` is what the labels are called in the text, `text` the
    functions that the loss calls; `mixed` is the loss where `targets` are shares of the classes."""

    name: str
    loss: str
    right: str = ""
    count: str = ""
    text: str = ""
    mixed: str = ""

    @property
    def divisor(self) -> str:
        """What the number of right answers is divided by: masks may have no pixel of a class at all."""
        return self.count if self.count.startswith("len") else f"max(1, {self.count})"


NAMES = {"classification": "labels", "segmentation": "masks", "regression": "answers", "detection": "boxes"}


def answers(dataset: Dataset, loss: Loss, single: bool, augmented: bool = False) -> Answers:
    """The pieces for a data set and a loss; `single` where one score stands for two classes. Masks that are `augmented` get pixels of no class."""
    name = NAMES[dataset.task]
    if dataset.task in ("regression", "detection"):
        return Answers(name, "loss_fn(outputs, targets)")
    right = f"({'(outputs[:, 0] > 0)' if single else 'outputs.argmax(1)'} == targets).sum().item()"
    if dataset.task == "segmentation":
        meant = loss_of_scores if loss.form == "logits" else loss_of_pixels if augmented or dataset.own else None
        given = f"{meant.__name__}(loss_fn, outputs, targets)" if meant else "loss_fn(outputs, targets.long())"
        return Answers(name, given, right, f"(labels != {IGNORED}).sum().item()", inspect.getsource(meant) if meant else "")
    aims = {"classes": "targets"}.get(loss.form) or ("targets[:, None]" if single else f"nn.functional.one_hot(targets, {len(dataset.classes)})") + ".to(outputs.dtype)"
    return Answers(name, f"loss_fn(outputs, {aims})", right, "len(labels)", mixed=f"loss_fn(outputs, targets{'[:, 1:]' if single else ''})")


def loss_arguments(dataset: Dataset, loss: Loss, balanced: bool) -> list[str]:
    """What the loss is given that follows from the data."""
    gaps = dataset.task == "segmentation" and loss.form == "classes"
    return [*([f"ignore_index={IGNORED}"] if gaps else []), *(["weight=weight"] if balanced else [])]
