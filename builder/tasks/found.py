"""Which boxes that a detector tells are right, and how precise it is: COCO's mean average precision. An exported training holds the text of these functions."""

from __future__ import annotations

import torch
import torchvision
from torch import nn

from .yolo import detections


def judged_boxes(outputs, targets, classes):
    """The scores (D), class numbers (D) of the boxes that are told of some pictures, which are right at overlaps from 0.5 to 0.95 (D 10), and how many there are truly of each class."""
    found = detections(outputs)
    scores, kinds = (torch.cat([told[place] for told in found]) for place in (1, 2))
    needed = torch.tensor([0.5 + 0.05 * step for step in range(10)], dtype=torch.float64, device=targets.device)
    return scores, kinds, right_boxes(found, targets, needed), targets[..., 4][targets[..., 4] >= 0].long().bincount(minlength=classes)


def right_boxes(found, targets, needed):
    """Which of the boxes of pictures, one picture's after the other's, are right at each of the overlaps that are `needed` (D overlaps): the surest first, each takes the true box
    of its class, not taken yet, that it overlaps most, if that is enough."""
    boxes, kinds = (nn.utils.rnn.pad_sequence([told[place] for told in found], batch_first=True) for place in (0, 2))  # N K 4, N K
    # Other classes, and places without a box, which have no area, overlap with nothing.
    overlap = torchvision.ops.box_iou(boxes.double(), targets[..., :4].double()).nan_to_num() * (kinds[..., None] == targets[:, None, :, 4])  # N K M
    free, right = torch.ones(len(found), len(needed), targets.shape[1], dtype=torch.bool, device=targets.device), []
    for one in overlap.unbind(1):
        best, which = (one[:, None] * free).max(2)  # N overlaps
        right.append(best >= needed)
        free = free & ~(nn.functional.one_hot(which, targets.shape[1]).bool() & right[-1][..., None])
    if not right:
        return torch.zeros(0, len(needed), dtype=torch.bool, device=targets.device)
    told = torch.tensor([len(boxes) for boxes, _, _ in found], device=targets.device)
    return torch.stack(right, 1)[torch.arange(len(right), device=targets.device) < told[:, None]]


def average_precision(right, true):
    """Of boxes in the order of their scores (D overlaps), of which so many should be found, the average precision at each overlap, float64: the mean over 101 shares found of
    the best precision at that share or a larger one (Lin et al. 2014, arXiv:1405.0312; cocoeval.py)."""
    if not len(right):
        return torch.zeros(right.shape[1], dtype=torch.float64)
    hits = right.double().cumsum(0)
    recall, precision = hits / true, hits / torch.arange(1, len(right) + 1, dtype=torch.float64)[:, None]
    best = precision.flip(0).cummax(0).values.flip(0)
    # Hundredths as numpy's linspace rounds them, which cocoeval.py takes: a share that is met exactly is met there too.
    shares = torch.arange(101, dtype=torch.float64) * (1 / 100)
    at = torch.searchsorted(recall.T.contiguous(), shares.expand(right.shape[1], -1).contiguous())  # overlaps 101
    padded = torch.cat([best, torch.zeros(1, right.shape[1], dtype=torch.float64)]).T
    return padded.gather(1, at).mean(1)


def average_precisions(scores, kinds, right, true):
    """The average precision of every class that is there at each overlap, by the class's number, of boxes with their scores, classes and whether they are right, and of how many
    there are truly of each class."""
    order = scores.argsort(descending=True, stable=True)
    return {number: average_precision(right[order][kinds[order] == number], int(true[number])) for number in range(len(true)) if int(true[number])}


def mean_precision(each):
    """Mean average precision over the classes, over all overlaps and at the first of them; nothing where there is no class."""
    return {"map": sum(float(one.mean()) for one in each.values()) / len(each), "map_50": sum(float(one[0]) for one in each.values()) / len(each)} if each else {}
