"""Two drawings side by side: which bricks were added, removed, changed, renamed or wired otherwise, and what that costs. A pure function.

Bricks of one name and kind are the same brick. What is left is matched along the order it runs, by the longest common subsequence of
kinds in which as many parameters as possible agree; what stands at the same place under the same name is a brick that became another kind.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

from builder.catalogue import show
from builder.catalogue.datasets import VALIDATION

from .analysis import Analysis, Placed, inside
from .augmentation import SECTION as AUGMENTATION
from .augmentation import row, said
from .check import RECORDS, WHOLE, Report, check
from .datasets import choices
from .document import Edge, Project
from .kinds import INPUT, OUTPUT

# Above this many pairs the agreement of parameters is left out of the matching, which takes a table of all pairs.
MOST_PAIRS = 250_000
# What a distance along the drawings takes off: of equally good matches, the one whose bricks stand at like places.
CLOSE = 0.01
# What is told apart of one brick's inside at most, levels deep.
MOST_LEVELS = 8

WHATS = ("added", "removed", "changed", "renamed", "rewired", "inside", "resized", "same")
What = Literal["added", "removed", "changed", "renamed", "rewired", "inside", "resized", "same"]


@dataclass(frozen=True)
class Value:
    """A parameter that differs: its name and the values as texts, None where there is no such parameter."""

    name: str
    before: str | None
    after: str | None

    def to_json(self) -> dict[str, object]:
        """The difference as a record."""
        return {"name": self.name, "before": self.before, "after": self.after}


@dataclass(frozen=True)
class Side:
    """A brick of one of the drawings: its name, kind, key parameters, output shape and costs for one sample."""

    id: str
    kind: str
    key: str
    output: str
    params: int
    macs: int

    def to_json(self) -> dict[str, object]:
        """The brick as a record."""
        return {"id": self.id, "kind": self.kind, "key": self.key, "output": self.output, "params": self.params, "macs": self.macs}


@dataclass(frozen=True)
class Change:
    """A brick and what became of it; `before` is None for an added one, `after` for a removed one.

    `values` are the parameters that differ, `wires` the inputs that come from elsewhere, and `inside` the changes within a block. A brick
    is `resized` when nothing about it was changed, but what comes in has another shape.
    """

    what: What
    before: Side | None
    after: Side | None
    values: tuple[Value, ...] = ()
    wires: tuple[Value, ...] = ()
    inside: tuple[Change, ...] = ()

    @property
    def params(self) -> int:
        """Learned numbers more (or, below zero, fewer) than before."""
        return (self.after.params if self.after else 0) - (self.before.params if self.before else 0)

    @property
    def macs(self) -> int:
        """Multiply-adds of one sample more (or fewer) than before."""
        return (self.after.macs if self.after else 0) - (self.before.macs if self.before else 0)

    def to_json(self) -> dict[str, object]:
        """The change as a record; what is the same inside is left out."""
        return {"what": self.what, "before": self.before and self.before.to_json(), "after": self.after and self.after.to_json(),
                "params": self.params, "macs": self.macs, "values": [value.to_json() for value in self.values],
                "wires": [wire.to_json() for wire in self.wires], "inside": [one.to_json() for one in self.inside if one.what != "same"]}


@dataclass(frozen=True)
class Diff:
    """All bricks of two projects in the order they run, those that are the same too; totals as (before, after); settings that differ."""

    names: tuple[str, str]
    changes: tuple[Change, ...]
    params: tuple[int, int]
    macs: tuple[int, int]
    settings: tuple[Value, ...] = ()

    @property
    def counts(self) -> dict[str, int]:
        """How many bricks were added, removed and so on, those inside blocks not counted."""
        return {what: sum(change.what == what for change in self.changes) for what in WHATS}

    @property
    def same(self) -> bool:
        """Are the drawings alike, whatever the training settings are?"""
        return all(change.what == "same" for change in self.changes)

    def to_json(self) -> dict[str, object]:
        """The differences as one JSON document."""
        return {"before": self.names[0], "after": self.names[1], "params": list(self.params), "macs": list(self.macs), "counts": self.counts,
                "changes": [change.to_json() for change in self.changes if change.what != "same"],
                "settings": [value.to_json() for value in self.settings]}


def diff(before: Project, after: Project, reports: tuple[Report, Report] | None = None) -> Diff:
    """What makes the second project another than the first: the drawings brick by brick, and the settings."""
    one, other = reports or (check(before), check(after))
    return Diff((before.name, after.name), _changes(one.analysis, other.analysis, 0), (one.params, other.params), (one.macs, other.macs),
                tuple(_settings(before, after)))


def _changes(before: Analysis, after: Analysis, level: int) -> tuple[Change, ...]:
    matched = match(before, after)
    back = {new: old for old, new in matched.items()}
    found: list[Change] = []
    added: list[Change] = []
    waiting = [name for name in before.placed if name not in matched]
    order = {name: i for i, name in enumerate(before.placed)}
    for name, placed in after.placed.items():
        old = back.get(name)
        if old is None:
            wires = tuple(Value(f"input {edge.port + 1}", None, _end(edge)) for edge in after.network.into(name))
            added.append(Change("added", None, _side(placed), wires=wires))
            continue
        # What was removed stands before what was put in its place.
        while waiting and order[waiting[0]] < order[old]:
            found.append(Change("removed", _side(before.placed[waiting.pop(0)]), None))
        found += [*added, _compared(before, after, old, name, matched, level)]
        added = []
    return (*found, *(Change("removed", _side(before.placed[name]), None) for name in waiting), *added)


def _side(placed: Placed) -> Side:
    key = placed.layer.key(placed.node.params) if placed.layer else ""
    return Side(placed.node.id, placed.node.kind, key, ", ".join(map(show, placed.shapes or (None,))), *placed.cost)


def _compared(before: Analysis, after: Analysis, old: str, new: str, matched: Mapping[str, str], level: int) -> Change:
    """What became of one brick."""
    one, other = before.placed[old], after.placed[new]
    values = tuple(_values(one, other))
    wires = tuple(_wires(before, after, old, new, matched))
    inner = _inner(before, after, old, new, level)
    moved = any(_is_moved(wire, before, after, matched) for wire in _pairs(before, after, old, new))
    differs = any(change.what != "same" for change in inner)
    sides = _side(one), _side(other)
    what: What = ("changed" if values else "renamed" if old != new else "inside" if differs else "rewired" if moved else "resized" if sides[0] != sides[1] else "same")
    return Change(what, *sides, (*values, *_inferred(one, other)), wires, inner if differs else ())


def _values(one: Placed, other: Placed) -> Iterator[Value]:
    if one.node.kind != other.node.kind:
        yield Value("kind", one.node.kind, other.node.kind)
    sides = [placed.layer.values(placed.node.params) if placed.layer else dict(placed.node.params) for placed in (one, other)]
    for name in dict.fromkeys((*sides[0], *sides[1])):
        texts = [_text(side[name]) if name in side else None for side in sides]
        if texts[0] != texts[1] and (one.node.kind == other.node.kind or None not in texts):
            yield Value(name, *texts)
    for name, plain in (("muted", False), ("frozen", False), ("of", None)):
        flags = [getattr(placed.node, name, plain) for placed in (one, other)]
        if flags[0] != flags[1]:
            yield Value("weights of" if name == "of" else name, *(_text(flag) for flag in flags))


def _inferred(one: Placed, other: Placed) -> Iterator[Value]:
    """What a layer reads off its input, as in_channels, where that differs."""
    if one.node.kind == other.node.kind and one.shape and other.shape and one.layer and not one.layer.block:
        for name, size in one.layer.inferred.items():
            texts = [_text(placed.inference.env.get(size)) for placed in (one, other)]
            if texts[0] != texts[1]:
                yield Value(name, *texts)


def _text(value: object) -> str:
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_text(item)}" for name, item in value.items())
    return "×".join(map(_text, value)) if isinstance(value, tuple) else str(value)


def _pairs(before: Analysis, after: Analysis, old: str, new: str) -> list[tuple[Edge | None, Edge | None]]:
    """The wires at each port of a brick, in the one drawing and in the other."""
    sides = [{edge.port: edge for edge in analysis.network.into(name)} for analysis, name in ((before, old), (after, new))]
    return [(sides[0].get(port), sides[1].get(port)) for port in sorted({*sides[0], *sides[1]})]


def _wires(before: Analysis, after: Analysis, old: str, new: str, matched: Mapping[str, str]) -> Iterator[Value]:
    for one, other in _pairs(before, after, old, new):
        if one and other and matched.get(one.source) == other.source and one.output == other.output:
            continue
        yield Value(f"input {(one or other).port + 1}", one and _end(one), other and _end(other))


def _end(edge: Edge) -> str:
    return edge.source if not edge.output else f"{edge.source} (output {edge.output + 1})"


def _is_moved(pair: tuple[Edge | None, Edge | None], before: Analysis, after: Analysis, matched: Mapping[str, str]) -> bool:
    """Does an input come from elsewhere than before, and that not merely because bricks were put between or taken out?"""
    one, other = pair
    if one is None or other is None:
        return True
    if matched.get(one.source) == other.source:
        return one.output != other.output
    back = {new: new for new in matched.values()}
    return _feeding(before, one.source, matched).isdisjoint(_feeding(after, other.source, back))


def _feeding(analysis: Analysis, name: str, matched: Mapping[str, str]) -> set[str]:
    """The bricks of both drawings, by their names in the second, that lead to a brick through bricks of this one alone; itself when it is of both."""
    waiting, seen, found = [name], set(), set()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        if name in matched:
            found.add(matched[name])
        else:
            waiting += [edge.source for edge in analysis.network.into(name)]
    return found


def _inner(before: Analysis, after: Analysis, old: str, new: str, level: int) -> tuple[Change, ...]:
    """The changes inside, where both are blocks."""
    kinds = before.placed[old].node.kind, after.placed[new].node.kind
    if level >= MOST_LEVELS or not before.kinds.is_block(kinds[0]) or not after.kinds.is_block(kinds[1]):
        return ()
    insides = inside(before, old), inside(after, new)
    return () if None in insides or insides[0] is insides[1] else _changes(*insides, level + 1)


def match(before: Analysis, after: Analysis) -> dict[str, str]:
    """Which brick of the first drawing is which of the second, by name."""
    matched = {name: name for name, placed in before.placed.items()
               if name in after.placed and after.placed[name].node.kind == placed.node.kind}
    rest = [[placed for name, placed in analysis.placed.items() if name not in matched] for analysis in (before, after)]
    matched |= {one.node.id: other.node.id for one, other in _along(*rest)}
    taken = set(matched.values())
    matched |= {name: name for name in before.placed if name not in matched and name in after.placed and name not in taken}
    return matched


def _along(before: Sequence[Placed], after: Sequence[Placed]) -> list[tuple[Placed, Placed]]:
    """Bricks of equal kinds in the same order, as many as possible; among those, the ones that agree most."""
    if len(before) * len(after) > MOST_PAIRS:
        rows = SequenceMatcher(None, [placed.node.kind for placed in before], [placed.node.kind for placed in after], autojunk=False)
        return [(before[a + i], after[b + i]) for a, b, size in rows.get_matching_blocks() for i in range(size)]
    scores = [[_alike(one, other) and _alike(one, other) - CLOSE * abs(i / len(before) - j / len(after)) for j, other in enumerate(after)]
              for i, one in enumerate(before)]
    best = [[0.0] * (len(after) + 1) for _ in range(len(before) + 1)]
    for i in range(len(before) - 1, -1, -1):
        for j in range(len(after) - 1, -1, -1):
            best[i][j] = max(best[i + 1][j], best[i][j + 1], best[i + 1][j + 1] + scores[i][j])
    return [(before[i], after[j]) for i, j in _path(best, scores)]


def _path(best: list[list[float]], scores: list[list[float]]) -> Iterator[tuple[int, int]]:
    """The pairs behind the best score."""
    i = j = 0
    while i < len(best) - 1 and j < len(best[0]) - 1:
        if scores[i][j] and best[i][j] == best[i + 1][j + 1] + scores[i][j]:
            yield i, j
            i, j = i + 1, j + 1
        elif best[i][j] == best[i + 1][j]:
            i += 1
        else:
            j += 1


def _alike(one: Placed, other: Placed) -> float:
    """0 for different kinds, else 1 and up to a half more for parameters and shapes that agree."""
    if one.node.kind != other.node.kind:
        return 0.0
    return 1.0 + 0.25 * (one.node.params == other.node.params) + 0.25 * (one.shape == other.shape)


SECTIONS = ("task", "data", "training")


def _settings(before: Project, after: Project) -> Iterator[Value]:
    """The settings that differ, by their path: "training.optimizer.lr"."""
    sides = [dict(_flat(project)) for project in (before, after)]
    for path in dict.fromkeys((*sides[0], *sides[1])):
        texts = [_text(side[path]) if path in side else None for side in sides]
        if texts[0] != texts[1]:
            yield Value(path, *texts)


def _flat(project: Project) -> Iterator[tuple[str, object]]:
    for section in SECTIONS:
        table = dict(getattr(project, section))
        if section == "training":
            table = {**{name: param.default for name, param in WHOLE.items()}, **table, AUGMENTATION: " → ".join(map(said, row(project))),
                     **{name: _record(table.get(name), project, name) for name in RECORDS}}
        if section == "data" and not table.get("valid"):
            table = {**table, VALIDATION.name: VALIDATION.normal(table.get(VALIDATION.name, VALIDATION.default))}
        for name, value in table.items():
            if isinstance(value, Mapping):
                yield from ((f"{section}.{name}.{inner}", item) for inner, item in value.items())
            else:
                yield f"{section}.{name}", value


def _record(given: object, project: Project, name: str) -> object:
    """An optimiser, a loss or an initialiser with its defaults; as it stands where the catalogue does not know it."""
    records, default = choices(project, name)
    table = dict(given) if isinstance(given, Mapping) else {}
    record = records.get(table.get("kind", default))
    return given if record is None else {"kind": record.kind, **record.values({key: value for key, value in table.items() if key != "kind"})}


def is_end(change: Change) -> bool:
    """Is this where a block begins or ends?"""
    return (change.after or change.before).kind in (INPUT, OUTPUT)
