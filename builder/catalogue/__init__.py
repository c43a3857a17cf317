"""What a layer is, declared once each. Adding a layer is one `register(Layer(...))` in a family's file.

Standard library only: importing the catalogue never imports torch.
"""

from . import activation, convolution, io, linear, merge, normalisation, pooling, regularisation, shape, training
from .datasets import DATASETS, Dataset
from .expressions import CatalogueError
from .params import Bool, Choice, Float, Int, Ints, Param, form
from .spec import (
    BATCH,
    CATEGORIES,
    INITIALIZERS,
    LAYERS,
    LOSSES,
    OPTIMIZERS,
    Inference,
    Layer,
    Problem,
    Record,
    Registry,
    Rule,
    Shape,
    register,
    show,
)

__all__ = [
    "BATCH", "CATEGORIES", "DATASETS", "INITIALIZERS", "LAYERS", "LOSSES", "OPTIMIZERS", "Bool", "CatalogueError", "Choice", "Dataset",
    "Float", "Inference", "Int", "Ints", "Layer", "Param", "Problem", "Record", "Registry", "Rule", "Shape", "catalogue_json", "form",
    "register", "show",
]

# Imported for what they register.
FAMILIES = (io, convolution, pooling, linear, activation, regularisation, normalisation, shape, merge, training)


def catalogue_json() -> dict[str, object]:
    """All layers as one JSON document: the only thing that the canvas knows about layers."""
    return {"categories": list(CATEGORIES), "layers": {kind: layer.to_json() for kind, layer in LAYERS.items()}}
