"""The project that is open: kept by the server with its undo history, written to disk after every edit.

One workspace a server and home folder, shared by all tabs: edits are applied in the order they arrive, so no tab can undo another's work
by saving an older copy. Standard library and builder.graph only; nothing here draws.
"""

from __future__ import annotations

import json
import logging
import os
import re
import secrets
import threading
from collections.abc import Mapping
from pathlib import Path

from builder import paths
from builder.graph import DocumentError, EditError, History, Project, Report, check, dumps, loads
from builder.graph.conflicts import Log

from .kept import Kept

MAX_CLIENTS = 64
MAX_CLIENT = 40  # characters of a canvas's name
MAX_CONFLICTS = 8


def slug(name: str) -> str:
    """A file name for a project's name: letters, digits and dashes."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:60] or "project"


def write(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)


class Workspace:
    """The open project. Every method may be called from any thread; `load_id` changes when another project is opened."""

    def __init__(self, root: Path, first: Project):
        self.root = root
        # Held by whoever must see one state of the project over several calls.
        self.lock = threading.RLock()
        self._acks: dict[str, int] = {}
        self._refused: dict[str, dict[str, object]] = {}
        self._log = Log()
        self._conflicts: dict[str, list[dict[str, object]]] = {}
        self._report: tuple[Project, Report] | None = None
        self.trouble = ""
        # Another program, such as a second Brickwork on this home folder, wrote the open project's file: nothing is written until a person chooses.
        self.clash = False
        self._restore(first)

    def _restore(self, first: Project) -> None:
        """The project that was open last, else `first`."""
        try:
            session = json.loads((self.root / ".session.json").read_text(encoding="utf-8"))
            path = self.root / Path(session["file"]).name
            kept = Kept(path, read=True)
            self._start(loads(path.read_bytes()), path, int(session["revision"]), str(session.get("load_id", "")))
            self._kept = kept
            self._acks = {str(client): int(seq) for client, seq in session["acks"].items()}
        except FileNotFoundError:
            self.open(first)
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError) as error:
            self.open(first)
            unread = f"The project that was open last could not be read and was left as it is ({error}). {first.name} was opened instead."
            self.trouble = f"{unread} {self.trouble}".strip()

    def _start(self, project: Project, path: Path, revision: int = 0, load_id: str = "") -> None:
        self.path, self.history = path, History(project, revision=revision)
        # Kept over a restart of the server: a canvas that stayed open goes on, with the edits that it made meanwhile.
        self.load_id, self._acks, self._refused = load_id or secrets.token_hex(6), {}, {}
        self._log, self._conflicts = Log(), {}
        self._kept, self.clash = Kept(path), False

    @property
    def project(self) -> Project:
        """The project as it is now."""
        return self.history.project

    def report(self) -> Report:
        """What `check` says of the project now; worked out once a project."""
        with self.lock:
            if self._report is None or self._report[0] is not self.project:
                self._report = (self.project, check(self.project, self._report[1] if self._report else None))
            return self._report[1]

    def apply(self, edit: Mapping[str, object]) -> None:
        """Apply one edit, "undo" and "redo" included, and save; raises EditError when it does not fit."""
        with self.lock:
            before = self.history
            self.history = before.apply(edit)
            self._log.note("", edit.get("op"), before, self.history)
            if self.history is not before:
                self._save()

    def receive(self, outbox: object) -> None:
        """Apply the edits of a canvas that have not been applied yet, each at most once however often it is sent."""
        if not isinstance(outbox, Mapping) or not isinstance(outbox.get("client"), str) or not isinstance(outbox.get("edits"), list):
            return
        client = outbox["client"][:MAX_CLIENT]
        with self.lock:
            if outbox.get("load_id") not in (None, self.load_id):
                return
            self._settle(client, outbox.get("settled"))
            for sent in outbox["edits"]:
                self._receive(client, sent)
            if outbox["edits"]:
                self._save()

    def _settle(self, client: str, settled: object) -> None:
        """Forget the conflicts up to this seq: the person at that canvas has chosen."""
        kept = [one for one in self._conflicts.get(client, ()) if type(settled) is not int or one["seq"] > settled]
        if kept:
            self._conflicts[client] = kept
        else:
            self._conflicts.pop(client, None)

    def conflicts(self, client: object) -> list[dict[str, object]]:
        """Edits of a canvas that wait for a choice: seq, what happened in words, the two labels, and the edit again."""
        with self.lock:
            return list(self._conflicts.get(client[:MAX_CLIENT], ())) if isinstance(client, str) else []

    def _receive(self, client: str, sent: object) -> None:
        seq = sent.get("seq") if isinstance(sent, Mapping) else None
        if type(seq) is not int or seq <= self._acks.get(client, 0):
            return
        self._acks.pop(client, None)
        self._acks[client] = seq
        while len(self._acks) > MAX_CLIENTS:
            oldest = next(iter(self._acks))
            del self._acks[oldest]
            self._conflicts.pop(oldest, None)
        edit = sent.get("edit") if isinstance(sent.get("edit"), Mapping) else {}
        before = self.history
        try:
            self._apply(edit, client, seq, sent.get("revision"))
            self.report()
        except EditError as error:
            self._refused[client] = {"seq": seq, "says": str(error)}
        except Exception:  # noqa: BLE001 - an edit that finds a mistake of ours would be sent again for ever, and no other after it
            logging.exception("An edit could not be worked out: %.500s", edit)
            self.history, self._log = before, Log()
            self._refused[client] = {"seq": seq, "says": "This change was left out: Brickwork could not work it out. That is a mistake of the program, "
                                                         "and the terminal says more."}

    def _apply(self, edit: Mapping[str, object], client: str, seq: int, revision: object) -> None:
        """Apply a canvas's edit, unless it would undo unseen what another canvas did: then it waits for that canvas's choice."""
        before = self.history
        after = before.apply(edit)
        self._refused.pop(client, None)
        if conflict := self._log.conflict(client, revision, edit, before, after):
            waiting = self._conflicts.setdefault(client, [])
            waiting.append({"seq": seq, **conflict.to_json()})
            del waiting[:-MAX_CONFLICTS]
            return
        if edit.get("op") in ("undo", "redo") and (name := self._log.undone_by_other(client, edit, before)):
            self._refused[client] = {"seq": seq, "says": f"{'Undid' if edit['op'] == 'undo' else 'Redid'} “{name}”, which was made in another tab."}
        self._log.note(client, edit.get("op"), before, after)
        self.history = after

    def ack(self, client: object) -> tuple[dict[str, object] | None, dict[str, object] | None]:
        """The last edit of a canvas that was seen, and why it was refused when it was."""
        with self.lock:
            known = client[:MAX_CLIENT] if isinstance(client, str) else None
            if known not in self._acks:
                return None, None
            return {"client": client, "seq": self._acks[known]}, self._refused.get(known)

    def open(self, project: Project, file: str | None = None, copy: bool = False) -> None:
        """Open `project`: the file of that name in the projects' folder, or a new file that takes no other project's place.

        A file that holds exactly this project is used again, unless a `copy` is wanted.
        """
        with self.lock:
            self._start(project, self.root / f"{file}.json" if file else self._free(project, copy))
            self._save()

    def _free(self, project: Project, copy: bool) -> Path:
        """A path for a new file, or the file that holds exactly this project."""
        stem, text = slug(str(project.about.get("gallery", project.name))), dumps(project)
        for number in range(1, 10_000):
            path = self.root / (f"{stem}.json" if number == 1 else f"{stem}-{number}.json")
            try:
                if path.read_text(encoding="utf-8") == text and not copy:
                    return path
            except FileNotFoundError:
                return path
            except (OSError, ValueError):
                continue
        return self.root / f"{stem}-{secrets.token_hex(4)}.json"

    def _save(self) -> None:
        self.clash = self._kept.written_elsewhere()
        if self.clash:
            self.trouble = (f"{self.path.name} was changed by another program, perhaps a second Brickwork, since it was opened here. "
                            "Nothing of it was overwritten, and your last changes are not saved.")
            return
        try:
            write(self.path, dumps(self.project))
            self._kept.note()
            session = {"file": self.path.name, "load_id": self.load_id, "revision": self.history.revision, "acks": self._acks}
            write(self.root / ".session.json", json.dumps(session) + "\n")
            self.trouble = ""
        except OSError as error:
            self.trouble = f"The last change is not saved: {self.path} cannot be written ({error.strerror}). It is kept while the app runs."

    def take_file(self) -> None:
        """End a clash with what the other program wrote; raises DocumentError when it cannot be read."""
        self.open_saved(self.path.stem)

    def save_copy(self) -> None:
        """End a clash with a new file for the project as it is here; its history goes on."""
        with self.lock:
            self.path = self._free(self.project, copy=True)
            self._kept = Kept(self.path)
            self._save()

    def saved(self) -> list[tuple[str, Project | None]]:
        """Saved projects, newest first: file stem and project (None when the file cannot be read)."""
        found = sorted((p for p in self.root.glob("*.json") if not p.name.startswith(".")), key=_changed, reverse=True)
        return [(path.stem, _read(path)) for path in found]

    def open_saved(self, stem: str) -> None:
        """Open a saved project again; raises DocumentError when it cannot be read."""
        path = self.root / f"{Path(stem).name}.json"
        try:
            project = loads(path.read_bytes())
        except OSError as error:
            raise DocumentError(f"{path.name} cannot be read: {error.strerror}") from None
        self.open(project, path.stem)

    def delete_saved(self, stem: str) -> None:
        """Delete a saved project that is not open; raises DocumentError when it cannot be deleted."""
        path = self.root / f"{Path(stem).name}.json"
        if path != self.path:
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                raise DocumentError(f"{path.name} cannot be deleted: {error.strerror}") from None


def _changed(path: Path) -> float:
    """When a file was last written; 0 when another tab has just deleted it."""
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _read(path: Path) -> Project | None:
    try:
        return loads(path.read_bytes())
    except (OSError, DocumentError):
        return None


_workspaces: dict[Path, Workspace] = {}
_guard = threading.Lock()


def workspace() -> Workspace:
    """The workspace of this server's home folder; opens the last project, at first the MNIST CNN of the gallery."""
    from builder.gallery import ENTRIES

    root = paths.projects_root()
    with _guard:
        if root not in _workspaces:
            _workspaces[root] = Workspace(root, ENTRIES["mnist-cnn"].project)
        return _workspaces[root]
