"""A worker in waiting: a process of the server's that has imported what training needs, so that the next run takes its first step at once.

It is an ordinary worker but for when it is told its run: by a line on its standard input. It may be told before it is ready, and then is no later than a
process started for the run. When its input closes, which is when the server ends, however that ends, it is gone. One at most, of a server; none for the
command line.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from .limits import free_memory
from .surroundings import PACKAGE_PARENT, environment

COMMAND = (sys.executable, "-m", "builder", "work", "--spare")
VARIABLE = "BRICKWORK_SPARE"
# Seconds that one is kept after a Train page was last open, before the next is started beside a run that begins, and after one that ended by itself.
IDLE, PAUSE, SHY = 120.0, 3.0, 60.0
# A machine with less free memory (bytes) than a few times what one takes has no room for it.
LEAST = 2 << 30
# Bytes that the pipe to it takes at once: a larger project is not told.
MOST_TOLD = 32 << 10


class Spare:
    """Keeps one while somebody may want to train, and hands it over."""

    def __init__(self, command: Sequence[str] = COMMAND, idle: float = IDLE, pause: float = PAUSE, clock: Callable[[], float] = time.monotonic):
        self._command, self._idle, self._pause, self._clock = list(command), idle, pause, clock
        self._guard = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._surroundings: dict[str, str] = {}
        self._project: Mapping[str, object] | None = None
        self._told: Mapping[str, object] | None = None
        self._until, self._next, self._gave = 0.0, 0.0, ""

    def gave(self, run_id: str) -> bool:
        """Whether the last one became that run's worker."""
        return self._gave == run_id

    @property
    def pid(self) -> int | None:
        """The process in waiting; None without one."""
        with self._guard:
            return self._process.pid if self._there() else None

    def ready(self, seconds: float = 0.0) -> bool:
        """Whether it has imported everything, waiting for that at most so long."""
        with self._guard:
            process = self._process if self._there() else None
        return process is not None and bool(select.select([process.stdout], [], [], seconds)[0]) and process.poll() is None

    def keep(self, project: Mapping[str, object] | None = None) -> None:
        """Somebody may train soon, this project where one is given, whose data are read ahead: have one in waiting for a while."""
        with self._guard:
            self._until = self._clock() + self._idle
            if self._process is not None and not self._fits():
                # One that ends by itself would do so again.
                self._next = self._next if self._there() else self._clock() + SHY
                self._let_go()
            self._project = project or self._project
            self._start()
            self._prepare()

    def take(self, run_id: str, root: Path, output: Path) -> subprocess.Popen[bytes] | None:
        """The process, which from now on is the worker of that run of the store in `root`; None where there is none with the present environment."""
        with self._guard:
            process, self._next = self._process, self._clock() + self._pause
            if not self._fits() or not self._tell(_line({"run": run_id, "runs": str(root.resolve()), "output": str(output.resolve()), "server": os.getpid()})):
                self._let_go()
                return None
            self._process, self._gave = None, run_id
            _close(process)
            threading.Thread(target=self._refill, name="waits to start a spare worker", daemon=True).start()
            return process

    def end(self) -> None:
        """Let it go."""
        with self._guard:
            self._let_go()

    def _there(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def _fits(self) -> bool:
        """Whether it is there, with the environment that a worker would have now: some of it is read when torch is imported."""
        return self._there() and self._surroundings == environment()

    def _start(self) -> None:
        if self._process is not None or not wanted() or self._clock() < self._next:
            return
        self._surroundings, self._told = environment(), None
        try:
            self._process = subprocess.Popen(self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True,
                                             cwd=PACKAGE_PARENT, env=self._surroundings)
        except OSError:
            # A run that cannot be started either will say why.
            self._next = self._clock() + SHY
            return
        threading.Thread(target=self._watch, args=(self._process,), name="waits with the spare worker", daemon=True).start()

    def _prepare(self) -> None:
        """Tell it what may be trained next, once."""
        if self._process is not None and self._project is not None and self._project != self._told:
            self._told = self._project
            if len(message := _line({"prepare": self._project})) <= MOST_TOLD and not self._tell(message):
                self._let_go()

    def _refill(self) -> None:
        """Have another one in waiting, once the run that took the last has begun."""
        threading.Event().wait(self._pause)
        with self._guard:
            if self._clock() < self._until:
                self._start()
                self._prepare()

    def _watch(self, process: subprocess.Popen[bytes]) -> None:
        """Let it go once nobody has wanted it for a while."""
        while True:
            with self._guard:
                if self._process is not process:
                    return
                left = self._until - self._clock()
                if left <= 0:
                    self._let_go()
                    return
            threading.Event().wait(left)

    def _tell(self, line: bytes) -> bool:
        """Whether it could be told the whole, without waiting for one that does not listen."""
        with suppress(OSError):
            os.set_blocking(self._process.stdin.fileno(), False)
            return os.write(self._process.stdin.fileno(), line) == len(line)
        return False

    def _let_go(self) -> None:
        process, self._process, self._told = self._process, None, None
        if process is not None:
            _close(process)
            threading.Thread(target=process.wait, name="waits for the spare worker", daemon=True).start()


def _line(message: Mapping[str, object]) -> bytes:
    return json.dumps(message).encode() + b"\n"


def _close(process: subprocess.Popen[bytes]) -> None:
    for pipe in (process.stdin, process.stdout):
        with suppress(OSError):
            pipe.close()


def wanted() -> bool:
    """Whether this server is to keep one: $BRICKWORK_SPARE is not 0, and there is memory for it."""
    free = free_memory()
    return os.environ.get(VARIABLE, "1") != "0" and (free is None or free >= LEAST)


SPARE = Spare()
