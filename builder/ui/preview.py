"""The live preview of the open drawing: what is wanted, when it is worked out, and where the canvas finds it.

An edit only notes what is wanted. A thread waits for a pause in the editing and asks a process of its own, which writes a file that the browser
fetches: nothing of it runs where edits are answered.
"""

from __future__ import annotations

import atexit
import hashlib
import json
import re
import secrets
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Protocol

from builder import paths
from builder.graph import Project, to_json

from . import bundle
from .aside import Aside, AsideError
from .workspace import write

PAUSE = 0.4  # seconds without an edit before anything is begun
LONGEST = 10.0  # seconds that one preview may take
REST = 600.0  # seconds without a preview after which the process goes, with the memory that it holds
STALE = 86_400.0  # seconds after which another server's file is nobody's any more
MOST_FILES = 16
MOST_SAMPLE = 10_000_000
RUN = re.compile(r"[0-9a-z][0-9a-z-]{0,79}", re.ASCII)
# The work is for one core, and beside the browser, the server and training it comes last.
ALONE = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": "", "HIP_VISIBLE_DEVICES": ""}


class Answers(Protocol):
    """What previews are asked of."""

    def ask(self, request: Mapping[str, object], seconds: float) -> dict[str, object]:
        """Works a preview out and writes it; raises AsideError when it does not."""

    def kill(self) -> None:
        """Ends what is being worked out."""

    def stop(self) -> None:
        """Ends the process."""


@dataclass(frozen=True)
class Choice:
    """Whether previews are on, whose weights they show (a run's id, None for fresh ones), and which training sample, from 0."""

    on: bool = False
    run: str | None = None
    sample: int = 0


@dataclass(frozen=True)
class Job:
    """One preview that is wanted, and the file that it goes into."""

    ticket: str
    project: Project
    path: tuple[str, ...]
    choice: Choice
    file: Path


def chosen(value: object, before: Choice) -> Choice:
    """The choice that a canvas sent; what cannot be meant stays as it was."""
    if not isinstance(value, Mapping):
        return before
    on, run, sample = (value.get(name, getattr(before, name)) for name in ("on", "run", "sample"))
    return Choice(on if isinstance(on, bool) else before.on,
                  run if run is None or isinstance(run, str) and RUN.fullmatch(run) else before.run,
                  sample if type(sample) is int and 0 <= sample <= MOST_SAMPLE else before.sample)


class Previews:
    """The previews of one home folder; every method returns at once and may be called from any thread."""

    def __init__(self, settings: Path, answers: Answers, static: Path | None = None, pause: float = PAUSE, longest: float = LONGEST):
        self._settings, self._answers, self._static = settings, answers, static or bundle.STATIC
        self._pause, self._longest = pause, longest
        self._secret = secrets.token_hex(16)
        self._changed = threading.Condition()
        self._wanted: dict[Path, Job] = {}
        self._tickets: dict[Path, str] = {}
        self._round, self._last = 0, 0.0
        self._thread: threading.Thread | None = None
        self.choice = self._restored()
        atexit.register(self._clear)

    def choose(self, value: object) -> None:
        """Take over what a canvas chose, and remember it for this home folder; `{"again": true}` has everything worked out anew."""
        with self._changed:
            if isinstance(value, Mapping) and value.get("again") is True:
                self.again()
            before, self.choice = self.choice, chosen(value, self.choice)
            if self.choice == before:
                return
            with suppress(OSError):
                write(self._settings, json.dumps(asdict(self.choice)) + "\n")
            if not self.choice.on:
                self.again()
                self._wanted.clear()
                self._answers.kill()
            self._changed.notify_all()

    def again(self) -> None:
        """What was worked out is not up to date any more: there may be another run, or data that was missing."""
        with self._changed:
            self._round += 1

    def want(self, project: Project, load_id: str, revision: int, path: Sequence[str] = ()) -> dict[str, object]:
        """What the canvas is told: where the preview of this drawing will be, and the ticket that the file bears when it is there."""
        choice = self.choice
        if not choice.on:
            return {"on": False, "run": choice.run, "sample": choice.sample}
        file = self._static / f"preview-{self._token(load_id, path)}.json"
        ticket = f"{revision}.{choice.run or ''}.{choice.sample}.{self._round}"
        with self._changed:
            if self._tickets.get(file) != ticket or not file.exists():
                self._forget_oldest()
                if file not in self._tickets:
                    self._write(file, {"ticket": ""})
                # The newest last, in both: the oldest go first.
                self._tickets.pop(file, None)
                self._wanted.pop(file, None)
                self._tickets[file], self._wanted[file] = ticket, Job(ticket, project, tuple(path), choice, file)
                self._last = time.monotonic()
                self._run()
                self._changed.notify_all()
        return {**asdict(choice), "url": bundle.static_url(file.name), "ticket": ticket}

    def _token(self, load_id: str, path: Sequence[str]) -> str:
        """Only who is told it can find the file."""
        return hashlib.sha256(json.dumps([self._secret, load_id, *path]).encode()).hexdigest()[:32]

    def _run(self) -> None:
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._work, name="previews", daemon=True)
            self._thread.start()

    def _work(self) -> None:
        """Every wanted preview after a pause, the oldest wish first; without a wish for REST seconds the process ends, and this thread."""
        self._sweep()
        while job := self._next():
            try:
                self._answers.ask({"ticket": job.ticket, "file": str(job.file), "project": to_json(job.project), "path": list(job.path),
                                   "run": job.choice.run, "sample": job.choice.sample}, self._longest)
            except AsideError as error:
                if self.choice.on:
                    self._write(job.file, {"ticket": job.ticket, "says": f"There is no preview: {error}."})

    def _next(self) -> Job | None:
        """The next job once nobody has wanted another for a moment; None when there is nothing to wait for."""
        with self._changed:
            self._changed.wait_for(lambda: self._wanted or not self.choice.on, REST)
            while self._wanted and (left := self._last + self._pause - time.monotonic()) > 0:
                self._changed.wait(left)
            if self._wanted:
                return self._wanted.pop(next(iter(self._wanted)))
            # Whoever wants something from here on starts another thread.
            self._thread = None
        self._answers.stop()
        return None

    def _forget_oldest(self) -> None:
        while len(self._tickets) >= MOST_FILES:
            file = next(iter(self._tickets))
            del self._tickets[file]
            self._wanted.pop(file, None)
            with suppress(OSError):
                file.unlink(missing_ok=True)

    def _sweep(self) -> None:
        """Files that a killed server left."""
        for file in self._static.glob("preview-*.json"):
            with suppress(OSError):
                if file not in self._tickets and time.time() - file.stat().st_mtime > STALE:
                    file.unlink()

    def _clear(self) -> None:
        """The server ends: its files go, and the process."""
        self._answers.kill()
        for file in list(self._tickets):
            with suppress(OSError):
                file.unlink(missing_ok=True)

    @staticmethod
    def _write(file: Path, content: Mapping[str, object]) -> None:
        with suppress(OSError):
            write(file, json.dumps(content))

    def _restored(self) -> Choice:
        try:
            return replace(chosen(json.loads(self._settings.read_text(encoding="utf-8")), Choice()), sample=0)
        except (OSError, ValueError, RecursionError):
            return Choice()


_previews: dict[Path, Previews] = {}
_guard = threading.Lock()


def previews() -> Previews:
    """The previews of this server's home folder."""
    home = paths.home()
    with _guard:
        if home not in _previews:
            command = [sys.executable, "-m", "builder", "look"]
            _previews[home] = Previews(home / "preview.json", Aside(command, home / "preview.txt", variables=ALONE))
        return _previews[home]
