"""A little room on the disk that a worker holds, so that on a full one it can still write how its run ended."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

NAME = "reserve"
# SQLite's log takes a page of 4 KiB and its head for each of the few that an ending changes.
BYTES = 256 << 10


@contextmanager
def reserve(folder: Path) -> Iterator[Callable[[], None]]:
    """Holds the room while it lasts; what is given gives it back before. A disk that is full already has none to hold."""
    file = folder / NAME

    def give_back() -> None:
        with suppress(OSError):
            file.unlink()

    with suppress(OSError), file.open("wb") as stream:
        # Random, for some disks store zeros as nothing.
        stream.write(os.urandom(BYTES))
        stream.flush()
        os.fsync(stream.fileno())
    try:
        yield give_back
    finally:
        give_back()
