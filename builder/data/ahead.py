"""A data set read before it is asked for, by a process that waits for a run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from builder.catalogue.datasets import Dataset

from .load import load
from .records import Progress, Tensors
from .where import ready

# Bytes of samples that a process may hold which may never train.
MOST = 256 << 20

_read: tuple[tuple[object, ...], Tensors] | None = None


def read_ahead(dataset: Dataset, roots: Sequence[Path], validation: float) -> bool:
    """Reads a data set for the next `read` of the same; whether it is held then, for large ones are left, and photographs that were not brought to their size yet: that takes
    minutes, in which a run that comes meanwhile could neither tell how far it is nor be stopped. Raises DataError like `load`.
    """
    global _read
    if _read is not None and _read[0] == _meant(dataset, roots, validation):
        return True
    _read = None
    if dataset.bytes <= MOST and ready(dataset):
        _read = _meant(dataset, roots, validation), load(dataset, roots, validation=validation)
    return _read is not None


def read(dataset: Dataset, roots: Sequence[Path], progress: Progress | None = None, download: bool = False, validation: float = 0.0, most: int | None = None) -> Tensors:
    """As `load`, at once where the same was read ahead; what was read ahead is given out once."""
    global _read
    held, _read = _read, None
    if held is not None and held[0] == _meant(dataset, roots, validation) and (most is None or dataset.bytes <= most):
        return held[1]
    return load(dataset, roots, progress, download, validation, most)


def _meant(dataset: Dataset, roots: Sequence[Path], validation: float) -> tuple[object, ...]:
    return dataset, tuple(map(str, roots)), validation
