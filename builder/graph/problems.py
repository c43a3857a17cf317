"""Problems are data: where, how bad, what is wrong with the numbers, and the edits that would mend it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

Severity = Literal["error", "warning", "advice"]


# Codes of which one brick may be told several at once: a lonely one needs an Input and an Output.
SEVERAL = ("cycle", "ends")


@dataclass(frozen=True)
class Fix:
    """One named edit that mends a problem; applied as one undo entry. `sure`: it adds no other problem and is the one obvious way."""

    label: str
    edit: Mapping[str, object]
    sure: bool = False

    def inside(self, block: str) -> Fix:
        """The same fix made inside the block called `block`."""
        return replace(self, edit=_inside(self.edit, block))


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with a drawing; `node` and `field` are None when it concerns the whole.

    `path` names the block instances to open, outermost first, to get to `node`, `block` the definition that it stands in; `code` is the kind of mistake, listed in `codes.CODES`.
    """

    node: str | None
    field: str | None
    severity: Severity
    says: str
    because: str = ""
    fixes: tuple[Fix, ...] = ()
    code: str = ""
    path: tuple[str, ...] = ()
    silenced: bool = False
    block: str | None = None

    @property
    def key(self) -> tuple[object, ...]:
        """What tells the problem from others before and after an edit; what concerns several bricks, or may be said twice of one, is told by its words."""
        return (self.path, self.node, self.field, self.code, self.says if self.node is None or self.code in SEVERAL else "")

    @property
    def silenceable(self) -> bool:
        """May it be silenced on its brick? What keeps a network from being built may not."""
        return self.severity != "error" and self.node is not None

    @property
    def sure(self) -> Fix | None:
        """The fix that needs no choice, when there is one: errors and warnings alone have it, advice is for a person to take or leave."""
        return next((fix for fix in self.fixes if fix.sure), None)

    @property
    def hush(self) -> dict[str, object] | None:
        """The edit that silences the problem, or brings it back when it is silenced; None for what cannot be silenced."""
        if not self.silenceable:
            return None
        where = {} if self.block is None else {"in": self.block}
        return {"op": "silence", "id": self.node, "code": self.code, "value": not self.silenced, **where}

    def __str__(self) -> str:
        where = f"{self.node}: " if self.node else ""
        return f"{where}{self.says}" + (f" ({self.because})" if self.because else "")

    def to_json(self) -> dict[str, object]:
        """The problem for the canvas and the command line."""
        return {"node": self.node, "field": self.field, "severity": self.severity, "code": self.code,
                "says": self.says, "because": self.because,
                "path": list(self.path), "silenceable": self.silenceable, "silence": self.hush,
                "fixes": [{"label": fix.label, "edit": dict(fix.edit), "sure": fix.sure} for fix in self.fixes]}


# What a fix may change that belongs to the project: the task and the data are the same wherever a brick stands.
OUTSIDE = ("settings", "choose_data", "choose_optimizer", "name")


def _inside(edit: Mapping[str, object], block: str) -> dict[str, object]:
    if edit.get("op") == "batch":
        return {**edit, "edits": [_inside(part, block) for part in edit["edits"]]}
    return dict(edit) if edit.get("op") in OUTSIDE or "in" in edit else {**edit, "in": block}


def batch(label: str, *edits: Mapping[str, object], sure: bool = False) -> Fix:
    """A fix of one or several edits that are one undo entry under `label`."""
    if len(edits) == 1:
        return Fix(label, {**edits[0], "label": label}, sure)
    return Fix(label, {"op": "batch", "label": label, "edits": list(edits)}, sure)
