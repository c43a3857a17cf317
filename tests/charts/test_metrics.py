"""Precision, recall and F1 of a confusion matrix, against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import precision_recall_fscore_support

from builder.charts.history import History, best
from builder.charts.metrics import ClassFound, by_class, found_by_class, in_words, macro_f1, totals
from builder.charts.parts import has_parts, parts_figure
from builder.train.events import Evaluated


@given(st.integers(2, 6), st.integers(0, 10 ** 6))
def test_every_class_is_scikit_learns(classes, seed):
    random = np.random.default_rng(seed)
    confusion = random.integers(0, 5, (classes, classes)) * random.integers(0, 2, (classes, classes))
    confusion[0, classes - 1] += 1  # scikit-learn wants at least one sample
    true = [i for i, row in enumerate(confusion) for count in row for _ in range(count)]
    called = [j for row in confusion for j, count in enumerate(row) for _ in range(count)]
    precision, recall, f1, support = precision_recall_fscore_support(true, called, labels=range(classes), zero_division=np.nan)
    found = by_class(confusion.tolist(), [f"class {i}" for i in range(classes)])
    for i, one in enumerate(found):
        assert (one.name, one.samples) == (f"class {i}", support[i])
        assert [one.precision, one.recall, one.f1] == [None if np.isnan(value) else pytest.approx(value) for value in (precision[i], recall[i], f1[i])]
    known = f1[~np.isnan(f1)]
    assert macro_f1(confusion.tolist()) == (pytest.approx(known.mean()) if len(known) else None)


def test_masks_have_overlaps_and_numbers_have_errors():
    masks = Evaluated(1, 1, "test", 0.4, 0.9, ((8, 1), (1, 0)), {"mean_iou": 0.4, "dice": 0.45})
    assert totals(masks) == {"Accuracy": (0.9, True), "Mean IoU": (0.4, True), "Dice": (0.45, True)}
    assert [row.iou for row in by_class(masks.confusion, ("back", "front"))] == [0.8, 0.0]
    numbers = Evaluated(1, 1, "test", 0.2, None, (), {"mse": 0.2, "mae": 0.3, "r2": 0.8, "box_iou": 0.6})
    assert totals(numbers) == {"Loss": (0.2, False), "R²": (0.8, False), "Mean squared error": (0.2, False), "Mean absolute error": (0.3, False),
                               "Mean IoU of the boxes": (0.6, True)}


FOUND = {"map": 0.5, "map_50": 0.9, "precision": 0.8, "recall": 0.7, "loss_box": 1.5, "loss_objectness": 0.4, "loss_class": 0.1, "map/0": 0.6, "map_50/0": 0.95, "boxes/0": 12,
         "map/2": 0.4, "map_50/2": 0.85, "boxes/2": 3}


def test_boxes_have_precision_first_then_the_loss_and_its_parts_and_a_row_for_each_class_that_is_there():
    seen = Evaluated(3, 90, "validation", 2.0, None, (), FOUND)
    assert list(totals(seen).items()) == [
        ("mAP", (0.5, True)), ("mAP at 0.5", (0.9, True)), ("Precision", (0.8, True)), ("Recall", (0.7, True)), ("Loss", (2.0, False)), ("Loss of the boxes", (1.5, False)),
        ("Loss of objectness", (0.4, False)), ("Loss of the classes", (0.1, False))]
    assert found_by_class(seen, ("cat", "dog", "cow")) == [ClassFound("cat", 0.6, 0.95, 12), ClassFound("cow", 0.4, 0.85, 3)]
    assert in_words(seen) == "validation loss 2.0000, mAP 50.00 %, mAP at 0.5 90.00 %, precision 80.00 %, recall 70.00 %"


def test_the_best_epoch_of_boxes_is_that_of_the_highest_precision_not_of_the_least_loss():
    first, second = (Evaluated(epoch, 45 * epoch, "validation", loss, None, (), {**FOUND, "map": found}) for epoch, loss, found in ((1, 2.0, 0.4), (2, 2.5, 0.6)))
    assert best(History(tests=(first, second))) is second
    assert not has_parts((first,)) and has_parts((first, second))
    figure = parts_figure((first, second), ("#111111", "#222222"))
    assert figure.layout.xaxis.dtick == 1  # no epoch stands twice on the axis
    assert [(one.name, list(one.x), list(one.y)) for one in figure.data] == [("boxes", [1, 2], [1.5, 1.5]), ("objectness", [1, 2], [0.4, 0.4]), ("classes", [1, 2], [0.1, 0.1])]
