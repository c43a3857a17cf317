"""What a data set is once it is read, and where it lies before that."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

    from .rows import Rows

Progress = Callable[[str, float], None]
# Bytes of pictures up to which all are read where some are looked at; more stay in their file.
GLANCE = 200_000_000


class DataError(ValueError):
    """A data set cannot be had or read; the message is for people."""


@dataclass(frozen=True)
class Tensors:
    """A data set in memory: x uint8 (N C H W) or float32 (N ...); y by `task`: class numbers int64 (N) for classification, uint8 (N H W) for segmentation,
    where 255 is a pixel of no class, float32 (N K) for regression, one number for each of the `targets`, or float32 (N M 5) for detection: of each of up to M
    boxes in a picture left, top, right and bottom as shares of its width and height, 0 to 1, and the number of its class, -1 where there is no box (`builder.data.boxes`).
    Pictures that would take too much of the memory are Rows, which stay in their file, and their masks too.

    `valid_x` and `valid_y` are a part for choosing between runs and epochs, which came with the data or was made from the training part; None where there is none. `mean` and `std` are of the training part, one for each index of the axis behind N: a channel of images, on the scale 0 to 1, or a feature.
    """

    name: str
    train_x: Tensor | Rows
    train_y: Tensor | Rows
    test_x: Tensor | Rows
    test_y: Tensor | Rows
    classes: tuple[str, ...]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    task: str = "classification"
    targets: tuple[str, ...] = ()
    valid_x: Tensor | Rows | None = None
    valid_y: Tensor | Rows | None = None

    @property
    def watched(self) -> tuple[Tensor | Rows, Tensor]:
        """Samples and answers of the part that a run is watched on: validation, or the test part where there is none."""
        return (self.test_x, self.test_y) if self.valid_x is None else (self.valid_x, self.valid_y)

    @property
    def watched_name(self) -> str:
        """What that part is called."""
        return "test" if self.valid_x is None else "validation"

    @property
    def shape(self) -> tuple[int, ...]:
        """The axes of one sample: C H W of an image, F of a row of features."""
        return tuple(self.train_x.shape[1:])


@dataclass(frozen=True)
class Where:
    """A data set found on disk: its folder (None when built in) and whether its files are still packed."""

    name: str
    folder: Path | None
    packed: bool = False

    @property
    def says(self) -> str:
        """One phrase for people."""
        if self.folder is None:
            return "built in"
        return f"found in {self.folder}" + (", packed" if self.packed else "")
