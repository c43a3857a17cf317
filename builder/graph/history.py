"""Undo and redo: documents are frozen, so history is two stacks of them."""

from __future__ import annotations

from dataclasses import dataclass

from . import edits
from .document import Project
from .mend import fix_all

# The canvas is told the names after every edit: the nearest of them are enough for a menu. What can be undone has no limit, for
# projects share every brick that an edit left alone.
NAMED = 200


@dataclass(frozen=True)
class History:
    """The project now, what came before (oldest first) and what was undone (next redo last), each with its name."""

    project: Project
    past: tuple[tuple[str, Project], ...] = ()
    future: tuple[tuple[str, Project], ...] = ()
    revision: int = 0
    # The run of edits that the last entry is made of, such as a number while it is typed.
    run: str = ""

    def apply(self, edit: edits.Edit) -> History:
        """History after one edit, "undo" and "redo" (by "steps" entries) and "fix_all" (every sure fix) included; an edit that changes nothing is no entry.

        Edits in a row with one "run" are one entry, and none where they lead back. Raises EditError.
        """
        if edit.get("op") in ("undo", "redo"):
            steps = edit.get("steps", 1)
            if type(steps) is not int or steps < 1:
                raise edits.EditError(f"the number of steps must be a whole number from 1 up, it is {steps!r:.40}")
            return self.undo(steps) if edit["op"] == "undo" else self.redo(steps)
        if edit.get("op") == "fix_all":
            edit = fix_all(self.project) or {"op": "batch", "edits": []}
        project = edits.apply(self.project, edit)
        if project == self.project:
            return self
        run = edit["run"] if isinstance(edit.get("run"), str) else ""
        past = (*self.past, (edits.label(edit), self.project))
        if run and run == self.run and self.past:
            past = self.past if project != self.past[-1][1] else self.past[:-1]
        return History(project, past, (), self.revision + 1, run)

    def undo(self, steps: int = 1) -> History:
        """So many entries back, at most to the beginning; unchanged there."""
        past, project, future = list(self.past), self.project, list(self.future)
        for _ in range(min(steps, len(past))):
            name, before = past.pop()
            future.append((name, project))
            project = before
        return self if len(past) == len(self.past) else History(project, tuple(past), tuple(future), self.revision + 1)

    def redo(self, steps: int = 1) -> History:
        """So many entries forward, at most to the end; unchanged there."""
        past, project, future = list(self.past), self.project, list(self.future)
        for _ in range(min(steps, len(future))):
            name, after = future.pop()
            past.append((name, project))
            project = after
        return self if len(future) == len(self.future) else History(project, tuple(past), tuple(future), self.revision + 1)

    def names(self) -> dict[str, list[str]]:
        """Names of what can be undone and redone, at most NAMED of each, the nearest last."""
        return {"undo": [name for name, _ in self.past[-NAMED:]], "redo": [name for name, _ in self.future[-NAMED:]]}
