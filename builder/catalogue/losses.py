"""Losses, with the tasks that each serves and what it takes for targets there. The first that serves a task is the one meant where none is chosen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from .formulas import DOCS
from .params import Choice, Float
from .spec import LOSSES, Record

# Class numbers as they are; 1 for the true class and 0 for the others; the same, or one number alone for two classes; the targets' own numbers; boxes.
Form = Literal["classes", "one-hot", "logits", "numbers", "boxes"]


@dataclass(frozen=True)
class Loss(Record):
    """A loss, the tasks that it serves, and the form of the targets that it takes where these are classes; `soft` where a sample may be of several classes in shares."""

    tasks: tuple[str, ...] = ("classification",)
    form: Form = "classes"
    soft: bool = False


# The formula is scikit-learn's: https://scikit-learn.org/stable/modules/generated/sklearn.utils.class_weight.compute_class_weight.html
WEIGHT = Choice("weight", "equal", ("equal", "balanced"), "balanced: a class counts by samples / (classes · its samples), so that rare ones count as much as frequent ones")
MASKS = ("classification", "segmentation")
NUMBERS = ("regression", "classification")

LOSSES.register(Loss(
    "CrossEntropyLoss", "Minus the logarithm of the share that softmax gives the true class; takes logits, mean over the batch, in nats.",
    DOCS + "CrossEntropyLoss.html", "torch.nn.CrossEntropyLoss",
    (Float("label_smoothing", 0.0, "share of the target spread evenly over all classes", min=0.0, max=1.0), WEIGHT), ours=("weight",), tasks=MASKS, soft=True))
LOSSES.register(Loss(
    "NLLLoss", "Minus the log-probability of the true class; takes the output of LogSoftmax, mean over the batch, in nats.",
    DOCS + "NLLLoss.html", "torch.nn.NLLLoss", (WEIGHT,), ours=("weight",), tasks=MASKS))
LOSSES.register(Loss(
    "MultiMarginLoss", "Asks the true class's score to beat every other by a margin, as a support vector machine does.",
    DOCS + "MultiMarginLoss.html", "torch.nn.MultiMarginLoss", (Float("margin", 1.0, "by how much the true class should win"), WEIGHT), ours=("weight",)))
LOSSES.register(Loss(
    "BCEWithLogitsLoss", "Cross-entropy of yes or no for every score by itself, which sigmoid makes a probability; one score is enough for two classes. In nats.",
    DOCS + "BCEWithLogitsLoss.html", "torch.nn.BCEWithLogitsLoss", tasks=MASKS, form="logits", soft=True))
LOSSES.register(Loss(
    "MSELoss", "The mean of the squared differences. With classes, of the scores from 1 for the true class and 0 for the others.",
    DOCS + "MSELoss.html", "torch.nn.MSELoss", tasks=NUMBERS, form="one-hot", soft=True))
LOSSES.register(Loss(
    "L1Loss", "The mean absolute difference (MAE): a few large errors weigh less than in the mean square.", DOCS + "L1Loss.html", "torch.nn.L1Loss", tasks=("regression",)))
LOSSES.register(Loss(
    "SmoothL1Loss", "The square of small differences, divided by beta, and the size of large ones: smooth at 0, and steady where a few are far off.",
    "Girshick 2015, arXiv:1504.08083; " + DOCS + "SmoothL1Loss.html", "torch.nn.SmoothL1Loss",
    (Float("beta", 1.0, "the difference from which it grows evenly", min=0.0),), tasks=("regression",)))
LOSSES.register(Loss(
    "HuberLoss", "Half the square of differences below delta, delta times their size above: outliers pull no harder than delta.",
    "Huber 1964, Robust estimation of a location parameter; " + DOCS + "HuberLoss.html", "torch.nn.HuberLoss",
    (Float("delta", 1.0, "the difference from which it grows evenly", min=1e-6),), tasks=("regression",)))
# Both names of what it is from: the grid whose cells tell the boxes that have their middle there, and boxes without anchors.
LOSSES.register(Loss(
    "YOLOLoss", "What a grid of cells says of boxes: how far each true box and the one that the cell of its middle tells are apart, every cell's binary cross-entropy of whether "
    "there is one, and the box's of its class; sums, as the mean over the pictures.",
    "Redmon et al. 2016, arXiv:1506.02640, section 2; Ge et al. 2021, arXiv:2107.08430, section 2.1; Rezatofighi et al. 2019, arXiv:1902.09630",
    "builder.tasks.yolo.yolo_loss",
    (Float("box", 5.0, "weight of the boxes' places", min=0.0, max=1000.0), Float("objectness", 1.0, "weight of cells that have a box", min=0.0, max=1000.0),
     Float("no_object", 0.5, "weight of cells that have none: there are many more of them", min=0.0, max=1000.0), Float("classes", 1.0, "weight of the boxes' classes", min=0.0, max=1000.0),
     Choice("iou", "giou", ("giou", "diou", "ciou"), "one less what of two boxes: their generalised intersection over union, the same with the distance of their middles, "
            "or with their proportions too")),
    tasks=("detection",), form="boxes"))


def losses_of(task: str) -> Mapping[str, Loss]:
    """The losses that serve a task, the usual one first: all where nothing is trained."""
    return {kind: loss for kind, loss in LOSSES.items() if task in loss.tasks} or dict(LOSSES.items())


def usual_loss(task: str) -> str:
    """The loss that is meant where none is chosen."""
    return next(iter(losses_of(task)))
