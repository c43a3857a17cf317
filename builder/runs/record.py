"""What the run store says about a run, as frozen records."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

from builder.train.events import Event

State = Literal["queued", "starting", "running", "paused", "completed", "stopped", "diverged", "failed", "out_of_memory", "killed"]
# Processes that may share a training.
MOST_PROCESSES = 64
LIVE: tuple[str, ...] = ("queued", "starting", "running", "paused")


class RunError(ValueError):
    """Something asked of the run store that it cannot do; the message is for people."""


class EndedError(RunError):
    """An event or a command for a run that has ended, or that another process has taken over."""


def shared_by(asked: str | None) -> tuple[str | None, int]:
    """The device and the number of processes that are meant by "cuda*2", "*2" (the fastest there is) or "cpu"; raises RunError for what means neither."""
    device, star, count = (asked or "").partition("*")
    if not star:
        return asked or None, 1
    if not (count.isascii() and count.isdecimal() and 1 <= int(count) <= MOST_PROCESSES):
        raise RunError(f"{asked!r:.40} is no device: after * stands how many processes share a training, from 1 to {MOST_PROCESSES}")
    return device or None, int(count)


@dataclass(frozen=True)
class Run:
    """One row of the store; times are seconds since 1970, `epoch` counts finished epochs, `accuracy` is the last accuracy (0 to 1)
    on `part`, the one that the run is watched on: "validation", or "test" where it has no validation part. `tested` is the accuracy on the test part, once asked for.

    `place` orders the runs that wait in the queue, None for others; `needs` is the memory that it takes, in bytes, as estimated.
    """

    id: str
    name: str
    state: State
    folder: Path
    created: float
    launched: float | None
    started: float | None
    ended: float | None
    device: str
    device_asked: str | None
    parameters: int
    step: int
    steps: int
    epoch: int
    epochs: int
    accuracy: float | None
    checkpoint: int | None
    says: str
    generation: int
    claimed: int
    pid: int | None
    heartbeat: float | None
    place: int | None = None
    needs: int | None = None
    part: str = "test"
    tested: float | None = None

    @property
    def live(self) -> bool:
        """Whether it has not ended as far as the store knows."""
        return self.state in LIVE

    @property
    def ran_out_of_memory(self) -> bool:
        """Whether it ended for want of memory, as far as anybody knows: it was refused some, or the system killed it then."""
        return self.state == "out_of_memory" or self.state == "killed" and "memory ran out" in self.says

    @property
    def progress(self) -> float:
        """The share of all its steps that are done, 0 to 1."""
        return min(self.step / self.steps, 1.0) if self.steps else 0.0


class Stored(NamedTuple):
    """An event with its place in the run, from 1, and the time it was written (seconds since 1970)."""

    seq: int
    time: float
    event: Event


class Command(NamedTuple):
    """A command to a running worker; ids grow."""

    id: int
    command: str
    value: object
