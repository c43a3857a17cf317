"""Two canvases on one project: which edit would undo, unseen, what another canvas did.

Every change is noted with its revision and its canvas. An edit that was made on an older revision is held against what other canvases
changed since: where both give one field different values, it is a conflict, and a person chooses. What differs is read off the projects
before and after, so every edit, undo and redo included, is treated alike.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from .document import Network, Project, thaw

# One field of a project: (which network, brick, field); brick "" is the project itself.
Place = tuple[str, str, str]
Changes = Mapping[Place, tuple[object, object]]
GONE = None
# Changes that are remembered; a canvas that has slept longer than that is treated as if every older change were its own.
REMEMBERED = 400
MOST_SHOWN = 60


@dataclass(frozen=True)
class Conflict:
    """An edit that was not applied: what the other canvas did and what this one wanted, in words; `edit` is what applies it after all."""

    says: str
    theirs: str
    yours: str
    edit: Mapping[str, object]

    def to_json(self) -> dict[str, object]:
        """The conflict for the canvas."""
        return {"says": self.says, "theirs": self.theirs, "yours": self.yours, "edit": dict(self.edit)}


def changes(before: Project, after: Project) -> Changes:
    """Every field that differs between two projects: (old, new), GONE where there is none."""
    found: dict[Place, tuple[object, object]] = {}
    if before is after:
        return found
    for scope in {*_scopes(before), *_scopes(after)}:
        one, two = _scopes(before).get(scope), _scopes(after).get(scope)
        if one is not two:
            found.update(_network(scope, one or Network(), two or Network()))
    for section in ("name", "task", "data", "training"):
        one, two = getattr(before, section), getattr(after, section)
        if one != two:
            found.update({("", "", path): pair for path, pair in _differing(section, one, two)})
    return found


def _scopes(project: Project) -> dict[str, Network]:
    """The networks of a project and of its blocks."""
    inside = {f"block {name}": getattr(block, "network", None) for name, block in project.blocks.items()}
    return {**project.networks, **{name: network for name, network in inside.items() if isinstance(network, Network)}}


def _network(scope: str, before: Network, after: Network) -> Iterator[tuple[Place, tuple[object, object]]]:
    old, new = ({node.id: node for node in network.nodes} for network in (before, after))
    for name in {**old, **new}:
        one, two = old.get(name), new.get(name)
        if one is two:
            continue
        if one is None or two is None:
            yield (scope, name, "brick"), (one, two)
            continue
        for field in vars(one):
            a, b = getattr(one, field), getattr(two, field)
            if a != b:
                yield from (((scope, name, path), pair) for path, pair in _differing("" if field == "params" else field, a, b))
    if before.edges is not after.edges:
        wires, others = ({(e.target, e.port): e for e in network.edges} for network in (before, after))
        for port in {**wires, **others}:
            if wires.get(port) != others.get(port):
                yield (scope, port[0], f"input {port[1] + 1}"), (wires.get(port), others.get(port))


def _differing(path: str, one: object, two: object) -> Iterator[tuple[str, tuple[object, object]]]:
    """The leaves of two settings that differ, by dotted path."""
    if isinstance(one, Mapping) and isinstance(two, Mapping):
        for name in {**one, **two}:
            a, b = one.get(name), two.get(name)
            if a != b or type(a) is not type(b):
                yield from _differing(f"{path}.{name}" if path else name, a, b)
    else:
        yield path, (one, two)


@dataclass(frozen=True)
class _Noted:
    revision: int
    client: str
    label: str
    changes: Changes


class Log:
    """Who changed what, and whose entry undo would take back. Not safe for threads: its owner holds a lock.

    A client is a canvas; "" is one of the app's other pages, which cannot be told from the tabs of the canvases and is nobody's rival.
    """

    def __init__(self) -> None:
        self._noted: deque[_Noted] = deque(maxlen=REMEMBERED)
        self._past: list[str] = []
        self._future: list[str] = []

    def note(self, client: str, op: object, before, after) -> None:
        """Note that `client` turned the history `before` into `after` by an edit of this op."""
        if after is before:
            return
        label = after.past[-1][0] if after.past and op not in ("undo", "redo") else str(op)
        self._noted.append(_Noted(after.revision, client, label, changes(before.project, after.project)))
        self._align(len(before.past), len(before.future))
        if op == "undo":
            for _ in range(len(before.past) - len(after.past)):
                self._future.append(self._past.pop())
        elif op == "redo":
            for _ in range(len(after.past) - len(before.past)):
                self._past.append(self._future.pop())
        else:
            # An edit that goes on with a run makes no entry of its own, and takes it away where it leads back.
            self._past, self._future = [*self._past, client][:len(after.past)], []

    def _align(self, past: int, future: int) -> None:
        """A history that was there before this log has entries of nobody."""
        for stack, length in ((self._past, past), (self._future, future)):
            while len(stack) < length:
                stack.insert(0, "")
            del stack[length:]

    def undone_by_other(self, client: str, edit: Mapping[str, object], history) -> str | None:
        """The name of the entry that this undo or redo would move, when another canvas made it; of several the nearest."""
        self._align(len(history.past), len(history.future))
        stack, entries = (self._past, history.past) if edit.get("op") == "undo" else (self._future, history.future)
        steps = edit.get("steps", 1) if type(edit.get("steps", 1)) is int else 1
        moved = list(zip(stack, entries, strict=True))[-max(1, steps):]
        return next((name for author, (name, _) in reversed(moved) if author not in ("", client)), None)

    def conflict(self, client: str, revision: object, edit: Mapping[str, object], before, after) -> Conflict | None:
        """Would this edit, made on `revision`, destroy what another canvas changed since? `before` and `after` are histories."""
        if type(revision) is not int or revision >= before.revision:
            return None
        others = [noted for noted in self._noted if noted.revision > revision and noted.client not in ("", client)]
        # A renamed brick keeps all that was set on it.
        if not others or edit.get("op") == "rename":
            return None
        if edit.get("op") in ("undo", "redo"):
            return self._undo(client, edit, before)
        theirs: dict[Place, tuple[object, object]] = {}
        for noted in others:
            for place, (old, new) in noted.changes.items():
                theirs[place] = (theirs[place][0] if place in theirs else old, new)
        for place, (_, mine) in changes(before.project, after.project).items():
            if clash := _clash(place, mine, theirs):
                return Conflict(_told(*clash), "Keep theirs", "Use yours", edit)
        return None

    def _undo(self, client: str, edit: Mapping[str, object], history) -> Conflict | None:
        name = self.undone_by_other(client, edit, history)
        if name is None:
            return None
        what = "The last change" if edit.get("op") == "undo" else "What would come back"
        return Conflict(f"{what}, “{name}”, was made in another tab after this one last looked.", "Leave it",
                        "Undo it" if edit.get("op") == "undo" else "Redo it", edit)


REMOVED = object()
Clash = tuple[Place, object, object]  # the place, what they made of it, what this edit would make of it (REMOVED with its brick)


def _clash(place: Place, mine: object, theirs: Changes) -> Clash | None:
    if place in theirs and theirs[place][0] != theirs[place][1] and theirs[place][1] != mine:
        return place, theirs[place][1], mine
    if place[2] == "brick" and mine is GONE:
        # Whoever removes a brick does not mean what was set on it meanwhile; where it stands does not matter then.
        for other, (old, new) in theirs.items():
            if other[:2] == place[:2] and other[2] not in ("at", "brick") and not other[2].startswith("input ") and old != new:
                return other, new, REMOVED
    return None


def _told(place: Place, theirs: object, mine: object) -> str:
    _, brick, field = place
    what = f"{field} of {brick}" if brick else field
    if field == "brick":
        return f"Another tab removed {brick} while you changed it." if theirs is GONE else f"Another tab added {brick} while you removed it."
    if mine is REMOVED:
        return f"Another tab set {what} to {_value(theirs)} while you removed {brick}."
    if field == "at":
        return f"Another tab moved {brick} while you moved it too."
    if field.startswith("input "):
        return f"Another tab {_wired(theirs)} {what} while you {_wired(mine)} it."
    if field == "name" and not brick:
        return f"Another tab called the project {_value(theirs)} while you called it {_value(mine)}."
    return f"Another tab set {what} to {_value(theirs)} while you set it to {_value(mine)}."


def _wired(edge: object) -> str:
    return "cut the wire into" if edge is GONE else f"connected {getattr(edge, 'source', '?')} to"


def _value(value: object) -> str:
    if value is GONE:
        return "its default"
    if isinstance(value, tuple):
        return "×".join(map(_value, value))
    text = {True: "on", False: "off"}[value] if isinstance(value, bool) else f"{value:g}" if isinstance(value, float) else str(thaw(value))
    return text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN - 1]}…"
