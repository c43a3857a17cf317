"""A process beside the server that answers one request after the other, so that nothing heavy is ever done where edits are answered.

It ends with the server, whatever ends that: its requests come through a pipe that closes then. Standard library only.
"""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from builder.runs.surroundings import PACKAGE_PARENT, environment

LONGEST = 1_000_000  # bytes of an answer; what is large goes into a file


class AsideError(ValueError):
    """A request was not answered; the message is for people, and the process is gone."""


class Aside:
    """Starts `command` when it is first asked and again after it has gone; a request and its answer are one line of JSON each.

    The command says a first line when it can take a request, for which it has `patience` seconds. What it prints to stderr goes to `log`.
    """

    def __init__(self, command: Sequence[str], log: Path, patience: float = 120, variables: Mapping[str, str] | None = None):
        self._command, self._log, self._patience, self._variables = list(command), log, patience, dict(variables or {})
        self._process: subprocess.Popen[bytes] | None = None
        self._read = b""
        self._guard = threading.RLock()

    @property
    def pid(self) -> int | None:
        """The id of the process while there is one."""
        process = self._process
        return process.pid if process and process.poll() is None else None

    def ask(self, request: Mapping[str, object], seconds: float) -> dict[str, object]:
        """The answer to one request; raises AsideError when it does not come within `seconds`, and the process is killed then."""
        with self._guard:
            try:
                self._started()
                deadline = time.monotonic() + seconds
                self._say(json.dumps(request).encode() + b"\n", deadline)
                return self._line(deadline)
            except TimeoutError:
                self.stop()
                raise AsideError(f"it took longer than {seconds:g} s") from None
            except OSError as error:
                self.stop()
                raise AsideError(f"its process could not be used ({error.strerror or error})") from None

    def kill(self) -> None:
        """End the process at once, from any thread: a request that waits is answered with an AsideError."""
        process = self._process
        if process is not None:
            with suppress(OSError):
                process.kill()

    def stop(self) -> None:
        """End the process after the request that waits, and clear up after it; the next request starts it again."""
        with self._guard:
            process, self._process, self._read = self._process, None, b""
            if process is None:
                return
            with suppress(OSError):
                process.kill()
            for stream in (process.stdin, process.stdout):
                with suppress(OSError):
                    stream.close()
            process.wait()

    def _started(self) -> None:
        if self.pid is not None:
            return
        self.stop()
        self._log.parent.mkdir(parents=True, exist_ok=True)
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, cwd=PACKAGE_PARENT, bufsize=0,
                                             env={**environment(), **self._variables}, start_new_session=True)
        os.set_blocking(self._process.stdin.fileno(), False)
        self._line(time.monotonic() + self._patience)

    def _say(self, line: bytes, deadline: float) -> None:
        """Hand over a line; a process that does not read would block a plain write for good."""
        pipe = self._process.stdin.fileno()
        while line:
            self._wait(pipe, selectors.EVENT_WRITE, deadline)
            line = line[os.write(pipe, line[:65536]):]

    def _line(self, deadline: float) -> dict[str, object]:
        """The next line that the process says."""
        output = self._process.stdout.fileno()
        while b"\n" not in self._read:
            self._wait(output, selectors.EVENT_READ, deadline)
            chunk = os.read(output, 65536)
            self._read += chunk
            if not chunk or len(self._read) > LONGEST:
                self.stop()
                raise AsideError("its answer was too long" if chunk else "its process ended")
        line, _, self._read = self._read.partition(b"\n")
        try:
            return dict(json.loads(line))
        except (ValueError, TypeError):
            self.stop()
            raise AsideError("its answer could not be read") from None

    @staticmethod
    def _wait(pipe: int, event: int, deadline: float) -> None:
        """Until the pipe can be used; raises TimeoutError at the deadline."""
        with selectors.DefaultSelector() as selector:
            selector.register(pipe, event)
            if not selector.select(max(0.0, deadline - time.monotonic())):
                raise TimeoutError
