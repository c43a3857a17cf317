"""What tests share: waiting for something without sleeping, and a free port."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
_NEVER = threading.Event()


def until(condition: Callable[[], T], seconds: float, what: str, every: float = 0.05) -> T:
    """Calls `condition` until it returns something true and returns that.

    Looks every `every` seconds for at most `seconds`; then fails with AssertionError naming `what` did not happen
    and the last value seen. An exception in `condition` is not swallowed.
    """
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() >= deadline:
            raise AssertionError(f"{what}: not within {seconds:g} s; last seen: {value!r}")
        _NEVER.wait(every)


def free_port() -> int:
    """A port of 127.0.0.1 that nothing listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
