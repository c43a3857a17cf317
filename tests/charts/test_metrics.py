"""Precision, recall and F1 of a confusion matrix, against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import precision_recall_fscore_support

from builder.charts.metrics import by_class, macro_f1


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
