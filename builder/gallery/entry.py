"""What a ready-made network is: one declared function that draws it, with its paper, its published size and what to look at."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from builder.catalogue import DATASETS, CatalogueError, Registry
from builder.graph import FrozenDict, Project
from builder.graph.document import EMPTY, freeze

from .drawing import Drawing, Value

# The lecture decks, as their files are called for short.
DECKS = ("CUHK", "CUHK-marp", "ECNU", "NTU", "Bootcamp")
# Tasks, and what keeps a network of that task from being trained in the app.
TASKS: Mapping[str, str] = {
    "classification": "Its data set is not one of the app's yet.",
    "segmentation": "Its data set is not one of the app's yet.",
    "detection": "It was trained on a data set that the app does not have.",
    "generation": "There is no training task for generators and discriminators yet.",
    "translation": "There is no training task for image-to-image translation yet.",
    "regression": "Its data set is not one of the app's yet.",
    "mask optimisation": "There is no training task with a lithography model yet.",
    "matching": "There is no training task for pairs yet.",
    "language": "There is no training task for text yet.",
    "points": "There is no training task for point clouds yet.",
    "features": "It is a part of a network: what it gives is for other bricks.",
}

Shape = tuple[int | str, ...]


@dataclass(frozen=True)
class Entry:
    """One ready-made network. Nothing is drawn before `project` is asked for.

    `parameters` is the published count, `inputs` and `outputs` the shapes of one sample ("N" is a length that is the batch's), against
    which tests hold the drawing. `data` says on what it was trained; `recipes` are training settings by data set of the app, and `waits`
    why there is none; `start` are the settings of one that has no recipe.
    """

    name: str
    title: str
    family: str
    decks: tuple[str, ...]
    task: str
    paper: str
    summary: str
    look: str
    parameters: int
    inputs: tuple[Shape, ...]
    outputs: tuple[Shape, ...]
    data: str
    waits: str
    recipes: FrozenDict
    whole: tuple[str, ...]
    start: FrozenDict
    body: Callable

    @property
    def trains(self) -> bool:
        """Can the app train it?"""
        return bool(self.recipes)

    @functools.cached_property
    def project(self) -> Project:
        """The network as a project: drawn, laid out, with the recipe for the data set that it opens on."""
        g = Drawing()
        names = list(inspect.signature(self.body).parameters)[1:]
        entering = [g.Input(name=name, shape=shape, **({"dtype": "int64"} if name in self.whole else {}))
                    for name, shape in zip(names, self.inputs, strict=True)]
        left = self.body(g, *entering)
        if isinstance(left, Value):
            g.Output(left, name="output")
        networks = FrozenDict({"network": g.network()})
        about = FrozenDict({"gallery": self.name})
        if not self.trains:
            return Project(self.title, networks, g.blocks, task=FrozenDict({"kind": "none"}), training=self.start, about=about)
        source = next(iter(self.recipes))
        return Project(self.title, networks, g.blocks, task=FrozenDict({"kind": DATASETS[source].task}), data=FrozenDict({"source": source}), training=self.recipes[source], recipes=self.recipes,
                       about=about)


ENTRIES: Registry[Entry] = Registry("gallery project")


def recipe(epochs: int, batch_size: int, optimizer: str, loss: str = "CrossEntropyLoss", **params: float) -> dict[str, object]:
    """Training settings as they stand in a project."""
    return {"epochs": epochs, "batch_size": batch_size, "optimizer": {"kind": optimizer, **params}, "loss": {"kind": loss},
            "initializer": {"kind": "Default"}, "seed": 0}


def network(*, name: str, title: str, family: str, decks: tuple[str, ...], task: str, paper: str, parameters: int, inputs: tuple[Shape, ...],
            outputs: tuple[Shape, ...], look: str, data: str = "", recipes: Mapping[str, object] = EMPTY, waits: str = "",
            whole: tuple[str, ...] = (), initializer: Mapping[str, object] = EMPTY) -> Callable[[Callable], Callable]:
    """Register the decorated body as a ready-made network: its arguments are the inputs (`whole` names those that hold whole numbers),
    its docstring the summary; `initializer` is the rule for the first weights of one without a recipe. It returns what leaves the network,
    or None where it lays its Output bricks itself.
    """

    def declare(body: Callable) -> Callable:
        if set(decks) - set(DECKS) or task not in TASKS or len(inspect.signature(body).parameters) != 1 + len(inputs):
            raise CatalogueError(f"{name}: a deck or the task is unknown, or the body takes other inputs than it declares")
        said = data or ", ".join(DATASETS[source].title for source in recipes)
        entry = Entry(name, title, family, decks, task, paper, inspect.getdoc(body), look, parameters, inputs, outputs, said,
                      "" if recipes else waits or TASKS[task], freeze(recipes), whole,
                      freeze({"initializer": initializer}) if initializer else EMPTY, body)
        ENTRIES.register(entry, name)
        return body

    return declare
