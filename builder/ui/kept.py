"""A project's file between two writes: has somebody else written it meanwhile? Standard library only."""

from __future__ import annotations

from pathlib import Path

Stamp = tuple[int, int, int]


def stamp(path: Path) -> Stamp | None:
    """What changes when a file is written again: its identity, time in nanoseconds and size; None while there is no file."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


class Kept:
    """The file that one workspace writes, as it was when this workspace last wrote or read it."""

    def __init__(self, path: Path, read: bool = False):
        """`read`: the file has just been read; otherwise the first write takes its place whatever it holds."""
        self.path = path
        self._known = stamp(path) if read else None

    def written_elsewhere(self) -> bool:
        """Did another program write the file since? One that was deleted may be written again."""
        now = stamp(self.path)
        return self._known is not None and now is not None and now != self._known

    def note(self) -> None:
        """This workspace has just written the file."""
        self._known = stamp(self.path)
