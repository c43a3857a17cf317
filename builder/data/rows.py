"""Samples that stay where they lie, mapped from their file or in main memory, and are taken out row by row."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

# Read at a time where all of them are gone through.
CHUNK_BYTES = 1 << 25


class Rows:
    """Samples uint8 (N ...) of which only those that are asked for come into memory of their own; `numbers` picks some of `whole`, in that order.

    It has of a tensor what samples are asked for: `len`, `shape`, `dtype`, and an index that is a number, a slice or a tensor of numbers.
    """

    def __init__(self, whole: Tensor, numbers: Tensor | None = None):
        self._whole, self._numbers = whole, numbers
        self.dtype, self.ndim = whole.dtype, whole.ndim

    def __len__(self) -> int:
        return len(self._whole) if self._numbers is None else len(self._numbers)

    @property
    def shape(self) -> torch.Size:
        """(N ...), as a tensor's."""
        return torch.Size((len(self), *self._whole.shape[1:]))

    @property
    def nbytes(self) -> int:
        """Bytes of all the samples."""
        return self.shape.numel() * self.dtype.itemsize

    def __getitem__(self, wanted: int | slice | Tensor) -> Tensor:
        if self._numbers is not None:
            wanted = self._numbers[wanted]
        if isinstance(wanted, Tensor) and wanted.ndim:
            return self._whole.index_select(0, wanted)
        return self._whole[wanted].clone()

    def only(self, numbers: Tensor) -> Rows:
        """The samples with these numbers, in this order."""
        return Rows(self._whole, numbers if self._numbers is None else self._numbers[numbers])

    def chunks(self) -> Iterator[Tensor]:
        """All samples in their order, a few at a time."""
        each = max(1, CHUNK_BYTES // max(1, self._whole[:1].nbytes))
        for first in range(0, len(self), each):
            yield self[first:first + each]


def pieces(samples: Tensor | Rows) -> Iterator[Tensor]:
    """All samples in their order: at once, or a few at a time of those that stay where they are."""
    return samples.chunks() if isinstance(samples, Rows) else iter([samples])


def byte_counts(samples: Tensor | Rows) -> Tensor:
    """How often each byte occurs in samples uint8, int64 (256)."""
    return sum((part.flatten().bincount(minlength=256) for part in pieces(samples)), torch.zeros(256, dtype=torch.int64))


def chosen(samples: Tensor | Rows, numbers: Tensor) -> Tensor | Rows:
    """The samples with these numbers; those that stay where they are stay there."""
    return samples.only(numbers) if isinstance(samples, Rows) else samples[numbers]


def mapped(file: Path, name: str) -> Rows:
    """The bytes called `name` of a safetensors file, which are read when they are used; raises KeyError and ValueError where it has no such bytes.

    The format: https://github.com/huggingface/safetensors#format. Its own reader maps a file as memory that could be written, which the system counts in full.
    """
    with file.open("rb") as stream:
        length = int.from_bytes(stream.read(8), "little")
        about = json.loads(stream.read(length))[name]
    first, end = about["data_offsets"]
    shape = tuple(about["shape"])
    if about["dtype"] != "U8" or end - first != np.prod(shape, dtype=np.int64):
        raise ValueError(f"{name} is {about['dtype']} of shape {shape}")
    table = np.memmap(file, np.uint8, "r", 8 + length + first, shape)
    with warnings.catch_warnings():
        # Nobody writes into samples, and the system would not let them.
        warnings.filterwarnings("ignore", message=".*not writable")
        return Rows(torch.from_numpy(table))
