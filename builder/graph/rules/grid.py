"""What leaves a network that finds things: for every cell of a grid the numbers of a box, and nothing behind the last layer that bends them."""

from __future__ import annotations

from collections.abc import Iterator

from builder.catalogue import Dataset, show

from ..analysis import Analysis, Placed
from ..document import Edge
from ..problems import Problem, batch
from . import fixes
from .lint import above, category
from .targets import last_conv

BEHIND = ("Activation", "Regularisation", "Normalisation")
# Cells of a side beyond which nothing is gained: each tells a box of its own.
USUAL_CELLS = 64


def grid(analysis: Analysis, output: Placed, dataset: Dataset) -> Iterator[Problem]:
    """Problems of the end of a network for detection."""
    shape, wanted, classes = output.inputs[0], dataset.answers, len(dataset.classes)
    edge = analysis.network.into(output.node.id)[0]
    if len(shape) != 4 or shape[1] != wanted:
        yield Problem(output.node.id, None, "error", f"{dataset.title} has boxes of {classes} class{'' if classes == 1 else 'es'}, so the answer should be N×{wanted}×H×W; it is {show(shape)}",
                      f"needs for every cell of a grid 4 numbers of a box, 1 score for whether there is one, and {classes} for its class: {wanted}, here "
                      + (f"{shape[1]}" if len(shape) == 4 else f"{'×'.join(map(str, shape[1:]))}; what was flattened or averaged away cannot say where something is"),
                      tuple(_channels(analysis, output, edge, wanted, classes)) if len(shape) == 4 else (), "classes")
        return
    rows, columns = shape[2:]
    if rows > dataset.shape[1] or columns > dataset.shape[2]:
        yield Problem(output.node.id, None, "error", f"the grid of {rows}×{columns} cells is finer than the picture of {dataset.shape[1]}×{dataset.shape[2]} pixels",
                      "needs cells of at least one pixel", (), "classes")
    elif rows * columns == 1:
        yield Problem(output.node.id, None, "warning", "a grid of one cell can tell one box a picture", "every cell tells one; of several things in a picture all but one are missed", (), "one cell")
    elif max(rows, columns) > USUAL_CELLS:
        yield Problem(output.node.id, None, "advice", f"a grid of {rows}×{columns} cells tells {rows * columns:,} boxes a picture: a coarser one is faster and usually as good",
                      f"detectors have cells of 8 to 32 pixels, here they have {dataset.shape[1] / rows:g}×{dataset.shape[2] / columns:g}", (), "fine grid")
    brick = above(analysis, output.node.id)
    while brick is not None and brick.shape is not None and category(brick) in BEHIND:
        remove = batch(f"Remove {brick.node.id}", {"op": "remove", "ids": [brick.node.id], "rejoin": True}, sure=len(analysis.network.out_of(brick.node.id)) == 1)
        yield Problem(brick.node.id, None, "warning", *_said(brick), (remove,), "loss")
        brick = above(analysis, brick.node.id)


def _said(brick: Placed) -> tuple[str, str]:
    if category(brick) == "Regularisation":
        return f"{brick.node.kind} right before the output blanks whole answers while training", "a number of a box that is set to 0 by chance says nothing about it"
    return (f"{brick.node.kind} behind the last layer bends the numbers of the boxes",
            "the loss and the reading of boxes expect numbers that are free to grow in both directions: they take exp and sigmoid themselves")


def _channels(analysis: Analysis, output: Placed, edge: Edge, wanted: int, classes: int) -> Iterator[fixes.Fix]:
    head, last = analysis.placed[edge.source], last_conv(analysis, edge.source)
    if head.node.kind == "DecoupledHead":
        yield from fixes.set_params(head, f"Set classes of {head.node.id} to {classes}", sure=True, classes=classes)
    elif last is not None:
        yield from fixes.set_params(last, f"Set out_channels of {last.node.id} to {wanted}", sure=True, out_channels=wanted)
    else:
        yield fixes.insert(analysis, edge, "Conv2d", f"Insert a 1×1 Conv2d with {wanted} channels before {output.node.id}", sure=True, out_channels=wanted, kernel_size=1)
