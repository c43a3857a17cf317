"""Problems are data: where, how bad, what is wrong with the numbers, and the edits that would mend it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning", "advice"]


@dataclass(frozen=True)
class Fix:
    """One named edit that mends a problem; applied as one undo entry."""

    label: str
    edit: Mapping[str, object]


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with a drawing; `node` and `field` are None when it concerns the whole."""

    node: str | None
    field: str | None
    severity: Severity
    says: str
    because: str = ""
    fixes: tuple[Fix, ...] = ()
    code: str = ""

    def __str__(self) -> str:
        where = f"{self.node}: " if self.node else ""
        return f"{where}{self.says}" + (f" ({self.because})" if self.because else "")

    def to_json(self) -> dict[str, object]:
        """The problem for the canvas and the command line."""
        return {"node": self.node, "field": self.field, "severity": self.severity, "code": self.code,
                "says": self.says, "because": self.because,
                "fixes": [{"label": fix.label, "edit": dict(fix.edit)} for fix in self.fixes]}


def batch(label: str, *edits: Mapping[str, object]) -> Fix:
    """A fix of one or several edits that are one undo entry under `label`."""
    if len(edits) == 1:
        return Fix(label, {**edits[0], "label": label})
    return Fix(label, {"op": "batch", "label": label, "edits": list(edits)})
