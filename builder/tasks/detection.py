"""Boxes around things: outputs are a grid of cells (N 4+1+classes H W), as `builder.tasks.yolo` reads it; targets float32 (N M 5) as `builder.data.boxes` has them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from .found import average_precisions, judged_boxes, mean_precision
from .task import TaskError, Ungraded, shown
from .yolo import detections

# Of a box: four numbers, and whether there is one.
BOX = 5
PARTS = ("loss_box", "loss_objectness", "loss_class")
# From this score on a box is shown, and counts in precision and recall.
SURE = 0.5
MOST_PICTURES, MOST_SHOWN = 12, 20  # that are shown while a run goes on, and boxes in each


@dataclass(frozen=True)
class Judged:
    """What boxes were told of some pictures and which were right: scores (D), class numbers (D), right at each overlap (D 10), the true boxes of each class (classes), sums of the
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
        parts = torch.stack(self.parts(outputs, targets)).detach() * len(targets) if self.parts else torch.zeros(len(PARTS))
        return Judged(*judged_boxes(outputs, targets, self.classes), parts)

    def figures(self, tally: Judged, samples: int) -> dict[str, float]:
        """Mean average precision over the classes that are there, over overlaps of 0.5 to 0.95 and at 0.5; precision and recall at 0.5 of the boxes that are sure; the parts of
        the loss; and of each class by its number its average precision and how many boxes of it there are."""
        scores, kinds, right, true = (one.cpu() for one in (tally.scores, tally.kinds, tally.right, tally.true))
        found = dict(zip(PARTS, (tally.parts.cpu().double() / samples).tolist(), strict=True)) if self.parts else {}
        each = average_precisions(scores, kinds, right, true)
        if not each:
            return found
        sure = right[:, 0][scores >= SURE]
        found = {**mean_precision(each), **({"precision": float(sure.double().mean())} if len(sure) else {}), "recall": int(sure.sum()) / int(true.sum()), **found}
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
