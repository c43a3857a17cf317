"""Figures of boxes against torchmetrics (pycocotools), the boxes that are read against torchvision, and the loss against its formula."""

from __future__ import annotations

import math

import numpy
import pytest
import torch
from torch.nn.functional import binary_cross_entropy_with_logits, one_hot
from torchmetrics.detection import MeanAveragePrecision
from torchvision.ops import box_iou, generalized_box_iou_loss, nms

from builder.data.boxes import packed
from builder.tasks.detection import SURE, Detection
from builder.tasks.found import average_precision
from builder.tasks.task import TaskError
from builder.tasks.yolo import boxes_of, detections, yolo_loss, yolo_parts

CLASSES, SIDE = 3, 6


def pictures(count: int, most: int) -> list[list[tuple[float, ...]]]:
    random = torch.Generator().manual_seed(1)

    def chance() -> float:
        return float(torch.rand((), generator=random))

    made = []
    for number in range(count):
        corners = [(0.7 * chance(), 0.7 * chance(), 0.08 + 0.2 * chance(), 0.08 + 0.2 * chance(), int(CLASSES * chance())) for _ in range(number % (most + 1))]
        made.append([(left, top, left + wide, top + high, kind) for left, top, wide, high, kind in corners])
    return made


def told(boxes: torch.Tensor, spread: float = 0.0) -> torch.Tensor:
    """What a network that tells these boxes gives, but for so much chance."""
    torch.manual_seed(0)
    outputs = spread * torch.randn(len(boxes), 5 + CLASSES + 1, SIDE, SIDE)
    outputs[:, 4] -= 2
    for given, row in zip(outputs, boxes.tolist(), strict=True):
        for left, top, right, bottom, kind in row:
            if kind >= 0:
                x, y = SIDE * (left + right) / 2, SIDE * (top + bottom) / 2
                numbers = [x - int(x), y - int(y), math.log(SIDE * (right - left)), math.log(SIDE * (bottom - top)), 2.0, *[-3.0] * (CLASSES + 1)]
                numbers[5 + int(kind)] = 3.0
                given[:, int(y), int(x)] = torch.tensor(numbers) + spread * torch.randn(len(numbers))
    return outputs


@pytest.fixture(scope="module")
def seen():
    boxes = packed(pictures(50, 4))
    return told(boxes, 0.12), boxes


def test_average_precision_is_that_of_torchmetrics(seen):
    outputs, boxes = seen
    task = Detection(CLASSES + 1)
    figures = task.figures(sum(task.tally(outputs[i:i + 17], boxes[i:i + 17]) for i in range(0, 50, 17)), 50)
    # Its own thresholds are of 32 bits: shares that are met exactly are not met by them.
    expected = MeanAveragePrecision(iou_thresholds=[0.5 + 0.05 * step for step in range(10)], rec_thresholds=numpy.linspace(0, 1, 101).tolist(), class_metrics=True)
    for (box, score, kind), true in zip(detections(outputs), boxes, strict=True):
        true = true[true[:, 4] >= 0]
        expected.update([{"boxes": 1000 * box, "scores": score, "labels": kind}], [{"boxes": 1000 * true[:, :4], "labels": true[:, 4].long()}])
    expected = expected.compute()
    assert 0.15 < figures["map"] < 0.9
    assert figures["map"] == pytest.approx(float(expected["map"]), abs=1e-6) and figures["map_50"] == pytest.approx(float(expected["map_50"]), abs=1e-6)
    assert [figures[f"map/{number}"] for number in range(CLASSES)] == pytest.approx(expected["map_per_class"][:CLASSES].tolist(), abs=1e-6)
    # A class that is never there has no figure.
    assert f"map/{CLASSES}" not in figures and sum(figures[f"boxes/{number}"] for number in range(CLASSES)) == int((boxes[..., 4] >= 0).sum())


def test_precision_and_recall_count_the_boxes_that_are_sure(seen):
    outputs, boxes = seen
    right = wrong = 0
    for (box, score, kind), true in zip(detections(outputs), boxes, strict=True):
        true = true[true[:, 4] >= 0]
        free = [True] * len(true)
        for one, sure, number in zip(box, score, kind, strict=True):
            match = [(float(overlap), place) for place, overlap in enumerate(box_iou(one[None], true[:, :4])[0]) if free[place] and true[place, 4] == number] if len(true) else []
            hit = max(match, default=(0.0, 0))
            if hit[0] >= 0.5:
                free[hit[1]] = False
            right, wrong = right + (sure >= SURE and hit[0] >= 0.5), wrong + (sure >= SURE and hit[0] < 0.5)
    task = Detection(CLASSES + 1)
    figures = task.figures(task.tally(outputs, boxes), 50)
    assert (figures["precision"], figures["recall"]) == (pytest.approx(right / (right + wrong)), pytest.approx(right / int((boxes[..., 4] >= 0).sum())))


def test_average_precision_of_a_case_by_hand():
    # Right, wrong, right of two: precision 1 up to half of the boxes, then 2/3; 51 of the 101 shares are up to a half.
    right = torch.tensor([[True], [False], [True]])
    assert average_precision(right, 2).tolist() == pytest.approx([(51 + 50 * 2 / 3) / 101])
    assert average_precision(right[:0], 2).tolist() == [0.0] and average_precision(right, 4).tolist() == pytest.approx([(26 + 25 * 2 / 3) / 101])


def test_a_network_that_tells_the_truth_is_right_and_its_boxes_are_the_true_ones():
    boxes = packed([[(0.1, 0.2, 0.4, 0.45, 0), (0.5, 0.5, 0.9, 1.0, 2)], [(0.0, 0.0, 1.0, 1.0, 1)]])
    outputs = told(boxes)
    for (box, _, kind), true in zip(detections(outputs, 0.5), boxes, strict=True):
        true = true[true[:, 4] >= 0]
        assert len(box) == len(true) and box_iou(box, true[:, :4]).amax(0).min() > 0.9999 and sorted(kind.tolist()) == sorted(true[:, 4].tolist())
    task = Detection(CLASSES + 1)
    figures = task.figures(task.tally(outputs, boxes), 2)
    assert (figures["map"], figures["precision"], figures["recall"]) == (1.0, 1.0, 1.0)
    pictured = task.pictured(outputs)
    assert pictured.shape == (2, 20, 6) and (pictured[:, :, 4] >= 0).sum(1).tolist() == [2, 1] and torch.allclose(pictured[1, 0, :5], boxes[1, 0], atol=1e-6)


def test_doubles_go_and_things_of_other_classes_stay(seen):
    outputs, _ = seen
    outputs = outputs.clone()
    outputs[:, 2:4] += 1  # every box reaches into the next ones
    outputs[:, 4] += 3  # every cell is sure of something
    (box, score, kind), *_ = detections(outputs[:1], least=0.1, overlap=0.3)
    every = boxes_of(outputs[:1])[0].clamp(0, 1)
    shares, named = (outputs[0, 4].sigmoid() * outputs[0, 5:].sigmoid()).flatten(1).max(0)
    kept = []
    for number in range(CLASSES + 1):
        own = ((named == number) & (shares >= 0.1)).nonzero()[:, 0]
        kept += own[nms(every[own], shares[own], 0.3)].tolist()
    assert sorted(score.tolist()) == sorted(shares[kept].tolist()) and score.tolist() == sorted(score.tolist(), reverse=True)
    assert len(box) == len(kind) == len(kept) < int((shares >= 0.1).sum())
    assert all(len(one[0]) <= 2 for one in detections(outputs, 0.0, 0.9, most=2))


def test_the_loss_is_its_formula_box_by_box(seen):
    outputs, boxes = (one[:6] for one in seen)
    apart = sure = called = 0.0
    for given, row in zip(outputs, boxes, strict=True):
        wanted = torch.zeros(SIDE, SIDE)
        for true in row[row[:, 4] >= 0]:
            column, down = (int(SIDE * (true[place] + true[place + 2]) / 2) for place in (0, 1))
            wanted[down, column] = 1
            apart += float(generalized_box_iou_loss(boxes_of(given[None])[0, SIDE * down + column], true[:4]))
            called += float(binary_cross_entropy_with_logits(given[5:, down, column], one_hot(true[4].long(), CLASSES + 1).float(), reduction="sum"))
        sure += float(binary_cross_entropy_with_logits(given[4], wanted, weight=torch.where(wanted > 0, 2.0, 0.25), reduction="sum"))
    weights = {"box": 3.0, "objectness": 2.0, "no_object": 0.25, "classes": 0.5}
    parts = yolo_parts(outputs, boxes, **weights)
    assert [float(part) for part in parts] == pytest.approx([3 * apart / 6, sure / 6, called / 12], rel=1e-5)
    assert float(yolo_loss(outputs, boxes, **weights)) == pytest.approx(float(sum(parts)))
    # The mean over pictures: the same however they are dealt out.
    assert float(yolo_loss(outputs, boxes)) == pytest.approx(sum(float(yolo_loss(outputs[i:i + 1], boxes[i:i + 1])) for i in range(6)) / 6, rel=1e-5)


@pytest.mark.parametrize("iou", ["giou", "diou", "ciou"])
def test_places_without_a_box_add_nothing_and_every_gradient_is_a_number(iou):
    boxes = packed([[(0.1, 0.1, 0.3, 0.3, 1)], []], most=1)
    outputs = torch.randn(2, 5 + CLASSES, 4, 4, requires_grad=True)
    loss = yolo_loss(outputs, boxes, iou=iou)
    assert loss == yolo_loss(outputs, packed([[(0.1, 0.1, 0.3, 0.3, 1)], []], most=7), iou=iou)
    loss.backward()
    assert outputs.grad.isfinite().all()
    told = outputs.grad[1].abs().sum((1, 2)) > 0
    assert told.tolist() == [False] * 4 + [True] + [False] * CLASSES  # of an empty picture only whether there is something


def test_parts_of_the_loss_are_told_as_such(seen):
    outputs, boxes = seen
    task = Detection(CLASSES + 1, yolo_parts)
    figures = task.figures(sum(task.tally(outputs[i:i + 20], boxes[i:i + 20]) for i in range(0, 50, 20)), 50)
    assert figures["loss_box"] + figures["loss_objectness"] + figures["loss_class"] == pytest.approx(float(yolo_loss(outputs, boxes)), rel=1e-5)


def test_outputs_that_are_no_grid_are_refused_in_words():
    with pytest.raises(TaskError, match="N×9×4×4: its output must be N×8×H×W, for every cell of a grid 4 numbers for a box"):
        Detection(3).check(torch.zeros(2, 9, 4, 4))
    with pytest.raises(TaskError, match="N×8: its output must be N×6×H×W, .* one score for each of 1 class\\."):
        Detection(1).check(torch.zeros(2, 8))


def test_nothing_found_or_nothing_there_is_no_trouble():
    task, boxes = Detection(2), packed([[(0.1, 0.1, 0.3, 0.3, 1)], []])
    silent = torch.full((2, 7, 4, 4), -9.0)
    figures = task.figures(task.tally(silent, boxes), 2)
    assert figures["map"] == figures["recall"] == 0.0 and "precision" not in figures
    assert task.figures(task.tally(silent, packed([[], []])), 2) == {}
    assert (task.pictured(silent)[..., 4] == -1).all()
