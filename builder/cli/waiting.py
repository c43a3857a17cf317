"""`work --spare`: a worker in waiting, as `builder.runs.spare` keeps one. It imports what training needs and becomes the worker of the run that it is told."""

from __future__ import annotations

import json
import os
import sys
import threading
from argparse import Namespace
from collections.abc import Iterator, Mapping
from contextlib import suppress
from queue import SimpleQueue

Told = SimpleQueue[dict[str, object]]


def wait_for_run(arguments: Namespace) -> Namespace:
    """The arguments with the run to work on, once it is told; what is printed from then on goes to the run's output."""
    from builder.runs import go_first

    go_first()
    told: Told = SimpleQueue()
    threading.Thread(target=listen, args=(told,), name="waits for a run", daemon=True).start()
    make_ready()
    # Nobody listens any more where the run was told meanwhile.
    with suppress(OSError):
        os.write(sys.stdout.fileno(), b"ready\n")
    while "run" not in (message := newest(told)):
        prepare(message["prepare"])
    become(str(message["output"]))
    return Namespace(**{**vars(arguments), "run_id": message["run"], "runs": message["runs"], "server": message["server"]})


def newest(told: Told) -> dict[str, object]:
    """The last message, once there is one: nobody waits for the data of a project that has changed since, and a run that is told waits for no data but its own."""
    message = told.get()
    while not told.empty():
        message = told.get()
    return message


def listen(told: Told) -> None:
    """Passes on what comes on our standard input up to the run. Should it close before, nobody is left who could want us: we end at once, in the middle of anything."""
    for line in _lines():
        message = json.loads(line)
        told.put(message)
        if "run" in message:
            return
    os._exit(0)


def _lines() -> Iterator[bytes]:
    """The whole lines of standard input, by descriptor: a reader with a buffer would hold its lock when the process ends."""
    left = b""
    while part := os.read(0, 1 << 16):
        *lines, left = (left + part).split(b"\n")
        yield from lines


def make_ready() -> None:
    """Imports what a run needs, and has torch set up what it sets up at its first step on the processor; no GPU is touched."""
    from builder import api  # noqa: F401
    from builder.compile import module, source  # noqa: F401
    from builder.data import load  # noqa: F401
    from builder.tasks import choose  # noqa: F401
    from builder.train import augment, checkpoint, loop, optimizer, shared  # noqa: F401
    from builder.train.device import keep_freed_memory, take_threads
    from builder.train.ready import first_step

    take_threads()
    keep_freed_memory()
    first_step()


def prepare(project: Mapping[str, object]) -> None:
    """Reads the data of a project that may be trained next; what cannot be read is told by the run that wants it."""
    from builder import api

    with suppress(Exception):
        api.prepare(api.from_json(project))


def become(output: str) -> None:
    """From in waiting to a process like any worker: nothing comes in, and what goes out is added to a file."""
    nothing, file = os.open(os.devnull, os.O_RDONLY), os.open(output, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
    for ours, theirs in ((nothing, 0), (file, 1), (file, 2)):
        os.dup2(ours, theirs)
    for ours in {nothing, file} - {0, 1, 2}:
        os.close(ours)
