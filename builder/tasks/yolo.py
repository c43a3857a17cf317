"""A detector that looks once: what its grid of cells says of boxes, the loss of that, and the boxes that are left when the doubles are gone.

The network gives N×(4 + 1 + C)×H×W: of each of H×W cells, which part the picture evenly, four numbers for a box, a score for whether the middle of a thing is in it, and a
score a class. Boxes (N M 5) are those of `builder.data.boxes`. An exported training holds the text of these very functions.
"""

from __future__ import annotations

import torch
import torchvision
from torch import nn


def boxes_of(outputs):
    """The box that every cell tells (N H*W 4), left, top, right and bottom as shares of the picture's sides: its middle is so many cells from the cell's own corner, its
    width and height are so many cells to the power of e (Ge et al. 2021, arXiv:2107.08430, section 2.1)."""
    rows, columns = outputs.shape[2:]
    across, down, wide, high = outputs[:, :4].float().unbind(1)  # N H W
    x = (torch.arange(columns, device=outputs.device) + across) / columns
    y = (torch.arange(rows, device=outputs.device)[:, None] + down) / rows
    wide, high = wide.exp() / (2 * columns), high.exp() / (2 * rows)
    return torch.stack([x - wide, y - high, x + wide, y + high], 3).flatten(1, 2)


def yolo_parts(outputs, targets, box=5.0, objectness=1.0, no_object=0.5, classes=1.0, iou="giou"):
    """What boxes, objectness and classes add to the loss: means over the pictures of sums over their boxes and cells."""
    count, channels, rows, columns = outputs.shape
    there = targets[..., 4] >= 0  # N M
    # The cell that the middle of a box falls in is the one to tell it (Redmon et al. 2016, arXiv:1506.02640, section 2).
    middle = (targets[..., :2] + targets[..., 2:4]) / 2
    column, row = (middle[..., 0] * columns).long().clamp(0, columns - 1), (middle[..., 1] * rows).long().clamp(0, rows - 1)
    cell = row * columns + column
    given = boxes_of(outputs).gather(1, cell[..., None].expand(-1, -1, 4))  # N M 4
    # Where there is no box all four are 0: a box of some size has an overlap, which then counts for nothing.
    true = torch.cat([targets[..., :2], targets[..., 2:4] + ~there[..., None]], 2)
    overlap = {"giou": torchvision.ops.generalized_box_iou_loss, "diou": torchvision.ops.distance_box_iou_loss, "ciou": torchvision.ops.complete_box_iou_loss}[iou]
    apart = (overlap(given, true) * there).sum()
    wanted = torch.zeros(count, rows * columns, device=outputs.device).scatter_reduce(1, cell, there.float(), "amax")
    sure = nn.functional.binary_cross_entropy_with_logits(outputs[:, 4].flatten(1).float(), wanted, reduction="none")
    kinds = outputs[:, 5:].float().flatten(2).mT.gather(1, cell[..., None].expand(-1, -1, channels - 5))  # N M C
    named = nn.functional.one_hot(targets[..., 4].long().clamp(min=0), channels - 5).float()
    called = (nn.functional.binary_cross_entropy_with_logits(kinds, named, reduction="none").sum(2) * there).sum()
    return box * apart / count, (sure * torch.where(wanted > 0, objectness, no_object)).sum() / count, classes * called / count


def yolo_loss(outputs, targets, box=5.0, objectness=1.0, no_object=0.5, classes=1.0, iou="giou"):
    """The mean loss of a picture: of its boxes' places, of every cell's objectness, of its boxes' classes."""
    return sum(yolo_parts(outputs, targets, box, objectness, no_object, classes, iou))


def detections(outputs, least=0.05, overlap=0.5, most=100):
    """Of every picture the boxes (K 4), scores (K) and class numbers (K), the surest first; of boxes of one class that overlap by more than `overlap` (intersection over
    union) only the surest stays."""
    sure, kinds = outputs[:, 4].float().flatten(1).sigmoid(), outputs[:, 5:].float().flatten(2).sigmoid()
    scores, named = (sure[:, None] * kinds).max(1)  # N H*W
    boxes, found = boxes_of(outputs).clamp(0, 1), []
    # Boxes of different classes are moved so far apart that they do not overlap.
    apart = boxes.double() + 2 * named[..., None]
    for box, moved, score, kind in zip(boxes, apart, scores, named, strict=True):
        place = (score >= least).nonzero()[:, 0]
        place = place[torchvision.ops.nms(moved[place], score[place].double(), overlap)[:most]]
        found.append((box[place], score[place], kind[place]))
    return found
