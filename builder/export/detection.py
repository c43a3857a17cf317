"""A detector's loss and its reading of boxes in an exported training: the very functions of the app."""

from __future__ import annotations

import inspect

IMPORTS = ("import functools", "import torch", "import torchvision")
WORDS = ("Of every cell of the grid that the network gives: four numbers of a box, a score for whether the middle of a thing is in it, and a score a class. Each true box is told by the cell "
         "that its middle falls in. `detections` reads the boxes of a trained network: `detections(network(normalised(images, mean, std)))`.")


def text() -> str:
    """The functions, one below the other."""
    from builder.tasks import yolo

    return "\n\n".join(map(inspect.getsource, (yolo.boxes_of, yolo.yolo_parts, yolo.yolo_loss, yolo.detections)))


def loss(call: str) -> str:
    """The loss as an expression, from the call of its record's function with what differs from its defaults."""
    path, _, arguments = call.removesuffix(")").partition("(")
    return f"functools.partial({path.rpartition('.')[2]}{', ' if arguments else ''}{arguments})"
