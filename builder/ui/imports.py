"""Models of other libraries becoming drawings, aside: a process of its own builds and records the model, so that no page and no edit waits.

One import at a time on a server, and every tab sees it. Standard library only; nothing here draws.
"""

from __future__ import annotations

import atexit
import json
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from builder import paths
from builder.graph import DocumentError, Project, loads
from builder.graph.document import MAX_BYTES
from builder.runs.surroundings import PACKAGE_PARENT, environment

from .child import ALONE, COMMAND, MOST_SAID, end, last_line, listened, started
from .workspace import write

LIBRARIES = ("torchvision", "timm")
LONGEST = 900.0  # seconds of an import
LONGEST_LIST = 120.0  # seconds of reading the names of a library
CHANNELS = 3  # of a colour image, which all of these models take


class ImportBusy(ValueError):
    """Another import is running; the message says which."""


@dataclass
class Job:
    """One import: what is wanted, how far it is (`share` 0 to 1, None where that is not known), and how it ended."""

    source: str
    side: int
    pretrained: bool
    says: str = "Building the model, recording what it does, and holding the drawing against it"
    share: float | None = None
    state: str = "running"  # then "done", "failed" or "cancelled"
    result: Mapping[str, object] = field(default_factory=dict)
    project: Project | None = None
    began: float = field(default_factory=time.monotonic)

    @property
    def name(self) -> str:
        """The model without its library."""
        return self.source.partition(":")[2]

    @property
    def running(self) -> bool:
        """Is it still being worked on?"""
        return self.state == "running"

    def heard(self, line: bytes) -> None:
        """One line that the process printed: how far it is, or what came out of it."""
        with suppress(ValueError, TypeError, RecursionError):
            told = dict(json.loads(line))
            self.result = told
            if isinstance(told.get("says"), str):
                self.says = told["says"][:MOST_SAID]
            share = told.get("progress")
            self.share = min(1.0, max(0.0, float(share))) if isinstance(share, int | float) else self.share


class Imports:
    """The imports of one server. Every method returns at once and may be called from any thread."""

    def __init__(self, folder: Path, command: Sequence[str] = COMMAND, longest: float = LONGEST):
        self._folder, self._command, self._longest = folder, list(command), longest
        self._guard = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self.job: Job | None = None
        atexit.register(self.cancel)

    def begin(self, source: str, side: int, pretrained: bool) -> Job:
        """Start an import; raises ImportBusy while another one runs."""
        with self._guard:
            if self.job and self.job.running:
                raise ImportBusy(f"{self.job.name} is being imported; one model at a time")
            job = self.job = Job(source, side, pretrained)
        threading.Thread(target=self._work, args=(job,), name=f"imports {source}", daemon=True).start()
        return job

    def cancel(self) -> None:
        """End the import that runs, and everything that it started."""
        with self._guard:
            if self.job and self.job.running:
                self.job.state = "cancelled"
                end(self._process)

    def forget(self, job: Job) -> None:
        """The end of an import has been seen."""
        with self._guard:
            if self.job is job and not job.running:
                self.job = None

    def _work(self, job: Job) -> None:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=self._folder) as folder:
                self._run(job, Path(folder) / "project.json")
        except OSError as error:
            self._failed(job, f"The import could not be started: {error.strerror or error}.")

    def _run(self, job: Job, file: Path) -> None:
        command = [*self._command, "import", job.source, "-o", str(file), "--json", "--input", f"{CHANNELS}x{job.side}x{job.side}"]
        with file.with_suffix(".txt").open("w+b") as complaints:
            with self._guard:
                if not job.running:
                    return
                self._process = process = started([*command, *(["--weights", "DEFAULT"] if job.pretrained else [])], complaints)
            status, said = listened(process, complaints, job.heard, self._longest, lambda: self._late(job))
            self._ended(job, status, file, said)

    def _ended(self, job: Job, status: int, file: Path, said: str) -> None:
        if not job.running:
            return
        if status:
            self._failed(job, said or f"The import ended with status {status} and without a word.")
            return
        try:
            job.project = loads(file.read_bytes()[:MAX_BYTES + 1])
        except (OSError, DocumentError) as error:
            self._failed(job, f"What the import wrote cannot be read: {error}")
            return
        with self._guard:
            if job.running:
                job.state = "done"

    def _late(self, job: Job) -> None:
        self._failed(job, f"The import took longer than {self._longest / 60:g} minutes and was ended.")

    def _failed(self, job: Job, says: str) -> None:
        with self._guard:
            if job.running:
                job.says, job.state = says, "failed"


class Names:
    """The models that a library has, read once a version of it by a process of its own and kept in a file."""

    def __init__(self, folder: Path, command: Sequence[str] = COMMAND, longest: float = LONGEST_LIST):
        self._folder, self._command, self._longest = folder, list(command), longest
        self._guard = threading.Lock()
        self._known: dict[str, list[dict[str, object]]] = {}
        self._reading: set[str] = set()
        self.trouble: dict[str, str] = {}

    def get(self, library: str) -> list[dict[str, object]] | None:
        """A record a model (name, task, side, parameters, weights, megabytes); None while they are being read, or after `trouble`."""
        with self._guard:
            if library not in self._known and library not in self._reading and library not in self.trouble:
                if (kept := self._kept(library)) is not None:
                    self._known[library] = kept
                else:
                    self._reading.add(library)
                    threading.Thread(target=self._read, args=(library,), name=f"models of {library}", daemon=True).start()
            return self._known.get(library)

    def again(self, library: str) -> None:
        """Forget why the names could not be read: the next `get` tries again."""
        with self._guard:
            self.trouble.pop(library, None)

    def _file(self, library: str) -> Path:
        return self._folder / f"{library}-{installed(library)}.json"

    def _kept(self, library: str) -> list[dict[str, object]] | None:
        try:
            return rows(self._file(library).read_bytes())
        except (OSError, ValueError, TypeError, RecursionError):
            return None

    def _read(self, library: str) -> None:
        try:
            done = subprocess.run([*self._command, "models", library, "--json"], stdin=subprocess.DEVNULL, capture_output=True, cwd=PACKAGE_PARENT,
                                  env={**environment(), **ALONE}, timeout=self._longest, check=False)
            found = rows(done.stdout) if not done.returncode else []
            trouble = "" if found else last_line(done.stderr) or "there are none"
        except subprocess.TimeoutExpired:
            found, trouble = [], f"it took longer than {self._longest:g} s"
        except (OSError, ValueError, TypeError) as error:
            found, trouble = [], str(error)
        with self._guard:
            self._reading.discard(library)
            if found:
                self._known[library] = found
            else:
                self.trouble[library] = trouble
        if found:
            with suppress(OSError):
                write(self._file(library), json.dumps(found))


def rows(text: bytes) -> list[dict[str, object]]:
    """The records of a list of models; raises ValueError or TypeError when it is none."""
    found = json.loads(text)
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise ValueError("this is no list of models")
    if not all(isinstance(one.get("name"), str) and type(one.get("side")) is int for one in found):
        raise ValueError("a model has no name or no side")
    return found


def installed(library: str) -> str | None:
    """The version of a library; None when it is not installed. It is not imported for that."""
    try:
        return version(library)
    except PackageNotFoundError:
        return None


_imports: dict[Path, Imports] = {}
_names: dict[Path, Names] = {}
_once = threading.Lock()


def imports() -> Imports:
    """The imports of this server's home folder."""
    home = paths.home()
    with _once:
        if home not in _imports:
            _imports[home] = Imports(home / "imports")
        return _imports[home]


def names() -> Names:
    """The lists of models of this server's home folder."""
    home = paths.home()
    with _once:
        if home not in _names:
            _names[home] = Names(home / "models")
        return _names[home]
