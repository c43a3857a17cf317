"""Undo and redo: documents are frozen, so history is two stacks of them."""

from __future__ import annotations

from dataclasses import dataclass

from . import edits
from .document import Project

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

    def apply(self, edit: edits.Edit) -> History:
        """History after one edit, "undo" and "redo" included; an edit that changes nothing is no entry. Raises EditError."""
        if edit.get("op") == "undo":
            return self.undo()
        if edit.get("op") == "redo":
            return self.redo()
        project = edits.apply(self.project, edit)
        if project == self.project:
            return self
        return History(project, (*self.past, (edits.label(edit), self.project)), (), self.revision + 1)

    def undo(self) -> History:
        """One entry back; unchanged at the beginning."""
        if not self.past:
            return self
        name, before = self.past[-1]
        return History(before, self.past[:-1], (*self.future, (name, self.project)), self.revision + 1)

    def redo(self) -> History:
        """One entry forward; unchanged at the end."""
        if not self.future:
            return self
        name, after = self.future[-1]
        return History(after, (*self.past, (name, self.project)), self.future[:-1], self.revision + 1)

    def names(self) -> dict[str, list[str]]:
        """Names of what can be undone and redone, at most NAMED of each, the nearest last."""
        return {"undo": [name for name, _ in self.past[-NAMED:]], "redo": [name for name, _ in self.future[-NAMED:]]}
