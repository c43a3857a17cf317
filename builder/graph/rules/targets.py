"""What leaves a network that tells numbers (regression) or the class of every pixel (segmentation): its shape, and what should not stand before it."""

from __future__ import annotations

from collections.abc import Iterator

from builder.catalogue import Dataset, show

from ..analysis import Analysis, Placed
from ..document import Project
from ..problems import Problem, batch
from . import fixes
from .lint import above, category

KEEPING = ("Activation", "Regularisation", "Normalisation")


def numbers(analysis: Analysis, output: Placed, dataset: Dataset, project: Project) -> Iterator[Problem]:
    """Problems of the end of a network for regression."""
    shape, count = output.inputs[0], len(dataset.targets)
    if shape[1:] != (count,):
        named = ", ".join(dataset.targets[:4]) + (", …" if count > 4 else "")
        yield Problem(output.node.id, None, "error", f"{dataset.title} has {count} target{'' if count == 1 else 's'}, so the answer should be N×{count}; it is {show(shape)}",
                      f"needs one number a target ({named}): {count}, here {'×'.join(map(str, shape[1:]))}", tuple(fixes.classes(analysis, output, count, None)), "classes")
    last = above(analysis, output.node.id)
    if last is None or last.node.kind not in ("Softmax", "LogSoftmax") and category(last) != "Regularisation":
        return
    remove = batch(f"Remove {last.node.id}", {"op": "remove", "ids": [last.node.id], "rejoin": True}, sure=len(analysis.network.out_of(last.node.id)) == 1)
    if category(last) == "Regularisation":
        yield Problem(last.node.id, None, "warning", f"{last.node.kind} right before the output blanks whole answers while training",
                      "a number that is set to 0 by chance says nothing about its target", (remove,), "dropout last")
    else:
        yield Problem(last.node.id, None, "warning", f"{last.node.kind} makes shares of the numbers: they are told how large only beside each other",
                      "shares sum to 1; a target may be any number", (remove,), "loss")


def masks(analysis: Analysis, output: Placed, dataset: Dataset, project: Project, scores: int) -> Iterator[Problem]:
    """Problems of the shape that leaves a network for segmentation: `scores` of every pixel of the mask."""
    shape, size = output.inputs[0], dataset.shape[1:]
    wanted = (scores, *size)
    if shape[1:] == wanted:
        return
    edge = analysis.network.into(output.node.id)[0]
    offered: list[fixes.Fix] = []
    if len(shape) == 4:
        resize = {"size": size[0] if size[0] == size[1] else list(size), "scale_factor": None, "mode": "bilinear"}
        if shape[1] != scores:
            last = last_conv(analysis, edge.source)
            if last is not None:
                offered += fixes.set_params(last, f"Set out_channels of {last.node.id} to {scores}", sure=shape[2:] == size, out_channels=scores)
            else:
                offered.append(fixes.insert(analysis, edge, "Conv2d", f"Insert a 1×1 Conv2d with {scores} channels before {output.node.id}", sure=shape[2:] == size,
                                            out_channels=scores, kernel_size=1))
        else:
            offered.append(fixes.insert(analysis, edge, "Upsample", f"Insert Upsample to {size[0]}×{size[1]} before {output.node.id}", sure=True, **resize))
    because = f"needs {'one score a class' if scores > 1 else 'one score'} for every pixel of {size[0]}×{size[1]}: {'×'.join(map(str, wanted))}, here {'×'.join(map(str, shape[1:]))}"
    if len(shape) == 2:
        because += "; what was flattened or averaged away cannot say where something is"
    yield Problem(output.node.id, None, "error", f"{dataset.title} has masks of {len(dataset.classes)} classes, so the answer should be {show((shape[0], *wanted))}; it is {show(shape)}",
                  because, tuple(offered), "classes")


def last_conv(analysis: Analysis, name: str) -> Placed | None:
    """The convolution whose channels leave the network, looking through bricks that keep them."""
    placed = analysis.placed.get(name)
    while placed is not None and placed.shape is not None:
        if placed.node.kind in ("Conv2d", "ConvTranspose2d"):
            return placed
        if category(placed) not in KEEPING and placed.node.kind not in ("Upsample", "CropAs"):
            return None
        placed = above(analysis, placed.node.id)
    return None
