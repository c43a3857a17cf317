"""Classification, against torch and scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, confusion_matrix
from torch import nn

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
