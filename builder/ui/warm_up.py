"""Importing torch aside, in a pause: it takes seconds, during which every answer of the server would be slower."""

from __future__ import annotations

import threading

PAUSE = 3.0  # seconds without anybody doing anything

_guard = threading.Lock()
_timer: threading.Timer | None = None
_begun = threading.Event()


def later() -> None:
    """Import torch when nobody has called this for PAUSE seconds; whoever needs torch before imports it then."""
    global _timer
    if _begun.is_set():
        return
    with _guard:
        if _timer is not None:
            _timer.cancel()
        _timer = threading.Timer(PAUSE, _import_torch)
        _timer.daemon = True
        _timer.start()


def _import_torch() -> None:
    _begun.set()
    import torch  # noqa: F401
