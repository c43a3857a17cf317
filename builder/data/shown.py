"""What of a data set is shown: how many samples there are of what, and some of them, for each task."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from builder.catalogue import Dataset

from . import records
from .boxes import boxes_per_class
from .load import load
from .records import Tensors
from .show import MOST_POINTS, grid_image, plane, samples_per_class

if TYPE_CHECKING:
    import numpy

EACH = 10  # samples of a class
WIDTH, HEIGHT = 680, 4000  # screen pixels of a picture of samples, at most
TILES = 900  # screen pixels of the height of pictures with masks or boxes, at most
SMALL = 48  # pixels up to which a sample is shown twice as large
TARGETS = 4  # of which the spread is shown
Points = tuple[str, list[float], list[float]]


@dataclass(frozen=True)
class Shown:
    """What is kept of a data set's samples: `counts` are samples, pixels or boxes a class of the training and the test part, and of the
    validation part where there is one, `sizes` all samples of both, held out or not, `targets` the first
    targets' values.

    Of images `pictures` is one picture of all (H W 3) in classification, `rows` classes of `across` samples, else the first samples (N C H W) with their
    masks, boxes or targets as `truth`, `across` to be shown in a row, every pixel `zoom` screen pixels large. Of numbers `points` are the classes' labelled
    points, or the parts' feature and first target, `axes` what they are, and `whole` whether all are there.
    """

    sizes: tuple[int, int]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    counts: Sequence[Sequence[int]] = ()
    targets: Sequence[tuple[list[float], list[float]]] = ()
    pictures: numpy.ndarray | None = None
    truth: numpy.ndarray | None = None
    across: int = 1
    rows: int = 1
    zoom: int = 1
    points: Sequence[object] = ()
    axes: tuple[str, str] = ("", "")
    whole: bool = True


def shown(source: str | Dataset, roots: Sequence[Path], features: Sequence[str] = (), validation: float = 0.0) -> Shown:
    """Reads a data set and keeps what is shown of it; `features` are what the numbers of a sample are called, `validation` is the share that is held
    out. Raises DataError."""
    tensors = load(source, roots, validation=validation, most=records.GLANCE)
    answers = (tensors.train_y, tensors.test_y, *(() if tensors.valid_y is None else (tensors.valid_y,)))
    sizes = (len(tensors.train_x) + sum(map(len, answers[2:])), len(tensors.test_x))  # a validation part was drawn from the training part, or came with it
    about = {"sizes": sizes, "mean": tensors.mean, "std": tensors.std, "whole": sizes[0] <= MOST_POINTS}
    if len(tensors.shape) == 1:
        tensors = _joined(tensors)
    if tensors.task == "regression":
        about["targets"] = [(tensors.train_y[:, place].tolist(), tensors.test_y[:, place].tolist()) for place in range(min(TARGETS, len(tensors.targets)))]
    elif tensors.task == "detection":
        about["counts"] = [boxes_per_class(y, len(tensors.classes)) for y in answers]
    else:
        from .rows import byte_counts

        classes = len(tensors.classes)
        about["counts"] = [byte_counts(y)[:classes].tolist() if tensors.task == "segmentation" else samples_per_class(y, classes) for y in answers]
    return Shown(**about, **(_pictures(tensors) if len(tensors.shape) == 3 else _points(tensors, features)))


def _joined(tensors: Tensors) -> Tensors:
    """Rows of numbers are shown all together: those that are held out with the others."""
    import torch

    if tensors.valid_x is None:
        return tensors
    x, y = torch.cat([tensors.train_x, tensors.valid_x]), torch.cat([tensors.train_y, tensors.valid_y])
    return replace(tensors, train_x=x, train_y=y, valid_x=None, valid_y=None)


def _pictures(tensors: Tensors) -> dict[str, object]:
    _, height, width = tensors.shape
    if tensors.task == "classification":
        zoom = 2 if width <= SMALL else 1
        across, rows = max(1, min(EACH, WIDTH // (zoom * (width + 2)))), max(1, HEIGHT // (zoom * (height + 2)))
        return {"pictures": grid_image(tensors, across, rows), "across": across, "rows": rows, "zoom": zoom}
    wide = width * (2 if tensors.task == "segmentation" else 1)  # a mask stands beside its picture
    zoom = 2 if wide <= 3 * SMALL else 1
    across = max(1, WIDTH // (zoom * (wide + 2)))
    count = across * max(1, min(8, TILES // (zoom * (height + 2))))
    return {"pictures": tensors.train_x[:count].numpy().copy(), "truth": tensors.train_y[:count].numpy().copy(), "across": across, "zoom": zoom}


def _points(tensors: Tensors, features: Sequence[str]) -> dict[str, object]:
    """Labelled points, or the first target over the one feature: of more, the one that it follows most (by their correlation)."""
    if tensors.task == "classification":
        parts, axes = plane(tensors, features)
        return {"points": parts, "axes": axes}
    x, y = (part.flatten(1).double() for part in (tensors.train_x, tensors.train_y))
    together = ((x - x.mean(0)) * (y[:, :1] - y[:, :1].mean())).mean(0).abs() / x.std(0, correction=0).clamp(min=1e-12)
    place = int(together.argmax())
    title = features[place] if place < len(features) else "x" if x.shape[1] == 1 else f"number {place + 1}"
    points: list[Points] = [(part, xs.flatten(1)[:MOST_POINTS, place].tolist(), ys[:MOST_POINTS, 0].tolist())
                            for part, xs, ys in (("training", tensors.train_x, tensors.train_y), ("test", tensors.test_x, tensors.test_y))]
    return {"points": points, "axes": (title, tensors.targets[0])}
