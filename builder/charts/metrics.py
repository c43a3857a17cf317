"""What a confusion matrix says of every class and of all of them: precision, recall and F1."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from builder.train.events import Evaluated


@dataclass(frozen=True)
class ClassMetrics:
    """One class: of what was called so the share that is so, of what is so the share that was called so, their harmonic mean, its samples (or pixels), and
    intersection over union: of what is or was called so the share that is both.

    None where there is nothing to take a share of.
    """

    name: str
    precision: float | None
    recall: float | None
    f1: float | None
    samples: int
    iou: float | None = None


def by_class(confusion: Sequence[Sequence[int]], names: Sequence[str]) -> list[ClassMetrics]:
    """A record a class; confusion[i][j] counts the samples of class i called j."""
    called = [sum(column) for column in zip(*confusion, strict=True)]
    rows = []
    for i, row in enumerate(confusion):
        right, samples = row[i], sum(row)
        f1 = 2 * right / (samples + called[i]) if samples + called[i] else None
        iou = _share(right, samples + called[i] - right)
        rows.append(ClassMetrics(names[i] if i < len(names) else str(i), _share(right, called[i]), _share(right, samples), f1, samples, iou))
    return rows


def macro_f1(confusion: Sequence[Sequence[int]]) -> float | None:
    """The mean F1 of the classes that are there or were named, each counting as much as the others."""
    known = [row.f1 for row in by_class(confusion, ()) if row.f1 is not None]
    return sum(known) / len(known) if known else None


def totals(seen: Evaluated) -> dict[str, tuple[float | None, bool]]:
    """The figures of an evaluation over all its classes or targets, by their titles, each with whether it is a share."""
    if seen.accuracy is None:
        told = {title: (seen.figures[name], name in SHARES) for name, title in NUMBERS.items() if name in seen.figures}
        # The parts of a loss stand behind it.
        shared = {title: value for title, value in told.items() if value[1] and "map" in seen.figures}
        return {**shared, "Loss": (seen.loss, False), **told}
    shares = {"Accuracy": seen.accuracy, "Top-5 accuracy": seen.figures.get("top5"), "Mean IoU": seen.figures.get("mean_iou"), "Dice": seen.figures.get("dice"),
              "Macro F1": None if "dice" in seen.figures else macro_f1(seen.confusion), "Calibration error": seen.figures.get("calibration_error")}
    return {title: (value, True) for title, value in shares.items() if value is not None or (title == "Macro F1" and "dice" not in seen.figures)}


@dataclass(frozen=True)
class ClassFound:
    """How well the things of one class are found: average precision over overlaps of 0.5 to 0.95 and at 0.5, and how many there are."""

    name: str
    ap: float
    ap_50: float
    boxes: int


def found_by_class(seen: Evaluated, names: Sequence[str]) -> list[ClassFound]:
    """A record for each class of a detection that has boxes in the part."""
    there = [number for number in range(len(names)) if f"map/{number}" in seen.figures]
    return [ClassFound(names[number], seen.figures[f"map/{number}"], seen.figures[f"map_50/{number}"], int(seen.figures[f"boxes/{number}"])) for number in there]


def in_words(seen: Evaluated) -> str:
    """An evaluation in a line: the accuracy and loss of classes, with the overlap of masks, or the loss and all figures of numbers."""
    figures = totals(seen)
    told = [title for title in figures if title == "Mean IoU" or (seen.accuracy is None and not title.startswith("Loss"))]
    right = "" if seen.accuracy is None else f"{seen.split} accuracy {100 * seen.accuracy:.2f} %, "
    return f"{right}{seen.split} loss {seen.loss:.4f}" + "".join(f", {_lower(title)} {_amount(*figures[title])}" for title in told)


def _lower(title: str) -> str:
    return title if title == "R²" or title.startswith("mAP") else title[0].lower() + title[1:]


def _amount(value: float, shared: bool) -> str:
    return f"{100 * value:.2f} %" if shared else f"{value:.4f}"


NUMBERS = {"r2": "R²", "mse": "Mean squared error", "mae": "Mean absolute error", "box_iou": "Mean IoU of the boxes", "map": "mAP", "map_50": "mAP at 0.5", "precision": "Precision",
           "recall": "Recall", "loss_box": "Loss of the boxes", "loss_objectness": "Loss of objectness", "loss_class": "Loss of the classes"}
SHARES = ("box_iou", "map", "map_50", "precision", "recall")


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
