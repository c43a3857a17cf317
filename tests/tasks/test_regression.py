"""Figures of numbers, against torchmetrics."""

from __future__ import annotations

import pytest
import torch
from torchmetrics.regression import MeanAbsoluteError, MeanSquaredError, R2Score
from torchvision.ops import box_iou

from builder.catalogue.datasets import BOX
from builder.tasks.regression import Regression
from builder.tasks.task import TaskError


def whole(task, outputs, targets, batch: int = 7) -> dict[str, float]:
    """The figures of a part that is seen in batches."""
    parts = [task.tally(outputs[first:first + batch], targets[first:first + batch]) for first in range(0, len(outputs), batch)]
    return task.figures(sum(parts), len(outputs))


@pytest.mark.parametrize(("count", "shift"), [(1, 0.0), (3, 1000.0)])
def test_errors_and_r2_are_those_of_torchmetrics(count, shift):
    torch.manual_seed(0)
    targets = torch.randn(40, count) * torch.arange(1, count + 1) + shift
    outputs = targets + 0.3 * torch.randn(40, count)
    found = whole(Regression([str(number) for number in range(count)]), outputs, targets)
    assert found["mse"] == pytest.approx(float(MeanSquaredError()(outputs, targets)), rel=1e-4)
    assert found["mae"] == pytest.approx(float(MeanAbsoluteError()(outputs, targets)), rel=1e-4)
    assert found["r2"] == pytest.approx(float(R2Score()(outputs.double(), targets.double())), abs=1e-5)


def test_targets_that_never_differ_have_no_r2():
    task, targets = Regression(("still",)), torch.full((9, 1), 0.1)
    assert set(whole(task, targets + 1, targets)) == {"mse", "mae"}
    mixed = torch.cat([targets, torch.arange(9.0)[:, None]], 1)
    assert whole(Regression(("still", "moving")), mixed + 1, mixed)["r2"] == pytest.approx(1 - 9 / 60)


def test_boxes_overlap_as_torchvision_says():
    torch.manual_seed(1)
    corners = torch.rand(30, 2, 2).sort(1).values.flatten(1)  # left top right bottom
    given = (corners + 0.1 * torch.randn(30, 4)).clamp(0, 1)
    given[0] = torch.tensor([0.9, 0.9, 0.1, 0.1])  # inside out
    expected = box_iou(given[1:], corners[1:]).diagonal().clamp(min=0).sum().item() / 30
    sound = (given[1:, 2:] > given[1:, :2]).all(1)
    assert sound.sum() > 20
    found = whole(Regression(BOX), torch.cat([given[:1], given[1:][sound]]), torch.cat([corners[:1], corners[1:][sound]]))
    expected = box_iou(given[1:][sound], corners[1:][sound]).diagonal().sum().item() / (1 + int(sound.sum()))
    assert found["box_iou"] == pytest.approx(expected, abs=1e-5)


def test_nothing_is_right_or_wrong_and_other_shapes_are_refused():
    task, targets = Regression(("a", "b")), torch.zeros(5, 2)
    assert (task.correct(targets, targets), task.answers(targets), task.confusion(targets, targets).tolist()) == (0, 0, [])
    with pytest.raises(TaskError, match=r"N×3, and the data has 2 targets a sample: its output must be N×2"):
        task.check(torch.zeros(5, 3))
