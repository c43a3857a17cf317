"""What may be asked of a training while it runs. Standard library only, so that whoever asks needs no torch."""

from __future__ import annotations

from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import NamedTuple

STOP, PAUSE, RESUME, CHECKPOINT, RATE = "stop", "pause", "resume", "checkpoint", "set-lr"


class StoppedError(Exception):
    """Somebody has asked to stop before there was a step to stop behind; the message is for people."""


class Request(NamedTuple):
    """One thing asked for; `value` is the learning rate of `set-lr`."""

    command: str
    value: object = None


class Control:
    """Requests on their way to a training: put in by any thread or signal handler, taken out by the training before its next step, or the next batch of an evaluation."""

    def __init__(self) -> None:
        # Unlike Event and Queue it may be used by a signal handler that interrupts its own use.
        self._asked: SimpleQueue[Request] = SimpleQueue()
        self._stopping = False
        # Appending is one step even where a signal handler interrupts it; counting up is not.
        self._pressed: list[str] = []
        self._relieved = 0
        # What breaks off that the training does in one long piece.
        self.alarm: Callable[[], None] | None = None

    def ask(self, command: str, value: object = None) -> None:
        """Ask for `stop`, `pause`, `resume`, `checkpoint` or `set-lr`; returns at once."""
        self._stopping = self._stopping or command == STOP
        self._asked.put(Request(command, value))
        if command in (STOP, PAUSE):
            self._pressed.append(command)
            if (alarm := self.alarm) is not None:
                alarm()

    def pressing(self) -> bool:
        """Whether there is something to take out that must not wait: to stop or to pause."""
        return len(self._pressed) > self._relieved

    def stopping(self) -> bool:
        """Whether somebody has asked to stop, even where that was not taken out yet."""
        return self._stopping

    def asked(self) -> bool:
        """Whether somebody has asked for anything that was not taken out yet."""
        return not self._asked.empty()

    def waiting(self) -> bool:
        """The same before a step, for all processes that make it together."""
        return self.asked()

    def take(self, wait: bool = False) -> Request | None:
        """The oldest request; without one None, or with `wait` the next that comes."""
        try:
            request = self._asked.get(block=wait)
        except Empty:
            return None
        self._relieved += request.command in (STOP, PAUSE)
        return request
