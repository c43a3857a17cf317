"""Starting a worker process that outlives whoever starts it."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from builder.train.events import RunEnded

from .adopt import oom_kills, settle_ended, watching
from .queue import estimate, obstacle
from .record import Run, RunError
from .spare import SPARE
from .store import Store
from .surroundings import PACKAGE_PARENT, environment


def launch(run_id: str, store: Store | None = None, command: Sequence[str] | None = None) -> int:
    """Start a queued run's worker in a session of its own, the one in waiting where there is one; the process id.

    Raises RunError when the run is not queued, or when the process cannot be started (which also ends the run).
    """
    store = store or Store()
    run = store.starting(run_id)
    kills, spare = oom_kills(), SPARE.take(run_id, store.root, output_of(run)) if command is None else None
    command = command or [sys.executable, "-m", "builder", "work", run_id, "--runs", str(store.root.resolve())]
    try:
        process = spare or _spawn(run, command)
    except OSError as error:
        says = f"The training process could not be started: {error}."
        store.settle(run, RunEnded("failed", run.step, says))
        raise RunError(says) from None
    store.launched(run_id, run.generation, process.pid)
    threading.Thread(target=_reap, args=(process, store.root, run, kills, command if spare else None), name=f"waits for {run_id}", daemon=True).start()
    return process.pid


def submit(run_id: str, store: Store) -> bool:
    """Put a queued run into the queue, which starts it as soon as those before it have started and its memory fits; whether that was now."""
    store.enqueue(run_id, estimate(store, run_id))
    return run_id in advance(store)


def advance(store: Store, start: Callable[[str, Store], object] = launch) -> list[str]:
    """Start waiting runs, in their order, as far as their memory fits; the ids of those started by this call.

    The page, the command line and every worker that ends look, so that the queue needs no process of its own.
    """
    begun = []
    for run in store.waiting():
        if obstacle(store, run):
            break
        # Another process may have started it meanwhile, and a start that fails is told by the run itself.
        with suppress(RunError):
            start(run.id, store)
            begun.append(run.id)
    return begun


def resume(run_id: str, store: Store | None = None, more: int = 0) -> bool:
    """Put an ended run into the queue to go on from its last checkpoint, for `more` epochs than it had; whether it started now.

    Raises RunError like `Store.reopen`.
    """
    store = store or Store()
    store.reopen(run_id, more)
    return submit(run_id, store)


def _spawn(run: Run, command: Sequence[str]) -> subprocess.Popen:
    """No terminal, no pipe and no parent that it depends on: output goes to a file that it appends to."""
    with output_of(run).open("ab") as output:
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
                                cwd=PACKAGE_PARENT, env=environment())


def output_of(run: Run) -> Path:
    """The file that what a run's processes print is added to."""
    return run.folder / "output.txt"


def _reap(process: subprocess.Popen, root: Path, run: Run, kills: int | None, again: Sequence[str] | None) -> None:
    """Wait for the process, so that it leaves no zombie, and write its end if it could not.

    One from in waiting may be gone before it knew its run: then the run gets another, by the command `again`.
    """
    with watching(run):
        status = process.wait()
        if (root / "runs.db").exists():
            with suppress(RunError, OSError), Store(root) as store:
                now = store.get(run.id)
                if again and now.live and now.generation == run.generation > now.claimed:
                    process = _spawn(run, again)
                    store.launched(run.id, run.generation, process.pid)
                    status = process.wait()
                settle_ended(store, run.id, run.generation, status, kills)
                advance(store)
