"""A worker that is there and does not answer: named, and ended on demand."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

from . import lock
from .record import Run, RunError
from .store import Store

# Seconds without a sign of life: the listener of a worker beats every two.
NO_BEAT = 20.0
# Seconds without an event of a run that trains: a step or an evaluation can be long, so this is said and nothing is done.
NO_EVENT = 180.0
WORKING = ("starting", "running", "paused")
# The states of proc(5), as far as they tell why nothing is heard.
BECAUSE = {"T": "it was stopped from outside (SIGSTOP); `kill -CONT {pid}` lets it go on", "t": "a debugger holds it",
           "D": "it waits for a disk or a device that does not answer", "R": "it computes without a pause", "Z": "it has ended"}


def silence(store: Store, run: Run) -> str:
    """What to say of a worker that has not been heard of for too long, with its process, since when and why; empty when all is well."""
    if run.state not in WORKING or run.claimed != run.generation or run.heartbeat is None:
        return ""
    quiet = time.time() - run.heartbeat
    if quiet > NO_BEAT:
        because = BECAUSE.get(_state(run.pid), "it does not get to run, or cannot reach the run store").format(pid=run.pid)
        return f"Process {run.pid}, which trains this run, has not answered for {_long(quiet)}: {because}."
    last = [row.time for kind in ("StepEnded", "Evaluated", "RunStarted", "Continued") if (row := store.latest(run.id, kind))]
    quiet = time.time() - max(last, default=time.time())
    if run.state == "running" and quiet > NO_EVENT:
        return f"Nothing was heard of the training for {_long(quiet)}, since step {run.step:,}: a very long step or evaluation, or a device that hangs. Its process {run.pid} is there."
    return ""


def kill(store: Store, run_id: str) -> None:
    """End the run's worker at once, in the middle of whatever it does; raises RunError when it has none here that may be ended.

    What it has reported is kept; the run can go on from its last checkpoint.
    """
    run = store.get(run_id)
    if run.state not in WORKING or run.claimed != run.generation or run.pid is None or not lock.held(run.folder):
        raise RunError(f"{run_id} has no training process here ({run.state}): there is nothing to end")
    if run.pid == os.getpid():
        raise RunError(f"{run_id} is trained by this very process: stop it instead")
    try:
        os.kill(run.pid, signal.SIGKILL)
    except OSError as error:
        raise RunError(f"Process {run.pid} of {run_id} cannot be ended: {error.strerror}") from None


def _state(pid: int | None) -> str:
    """The letter of a process's state as the system has it; empty where it does not say."""
    with suppress(OSError, ValueError, IndexError):
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()[0]
    return ""


def _long(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} minutes"
