"""The figures of an evaluation that a training is watched by, in its exported text: the very functions of the app."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass

from builder.catalogue import Dataset
from builder.catalogue.schedules import MONITORS

# What every evaluation gives anyway.
PLAIN = ("loss", "accuracy")


@dataclass(frozen=True)
class Figures:
    """Pieces of Python: the functions, where an evaluation begins to add up, what it adds of a batch's `outputs` and `targets`, and the figures by their names."""

    text: str = ""
    begin: str = ""
    add: str = ""
    give: str = ""


def watched(monitor: str) -> bool:
    """Whether what is watched is a figure of the task, beside the loss and the accuracy."""
    return MONITORS[monitor].figure not in PLAIN


def cost(monitor: str) -> str:
    """The watched number, turned so that less is better."""
    if monitor == "train_loss":
        return "total / len(labels)"
    one = MONITORS[monitor]
    return one.sign + (f"test_figures.get({one.figure!r}, 0.0)".replace("'", '"') if watched(monitor) else f"test_{one.figure}")


def figures(dataset: Dataset, waiting: Mapping[str, object], stopping: Mapping[str, object]) -> Figures:
    """The pieces for a data set, none where what a schedule and a stop watch is known without them."""
    if not any(watched(str(values["monitor"])) for values in (waiting, stopping) if "monitor" in values):
        return Figures()
    from builder.tasks import figures as near

    classes = len(dataset.classes)
    if dataset.task == "detection":
        from builder.tasks import found

        used = (found.right_boxes, found.judged_boxes, found.average_precision, found.average_precisions, found.mean_precision)
        return Figures(_text(*used) + IN_ALL, "    told = []\n", f"        told.append(judged_boxes(outputs, targets, {classes}))\n", "in_all(told)")
    if dataset.task == "segmentation":
        return Figures(_text(near.counts_of_pixels, near.overlaps), "    counts = 0\n", f"        counts = counts + counts_of_pixels(outputs, targets, {classes})\n", "overlaps(counts)")
    return Figures(_text(near.sums_of_errors, near.errors), "    sums = 0\n", "        sums = sums + sums_of_errors(outputs, targets)\n", "errors(sums, len(labels))")


def _text(*functions: object) -> str:
    return "\n\n".join(map(inspect.getsource, functions)) + "\n\n"


IN_ALL = '''\
def in_all(told):
    """Mean average precision of the boxes told of all batches."""
    scores, kinds, right, true = zip(*told)
    return mean_precision(average_precisions(torch.cat(scores).cpu(), torch.cat(kinds).cpu(), torch.cat(right).cpu(), sum(true).cpu()))


'''
