"""The processes beside a worker that share its training, and how they are started.

A run that was asked for on "cpu*2" or "cuda*4" is shared by so many processes. Its worker is the first; it starts the others through a `Starter`, of which
there is one for processes of this machine. Another one may start them elsewhere: all that they need is the run's project and a file through which to meet.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from builder.train.events import Event, RunEnded

from .record import Run
from .surroundings import PACKAGE_PARENT, environment

OUT_OF_MEMORY = 3  # the exit status of a process that says so
GRACE_SECONDS = 10.0


class Process(Protocol):
    """A process that was started, as subprocess.Popen has it."""

    def poll(self) -> int | None:
        """Its exit status, None while it runs."""

    def kill(self) -> None:
        """End it at once."""

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end."""


Starter = Callable[[Run, Sequence[str]], Process]


def beside(run: Run, command: Sequence[str]) -> subprocess.Popen:
    """A process of this machine; what it prints goes to the run's output. It ends when its standard input does, which is when we do."""
    with (run.folder / "output.txt").open("ab") as output:
        return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=output, stderr=subprocess.STDOUT, start_new_session=True, cwd=PACKAGE_PARENT, env=environment())


class Ranks:
    """The processes that share a run, but for the first."""

    def __init__(self, processes: Sequence[Process]):
        self._processes = processes

    def lost(self) -> tuple[int, int] | None:
        """Number, from 2, and exit status of a process that has ended badly; waits a moment for one that is about to."""
        until = time.monotonic() + GRACE_SECONDS
        while time.monotonic() < until:
            states = [process.poll() for process in self._processes]
            bad = next(((number, status) for number, status in enumerate(states, 2) if status), None)
            if bad or all(status is not None for status in states):
                return bad
            threading.Event().wait(0.05)
        return None

    def explained(self, event: Event) -> Event:
        """An ending for which another process is to blame says so."""
        if not isinstance(event, RunEnded) or event.reason != "failed" or not (bad := self.lost()):
            return event
        number, status = bad
        of = f"process {number} of {len(self._processes) + 1}"
        if status == OUT_OF_MEMORY:
            return replace(event, reason="out_of_memory", says=f"Memory ran out in {of} after step {event.step:,}: train with a smaller batch size or a smaller network.")
        how = f"was killed by signal {-status}" if status < 0 else f"ended with exit status {status}; its report is in the run's output.txt"
        return replace(event, says=f"The training is shared, and {of} {how} after step {event.step:,}. The run can go on from its last checkpoint.")


@contextmanager
def sharing(run: Run, count: int, root: Path, start: Starter = beside) -> Iterator[tuple[Ranks, Path]]:
    """The other processes of a run while they last, and the file through which all meet; in the end they are gone."""
    for left in run.folder.glob("meet-*"):  # by a first process that was killed
        shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix="meet-", dir=run.folder) as folder:
        meet, processes = Path(folder) / "meet", []
        try:
            for rank in range(1, count):
                command = [sys.executable, "-m", "builder", "share", run.id, "--runs", str(root.resolve()), "--rank", str(rank), "--of", str(count), "--meet", str(meet)]
                processes.append(start(run, command))
            yield Ranks(processes), meet
        finally:
            for process in processes:
                _ended(process)


def _ended(process: Process) -> None:
    """A process that has done its part goes by itself; any other is made to."""
    with suppress(subprocess.TimeoutExpired):
        process.wait(GRACE_SECONDS if process.poll() is None else None)
    if process.poll() is None:
        process.kill()
        process.wait()
    if (pipe := getattr(process, "stdin", None)) is not None:
        pipe.close()
