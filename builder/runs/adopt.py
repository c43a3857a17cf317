"""Runs whose worker is gone: every server looks for them, and one of them writes how the run ended."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from builder.processes import running
from builder.train.events import RunEnded

from . import lock
from .record import Run
from .store import Store

# How long a start may take of which no process is known, and one whose process is there: it may read data from a slow disk, but its number may be another's by then.
GRACE_SECONDS, SLOW_SECONDS = 60.0, 600.0
# Runs whose process this program has started and waits for: how that ends is known better there than by looking from outside.
_watched: set[tuple[Path, int]] = set()


def settle(store: Store) -> list[str]:
    """Write RunEnded("killed") to every run whose worker is gone, once however many call; the ids written by this call."""
    return [run.id for run in store.live() if (run.folder, run.generation) not in _watched and _abandoned(run) and store.settle(run, RunEnded("killed", run.step, _without_a_word(run)))]


@contextmanager
def watching(run: Run) -> Iterator[None]:
    """While this lasts the caller waits for the run's process, and `settle` leaves its end to the caller."""
    _watched.add((run.folder, run.generation))
    try:
        yield
    finally:
        _watched.discard((run.folder, run.generation))


def settle_ended(store: Store, run_id: str, generation: int, status: int, oom_kills_before: int | None) -> bool:
    """The same for one run whose process is known to have ended with this exit status (negative: a signal)."""
    run = store.get(run_id)
    if run.generation != generation or not run.live or lock.held(run.folder):
        return False
    says = f"{_cause(run, status, oom_kills_before, store.output(run_id, 2000))} {kept(run)}"
    return store.settle(run, RunEnded("killed" if status < 0 else "failed", run.step, says))


def oom_kills() -> int | None:
    """How many processes the kernel has killed since start-up because memory ran out; None where it does not say."""
    with suppress(OSError, ValueError):
        for line in Path("/proc/vmstat").read_text(encoding="ascii").splitlines():
            name, _, count = line.partition(" ")
            if name == "oom_kill":
                return int(count)
    return None


def _abandoned(run: Run) -> bool:
    """Whether nobody works on the run: its lock is free, and it neither waits in the queue nor is just being started."""
    if run.place is not None or lock.held(run.folder):
        return False
    if run.claimed == run.generation:
        return True
    age = time.time() - (run.launched or run.created)
    return age > GRACE_SECONDS if run.pid is None else age > SLOW_SECONDS or not running(run.pid)


def _where(run: Run) -> str:
    return f"after step {run.step:,}" if run.step else "before the first step"


def kept(run: Run) -> str:
    """What is left of the run and how it can go on."""
    events = f"The events up to step {run.step:,} are kept; " if run.step else ""
    checkpoint = f"it can go on from its last checkpoint (step {run.checkpoint:,})." if run.checkpoint else ""
    on = checkpoint or "it has no checkpoint and can be started again."
    return events + on if events else on[0].upper() + on[1:]


def _without_a_word(run: Run) -> str:
    if run.claimed < run.generation:
        return f"The training process was never heard of {_where(run)}. {kept(run)}"
    return f"The training process ended without a word {_where(run)} (killed, out of memory or the machine restarted). {kept(run)}"


def _cause(run: Run, status: int, oom_kills_before: int | None, output: str) -> str:
    """What the exit status tells, and no more."""
    if status < 0:
        name = f"signal {-status} ({_signal_name(-status)})"
        return f"The training process was killed {_where(run)} by {name}{_memory(status, oom_kills_before)}."
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    last = f"; the last line of its output is: {lines[-1][:300]}" if lines else " and printed nothing"
    return f"The training process ended {_where(run)} with exit status {status}{last}."


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return "unknown"


def _memory(status: int, before: int | None) -> str:
    """Signal 9 comes from a person or from a kernel that is out of memory; the kernel counts its own."""
    if status != -signal.SIGKILL:
        return ""
    now = oom_kills()
    if before is None or now is None:
        return ", by somebody or because memory ran out"
    return "; meanwhile the system killed a process because memory ran out, most likely this one" if now > before else ""
