"""The run store: a SQLite database (WAL) and a folder a run. Safe for any number of processes and threads.

A run is written by the one worker that holds its lock. Once a RunEnded is in, nothing more goes in until the run is resumed,
which makes a new generation of it.
"""

from __future__ import annotations

import errno
import json
import os
import re
import secrets
import shutil
import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from builder import paths
from builder.graph.check import WHOLE
from builder.train.control import CHECKPOINT, PAUSE, RATE, RESUME, STOP
from builder.train.events import (
    KINDS,
    CheckpointSaved,
    Continued,
    EpochEnded,
    Evaluated,
    Event,
    Paused,
    RunEnded,
    RunStarted,
    StepEnded,
    from_record,
    to_record,
)

from . import lock
from .history import current
from .migrations import migrate
from .record import LIVE, Command, EndedError, Run, RunError, Stored

COMMANDS = (STOP, PAUSE, RESUME, CHECKPOINT, RATE)
BUSY_SECONDS = 30
MOST_RATE = 1e6
ID = re.compile(r"[0-9a-z][0-9a-z-]{0,79}", re.ASCII)
COLUMNS = tuple(name for name in Run.__dataclass_fields__ if name != "folder")
SELECT = f"SELECT {', '.join(COLUMNS)} FROM runs"


def slug(name: str) -> str:
    """The name in small ASCII letters, digits and dashes, at most 40; "run" when nothing is left."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40].strip("-") or "run"


class Store:
    """All runs below one folder; one connection, shared by this object's threads. Raises RunError for everything that goes wrong."""

    def __init__(self, root: Path | str | None = None):
        self.root = Path(root) if root is not None else paths.runs_root()
        self.path = self.root / "runs.db"
        self._guard = threading.RLock()
        with self._plain_errors():
            self.root.mkdir(parents=True, exist_ok=True)
            self._connection = _connect(self.path)

    def close(self) -> None:
        """Close the database; the object is of no use afterwards."""
        with self._guard:
            self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # ---- runs

    def create(self, project: Mapping[str, object], source: str, name: str = "", device: str | None = None) -> str:
        """The id of a new, queued run whose folder holds the project and the exact source to be trained."""
        name = name or str(project.get("name") or "Untitled")
        run_id = self._new_folder(name)
        try:
            with self._plain_errors():
                self._write_project(run_id, project)
                (self.folder(run_id) / "source.py").write_bytes(source.encode())
            with self._transaction() as connection:
                connection.execute("INSERT INTO runs (id, name, state, created, device_asked) VALUES (?, ?, 'queued', ?, ?)",
                                   (run_id, name, time.time(), device))
        except RunError:
            shutil.rmtree(self.folder(run_id), ignore_errors=True)
            raise
        return run_id

    def list(self, limit: int = 1000) -> list[Run]:
        """The newest runs, newest first."""
        return self._runs(f"{SELECT} ORDER BY created DESC, id DESC LIMIT ?", (limit,))

    def live(self) -> list[Run]:
        """The runs without an end, oldest first."""
        return self._runs(f"{SELECT} WHERE state IN {LIVE} ORDER BY created", ())

    def waiting(self) -> list[Run]:
        """The runs in the queue, the next one first."""
        return self._runs(f"{SELECT} WHERE state = 'queued' AND place IS NOT NULL ORDER BY place, created", ())

    def enqueue(self, run_id: str, needs: int | None = None) -> Run:
        """Put a queued run at the end of the queue, with the bytes of memory that it takes; raises EndedError when it is not queued any more."""
        with self._transaction() as connection:
            last = connection.execute("SELECT COALESCE(MAX(place), 0) FROM runs").fetchone()[0]
            return self._move(run_id, "state = 'queued'", {"place": last + 1, "needs": needs})

    def reorder(self, run_id: str, by: int) -> Run:
        """Move a waiting run so many places on (before 0: sooner), at most to an end of the queue; raises RunError when it does not wait there."""
        with self._transaction() as connection:
            queue = [run.id for run in self.waiting()]
            if run_id not in queue:
                raise RunError(f"{run_id} does not wait in the queue ({self.get(run_id).state})")
            at = queue.index(run_id)
            queue.insert(min(max(at + by, 0), len(queue) - 1), queue.pop(at))
            for place, waiting in enumerate(queue, 1):
                self._update(connection, waiting, {"place": place})
            return self.get(run_id)

    def get(self, run_id: str) -> Run:
        """The run of that very id; raises RunError when there is none."""
        runs = self._runs(f"{SELECT} WHERE id = ?", (self._checked(run_id),))
        if not runs:
            raise RunError(f"There is no run called {run_id!r}")
        return runs[0]

    def find(self, text: str) -> Run:
        """The run that `text` means: an id, the beginning of one id only, or "last"."""
        if text == "last":
            if runs := self.list(1):
                return runs[0]
            raise RunError("There are no runs yet")
        runs = self._runs(f"{SELECT} WHERE substr(id, 1, ?) = ? ORDER BY id LIMIT 4", (len(text), self._checked(text)))
        exact = [run for run in runs if run.id == text]
        if len(runs) > 1 and not exact:
            raise RunError(f"{text!r} begins several runs: {', '.join(run.id for run in runs[:3])}{', …' if len(runs) > 3 else ''}")
        if not runs:
            raise RunError(f"There is no run called {text!r}")
        return (exact or runs)[0]

    def delete(self, run_id: str) -> None:
        """Remove the run, its events and its folder; raises RunError while it runs."""
        with self._transaction() as connection:
            run = self.get(run_id)
            if lock.held(run.folder) or run.state in ("starting", "running", "paused"):
                raise RunError(f"{run_id} is still running: stop it before deleting it")
            # The files first: on a full disk the database needs the room that they leave.
            shutil.rmtree(run.folder, ignore_errors=True)
            for table, column in (("events", "run"), ("controls", "run"), ("runs", "id")):
                connection.execute(f"DELETE FROM {table} WHERE {column} = ?", (run_id,))

    # ---- files

    def folder(self, run_id: str) -> Path:
        """The run's own folder, always directly below the root; raises RunError for anything that is not an id."""
        return self.root / self._checked(run_id)

    def project(self, run_id: str) -> dict[str, object]:
        """The project as it was when the run was made."""
        return json.loads(self._read(run_id, "project.json"))

    def source(self, run_id: str) -> str:
        """The text of the network that was trained."""
        return self._read(run_id, "source.py")

    def output(self, run_id: str, characters: int = 20_000) -> str:
        """The end of what the worker process printed, tracebacks included; empty when it printed nothing."""
        file = self.folder(run_id) / "output.txt"
        try:
            with file.open("rb") as stream:
                stream.seek(max(0, os.fstat(stream.fileno()).st_size - characters))
                return stream.read(characters).decode("utf-8", "replace")
        except FileNotFoundError:
            return ""

    # ---- events

    def events(self, run_id: str, after: int = 0, limit: int | None = None, kinds: Iterable[str] = ()) -> list[Stored]:
        """The events behind number `after`, in order; only some kinds ("Snapshot", ...) when asked."""
        kinds = tuple(kinds)
        chosen = f" AND kind IN ({', '.join('?' * len(kinds))})" if kinds else ""
        return self._stored(f"SELECT seq, time, event FROM events WHERE run = ? AND seq > ?{chosen} ORDER BY seq LIMIT ?",
                            (self._checked(run_id), after, *kinds, -1 if limit is None else limit))

    def latest(self, run_id: str, kind: str) -> Stored | None:
        """The newest event of one kind."""
        found = self._stored("SELECT seq, time, event FROM events WHERE run = ? AND kind = ? ORDER BY seq DESC LIMIT 1",
                             (self._checked(run_id), kind))
        return found[0] if found else None

    def append(self, run_id: str, events: Iterable[Event], generation: int | None = None) -> int:
        """Write the events and what follows from them in one transaction; the last one's number.

        Raises EndedError when the run has ended or is of another generation.
        """
        with self._transaction() as connection:
            run, seq = self.get(run_id), self._seq(run_id)
            for event in events:
                if not run.live or generation not in (None, run.generation):
                    raise EndedError(f"{run_id} has ended ({run.state}): nothing more can be written to it")
                seq = self._write(connection, run, event, seq)
                run = self.get(run_id)
        return seq

    def append_test(self, run_id: str, event: Evaluated) -> int:
        """Write a test of a checkpoint that somebody asked for, whether the run has ended or not; its number."""
        with self._transaction() as connection:
            return self._write(connection, self.get(run_id), event, self._seq(run_id))

    def _seq(self, run_id: str) -> int:
        return self._query("SELECT seq FROM runs WHERE id = ?", (run_id,))[0][0]

    def _write(self, connection: sqlite3.Connection, run: Run, event: Event, seq: int) -> int:
        """One more event behind number `seq`, and what follows from it; its number."""
        record = to_record(event)
        connection.execute("INSERT INTO events (run, seq, time, kind, event) VALUES (?, ?, ?, ?, ?)",
                           (run.id, seq + 1, time.time(), record["event"], json.dumps(record, separators=(",", ":"))))
        self._update(connection, run.id, {"seq": seq + 1, **self._follows(run, event)})
        return seq + 1

    def _follows(self, run: Run, event: Event) -> dict[str, object]:
        """The columns that an event changes."""
        now = time.time()
        match event:
            case RunStarted():
                return {"state": "running", "says": "", "started": run.started or now, "device": event.device_name or event.device,
                        "parameters": event.parameters, "steps": event.steps_per_epoch * event.epochs, "epochs": event.epochs,
                        **self._rewound(run.id, event)}
            case StepEnded():
                return {"step": event.step}
            case EpochEnded():
                return {"step": event.step, "epoch": event.epoch}
            case Evaluated() if event.checkpoint:
                return {"tested": event.accuracy}
            case Evaluated() if event.watched:
                return {"accuracy": event.accuracy, "part": event.split}
            case CheckpointSaved():
                return {"checkpoint": event.step}
            case Paused():
                return {"state": "paused", "step": event.step}
            case Continued():
                return {"state": "running"}
            case RunEnded():
                return {"state": event.reason, "ended": now, "says": event.says, "step": max(run.step, event.step), "place": None}
        return {}

    def _rewound(self, run_id: str, started: RunStarted) -> dict[str, object]:
        """Position, accuracy and checkpoint as they stood at the step that the run is resumed from."""
        kinds = ("EpochEnded", "Evaluated", "CheckpointSaved", "RunStarted")
        then = current([*(row.event for row in self.events(run_id, kinds=kinds)), started])
        tests = [event.accuracy for event in then if isinstance(event, Evaluated) and event.watched]
        epochs = [event.epoch for event in then if isinstance(event, EpochEnded)]
        # What it goes on from is its last checkpoint, even where the process was killed before it could tell of that.
        checkpoints = [started.resumed_at] if started.resumed_at else [event.step for event in then if isinstance(event, CheckpointSaved)]
        return {"step": started.resumed_at, "epoch": epochs[-1] if epochs else 0, "accuracy": tests[-1] if tests else None, "tested": None,
                "part": "validation" if started.validation_samples else "test", "checkpoint": checkpoints[-1] if checkpoints else None}

    # ---- commands to a worker

    def request(self, run_id: str, command: str, value: object = None) -> None:
        """Ask the run's worker for something; a run that was never started is ended on the spot by "stop".

        Raises RunError for a command that does not exist or a learning rate that is none, and EndedError when the run has ended.
        """
        if command not in COMMANDS:
            raise RunError(f"{command!r} is not a command to a run; there are: {', '.join(COMMANDS)}")
        if command == RATE and not (isinstance(value, int | float) and 0 < value <= MOST_RATE):
            raise RunError(f"A learning rate is a number above 0 and at most {MOST_RATE:g}, not {value!r:.40}")
        with self._transaction() as connection:
            run = self.get(run_id)
            if not run.live:
                raise EndedError(f"{run_id} has already ended ({run.state})")
            if run.state == "queued" and command == "stop":
                self.append(run_id, [RunEnded("stopped", run.step, "Stopped before it was started.")])
                return
            connection.execute("INSERT INTO controls (run, generation, time, command, value) VALUES (?, ?, ?, ?, ?)",
                               (run_id, run.generation, time.time(), command, json.dumps(value)))

    def controls(self, run_id: str, generation: int, after: int = 0) -> list[Command]:
        """The commands behind number `after` to one generation of the run."""
        rows = self._query("SELECT id, command, value FROM controls WHERE run = ? AND id > ? AND generation = ? ORDER BY id",
                           (self._checked(run_id), after, generation))
        return [Command(number, command, json.loads(value)) for number, command, value in rows]

    # ---- who runs it

    def starting(self, run_id: str) -> Run:
        """Note that a process is about to be launched for a queued run; raises EndedError when it is not queued any more."""
        return self._move(run_id, "state = 'queued'", {"state": "starting", "launched": time.time(), "pid": None, "place": None})

    def launched(self, run_id: str, generation: int, pid: int) -> None:
        """Note the process that was launched, unless the run has moved on."""
        with self._transaction() as connection:
            connection.execute("UPDATE runs SET pid = ? WHERE id = ? AND generation = ? AND state = 'starting'", (pid, run_id, generation))

    def claim(self, run_id: str) -> Run:
        """Make this process the worker of the run's present generation; call it with the run's lock held.

        Raises EndedError when the run has ended or was claimed before.
        """
        claimed = {"state": "starting", "pid": os.getpid(), "heartbeat": time.time(), "place": None}
        return self._move(run_id, "state IN ('queued', 'starting') AND claimed < generation", claimed, "claimed = generation")

    def beat(self, run_id: str, generation: int) -> None:
        """Note that the worker is alive."""
        with self._transaction() as connection:
            connection.execute("UPDATE runs SET heartbeat = ? WHERE id = ? AND generation = ?", (time.time(), run_id, generation))

    def tell(self, run_id: str, generation: int, says: str) -> None:
        """Note in a sentence what the worker is at before the run begins."""
        with self._transaction() as connection:
            connection.execute("UPDATE runs SET says = ? WHERE id = ? AND generation = ? AND ended IS NULL", (says, run_id, generation))

    def reopen(self, run_id: str, more: int = 0) -> Run:
        """Queue an ended run as its next generation, with so many epochs more; of several callers one wins, the others get EndedError.

        Raises RunError when it has finished and no more epochs are asked for, or when they cannot be had.
        """
        run = self.get(run_id)
        if run.state == "completed" and not more:
            raise RunError(f"{run_id} has finished {'its epoch' if run.epochs == 1 else f'all its {run.epochs} epochs'}: there is nothing to resume but with more epochs")
        if run.live or lock.held(run.folder):
            raise EndedError(f"{run_id} has not ended ({run.state}): there is nothing to resume")
        # As just launched: until it has its place in the queue, nobody is to take it for one whose process was never heard of.
        again = {"state": "queued", "ended": None, "says": "", "pid": None, "launched": time.time(), "heartbeat": None}
        if not more:
            return self._move(run_id, f"state NOT IN {LIVE}", again, "generation = generation + 1")
        epochs = self._longer(run, more)
        with self._transaction():
            run = self._move(run_id, f"state NOT IN {LIVE}", again | {"epochs": epochs, "steps": run.steps // run.epochs * epochs}, "generation = generation + 1")
            # The project says what is trained: its exported script trains as long as the run.
            project = self.project(run_id)
            self._write_project(run_id, {**project, "training": {**project.get("training", {}), "epochs": epochs}})
        return run

    @staticmethod
    def _longer(run: Run, more: int) -> int:
        """All epochs of a run with so many more; raises RunError where it cannot have them."""
        if run.checkpoint is None or not run.epochs:
            raise RunError(f"{run.id} has no checkpoint to go on from: train its project again")
        if not 1 <= more <= WHOLE["epochs"].max - run.epochs:
            raise RunError(f"{run.id} has {run.epochs:,} epochs: it can have from 1 to {WHOLE['epochs'].max - run.epochs:,} more, not {more:,}")
        return run.epochs + more

    def _write_project(self, run_id: str, project: Mapping[str, object]) -> None:
        file = self.folder(run_id) / "project.json"
        part = file.with_suffix(".part")
        with self._plain_errors():
            part.write_text(json.dumps(project, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
            part.replace(file)

    def settle(self, run: Run, event: RunEnded) -> bool:
        """Write the end of a run whose worker is gone, unless anything moved since `run` was read; whether it was written."""
        with self._transaction():
            now = self.get(run.id)
            if not now.live or any(getattr(now, name) != getattr(run, name) for name in ("generation", "claimed", "launched", "step")):
                return False
            self.append(run.id, [event])
        return True

    # ---- the database

    def _move(self, run_id: str, where: str, values: Mapping[str, object], also: str = "") -> Run:
        """Change a run's columns if `where` still holds; the run as it then is."""
        assignments = ", ".join([*(f"{name} = ?" for name in values), *([also] if also else [])])
        with self._transaction() as connection:
            self.get(run_id)
            if not connection.execute(f"UPDATE runs SET {assignments} WHERE id = ? AND {where}", (*values.values(), run_id)).rowcount:
                run = self.get(run_id)
                raise EndedError(f"{run_id} " + (f"is {run.state} elsewhere already" if run.live else f"has ended ({run.state})"))
            return self.get(run_id)

    @staticmethod
    def _update(connection: sqlite3.Connection, run_id: str, values: Mapping[str, object]) -> None:
        connection.execute(f"UPDATE runs SET {', '.join(f'{name} = ?' for name in values)} WHERE id = ?", (*values.values(), run_id))

    def _runs(self, sql: str, arguments: tuple[object, ...]) -> list[Run]:
        rows = self._query(sql, arguments)
        return [Run(folder=self.root / row[0], **dict(zip(COLUMNS, row, strict=True))) for row in rows]

    def _stored(self, sql: str, arguments: tuple[object, ...]) -> list[Stored]:
        """Rows as events; kinds of a newer Brickwork are left where they are."""
        rows = ((seq, when, json.loads(text)) for seq, when, text in self._query(sql, arguments))
        return [Stored(seq, when, from_record(record)) for seq, when, record in rows if record["event"] in KINDS]

    def _query(self, sql: str, arguments: tuple[object, ...]) -> list[tuple]:
        with self._guard, self._plain_errors():
            return self._connection.execute(sql, arguments).fetchall()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """One writing transaction; a nested one joins the outer one."""
        with self._guard, self._plain_errors():
            if self._connection.in_transaction:
                yield self._connection
                return
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    @contextmanager
    def _plain_errors(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise RunError(f"The run store {self.path} cannot be used: {self._reason(error)}") from error

    @staticmethod
    def _reason(error: Exception) -> str:
        """What to do about it, where that is known."""
        full = isinstance(error, OSError) and error.errno == errno.ENOSPC or "disk is full" in str(error)
        return "the disk is full: delete runs or other files" if full else str(error)

    def _new_folder(self, name: str) -> str:
        """A fresh id and its folder; the folder decides between two runs made in the same second."""
        while True:
            run_id = f"{time.strftime('%Y%m%d-%H%M%S')}-{slug(name)}-{secrets.token_hex(2)}"
            try:
                with self._plain_errors():
                    self.folder(run_id).mkdir()
                return run_id
            except RunError as error:
                if not isinstance(error.__cause__, FileExistsError):
                    raise

    def _read(self, run_id: str, name: str) -> str:
        try:
            return (self.folder(run_id) / name).read_bytes().decode()
        except (OSError, UnicodeDecodeError) as error:
            raise RunError(f"{name} of run {run_id} cannot be read: {error}") from None

    @staticmethod
    def _checked(run_id: str) -> str:
        if not ID.fullmatch(run_id):
            raise RunError(f"There is no run called {run_id[:100]!r}")
        return run_id


def _connect(path: Path) -> sqlite3.Connection:
    """An up-to-date database; several processes may open a new one at once."""
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        _write_ahead(connection)
        connection.execute("PRAGMA synchronous = NORMAL")
        migrate(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Switch to WAL; SQLite does not wait for a competing switch by itself."""
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.02)
