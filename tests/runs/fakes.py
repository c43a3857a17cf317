"""Event sources without training, and a worker process that uses them: `python -m tests.runs.fakes ROOT RUN MODE`."""

from __future__ import annotations

import os
import sys
import threading

from builder.runs import RunError, Store, launch, work
from builder.train.events import CheckpointSaved, EpochEnded, Evaluated, RunEnded, RunStarted, StepEnded

STEPS, EPOCHS = 5, 4


def started(resumed_at=0):
    return RunStarted("cpu", "2 cores", 21840, 100, 50, STEPS, EPOCHS, 20, ("0", "1"), 0, 2, "2.15.0", resumed_at)


def step(number):
    return StepEnded(number, 1 + (number - 1) // STEPS, 1 / number, 0.5, 1000.0, number * 0.1)


def epoch(number, accuracy=0.9):
    at = number * STEPS
    test = Evaluated(number, at, "test", 0.4, accuracy, ((25, 0), (0, 25)))
    return [EpochEnded(number, at, 0.5, 0.8, 1.0, 1000.0), test, CheckpointSaved(at, number, "last.pt")]


def completes(run, control):
    """Four epochs of five steps, resumed from the checkpoint where there is one."""
    at = run.checkpoint or 0
    yield started(at)
    for number in range(at + 1, STEPS * EPOCHS + 1):
        yield step(number)
        if number % STEPS == 0:
            yield from epoch(number // STEPS, 0.5 + number / 100)
    yield RunEnded("completed", STEPS * EPOCHS, "All 4 epochs are done.")


def endless(run, control):
    """Steps as fast as they can be written, until asked to stop."""
    yield started()
    number = 0
    while not control.stopping():
        number += 1
        yield step(number)
    yield RunEnded("stopped", number, "Stopped when asked.")


def idle(run, control):
    """One step, then nothing until asked to stop."""
    yield started()
    yield step(1)
    while not control.stopping():
        threading.Event().wait(0.005)
    yield RunEnded("stopped", 1, "Stopped when asked.")


def fails(run, control):
    """Breaks off after a step."""
    yield started()
    yield step(1)
    raise RuntimeError("the sizes 3 and 4 do not match\nmore")


def silent(run, control):
    """Ends the process after a step without any clean-up."""
    yield started()
    yield step(1)
    print("something odd", flush=True)
    os._exit(7)


def hungry(run, control):
    """Takes 100 MB, and then is refused more."""
    yield started()
    taken = bytearray(100_000_000)
    yield step(1)
    raise MemoryError(len(taken))


MODES = {source.__name__: source for source in (completes, endless, idle, fails, silent, hungry)}


def main(root, run_id, mode):
    """Work as `mode`; as "server" start an idle worker and wait to be killed."""
    if mode == "server":
        print(launch(run_id, Store(root), command(root, run_id, "idle")), flush=True)
        threading.Event().wait(60)
    try:
        return 0 if work(run_id, MODES[mode], Store(root)).reason in ("completed", "stopped") else 1
    except RunError as error:
        print(error, file=sys.stderr)
        return 2


def command(root, run_id, mode):
    return [sys.executable, "-m", "tests.runs.fakes", str(root), run_id, mode]


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
