"""From what data are to what the training loop asks of a task, and to what a loss is told beside its parameters."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from types import MappingProxyType

from builder.catalogue.datasets import IGNORED
from builder.data.records import Tensors
from builder.data.rows import byte_counts

from .classification import Classification, balanced
from .regression import Regression
from .segmentation import Segmentation
from .task import Task


def task_of(data: Tensors, form: str = "classes", augmented: bool = False, loss: Mapping[str, object] = MappingProxyType({})) -> Task:
    """The task of a data set, for a loss that takes targets of this form; masks that are `augmented` get pixels of no class where they have none, and of boxes the `loss` with
    these arguments is told in parts."""
    if data.task == "regression":
        return Regression(data.targets)
    if data.task == "detection":
        from .detection import Detection
        from .yolo import yolo_parts

        return Detection(len(data.classes), partial(yolo_parts, **loss))
    if data.task == "segmentation":
        parts = (data.train_y, data.test_y, *([] if data.valid_y is None else [data.valid_y]))
        return Segmentation(len(data.classes), form, augmented or any(bool(byte_counts(part)[IGNORED]) for part in parts))
    return Classification(len(data.classes), form)


def loss_arguments(data: Tensors, values: dict[str, object], form: str = "classes") -> dict[str, object]:
    """What the loss of torch is given that follows from the data: weights of the classes, and which pixels are of none."""
    found: dict[str, object] = {"ignore_index": IGNORED} if data.task == "segmentation" and form == "classes" else {}
    if values.get("weight") == "balanced":
        classes = len(data.classes)
        found["weight"] = balanced(byte_counts(data.train_y)[:classes] if data.task == "segmentation" else data.train_y.bincount(minlength=classes))
    return found
