"""A process of ours that does one piece of work beside the server and prints lines of JSON: started, listened to, ended. Standard library only."""

from __future__ import annotations

import atexit
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from builder.runs.surroundings import PACKAGE_PARENT, environment

COMMAND = (sys.executable, "-m", "builder")
# One core is enough for it: the others are for the browser, the server and what trains.
ALONE = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": "", "HIP_VISIBLE_DEVICES": ""}
MOST_SAID = 600  # characters of a complaint that are shown
PREFIX = "brickwork: "
LONGEST = 3600.0  # seconds for one piece of work


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


@dataclass
class Job:
    """One piece of work: the lines that it has printed, what went wrong, and whether it goes on."""

    rows: list[dict[str, object]] = field(default_factory=list)
    says: str = ""
    running: bool = True

    def heard(self, line: bytes) -> None:
        """One line that the process printed."""
        with suppress(ValueError, TypeError):
            self.rows.append(dict(json.loads(line)))


class Jobs:
    """The work of one kind that a server has done aside: one piece at a time, each for a subject of its own, and every tab sees it."""

    def __init__(self, command: Sequence[str] = COMMAND, longest: float = LONGEST):
        self._command, self._longest, self._guard = list(command), longest, threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._jobs: dict[str, Job] = {}
        atexit.register(self.cancel)

    def of(self, subject: str) -> Job | None:
        """The work for a subject, as far as it has come; None where there was none."""
        return self._jobs.get(subject)

    def running(self, subject: str) -> bool:
        """Whether it goes on for this subject."""
        return (job := self.of(subject)) is not None and job.running

    def busy(self) -> bool:
        """Whether it goes on for any."""
        return any(job.running for job in self._jobs.values())

    def begin(self, subject: str, arguments: Callable[[Path], Sequence[str]]) -> None:
        """Start the work, unless some goes on: our command with arguments, for which a folder is there while it lasts."""
        with self._guard:
            if not self.busy():
                job = self._jobs[subject] = Job()
                threading.Thread(target=self._work, args=(job, arguments), name=f"work for {subject:.40}", daemon=True).start()

    def cancel(self) -> None:
        """End what goes on; what it has printed stays."""
        with self._guard:
            for job in self._jobs.values():
                job.running = False
            end(self._process)

    def _work(self, job: Job, arguments: Callable[[Path], Sequence[str]]) -> None:
        try:
            with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile() as complaints:
                command = [*self._command, *arguments(Path(folder))]
                with self._guard:
                    if not job.running:
                        return
                    process = self._process = started(command, complaints)
                status, said = listened(process, complaints, job.heard, self._longest)
                # Who has cancelled it knows why it ended.
                if status and job.running:
                    job.says = said or f"the process ended with status {status}"
        except OSError as error:
            job.says = f"it could not be started: {error.strerror or error}"
        finally:
            job.running = False
