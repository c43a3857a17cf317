"""Boxes as one tensor: packed, counted, and refused in words where they cannot be meant."""

from __future__ import annotations

import pytest
import torch

from builder.catalogue.datasets import Dataset, own_problem
from builder.data.boxes import boxes_per_class, packed, wrong_boxes
from builder.data.load import _tensors
from builder.data.records import DataError

Y = packed([[(0.0, 0.25, 0.5, 1.0, 1), (0.5, 0.5, 0.75, 0.75, 0)], [], [(0.1, 0.1, 0.2, 0.2, 1)]])


def test_pictures_with_fewer_boxes_are_filled_up_with_boxes_of_no_class():
    assert Y.shape == (3, 2, 5) and Y.dtype == torch.float32
    assert Y[..., 4].tolist() == [[1, 0], [-1, -1], [1, -1]]
    assert packed([[]]).shape == (1, 1, 5) and packed([[], []], 4).shape == (2, 4, 5)


def test_boxes_are_counted_by_class():
    assert boxes_per_class(Y, 3) == [1, 2, 0]


@pytest.mark.parametrize(("row", "says"), [
    ((0.0, 0.0, 1.0, 1.0, 2), "of class 2, and there are 2 classes"), ((0.0, 0.0, 1.0, 1.0, 0.5), "of class 0.5"), ((0.5, 0.0, 0.5, 1.0, 0), "left < right"),
    ((0.0, 0.0, 1.5, 1.0, 0), "from 0 to 1"), ((float("nan"), 0.0, 1.0, 1.0, 0), "not finite")])
def test_boxes_that_cannot_be_meant_are_refused_with_their_numbers(row, says):
    assert says in wrong_boxes(packed([[row]]), 2)


def test_a_part_without_any_box_is_refused_and_whole_ones_are_not():
    assert wrong_boxes(packed([[], []]), 2) == "no {part} picture has a box."
    assert wrong_boxes(Y, 2) == ""


def test_a_data_set_with_boxes_is_read_and_one_of_another_form_is_not():
    dataset, x = Dataset("boxed", "Boxed", (1, 8, 8), ("a", "b"), 3, 3, 0, "", "", task="detection"), torch.zeros(3, 1, 8, 8, dtype=torch.uint8)
    assert _tensors(dataset, x, Y, x, Y).task == "detection"
    with pytest.raises(DataError, match=r"should be torch.float32 of shape \(3, 2, 5\) and are torch.float32 of shape \(3, 2, 4\)"):
        _tensors(dataset, x, Y[..., :4], x, Y)
    with pytest.raises(DataError, match="a test box is of class 2"):
        _tensors(dataset, x, Y, x, Y + 1)


def test_a_project_may_say_that_its_own_pictures_have_boxes():
    section = {"source": "own", "sha256": "0" * 64, "title": "street", "shape": [3, 64, 64], "classes": ["car"], "train": 2, "test": 1, "task": "detection"}
    assert own_problem(section) is None
    assert "detection is of images" in own_problem({**section, "shape": [4]})
