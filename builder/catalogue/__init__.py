"""What a layer is, declared once each. Adding a layer is one `register(Layer(...))` in a family's file.

Standard library only: importing the catalogue never imports torch.
"""

from . import (
    activation,
    arithmetic,
    attention,
    convolution,
    fourier,
    io,
    linear,
    losses,
    merge,
    normalisation,
    photos,
    pieces,
    pooling,
    reduce,
    regularisation,
    resampling,
    schedules,
    sequence,
    shape,
    training,
    values,
)
from .blocks import BLOCK_CATEGORIES, COMPOSITES, REPEAT, Composite, Traced
from .datasets import DATASETS, OWN, Dataset, described, own_problem
from .expressions import CatalogueError
from .losses import Loss, losses_of, usual_loss
from .params import Bool, Choice, Float, Int, Ints, Param, Text, form
from .sizes import BATCH, Shape, carries_batch, per_sample, show, size_text, with_batch
from .spec import (
    AVERAGES,
    CATEGORIES,
    CLIPPINGS,
    INITIALIZERS,
    LAYERS,
    LOSSES,
    OPTIMIZERS,
    SCHEDULES,
    STOPPINGS,
    Fitting,
    Inference,
    Layer,
    Problem,
    Record,
    Registry,
    Rule,
    Template,
    register,
)
from .tasks import TASKS, Task

__all__ = [
    "AVERAGES", "BATCH", "BLOCK_CATEGORIES", "CATEGORIES", "CLIPPINGS", "COMPOSITES", "DATASETS", "INITIALIZERS", "LAYERS", "LOSSES", "OPTIMIZERS", "OWN", "REPEAT",
    "SCHEDULES", "STOPPINGS", "TASKS", "Bool", "CatalogueError", "Choice", "Composite", "Dataset", "Fitting", "Float", "Inference", "Int", "Ints", "Layer", "Loss", "Param", "Problem",
    "Record", "Registry", "Rule", "Shape", "Task", "Template", "Text", "Traced", "carries_batch",
    "catalogue_json", "described", "form", "losses_of", "own_problem", "per_sample", "register", "show", "size_text", "usual_loss", "with_batch",
]

# Imported for what they register.
FAMILIES = (io, convolution, pooling, linear, activation, regularisation, normalisation, attention, sequence, shape, pieces, resampling, merge, arithmetic,
            reduce, fourier, values, losses, training, schedules, photos)


# What most drawings are made of: the palette shows these first, before all kinds by their category.
OFTEN = ("Conv2d", "MaxPool2d", "Linear", "ReLU", "Flatten", "BatchNorm2d", "Dropout", "Add", "Concat")


def catalogue_json() -> dict[str, object]:
    """All that can be chosen, as one JSON document: the only thing that the canvas knows about layers, data sets and tasks."""
    return {"categories": [*CATEGORIES[:-1], *BLOCK_CATEGORIES, CATEGORIES[-1]],
            "often": list(OFTEN),
            "layers": {kind: entry.to_json() for registry in (LAYERS, COMPOSITES) for kind, entry in registry.items()},
            "datasets": [{"source": name, "title": data.title, "shape": list(data.shape), "classes": len(data.classes)}
                         for name, data in DATASETS.items()],
            "tasks": [{"kind": task.kind, "title": task.title, "summary": task.summary, "trains": task.trains} for task in TASKS.values()]}
