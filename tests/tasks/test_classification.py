"""Classification, against torch and scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, confusion_matrix
from torch import nn
from torchmetrics.functional import accuracy, calibration_error

from builder.tasks.classification import Classification
from builder.tasks.task import TaskError


@given(st.integers(2, 12), st.integers(1, 60), st.integers(0, 10 ** 6))
def test_counts_are_scikit_learns(classes: int, samples: int, seed: int):
    random = torch.Generator().manual_seed(seed)
    outputs, targets = torch.randn(samples, classes, generator=random), torch.randint(0, classes, (samples,), generator=random)
    task, answers = Classification(classes), outputs.argmax(1)
    assert np.array_equal(task.confusion(outputs, targets), confusion_matrix(targets, answers, labels=range(classes)))
    assert task.correct(outputs, targets).item() == round(accuracy_score(targets, answers) * samples)


def test_the_loss_is_the_loss_functions():
    outputs, targets = torch.randn(5, 3), torch.tensor([0, 2, 1, 1, 0])
    assert Classification(3).loss(nn.CrossEntropyLoss(), outputs, targets) == nn.functional.cross_entropy(outputs, targets)


@pytest.mark.parametrize(("outputs", "says"), [(torch.zeros(4, 5), "gives N×5, and the data has 3 classes: its output must be N×3"),
                                               (torch.zeros(4, 3, 2, 2), "gives N×3×2×2"), ((torch.zeros(4, 3),), "gives a tuple")])
def test_outputs_of_another_shape_are_refused_in_plain_words(outputs: object, says: str):
    with pytest.raises(TaskError, match=says):
        Classification(3).check(outputs)
    Classification(3).check(torch.zeros(4, 3))


@given(st.integers(2, 12), st.lists(st.integers(1, 40), min_size=1, max_size=3), st.integers(0, 10 ** 6), st.floats(0.1, 2))
def test_top_5_and_calibration_are_torchmetrics(classes: int, batches: list[int], seed: int, scale: float):
    random, samples = torch.Generator().manual_seed(seed), sum(batches)
    outputs, targets = scale * torch.randn(samples, classes, generator=random), torch.randint(0, classes, (samples,), generator=random)
    task = Classification(classes)
    tally = sum(task.tally(some, theirs) for some, theirs in zip(outputs.split(batches), targets.split(batches), strict=True))
    found = task.figures(tally, samples)
    assert found["calibration_error"] == pytest.approx(calibration_error(outputs.softmax(1), targets, "multiclass", n_bins=15, norm="l1", num_classes=classes).item(), abs=1e-5)
    assert ("top5" in found) == (classes > 5)
    if classes > 5:
        assert found["top5"] == pytest.approx(accuracy(outputs, targets, "multiclass", num_classes=classes, top_k=5, average="micro").item(), abs=1e-6)


def test_scores_that_are_no_numbers_have_no_calibration():
    task = Classification(3)
    assert task.figures(task.tally(torch.full((4, 3), torch.nan), torch.zeros(4, dtype=torch.int64)), 4) == {}


def test_one_score_is_that_of_the_one_class_or_tells_two_apart():
    outputs, none = torch.tensor([[-1.0], [2.0]]), torch.zeros(2, dtype=torch.int64)
    assert (Classification(1).correct(outputs, none), Classification(2, "logits").correct(outputs, none)) == (2, 1)
    assert Classification(1).confusion(outputs, none).tolist() == [[2]]
