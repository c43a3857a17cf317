"""The built-in data: scikit-learn's 1,797 real handwritten digits (13 writers, 8x8 pixels of 0 to 16), enlarged to 28x28.

Training and test digits come from the same writers (the file does not say who wrote what), so the test figure is kinder than MNIST's.
"""

from __future__ import annotations

import csv
import gzip
import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING

from .records import DataError
from .validation import held_out

if TYPE_CHECKING:
    from torch import Tensor

BUILT_IN = "digits"
SIDE = 28
TEST = 360


def read_digits() -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Training images and labels, test images and labels: 1,437 and 360, split class by class, always the same way."""
    import torch
    from torch.nn.functional import interpolate

    rows = torch.tensor(table(), dtype=torch.float32)
    small = rows[:, :-1].reshape(-1, 1, 8, 8)  # N 1 8 8
    large = interpolate(small, (SIDE, SIDE), mode="bilinear", align_corners=False, antialias=True)
    images = (large * (255 / 16)).round().clamp(0, 255).to(torch.uint8)
    labels = rows[:, -1].to(torch.int64)
    # Part of the data set's definition: held out as a validation part is, by the same seed for ever.
    train, test = held_out(labels, TEST)
    return images[train], labels[train], images[test], labels[test]


def table() -> list[list[float]]:
    """The 1,797 rows of 64 pixels and the label; raises DataError when scikit-learn or its file is not there."""
    # The file itself: importing scikit-learn, and scipy with it, takes a second at the start of every run.
    package = importlib.util.find_spec("sklearn")
    if package is None or not package.submodule_search_locations:
        raise DataError("The built-in digits are a file of scikit-learn, which is not installed: pip install scikit-learn.")
    path = Path(package.submodule_search_locations[0], "datasets", "data", "digits.csv.gz")
    try:
        with gzip.open(path, "rt", encoding="ascii", newline="") as stream:
            return [[float(value) for value in row] for row in csv.reader(stream)]
    except (OSError, EOFError, ValueError) as error:
        raise DataError(f"The built-in digits cannot be read from {path}: {error}. Install scikit-learn again.") from None
