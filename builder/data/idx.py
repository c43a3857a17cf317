"""Reading idx files (the MNIST format), packed or not, without trusting what their headers claim.

Layout: two zero bytes, a type byte, the number of axes, one big-endian uint32 an axis, the values in C order.
"""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING

from .records import DataError

if TYPE_CHECKING:
    from torch import Tensor

UINT8 = 0x08
GZIP = b"\x1f\x8b"
# Deflate cannot pack better than this (zlib.net/zlib_tech.html), so a header that claims more is refused before anything is allocated.
BEST_RATIO = 1032
CHUNK = 1 << 20


def read_idx(path: Path, axes: int) -> Tensor:
    """The values of an idx file of bytes, uint8, with `axes` axes.

    Raises DataError with the numbers expected and found when the file is not one, is cut, too long or damaged.
    """
    import torch

    values, shape = read_values(path, (axes,), str(path))
    return torch.frombuffer(values, dtype=torch.uint8).reshape(shape)


def read_values(path: Path, axes: Sequence[int], name: str, most: int | None = None) -> tuple[bytearray, tuple[int, ...]]:
    """The bytes of an idx file and their shape, of one of these numbers of axes; `name` is what messages call it, `most` how many bytes it may hold.

    Raises DataError as `read_idx`. Needs no torch.
    """
    try:
        with _opened(path) as stream:
            shape = _header(name, stream, axes)
            if most is not None and math.prod(shape) > most:
                raise DataError(f"{name} is too large: {_times(shape)} are {math.prod(shape) / 1e9:,.1f} GB; {most / 1e9:.0f} GB are allowed.")
            return _body(path, name, stream, shape), shape
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(f"{name} is cut or damaged: {error}. Get the file again.") from None
    except OSError as error:
        raise DataError(f"{name} cannot be read: {error.strerror or error}.") from None


def is_idx(path: Path) -> int:
    """The number of axes that a file claims to have as an idx file, packed or not; 0 for what is none. Raises no error."""
    try:
        with _opened(path) as stream:
            start = stream.read(4)
    except (EOFError, OSError, zlib.error):
        return 0
    return start[3] if len(start) == 4 and start[:2] == b"\0\0" and 0x08 <= start[2] <= 0x0E else 0


def _packed(path: Path) -> bool:
    with path.open("rb") as stream:
        return stream.read(2) == GZIP


def _opened(path: Path) -> IO[bytes]:
    return gzip.open(path, "rb") if _packed(path) else path.open("rb")


def _header(name: str, stream: IO[bytes], axes: Sequence[int]) -> tuple[int, ...]:
    start = stream.read(4)
    found = start[3] if len(start) == 4 and start[:2] == b"\0\0" and start[2] == UINT8 else 0
    needs = 4 + 4 * (found if found in axes else axes[0])
    start += stream.read(needs - 4)
    if len(start) < needs:
        raise DataError(f"{name} is too short for an idx file: {len(start)} bytes, its header alone needs {needs}.")
    if found not in axes:
        raise DataError(f"{name} is not an idx file of bytes with {' or '.join(map(str, axes))} axes: it should start with 0000{UINT8:02x}{axes[0]:02x}, "
                        f"and starts with {start[:4].hex()}.")
    shape = struct.unpack(f">{found}I", start[4:])
    if 0 in shape:
        raise DataError(f"{name} is empty: its header says {_times(shape)}.")
    return shape


def _body(path: Path, name: str, stream: IO[bytes], shape: tuple[int, ...]) -> bytearray:
    """Reads no more than the header claims, and nothing at all when the file cannot hold that."""
    expected, length = math.prod(shape), path.stat().st_size
    if expected > length * (BEST_RATIO if _packed(path) else 1):
        raise DataError(f"{name} is cut or wrong: its header says {_times(shape)} = {expected:,} bytes, and the whole file has {length:,}.")
    values = bytearray()
    while len(values) < expected and (chunk := stream.read(min(CHUNK, expected - len(values)))):
        values += chunk
    if len(values) < expected:
        raise DataError(f"{name} is cut: its header says {_times(shape)} = {expected:,} bytes, and only {len(values):,} follow.")
    if stream.read(1):
        raise DataError(f"{name} is too long: more bytes follow than the {_times(shape)} = {expected:,} of its header.")
    return values


def _times(shape: tuple[int, ...]) -> str:
    return "×".join(f"{size:,}" for size in shape)
