"""Figures of masks, against torchmetrics; pixels of no class have no part in anything."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torchmetrics.classification import MulticlassAccuracy, MulticlassConfusionMatrix, MulticlassF1Score, MulticlassJaccardIndex

from builder.tasks.segmentation import Segmentation
from builder.tasks.task import TaskError


@pytest.fixture
def seen():
    torch.manual_seed(0)
    targets = torch.randint(0, 4, (6, 5, 7))
    outputs = nn.functional.one_hot(targets, 5).permute(0, 3, 1, 2).float() + torch.randn(6, 5, 5, 7)  # class 4 is never there
    targets[torch.rand(6, 5, 7) < 0.2] = 255
    return outputs, targets.to(torch.uint8)


def test_accuracy_iou_dice_and_confusion_are_those_of_torchmetrics(seen):
    task, (outputs, targets) = Segmentation(5), seen
    answers, true = outputs.argmax(1), targets.long()
    confusion = sum(task.confusion(outputs[i:i + 4], targets[i:i + 4]) for i in (0, 4))
    assert torch.equal(confusion, MulticlassConfusionMatrix(5, ignore_index=255)(answers, true))
    accuracy = int(task.correct(outputs, targets)) / int(task.answers(targets))
    assert accuracy == pytest.approx(float(MulticlassAccuracy(5, average="micro", ignore_index=255)(answers, true)))
    found = task.figures(task.tally(outputs, targets), 6)
    assert found["mean_iou"] == pytest.approx(float(MulticlassJaccardIndex(5, ignore_index=255)(answers, true)))
    assert found["dice"] == pytest.approx(float(MulticlassF1Score(5, ignore_index=255)(answers, true)))


def test_a_class_neither_there_nor_named_has_no_part_in_the_mean():
    targets = torch.zeros(1, 2, 2, dtype=torch.uint8)
    outputs = nn.functional.one_hot(targets.long(), 3).permute(0, 3, 1, 2).float()
    task = Segmentation(3)
    assert task.figures(task.tally(outputs, targets), 1) == {"mean_iou": 1.0, "dice": 1.0}


def test_losses_leave_out_pixels_of_no_class(seen):
    outputs, targets = seen
    known = targets != 255
    expected = nn.functional.cross_entropy(outputs.permute(0, 2, 3, 1)[known], targets[known].long())
    assert float(Segmentation(5).loss(nn.CrossEntropyLoss(ignore_index=255), outputs, targets)) == pytest.approx(float(expected))
    two = torch.where(targets == 255, 255, targets % 2).to(torch.uint8)
    single = Segmentation(2, "logits")
    expected = nn.functional.binary_cross_entropy_with_logits(outputs[:, 0][known], two[known].float())
    assert float(single.loss(nn.BCEWithLogitsLoss(), outputs[:, :1], two)) == pytest.approx(float(expected))
    assert int(single.correct(outputs[:, :1], two)) == int(((outputs[:, 0] > 0) == two)[known].sum())


@pytest.mark.parametrize(("form", "loss"), [("classes", nn.CrossEntropyLoss(ignore_index=255)), ("classes", nn.CrossEntropyLoss(torch.tensor([1.0, 2.0]), ignore_index=255, label_smoothing=0.1)),
                                            ("logits", nn.BCEWithLogitsLoss())])
def test_a_batch_without_a_pixel_of_a_class_teaches_nothing_and_others_have_the_bits_of_the_loss(form: str, loss: nn.Module):
    outputs = torch.randn(2, 1 if form == "logits" else 2, 3, 3, requires_grad=True)
    task, targets = Segmentation(2, form), torch.randint(0, 2, (2, 3, 3)).to(torch.uint8)
    if form == "classes":
        assert torch.equal(task.loss(loss, outputs, targets), loss(outputs, targets.long()))
    found = task.loss(loss, outputs, torch.full((2, 3, 3), 255, dtype=torch.uint8))
    found.backward()
    assert found.item() == 0 and not outputs.grad.any() and outputs.grad.isfinite().all()


def test_other_shapes_are_refused_in_words():
    with pytest.raises(TaskError, match="N×3×8×8: its output must be N×4×H×W, one score a pixel for each of 4 classes"):
        Segmentation(4).check(torch.zeros(2, 3, 8, 8))
    with pytest.raises(TaskError, match="must be N×1×H×W, one score a pixel with this loss"):
        Segmentation(2, "logits").check(torch.zeros(2, 2, 8, 8))
    with pytest.raises(TaskError, match="masks have 8×8 pixels"):
        Segmentation(2).loss(nn.CrossEntropyLoss(), torch.zeros(1, 2, 4, 4), torch.zeros(1, 8, 8, dtype=torch.uint8))


def test_one_score_a_pixel_is_that_of_the_one_class_or_tells_two_apart():
    outputs, none = torch.tensor([-1.0, 2.0]).reshape(1, 1, 1, 2), torch.zeros(1, 1, 2, dtype=torch.uint8)
    assert (Segmentation(1).correct(outputs, none), Segmentation(2, "logits").correct(outputs, none)) == (2, 1)
    assert Segmentation(1).confusion(outputs, none).tolist() == [[2]]
