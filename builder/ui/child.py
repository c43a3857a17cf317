"""A process of ours that does one piece of work beside the server and prints lines of JSON: started, listened to, ended. Standard library only."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import BinaryIO

from builder.runs.surroundings import PACKAGE_PARENT, environment

COMMAND = (sys.executable, "-m", "builder")
# One core is enough for it: the others are for the browser, the server and what trains.
ALONE = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": "", "HIP_VISIBLE_DEVICES": ""}
MOST_SAID = 600  # characters of a complaint that are shown
PREFIX = "brickwork: "


def started(command: Sequence[str], complaints: BinaryIO) -> subprocess.Popen[bytes]:
    """A process in a session of its own, which `end` ends with everything that it started."""
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=complaints, cwd=PACKAGE_PARENT, start_new_session=True,
                            env={**environment(), **ALONE})


def listened(process: subprocess.Popen[bytes], complaints: BinaryIO, heard: Callable[[bytes], None], longest: float,
             late: Callable[[], None] = lambda: None) -> tuple[int, str]:
    """Gives `heard` every line that the process prints until it ends; its exit status, and what it complained of last.

    After `longest` seconds `late` is called and the process is ended.
    """
    def expire() -> None:
        late()
        end(process)

    timer = threading.Timer(longest, expire)
    timer.daemon = True
    timer.start()
    try:
        for line in process.stdout:
            heard(line)
        status = process.wait()
    finally:
        timer.cancel()
        end(process)
        process.stdout.close()
    return status, complaint(complaints)


def end(process: subprocess.Popen[bytes] | None) -> None:
    """Kill a process that `started` gave, and what it started."""
    if process is not None and process.poll() is None:
        with suppress(OSError):
            if hasattr(os, "killpg"):
                os.killpg(process.pid, signal.SIGKILL)
            else:
                process.kill()


def complaint(file: BinaryIO) -> str:
    """What a process complained of last."""
    file.seek(0)
    return last_line(file.read())


def last_line(text: bytes) -> str:
    """The last line of what a process complained; the command line's own sentence when there is one."""
    lines = [line for line in text.decode(errors="replace").splitlines() if line.strip()]
    own = [line.removeprefix(PREFIX) for line in lines if line.startswith(PREFIX)]
    return (own or lines or [""])[-1].strip()[:MOST_SAID]
