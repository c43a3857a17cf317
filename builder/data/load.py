"""From a data set's name to tensors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from builder.catalogue.datasets import IGNORED, OWN, Dataset

from . import kept
from .binary import read_mat, read_stl10
from .boxes import NUMBERS, wrong_boxes
from .cifar import read_batch
from .digits import BUILT_IN, read_digits
from .distorted import DISTORTED, read_distorted
from .download import download as fetch
from .drawn import DRAWN
from .idx import read_idx
from .photos import read_photos
from .points import POINTS, scattered
from .records import DataError, Progress, Tensors, Where
from .validation import with_validation
from .where import CIFAR_TEST, CIFAR_TRAIN, EMNIST, FILES, IDX_FILES, available, known, looked_in, unpacked_or_packed

if TYPE_CHECKING:
    from torch import Tensor

    from .rows import Rows


def load(name: str | Dataset, roots: Sequence[Path], progress: Progress | None = None, download: bool = False, validation: float = 0.0,
         most: int | None = None) -> Tensors:
    """The data set, read from the first root that has it; with `download`, fetched into the last root when none has.

    `validation` is the share of the training part that becomes a part of its own, before mean and standard deviation are taken; data that came with one keep theirs.
    A person's own data come as the Dataset that a project describes, or by "own:" and the sha256 of what is kept; pictures of their own, and photographs, that take
    more than `most` bytes stay in their file, as Rows.

    `progress(text, share)` is called while it is fetched. Raises DataError when it is not there, cannot be fetched, or is damaged.
    """
    dataset = known(name) if isinstance(name, str) else name
    name = dataset.name
    if name.startswith(f"{OWN}:"):
        return _parted(_tensors(dataset, *kept.tensors(dataset, most)), validation)
    where = available(name, roots)
    if where is None:
        if not download:
            raise DataError(missing(name, roots))
        where = fetch(name, Path(roots[-1]), progress)
    parts = read_photos(where, dataset.shape[1], progress, most) if dataset.resized else _read(where, dataset)
    return _parted(_tensors(dataset, *parts), validation)


def missing(name: str, roots: Sequence[Path]) -> str:
    """What to tell somebody whose data set is not on this machine."""
    dataset = known(name)
    return (f"{dataset.title} is not on this machine (looked in {', '.join(map(str, looked_in(name, roots)))}). Download it (about "
            f"{dataset.megabytes} MB), point BRICKWORK_DATA at a folder that has it, or use {BUILT_IN!r}, which is built in.")


def _read(where: Where, dataset: Dataset) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    import torch

    if where.name in POINTS:
        return _halves(torch.tensor(scattered(POINTS[where.name], dataset.train + dataset.test, dataset.noise)))
    if where.name in DRAWN:
        return DRAWN[where.name][0](*([] if dataset.noise is None else [dataset.train + dataset.test, dataset.noise]))
    if where.name == DISTORTED:
        return read_distorted()
    if where.folder is None:
        return read_digits()
    if where.name == "cifar10":
        train = [read_batch(where.folder / name) for name in CIFAR_TRAIN]
        test = [read_batch(where.folder / name) for name in CIFAR_TEST]
        return (torch.cat([x for x, _ in train]), torch.cat([y for _, y in train]),
                torch.cat([x for x, _ in test]), torch.cat([y for _, y in test]))
    files = FILES.get(where.name, IDX_FILES)
    if where.name == "cifar100":
        return read_batch(where.folder / files[0], 100) + read_batch(where.folder / files[1], 100)
    if where.name == "svhn":
        return read_mat(where.folder / files[0]) + read_mat(where.folder / files[1])
    if where.name == "stl10":
        return read_stl10(where.folder, *files[:2]) + read_stl10(where.folder, *files[2:])
    parts = _idx_pair(where.folder, *files[:2]) + _idx_pair(where.folder, *files[2:])
    return _upright(where.name, *parts) if where.name in EMNIST else parts


def _upright(name: str, train_x: Tensor, train_y: Tensor, test_x: Tensor, test_y: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """EMNIST's images lie on their side in its files; its letters count from 1."""
    first = 1 if name == "emnist-letters" else 0
    return train_x.mT.contiguous(), train_y - first, test_x.mT.contiguous(), test_y - first


def _halves(x: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Generated points: their classes take turns, and the first half is the training part."""
    import torch

    half, y = len(x) // 2, torch.arange(len(x)) % 2
    return x[:half], y[:half], x[half:], y[half:]


def _idx_pair(folder: Path, images: str, labels: str) -> tuple[Tensor, Tensor]:
    import torch

    x = read_idx(unpacked_or_packed(folder, images), 3)
    y = read_idx(unpacked_or_packed(folder, labels), 1)
    if len(x) != len(y):
        raise DataError(f"{folder}: {images} has {len(x):,} images and {labels} {len(y):,} labels; they must be equally many.")
    return x[:, None], y.to(torch.int64)


def _tensors(dataset: Dataset, train_x: Tensor | Rows, train_y: Tensor, test_x: Tensor | Rows, test_y: Tensor, valid_x: Tensor | Rows | None = None,
             valid_y: Tensor | None = None) -> Tensors:
    """Checked against what the catalogue says of the data set; the number of samples is free, so that a part of one can be used."""
    for part, x, y in (("training", train_x, train_y), ("test", test_x, test_y), *([] if valid_x is None else [("validation", valid_x, valid_y)])):
        if tuple(x.shape[1:]) != dataset.shape:
            axes = " (channels, height, width)" if len(dataset.shape) == 3 else ""
            raise DataError(f"{dataset.title}: the {part} {'images' if axes else 'samples'} should be {dataset.shape}{axes} and are {tuple(x.shape[1:])}.")
        if wrong := _wrong_answers(dataset, x, y):
            raise DataError(f"{dataset.title}: {wrong.format(part=part)}")
    return Tensors(dataset.name, train_x, train_y, test_x, test_y, dataset.classes, (), (), task=dataset.task, targets=dataset.targets,
                   valid_x=valid_x, valid_y=valid_y)


def _wrong_answers(dataset: Dataset, x: Tensor | Rows, y: Tensor | Rows) -> str:
    """What is wrong with the answers of a part, empty where nothing is."""
    import torch

    from .rows import byte_counts

    kind, shape = {"classification": (torch.int64, (len(x),)), "segmentation": (torch.uint8, (len(x), *dataset.shape[1:])),
                   "regression": (torch.float32, (len(x), len(dataset.targets))),
                   "detection": (torch.float32, (len(x), y.shape[1] if y.ndim == 3 else 1, NUMBERS))}[dataset.task]
    if y.dtype != kind or tuple(y.shape) != shape:
        return f"the {{part}} answers should be {kind} of shape {shape} and are {y.dtype} of shape {tuple(y.shape)}."
    if dataset.task == "regression":
        return "" if bool(y.isfinite().all()) else "a {part} target is not a finite number."
    if dataset.task == "detection":
        return wrong_boxes(y, len(dataset.classes))
    known = y if dataset.task == "classification" else byte_counts(y)[:IGNORED].nonzero()
    if not len(known):
        return "no {part} pixel is of a class."
    wrong = [label for label in (int(known.min()), int(known.max())) if not 0 <= label < len(dataset.classes)]
    return f"a {{part}} label is {wrong[0]}, and there are {len(dataset.classes)} classes, from 0." if wrong else ""


def _parted(tensors: Tensors, validation: float) -> Tensors:
    """With a validation part where there is to be one, and with mean and standard deviation of what is left to train on."""
    tensors = with_validation(tensors, validation)
    mean, std = statistics(tensors.train_x)
    return replace(tensors, mean=mean, std=std)


def statistics(x: Tensor | Rows) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and standard deviation for each index of the axis behind N: of uint8 (N C ...) on the scale 0 to 1, of float32 (N F ...) as they are."""
    import torch

    return _of_bytes(x) if x.dtype == torch.uint8 else _of_floats(x)


def _of_floats(x: Tensor) -> tuple[tuple[float, ...], tuple[float, ...]]:
    parts = [part.double() for part in x.unbind(1)]
    # A feature of one value has no spread either.
    return tuple(part.mean().item() for part in parts), tuple(part.std(correction=0).item() or 1.0 for part in parts)


def _of_bytes(x: Tensor | Rows) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """By a count of the 256 values."""
    import torch

    from .rows import pieces

    values = torch.arange(256, dtype=torch.float64) / 255
    means, stds = [], []
    counts = torch.zeros(x.shape[1], 256, dtype=torch.int64)
    for part in pieces(x):
        counts += torch.stack([torch.bincount(channel.reshape(-1), minlength=256) for channel in part.unbind(1)])
    for count in counts:
        share = count.to(torch.float64) / count.sum()
        mean = float((share * values).sum())
        means.append(mean)
        # A channel of one value has no spread; 1 leaves it at zero after normalising instead of dividing by zero.
        stds.append(float((share * (values - mean) ** 2).sum().sqrt()) or 1.0)
    return tuple(means), tuple(stds)
