"""Finding data sets in torchvision's folders, without torch and without writing there."""

from __future__ import annotations

import os.path
from collections.abc import Sequence
from pathlib import Path

from builder.catalogue.datasets import DATASETS, OWN, Dataset, described

from . import kept
from .photos import PHOTOS, kept_file
from .records import DataError, Where

IDX_FILES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")
CIFAR_TRAIN = tuple(f"data_batch_{number}" for number in range(1, 6))
CIFAR_TEST = ("test_batch",)
EMNIST = {name: tuple(f"emnist-{name.removeprefix('emnist-')}-{part}-{what}-ubyte" for part in ("train", "test") for what in ("images-idx3", "labels-idx1"))
          for name in ("emnist-letters", "emnist-balanced")}
# Below a root, as torchvision writes them.
FOLDERS = {"mnist": Path("MNIST", "raw"), "fashion-mnist": Path("FashionMNIST", "raw"), "kmnist": Path("KMNIST", "raw"),
           **dict.fromkeys(EMNIST, Path("EMNIST", "raw")), "cifar10": Path("cifar-10-batches-py"), "cifar100": Path("cifar-100-python"), "svhn": Path(),
           "stl10": Path("stl10_binary"), **{name: Path(photos.folder) for name, photos in PHOTOS.items()}}
# The files that a data set is read from; MNIST's where nothing else is said.
FILES = {**EMNIST, "cifar10": CIFAR_TRAIN + CIFAR_TEST, "cifar100": ("train", "test"), "svhn": ("train_32x32.mat", "test_32x32.mat"),
         "stl10": ("train_X.bin", "train_y.bin", "test_X.bin", "test_y.bin")}


def known(name: str) -> Dataset:
    """The record of a data set; raises DataError naming those there are."""
    if name.startswith(f"{OWN}:"):
        found = kept.get(name.removeprefix(f"{OWN}:"))
        if found is None:
            raise DataError("These are somebody's own data, which are not on this machine.")
        return described(kept.section(found))
    if name not in DATASETS:
        raise DataError(f"There is no data set {name!r}; there are {', '.join(DATASETS)}.")
    return DATASETS[name]


def looked_in(name: str, roots: Sequence[Path]) -> list[Path]:
    """The folders in which a data set may lie: torchvision's under each root, and under a folder of the data set's name in it."""
    return [start / FOLDERS[name] for root in roots for start in (Path(root), Path(root) / name)]


def available(name: str, roots: Sequence[Path]) -> Where | None:
    """Where a data set's files lie, the first of the roots that has them all; None when none has. The files are not opened.

    Raises DataError for an unknown name.
    """
    if name.startswith(f"{OWN}:"):
        sha256 = name.removeprefix(f"{OWN}:")
        return Where(name, kept.place(sha256)) if kept.get(sha256) else None
    if not known(name).module:
        return Where(name, None)
    if name in PHOTOS:
        return next((Where(name, folder) for folder in looked_in(name, roots) if PHOTOS[name].there(folder)), None)
    files = FILES.get(name, IDX_FILES)
    for folder in looked_in(name, roots):
        found = [unpacked_or_packed(folder, file) for file in files]
        if all(found):
            return Where(name, folder, any(path.suffix == ".gz" for path in found))
    return None


def ready(dataset: Dataset) -> bool:
    """Whether a data set that is on this machine can be read at once: photographs have to be brought to the size that is wanted, once."""
    return not dataset.resized or kept_file(dataset.name, dataset.shape[1]).is_file()


def unpacked_or_packed(folder: Path, file: str) -> Path | None:
    """The file, or the same with .gz; None when there is neither. A folder that may not be read has none."""
    return next((folder / name for name in (file, file + ".gz") if os.path.isfile(folder / name)), None)
