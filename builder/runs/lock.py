"""The lock that a worker holds on its run's folder while it lives: freed by the system at once, however the process ends.

POSIX record locks (`lockf`) belong to the process alone; a `flock` would stay held by its forked children.
"""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .record import RunError

NAME = "lock"
# Closing any descriptor of a file drops this process's record locks on it, so our own locks are remembered and never probed.
_ours: dict[Path, int] = {}
_guard = threading.Lock()


@contextmanager
def hold(folder: Path, patience: float = 2.0) -> Iterator[None]:
    """Hold the folder's lock; raises RunError when another process has it for longer than `patience` seconds."""
    path = folder.resolve() / NAME
    with _guard:
        if _ours.get(path) == os.getpid():
            raise RunError(f"{folder.name} is already being trained by this process")
        descriptor = _open(path)
        _ours[path] = os.getpid()
    try:
        _acquire(descriptor, folder, patience)
        yield
    finally:
        with _guard:
            os.close(descriptor)
            _ours.pop(path, None)


def held(folder: Path) -> bool:
    """Whether some process, this one included, holds the folder's lock."""
    path = folder.resolve() / NAME
    with _guard:
        if _ours.get(path) == os.getpid():
            return True
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        try:
            return not _try(descriptor)
        finally:
            os.close(descriptor)


def _open(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise RunError(f"The folder of run {path.parent.name} cannot be used: {error.strerror}") from None


def _acquire(descriptor: int, folder: Path, patience: float) -> None:
    """Take the lock; somebody's short look with `held` is waited for."""
    deadline = time.monotonic() + patience
    while not _try(descriptor):
        if time.monotonic() > deadline:
            raise RunError(f"{folder.name} is already being trained by another process")
        time.sleep(0.02)  # fcntl offers no wait with an end


def _try(descriptor: int) -> bool:
    try:
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True

