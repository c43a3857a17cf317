"""A person's own data being read, aside: a process of its own lists, decodes and keeps, so that a hostile file can at most end that one.

One file at a time on a server, and every tab sees it. Standard library only; nothing here draws.
"""

from __future__ import annotations

import atexit
import json
import re
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from builder import paths

from .child import COMMAND, MOST_SAID, end, listened, started

LONGEST = 1800.0  # seconds of reading one file
ENDINGS = ("zip", "npz", "csv", "tsv", "tab", "txt", "gz")
Uploads = Sequence[tuple[str, bytes]]  # names and contents


class IntakeRefused(ValueError):
    """A file is not read: another one is, or it lies elsewhere; the message is for people."""


@dataclass
class Reading:
    """One file being read: how far it is, how it ended, and the report that came out, of a table whose label cannot be known its columns alone; `look` keeps nothing."""

    name: str
    look: bool
    says: str = "Opening it"
    share: float = 0.0
    state: str = "running"  # then "done", "failed" or "cancelled"
    report: Mapping[str, object] = field(default_factory=dict)
    columns: Sequence[str] = ()  # names of a table's, also where its label has still to be said
    began: float = field(default_factory=time.monotonic)

    @property
    def running(self) -> bool:
        """Is it still being read?"""
        return self.state == "running"

    def heard(self, line: bytes) -> None:
        """One line that the process printed: how far it is, or the report."""
        with suppress(ValueError, TypeError, RecursionError):
            told = dict(json.loads(line))
            if "progress" in told:
                self.says, self.share = str(told["says"])[:MOST_SAID], min(1.0, max(0.0, float(told["progress"])))
            elif isinstance(told.get("classes"), list) or isinstance(told.get("columns"), list):
                self.report = told
                self.columns = [str(one["name"]) for one in told.get("columns") or ()]


class Intake:
    """The files that one server reads. Every method returns at once and may be called from any thread."""

    def __init__(self, folder: Path, command: Sequence[str] = COMMAND, longest: float = LONGEST):
        self._folder, self._command, self._longest = folder, list(command), longest
        self._guard = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self.reading: Reading | None = None
        atexit.register(self.cancel)

    def begin(self, given: Path | Uploads, name: str = "", options: Sequence[str] = (), look: bool = False) -> Reading:
        """Start reading a file of this machine, or uploads; raises IntakeRefused while something else is read."""
        with self._guard:
            if self.reading and self.reading.running:
                raise IntakeRefused(f"{self.reading.name} is being read; one file at a time")
            name, before = name or (given.name if isinstance(given, Path) else given[0][0]), self.reading
            reading = self.reading = Reading(name, look, columns=before.columns if before and before.name == name else ())
        threading.Thread(target=self._work, args=(reading, given, [*options, *(["--look"] if look else [])]), name=f"reads {name}", daemon=True).start()
        return reading

    def cancel(self) -> None:
        """End what is being read, and the process that reads it."""
        with self._guard:
            if self.reading and self.reading.running:
                self.reading.state = "cancelled"
                end(self._process)

    def _work(self, reading: Reading, given: Path | Uploads, options: list[str]) -> None:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=self._folder) as folder:
                paths = [given] if isinstance(given, Path) else _written(Path(folder) / "files", given)
                self._run(reading, paths, options, Path(folder) / "complaints.log")
        except OSError as error:
            self._ended(reading, "failed", f"It could not be read: {error.strerror or error}.")

    def _run(self, reading: Reading, paths: Sequence[Path], options: list[str], log: Path) -> None:
        with log.open("w+b") as complaints:
            with self._guard:
                if not reading.running:
                    return
                # What begins with a dash would be an option.
                self._process = process = started([*self._command, "data", "add", *options, "--json", "--", *map(str, paths)], complaints)
            status, said = listened(process, complaints, reading.heard, self._longest, lambda: self._late(reading))
        if status or not reading.report:
            self._ended(reading, "failed", said or f"The process that read it ended with status {status} and without a word: the file may ask for too much.")
        else:
            self._ended(reading, "done", "")

    def _late(self, reading: Reading) -> None:
        self._ended(reading, "failed", f"Reading it took longer than {self._longest / 60:g} minutes and was ended.")

    def _ended(self, reading: Reading, state: str, says: str) -> None:
        with self._guard:
            if reading.running:
                reading.says, reading.state = says or reading.says, state


def plain_name(name: str) -> str:
    """An upload's name as that of a file of ours: letters, digits and its ending; nothing that leads elsewhere."""
    stem, dot, ending = name.rpartition(".")
    inner = re.search(r"\.(csv|tsv|tab|txt)$", stem, re.IGNORECASE) if ending.lower() == "gz" else None
    known = ending.lower() in ENDINGS
    stem = stem[:inner.start()] if inner else stem if known else name
    plain = re.sub(r"[^A-Za-z0-9_]+", "-", stem).strip("-")[:60] or "upload"
    return f"{plain}{inner[0] if inner else ''}{dot + ending if known else ''}"


def _written(folder: Path, uploads: Uploads) -> list[Path]:
    """Uploads as files; two that would have one name get different ones."""
    folder.mkdir()
    paths: list[Path] = []
    for name, content in uploads:
        path = folder / plain_name(name)
        path = path if path not in paths else path.with_name(f"{len(paths)}-{path.name}")
        path.write_bytes(content)
        paths.append(path)
    return paths


def allowed(text: str, roots: Sequence[Path]) -> Path:
    """The file or folder that a person names, which must lie in a data folder, links followed; raises IntakeRefused saying which those are."""
    within = [root.expanduser().resolve() for root in roots]
    with suppress(OSError, ValueError, RuntimeError):
        for start in within:
            found = (start / text.strip()).resolve()
            if text.strip() and any(found != root and found.is_relative_to(root) for root in within) and found.exists():
                return found
    raise IntakeRefused(f"there is no {text.strip()!r:.200} in {' or '.join(map(str, within))}; the page reads from these folders only, "
                        "`python -m builder data add` from any")


def forget_all() -> None:
    """Remove what a server that was killed left of uploads."""
    shutil.rmtree(paths.home() / "data" / "uploads", ignore_errors=True)


_intakes: dict[Path, Intake] = {}
_once = threading.Lock()


def intake() -> Intake:
    """The one of this server's home folder."""
    home = paths.home()
    with _once:
        if home not in _intakes:
            forget_all()
            _intakes[home] = Intake(home / "data" / "uploads")
        return _intakes[home]
