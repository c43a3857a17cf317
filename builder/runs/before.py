"""What a run says while its data are read, before its first step."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress

from builder.train.control import Control, StoppedError

from .record import Run, RunError
from .store import Store

EVERY_SECONDS = 0.5


def preparing(store: Store, run: Run, control: Control, also: Callable[[str, float], None]) -> Callable[[str, float], None]:
    """A function that is told in words and as a share how far the reading is: it goes into the run's record, where pages and commands see it, and to `also`.

    It raises StoppedError once somebody has asked the run to stop.
    """
    said = 0.0

    def tell(says: str, share: float) -> None:
        nonlocal said
        if control.stopping():
            raise StoppedError("Stopped while its data were read, before the first step.")
        also(says, share)
        if time.monotonic() - said >= EVERY_SECONDS:
            said = time.monotonic()
            # A store that is busy loses a word and nothing else.
            with suppress(RunError):
                store.tell(run.id, run.generation, f"{says} ({100 * share:.0f} %).")

    return tell
