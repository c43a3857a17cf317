"""Boxes around things: outputs are a grid of cells (N 4+1+classes H W), as `builder.tasks.yolo` reads it; targets float32 (N M 5) as `builder.data.boxes` has them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import one_hot
from torch.nn.utils.rnn import pad_sequence
from torchvision.ops import box_iou

from .task import TaskError, Ungraded, shown
from .yolo import detections

Detections = tuple[Tensor, Tensor, Tensor]
# Of a box: four numbers, and whether there is one.
BOX = 5
PARTS = ("loss_box", "loss_objectness", "loss_class")
# Overlaps from which a box counts as found, and shares of the boxes found at which precision is read: those of COCO (Lin et al. 2014, arXiv:1405.0312; cocoeval.py).
OVERLAPS = tuple(0.5 + 0.05 * step for step in range(10))
RECALLS = 101
# From this score on a box is shown, and counts in precision and recall.
SURE = 0.5
MOST_PICTURES, MOST_SHOWN = 12, 20  # that are shown while a run goes on, and boxes in each


@dataclass(frozen=True)
class Judged:
    """What boxes were told of some pictures and which were right: scores (D), class numbers (D), right (D OVERLAPS), the true boxes of each class (classes), sums of the
    loss's parts (3)."""

    scores: Tensor
    kinds: Tensor
    right: Tensor
    true: Tensor
    parts: Tensor

    def __add__(self, other: Judged) -> Judged:
        return Judged(*(torch.cat([getattr(self, name), getattr(other, name)]) for name in ("scores", "kinds", "right")), self.true + other.true, self.parts + other.parts)

    def __radd__(self, nothing: int) -> Judged:
        return self


@dataclass(frozen=True)
class Detection(Ungraded):
    """The task of finding things and naming each; `parts` tells what a batch's loss is made of, as means over its pictures."""

    classes: int
    parts: Callable[[Tensor, Tensor], tuple[Tensor, ...]] | None = None

    def check(self, outputs: Tensor) -> None:
        """Raises TaskError unless every cell of a grid has its numbers."""
        if not isinstance(outputs, Tensor):
            raise TaskError(f"The network should give one tensor, a grid of cells, and gives a {type(outputs).__name__}.")
        if outputs.ndim != 4 or outputs.shape[1] != BOX + self.classes:
            raise TaskError(f"The network gives {shown(outputs)}: its output must be N×{BOX + self.classes}×H×W, for every cell of a grid 4 numbers for a box, 1 for whether "
                            f"there is one, and one score for each of {self.classes} class{'' if self.classes == 1 else 'es'}.")

    def tally(self, outputs: Tensor, targets: Tensor) -> Judged:
        """Every box that is told, with whether it is right at each of the overlaps."""
        found = detections(outputs)
        scores, kinds = (torch.cat([told[place] for told in found]) for place in (1, 2))
        labels = targets[..., 4][targets[..., 4] >= 0].long()
        parts = torch.stack(self.parts(outputs, targets)).detach() * len(targets) if self.parts else torch.zeros(len(PARTS))
        return Judged(scores, kinds, _right(found, targets), labels.bincount(minlength=self.classes), parts)

    def figures(self, tally: Judged, samples: int) -> dict[str, float]:
        """Mean average precision over the classes that are there, over overlaps of 0.5 to 0.95 and at 0.5; precision and recall at 0.5 of the boxes that are sure; the parts of
        the loss; and of each class by its number its average precision and how many boxes of it there are."""
        scores, kinds, right, true = (one.cpu() for one in (tally.scores, tally.kinds, tally.right, tally.true))
        found = dict(zip(PARTS, (tally.parts.cpu().double() / samples).tolist(), strict=True)) if self.parts else {}
        there = [number for number in range(self.classes) if int(true[number])]
        if not there:
            return found
        order = scores.argsort(descending=True, stable=True)
        each = {number: average_precision(right[order][kinds[order] == number], int(true[number])) for number in there}
        sure = right[:, 0][scores >= SURE]
        found = {"map": sum(float(one.mean()) for one in each.values()) / len(each), "map_50": sum(float(one[0]) for one in each.values()) / len(each),
                 **({"precision": float(sure.double().mean())} if len(sure) else {}), "recall": int(sure.sum()) / int(true.sum()), **found}
        for number, one in each.items():
            found |= {f"map/{number}": float(one.mean()), f"map_50/{number}": float(one[0]), f"boxes/{number}": int(true[number])}
        return found

    def pictured(self, outputs: Tensor) -> Tensor:
        """Of the first pictures the surest boxes (n MOST_SHOWN 6): left, top, right, bottom, class number, -1 for none, and score."""
        found = detections(outputs[:MOST_PICTURES], SURE, most=MOST_SHOWN)
        told = torch.full((len(found), MOST_SHOWN, 6), -1.0)
        for row, (boxes, scores, kinds) in zip(told, found, strict=True):
            row[:len(boxes)] = torch.cat([boxes, kinds[:, None].float(), scores[:, None]], 1).cpu()
        return told

    def confusion(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """None: a box may have no true one, and a true one none."""
        return torch.zeros(0, 0, dtype=torch.int64)


def _right(found: Sequence[Detections], targets: Tensor) -> Tensor:
    """Which of the boxes of pictures, one picture's after the other's, are right at each overlap (D OVERLAPS): the surest first, each takes the true box of its class, not taken
    yet, that it overlaps most, if that is enough."""
    needed = torch.tensor(OVERLAPS, dtype=torch.float64, device=targets.device)
    boxes, kinds = (pad_sequence([told[place] for told in found], batch_first=True) for place in (0, 2))  # N K 4, N K
    # Other classes, and places without a box, which have no area, overlap with nothing.
    overlaps = box_iou(boxes.double(), targets[..., :4].double()).nan_to_num() * (kinds[..., None] == targets[:, None, :, 4])  # N K M
    free, right = torch.ones(len(found), len(OVERLAPS), targets.shape[1], dtype=torch.bool, device=targets.device), []
    for one in overlaps.unbind(1):
        best, which = (one[:, None] * free).max(2)  # N OVERLAPS
        right.append(best >= needed)
        free = free & ~(one_hot(which, targets.shape[1]).bool() & right[-1][..., None])
    if not right:
        return torch.zeros(0, len(OVERLAPS), dtype=torch.bool, device=targets.device)
    told = torch.tensor([len(boxes) for boxes, _, _ in found], device=targets.device)
    return torch.stack(right, 1)[torch.arange(len(right), device=targets.device) < told[:, None]]


def average_precision(right: Tensor, true: int) -> Tensor:
    """Of boxes in the order of their scores (D OVERLAPS), of which so many should be found, the average precision at each overlap, float64: the mean over RECALLS shares found of
    the best precision at that share or a larger one."""
    if not len(right):
        return torch.zeros(right.shape[1], dtype=torch.float64)
    hits = right.double().cumsum(0)
    recall, precision = hits / true, hits / torch.arange(1, len(right) + 1, dtype=torch.float64)[:, None]
    best = precision.flip(0).cummax(0).values.flip(0)
    # Hundredths as numpy's linspace rounds them, which cocoeval.py takes: a share that is met exactly is met there too.
    shares = torch.arange(RECALLS, dtype=torch.float64) * (1 / (RECALLS - 1))
    at = torch.searchsorted(recall.T.contiguous(), shares.expand(right.shape[1], -1).contiguous())  # OVERLAPS RECALLS
    padded = torch.cat([best, torch.zeros(1, right.shape[1], dtype=torch.float64)]).T
    return padded.gather(1, at).mean(1)
