"""One sample for a preview: a real one of the chosen data where it is on this machine, else a random one that says so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

import torch
from torch import Tensor

from builder.catalogue.datasets import DATASETS, IGNORED, Dataset
from builder.data import DataError, load, records
from builder.data.boxes import boxes_per_class
from builder.data.load import statistics
from builder.data.validation import with_validation

EMPTY: Mapping[str, int] = MappingProxyType({})
KEPT = 1000  # samples of a data set that stay in memory, so that one can look at some more


@dataclass(frozen=True)
class Sample:
    """What enters a network: float32 (1 ...) by the Inputs' names.

    `pictures` are the samples' own pixels uint8 (C H W) where they have any; `label` is the true class, `answer` what is true of the sample in words;
    `says` is for people, empty for the plain case.
    """

    inputs: Mapping[str, Tensor]
    pictures: Mapping[str, Tensor] = field(default_factory=dict)
    title: str = ""
    classes: tuple[str, ...] = ()
    label: int | None = None
    index: int = 0
    count: int = 0
    says: str = ""
    answer: str | None = None


@dataclass(frozen=True)
class Kept:
    """The first samples of a data set: x uint8 (N C H W) or float32 (N ...), y as the task has it, and how all of them are normalised."""

    x: Tensor
    y: Tensor
    mean: tuple[float, ...]
    std: tuple[float, ...]


class Samples:
    """The first samples of data sets, each read once from `roots`."""

    def __init__(self, roots: Sequence[Path], keep: int = KEPT):
        self._roots, self._keep, self._kept = roots, keep, {}

    def _of(self, dataset: Dataset, validation: float) -> Kept:
        """Raises DataError where the data set is not there; it is looked for again the next time."""
        # The whole record: a project chooses the size of photographs, and how many samples are made.
        key = (dataset, validation)
        if key not in self._kept:
            tensors = load(dataset, self._roots, most=records.GLANCE)
            # The samples keep their numbers whatever is held out; their scale is the run's.
            mean, std = statistics(with_validation(tensors, validation).train_x) if validation and tensors.valid_x is None else (tensors.mean, tensors.std)
            # Copies: a view would hold on to all of the data set.
            self._kept[key] = Kept(tensors.train_x[:self._keep].clone(), tensors.train_y[:self._keep].clone(), mean, std)
        return self._kept[key]

    def take(self, source: str | Dataset | None, shapes: Mapping[str, tuple[int, ...]], index: int = 0, words: Mapping[str, int] = EMPTY,
             validation: float = 0.0) -> Sample:
        """The `index`-th training sample (from 0; the last one when there are fewer) for the one Input; without a `source`, random numbers for all.

        `words` names the Inputs of whole numbers, which are below the number given for each. It is normalised as in a run that holds the share
        `validation` of the training samples out.
        """
        dataset = DATASETS.get(source) if isinstance(source, str) else source
        if dataset is None or len(shapes) != 1 or words:
            return Sample({name: noise(shape, index + 1000 * i, words.get(name)) for i, (name, shape) in enumerate(shapes.items())}, index=index,
                          says="Random numbers stand in for samples: this drawing has no data.")
        [(name, shape)] = shapes.items()
        if shape != dataset.shape:
            return self._stand_in(name, shape, dataset, index, f"The samples of {dataset.title} are {_size(dataset.shape)} and the Input says {_size(shape)}")
        try:
            kept = self._of(dataset, validation)
        except DataError as error:
            missing = "is not on this machine" in str(error)
            return self._stand_in(name, shape, dataset, index, f"{dataset.title} is not on this machine" if missing else str(error).rstrip("."))
        index = max(0, min(index, len(kept.x) - 1))
        given, pixels = kept.x[index], kept.x.dtype == torch.uint8
        mean, std = (torch.tensor(numbers, dtype=torch.float32).reshape(-1, *[1] * (given.ndim - 1)) for numbers in (kept.mean, kept.std))
        x = ((given.to(torch.float32) / 255 if pixels else given) - mean) / std
        label = int(kept.y[index]) if dataset.task == "classification" else None
        return Sample({name: x[None]}, {name: given} if pixels and given.ndim == 3 and len(given) in (1, 3) else {}, dataset.title, dataset.classes, label, index, len(kept.x),
                      answer=_answer(dataset, kept.y[index]))

    @staticmethod
    def _stand_in(name: str, shape: tuple[int, ...], dataset, index: int, why: str) -> Sample:
        if len(shape) != 3 or shape[0] not in (1, 3):
            return Sample({name: noise(shape, index)}, {}, dataset.title, dataset.classes, None, index, 0, f"{why}: random numbers stand in.")
        says = f"{why}: a random picture stands in."
        pixels = (noise(shape, index)[0] * 64 + 128).clamp(0, 255).to(torch.uint8)
        return Sample({name: (pixels.to(torch.float32)[None] - 128) / 64}, {name: pixels}, dataset.title, dataset.classes, None, index, 0, says)


def noise(shape: Sequence[int], seed: int, below: int | None = None) -> Tensor:
    """Random numbers of mean 0 and spread 1, float32 (1 ...), or whole ones from 0 to under `below`, int64; the same for the same seed."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn((1, *shape), generator=generator) if below is None else torch.randint(below, (1, *shape), generator=generator)


def _answer(dataset: Dataset, y: Tensor) -> str:
    """What is true of a sample: its class, the classes in its mask, or its numbers."""
    if dataset.task == "classification":
        return dataset.classes[int(y)]
    if dataset.task == "segmentation":
        return ", ".join(dataset.classes[label] for label in y.unique().tolist() if label != IGNORED)
    if dataset.task == "detection":
        counts = boxes_per_class(y[None], len(dataset.classes))
        return ", ".join(f"{count} {name}" for name, count in zip(dataset.classes, counts, strict=True) if count) or "no box"
    return ", ".join(f"{name} {value:.3g}" for name, value in zip(dataset.targets, y.tolist(), strict=True))


def _size(shape: Sequence[int]) -> str:
    return "×".join(map(str, shape))
