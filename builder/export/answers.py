"""What the exported training says of targets: the form in which the loss takes them, what counts as right, and how much there is to be right."""

from __future__ import annotations

from dataclasses import dataclass

from builder.catalogue import Dataset, Loss
from builder.catalogue.datasets import IGNORED


@dataclass(frozen=True)
class Answers:
    """Pieces of Python about `outputs` and `targets` of a batch: the loss, the number of right answers; `count` is how many answers of the part's
    `labels` could be right. `right` and `count` are empty where nothing is right or wrong. `name` is what the labels are called in the text."""

    name: str
    loss: str
    right: str = ""
    count: str = ""


NAMES = {"classification": "labels", "segmentation": "masks", "regression": "answers"}


def answers(dataset: Dataset, loss: Loss, single: bool) -> Answers:
    """The pieces for a data set and a loss; `single` where one score stands for two classes."""
    name = NAMES[dataset.task]
    if dataset.task == "regression":
        return Answers(name, "loss_fn(outputs, targets)")
    right = f"({'(outputs[:, 0] > 0)' if single else 'outputs.argmax(1)'} == targets).sum().item()"
    if dataset.task == "segmentation":
        given = f"loss_fn(outputs[:, 0][targets != {IGNORED}], targets[targets != {IGNORED}].to(outputs.dtype))" if single else "loss_fn(outputs, targets.long())"
        return Answers(name, given, right, f"(labels != {IGNORED}).sum().item()")
    aims = {"classes": "targets"}.get(loss.form) or ("targets[:, None]" if single else f"nn.functional.one_hot(targets, {len(dataset.classes)})") + ".to(outputs.dtype)"
    return Answers(name, f"loss_fn(outputs, {aims})", right, "len(labels)")


def loss_arguments(dataset: Dataset, loss: Loss, balanced: bool) -> list[str]:
    """What the loss is given that follows from the data."""
    gaps = dataset.task == "segmentation" and loss.form == "classes"
    return [*([f"ignore_index={IGNORED}"] if gaps else []), *(["weight=weight"] if balanced else [])]
