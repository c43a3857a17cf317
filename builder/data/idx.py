"""Reading idx files (the MNIST format), packed or not, without trusting what their headers claim.

Layout: two zero bytes, a type byte, the number of axes, one big-endian uint32 an axis, the values in C order.
"""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from pathlib import Path
from typing import IO, TYPE_CHECKING

from .records import DataError

if TYPE_CHECKING:
    from torch import Tensor

UINT8 = 0x08
# Deflate cannot pack better than this (zlib.net/zlib_tech.html), so a header that claims more is refused before anything is allocated.
BEST_RATIO = 1032
CHUNK = 1 << 20


def read_idx(path: Path, axes: int) -> Tensor:
    """The values of an idx file of bytes, uint8, with `axes` axes.

    Raises DataError with the numbers expected and found when the file is not one, is cut, too long or damaged.
    """
    import torch

    try:
        with _opened(path) as stream:
            shape = _header(path, stream, axes)
            values = _body(path, stream, shape)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(f"{path} is cut or damaged: {error}. Get the file again.") from None
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}.") from None
    return torch.frombuffer(values, dtype=torch.uint8).reshape(shape)


def _opened(path: Path) -> IO[bytes]:
    return gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb")


def _header(path: Path, stream: IO[bytes], axes: int) -> tuple[int, ...]:
    start = stream.read(4 + 4 * axes)
    if len(start) < 4 + 4 * axes:
        raise DataError(f"{path} is too short for an idx file: {len(start)} bytes, its header alone needs {4 + 4 * axes}.")
    if start[:2] != b"\0\0" or start[2] != UINT8 or start[3] != axes:
        raise DataError(f"{path} is not an idx file of bytes with {axes} axes: it should start with 0000{UINT8:02x}{axes:02x}, "
                        f"and starts with {start[:4].hex()}.")
    shape = struct.unpack(f">{axes}I", start[4:])
    if 0 in shape:
        raise DataError(f"{path} is empty: its header says {_times(shape)}.")
    return shape


def _body(path: Path, stream: IO[bytes], shape: tuple[int, ...]) -> bytearray:
    """Reads no more than the header claims, and nothing at all when the file cannot hold that."""
    expected, length = math.prod(shape), path.stat().st_size
    if expected > length * (BEST_RATIO if path.suffix == ".gz" else 1):
        raise DataError(f"{path} is cut or wrong: its header says {_times(shape)} = {expected:,} bytes, and the whole file has {length:,}.")
    values = bytearray()
    while len(values) < expected and (chunk := stream.read(min(CHUNK, expected - len(values)))):
        values += chunk
    if len(values) < expected:
        raise DataError(f"{path} is cut: its header says {_times(shape)} = {expected:,} bytes, and only {len(values):,} follow.")
    if stream.read(1):
        raise DataError(f"{path} is too long: more bytes follow than the {_times(shape)} = {expected:,} of its header.")
    return values


def _times(shape: tuple[int, ...]) -> str:
    return "×".join(f"{size:,}" for size in shape)
