"""Python's full garbage collections, held in pauses: one takes 50 to 100 ms of a server that knows a large drawing, and an edit would wait for it.

What an edit leaves behind has no cycles and goes at once; what Streamlit's runs leave can wait. Standard library only.
"""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Callable

LOOK = 2.0  # seconds from look to look
PAUSE = 1.5  # seconds without a message that count as a pause
LONGEST = 120.0  # seconds after which a collection waits for no pause any more
ENOUGH = 10  # collections of the middle generation after which a full one is worth its time: Python's own measure
NEVER = 1_000_000

_guard = threading.Lock()
_begun = False
_last = 0.0


def busy() -> None:
    """Somebody is at work: no full collection for a moment. The first call takes them over from Python."""
    global _begun, _last
    _last = time.monotonic()
    if _begun:
        return
    with _guard:
        if not _begun:
            _begun = True
            first, second, _ = gc.get_threshold()
            gc.set_threshold(first, second, NEVER)
            threading.Thread(target=_watch, name="tidy", daemon=True).start()


def due(now: float, busy_at: float, collected_at: float, young: int) -> bool:
    """Is it time for a full collection? `young`: collections of the middle generation since the last one; the others are seconds on one clock."""
    return young >= ENOUGH and (now - busy_at >= PAUSE or now - collected_at >= LONGEST)


def _watch(rest: Callable[[float], None] = time.sleep) -> None:
    collected = time.monotonic()
    while True:
        rest(LOOK)
        if due(time.monotonic(), _last, collected, gc.get_count()[2]):
            gc.collect()
            collected = time.monotonic()
