"""Precision, recall and F1 of a confusion matrix, against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import precision_recall_fscore_support

from builder.charts.metrics import by_class, macro_f1, totals
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
