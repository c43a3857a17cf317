"""Files of starting weights: safetensors under $BRICKWORK_HOME/weights, each named by the sha256 of its bytes.

A project names a file by that number and nothing else, so a project from elsewhere reads what it means or nothing at all.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import re
import struct
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from builder import paths

if TYPE_CHECKING:
    from torch import Tensor

HEX = re.compile(r"[0-9a-f]{64}", re.ASCII)
MOST_BYTES = 4_000_000_000
MOST_HEADER = 20_000_000
CHUNK = 1 << 20

Shapes = dict[str, tuple[int, ...]]


class WeightsError(ValueError):
    """Weights that are not there, damaged or of another network; the message is for people."""


def section(sha256: str, title: str, optimizer: str = "") -> dict[str, str]:
    """What a project says of its starting weights, and the kind of optimiser whose state is kept with them."""
    return {"sha256": sha256, "title": " ".join(title.split())[:200] or "weights", **({"optimizer": optimizer} if optimizer else {})}


def place(sha256: object) -> Path:
    """Where the file of that number is kept, there or not; raises WeightsError for what is no such number."""
    if not isinstance(sha256, str) or not HEX.fullmatch(sha256):
        raise WeightsError(f"{sha256!r:.80} names no weights: they are named by a sha256 of 64 hexadecimal digits")
    return paths.home() / "weights" / f"{sha256}.safetensors"


def keep(file: Path) -> str:
    """Takes a safetensors file into the store; its sha256. Raises WeightsError for a file that is none or too large."""
    shapes(file)
    with file.open("rb") as stream:
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    target = place(sha256)
    if not target.is_file():
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(f".{sha256}.{os.getpid()}.part")
        try:
            _copy(file, part)
            part.replace(target)
        except OSError as error:
            raise WeightsError(f"the weights could not be kept in {target.parent}: {error.strerror or error}") from None
        finally:
            with suppress(OSError):
                part.unlink()
    return sha256


def _copy(file: Path, to: Path) -> None:
    """Copies and flushes, so that a file under its final name is whole."""
    with file.open("rb") as source, to.open("wb") as sink:
        while chunk := source.read(CHUNK):
            sink.write(chunk)
        sink.flush()
        os.fsync(sink.fileno())


def look(weights: Mapping[str, object]) -> Shapes | None:
    """The shapes of the tensors that a project's section names, None where they are not on this machine. Reads the head of the file only."""
    with suppress(WeightsError, OSError):
        return shapes(place(weights.get("sha256")))
    return None


def shapes(file: Path) -> Shapes:
    """The tensors of a safetensors file by name; raises WeightsError for another file."""
    try:
        size = file.stat().st_size
        if size > MOST_BYTES:
            raise WeightsError(f"the file has {size / 1e9:.1f} GB; weights may have {MOST_BYTES / 1e9:.0f}")
        with file.open("rb") as stream:
            (length,) = struct.unpack("<Q", stream.read(8))
            if length > min(size, MOST_HEADER):
                raise ValueError("its head is longer than the file")
            head = json.loads(stream.read(length))
        return {str(name): tuple(map(int, entry["shape"])) for name, entry in head.items() if name != "__metadata__"}
    except WeightsError:
        raise
    except OSError as error:
        raise WeightsError(f"the weights cannot be read: {error.strerror or error}") from None
    except (ValueError, KeyError, TypeError, AttributeError, struct.error, RecursionError) as error:
        raise WeightsError(f"{file.name:.80} is no safetensors file ({type(error).__name__})") from None


def read(weights: Mapping[str, object]) -> dict[str, Tensor]:
    """The tensors that a project's section names; raises WeightsError where they are not on this machine or not what they were."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    file, title = place(weights.get("sha256")), str(weights.get("title") or "weights")
    try:
        about = file.stat()
    except OSError:
        raise WeightsError(f"the starting weights ({title:.200}) are not on this machine: fetch them again (Weights… on the Build page, or "
                           "`weights --from`), or take them out of the project") from None
    if about.st_size > MOST_BYTES or _digest(file, about.st_mtime_ns, about.st_size) != weights["sha256"]:
        raise WeightsError(f"the starting weights ({title:.200}) have changed on the disk since they were kept: fetch them again")
    try:
        return load_file(file)
    except (SafetensorError, OSError) as error:
        raise WeightsError(f"the starting weights ({title:.200}) cannot be read ({type(error).__name__}: {error})") from None


@functools.lru_cache(maxsize=16)
def _digest(file: Path, changed: int, size: int) -> str:
    """The sha256 of a file, worked out again once it changes."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
