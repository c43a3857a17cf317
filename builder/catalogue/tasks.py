"""What a network is for: it says what its ends must fit, and how it is trained."""

from __future__ import annotations

from dataclasses import dataclass

from .spec import Registry


@dataclass(frozen=True)
class Task:
    """One use of a network; `trains` is false where there is nothing to train on."""

    kind: str
    title: str
    summary: str
    trains: bool = True


TASKS: Registry[Task] = Registry("task")

for _task in (
    Task("classification", "Classification", "One score a class for every sample of the data set."),
    Task("segmentation", "Segmentation", "One score a class for every pixel of the image."),
    Task("regression", "Regression", "One number a target for every sample of the data set."),
    Task("detection", "Detection", "Boxes around all things in the image, each with its class: for every cell of a grid 4 numbers, 1 score for a thing and one a class."),
    Task("none", "None: draw only", "Any inputs and outputs: shapes, costs and the code are worked out, nothing is trained.", trains=False),
):
    TASKS.register(_task)
