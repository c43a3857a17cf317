"""Samples one after the other as they are read: in memory while they are few, in a file without a name once they are many; and the file that they are kept in."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy

from ..layout import head
from ..records import DataError

IN_MEMORY = 256_000_000  # bytes of samples that are held in memory while they are read
CHUNK_BYTES = 1 << 25
RESERVE = 2_000_000_000  # bytes of the disk that are left to others
KINDS = {numpy.dtype(numpy.uint8): "U8", numpy.dtype(numpy.float32): "F32", numpy.dtype(numpy.int64): "I64"}


class Pile:
    """Samples of one shape and kind of number, added one by one; an index that is a number, a slice or an array of numbers gives them back as an array.

    What is held in memory does not grow with their number. Raises DataError where the disk has no room for more.
    """

    def __init__(self, shape: Sequence[int], folder: Path | None = None, dtype: type = numpy.uint8):
        self._each, self.dtype, self._count, self._first = tuple(shape), numpy.dtype(dtype), 0, shape[0]
        self._bytes = int(numpy.prod(shape, dtype=numpy.int64)) * self.dtype.itemsize
        self._file = tempfile.SpooledTemporaryFile(IN_MEMORY, dir=folder)

    def add(self, sample: numpy.ndarray) -> None:
        """One more."""
        try:
            self._file.seek(self._count * self._bytes)
            self._file.write(numpy.ascontiguousarray(sample, self.dtype).tobytes())
        except OSError as error:
            raise DataError(f"the disk has no room for sample {self._count + 1:,} ({error.strerror or error}): free some, or choose a smaller side") from None
        self._count += 1

    def only_first_channel(self) -> None:
        """From here on samples (C ...) are (1 ...): all channels of grey pictures are alike."""
        self._first = 1

    def __len__(self) -> int:
        return self._count

    @property
    def shape(self) -> tuple[int, ...]:
        """(N ...), as an array's."""
        return self._count, self._first, *self._each[1:]

    def __getitem__(self, wanted: int | slice | numpy.ndarray) -> numpy.ndarray:
        numbers = numpy.arange(self._count)[wanted]
        rows = numpy.stack([self._row(number) for number in numpy.atleast_1d(numbers)]) if numpy.size(numbers) else numpy.empty((0, *self.shape[1:]), self.dtype)
        return rows[0] if numpy.ndim(numbers) == 0 else rows

    def _row(self, number: int) -> numpy.ndarray:
        self._file.seek(int(number) * self._bytes)
        return numpy.frombuffer(self._file.read(self._bytes), self.dtype).reshape(self._each)[:self._first]

    def __iter__(self) -> Iterator[numpy.ndarray]:
        return (self._row(number) for number in range(self._count))

    def __array__(self, dtype: object = None, copy: object = None) -> numpy.ndarray:
        return self[:].astype(dtype or self.dtype)


def chunks(values: numpy.ndarray | Pile, numbers: numpy.ndarray) -> Iterator[numpy.ndarray]:
    """The samples with these numbers in their order, a few at a time."""
    each = max(1, CHUNK_BYTES // max(1, int(numpy.prod(values.shape[1:], dtype=numpy.int64)) * values.dtype.itemsize))
    for first in range(0, len(numbers), each):
        yield values[numbers[first:first + each]]


def must_fit(size: int, most: int, folder: Path | None, what: str) -> None:
    """Raises DataError where samples of so many bytes are more than `most`, or than the disk of the folder has room for; `what` names them with their size."""
    if size > most:
        raise DataError(f"{what} are {size / 1e9:.1f} GB; {most / 1e9:g} GB are allowed: choose a smaller side, or allow more (--most, or BRICKWORK_MOST_GB for the app)")
    # They are there twice while they are put into the order in which they are kept.
    free = shutil.disk_usage(folder or tempfile.gettempdir()).free - RESERVE
    if size > IN_MEMORY and 2 * size > free:
        raise DataError(f"{what} take {2 * size / 1e9:.1f} GB of the disk while they are read, and {max(0, free) / 1e9:.1f} GB are free there beside a reserve of "
                        f"{RESERVE / 1e9:.0f} GB: free some, or choose a smaller side")


def write(file: Path, tensors: Mapping[str, tuple[numpy.ndarray | Pile, numpy.ndarray]], about: Mapping[str, str]) -> None:
    """A safetensors file of tensors, each given as samples and the numbers of those that it has: the bytes of the package's own writer, which wants all of them in memory."""
    shapes = {name: (KINDS[values.dtype], (len(numbers), *values.shape[1:])) for name, (values, numbers) in tensors.items()}
    begin, places = head(shapes, about)
    with file.open("wb") as stream:
        stream.write(begin)
        for name in places:
            for part in chunks(*tensors[name]):
                stream.write(numpy.ascontiguousarray(part).tobytes())
