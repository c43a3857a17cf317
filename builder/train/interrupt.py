"""Breaking off what takes long in one piece, when somebody asks a training for something meanwhile.

By a signal, because torch's compiler waits for other processes too, which nothing else ends. Only the main thread gets signals; a training in another
one does what it is asked for when the piece is done.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import SimpleQueue
from types import FrameType

from torch import nn

from .checkpoint import random_states, set_random_states
from .control import Control

# Whoever does not handle it ignores it: one that comes too late ends nothing.
SIGNAL = getattr(signal, "SIGURG", None)
AGAIN = 0.05  # seconds between two rings of an alarm


class Interrupted(BaseException):
    """Somebody asked to stop or to pause. No Exception, which compilers catch to try something else."""


@contextmanager
def interruptible(control: Control) -> Iterator[None]:
    """While it lasts, being asked to stop or to pause raises Interrupted here."""
    if SIGNAL is None or threading.current_thread() is not threading.main_thread():
        yield
        return

    # No Event: a handler that interrupts its own use would wait for itself.
    over, asked, thread = [False], SimpleQueue(), threading.get_ident()

    def interrupt(number: int, frame: FrameType | None) -> None:
        # A module that is half there when its import is broken off stays so. The alarm rings again.
        if not over[0] and not _imports(frame):
            over[0] = True
            raise Interrupted

    def ring() -> None:
        asked.get()
        # A signal that comes right before a wait does not end it.
        while not over[0]:
            signal.pthread_kill(thread, SIGNAL)
            threading.Event().wait(AGAIN)

    before = signal.signal(SIGNAL, interrupt)
    threading.Thread(target=ring, name="breaks off what takes long", daemon=True).start()
    try:
        control.alarm = lambda: asked.put(None)
        # What was asked for just before rings no alarm.
        if control.pressing():
            raise Interrupted
        yield
    finally:
        over[0] = True
        asked.put(None)
        control.alarm = None
        signal.signal(SIGNAL, before)


def _imports(frame: FrameType | None) -> bool:
    """Whether a module is being imported in this frame or around it."""
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False


def way_back(model: nn.Module, device: str) -> Callable[[], None]:
    """What puts a network and torch's random numbers back to where they are now, after a step that was broken off before the optimiser's: its buffers, for such a
    step leaves the weights alone."""
    kept, random = {name: value.detach().clone() for name, value in model.named_buffers()}, random_states(device)

    def put_back() -> None:
        for name, value in model.named_buffers():
            value.copy_(kept[name])
        set_random_states(random, device)

    return put_back
