"""Data sets as tensors: `load`, `available`, `download`. Importing this package does not import torch; loading does."""

from . import kept
from .digits import BUILT_IN
from .download import download
from .load import load
from .records import GLANCE, DataError, Progress, Tensors, Where
from .show import MOST_POINTS, grid_image, plane, sample_grid, samples_per_class
from .shown import Shown, shown
from .where import available, looked_in, ready

__all__ = ["BUILT_IN", "GLANCE", "MOST_POINTS", "DataError", "Progress", "Shown", "Tensors", "Where", "available", "download", "grid_image", "kept", "load",
           "looked_in", "plane", "ready", "sample_grid", "samples_per_class", "shown"]
