"""Which blocks share one class: those that are wired alike. The values in which they differ become arguments of the constructor."""

from __future__ import annotations

import functools
import inspect
import itertools
import re
import typing
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from .resolve import resolve
from .trace import Step, Trace

CLASS = "Network"
# Names that the text itself uses inside constructors.
MODULES = ("torch", "torchvision", "math", "F")
RESERVED = frozenset({"self", "nn", "super", "range", "OrderedDict", "tuple", "int", CLASS, *MODULES})
REQUIRED = inspect.Parameter.empty

# Where a value stands in a class: (which step, which of its constructors, the argument); None as argument is the number of copies.
Place = tuple[int, int, str | None]


@functools.cache
def signature(module: str) -> dict[str, object]:
    """Argument names of a torch class with their defaults (REQUIRED where there is none)."""
    made = resolve(module)
    # The recurrent classes pass on whatever they are given; what they take stands in their overloads.
    told = typing.get_overloads(made.__init__) if inspect.isclass(made) else ()
    parameters = inspect.signature(told[0] if told else made).parameters
    return {name: parameter.default for name, parameter in parameters.items() if name != "self"}


@dataclass(frozen=True)
class Made:
    """`count` copies in a row of one class, made with the same values; `after` copies that are written apart come before them."""

    shared: Shared
    values: tuple[object, ...]
    count: int
    after: int = 0

    @property
    def is_loop(self) -> bool:
        """Are the copies written as a loop?"""
        return self.count > 1 or self.after > 0


@dataclass(eq=False)
class Shared:
    """One class of the text: the bodies that it serves, its arguments with their defaults, and the places inside that read them."""

    bodies: list[Trace]
    made: list[dict[int, list[Made]]]
    name: str = ""
    arguments: dict[str, object] = field(default_factory=dict)
    lifted: dict[Place, str] = field(default_factory=dict)

    @property
    def body(self) -> Trace:
        """The first of the bodies; the others differ from it in values alone."""
        return self.bodies[0]

    @property
    def alike(self) -> bool:
        """Do all bodies have the same shapes everywhere?"""
        return len(self.bodies) == 1 or len({(body.entry_shapes, *(step.shapes for step in body.steps)) for body in self.bodies}) == 1

    def value(self, which: int, place: Place) -> object:
        """What stands at a place in one of the bodies."""
        step, number, argument = place
        if not self.bodies[which].steps[step].runs:
            return self.bodies[which].steps[step].arguments[argument]
        made = self.made[which][step][number]
        return made.count + made.after if argument is None else made.values[list(made.shared.arguments).index(argument)]

    def values(self, which: int) -> tuple[object, ...]:
        """What the constructor is given to make one of the bodies."""
        first = {name: place for place, name in reversed(self.lifted.items())}
        return tuple(self.value(which, first[name]) for name in self.arguments)


def typed(value: object) -> object:
    """A value that equals only values of its own type: 1 and true are different arguments."""
    return tuple(map(typed, value)) if isinstance(value, tuple) else (type(value), value)


def shared_classes(network: Trace) -> list[Shared]:
    """The classes that a network needs, each after those it uses; the network's own is the last."""
    bodies = list(_bodies(network, {}))
    owner: dict[Trace, tuple[Shared, int]] = {}
    waiting = bodies
    while waiting:
        ready = [body for body in waiting if all(inner in owner for step in body.steps for inner, _ in step.runs)]
        _share(ready, owner)
        waiting = [body for body in waiting if body not in owner]
    classes = list(dict.fromkeys(owner[body][0] for body in bodies))
    _name(classes)
    return classes


def _bodies(trace: Trace, seen: dict[Trace, None]) -> Iterator[Trace]:
    """Every different body, the inner ones first."""
    for step in trace.steps:
        for inner, _ in step.runs:
            if inner not in seen:
                yield from _bodies(inner, seen)
    seen[trace] = None
    yield trace


def _share(bodies: Iterable[Trace], owner: dict[Trace, tuple[Shared, int]]) -> None:
    """Put bodies whose insides are known into classes, one for every wiring."""
    groups: dict[object, Shared] = {}
    for body in bodies:
        made = {i: _made(step, owner) for i, step in enumerate(body.steps) if step.runs}
        shared = groups.setdefault(_wiring(body, made), Shared([], []))
        shared.bodies.append(body)
        shared.made.append(made)
    for shared in groups.values():
        _straighten(shared)
        _lift(shared)
        owner |= {body: (shared, which) for which, body in enumerate(shared.bodies)}


def _made(step: Step, owner: dict[Trace, tuple[Shared, int]]) -> list[Made]:
    """The constructors behind a block; copies that differ in their shapes alone are made alike."""
    made: list[Made] = []
    for inner, count in step.runs:
        shared, which = owner[inner]
        one = Made(shared, shared.values(which), count)
        if made and made[-1].shared is shared and typed(made[-1].values) == typed(one.values):
            one = Made(shared, one.values, made.pop().count + count)
        made.append(one)
    return made


def is_row(made: list[Made]) -> bool:
    """Is this several copies in a row?"""
    return len(made) > 1 or made[0].count > 1


def _is_simple(made: list[Made]) -> bool:
    """Are these copies of one class, all made alike or all but the first?"""
    return is_row(made) and all(one.shared is made[0].shared for one in made) and (len(made) == 1 or len(made) == 2 and made[0].count == 1)


def _straighten(shared: Shared) -> None:
    """Where the bodies write one row differently, all write it as the first copy and a loop over the others."""
    for i in shared.made[0]:
        if len({tuple(one.is_loop for one in made[i]) for made in shared.made}) > 1:
            for made in shared.made:
                first, rest = made[i][0], made[i][-1]
                copies = sum(one.count for one in made[i])
                made[i] = [Made(first.shared, first.values, 1), Made(rest.shared, rest.values, copies - 1, after=1)]


def _wiring(body: Trace, made: dict[int, list[Made]]) -> object:
    """Everything about a body except the values that a constructor can be given."""
    steps = []
    for i, step in enumerate(body.steps):
        if step.runs:
            row = made[i]
            what = ("row", id(row[0].shared)) if _is_simple(row) else (is_row(row), *((id(one.shared), one.is_loop) for one in row))
        else:
            built = signature(step.layer.module) if step.layer.module else {}
            what = (step.layer.kind, typed(tuple((name, value) for name, value in step.arguments.items() if name not in built)) if step.layer.call or not built else (),
                    step.layer.starts(step.arguments) if callable(step.layer.starts) else "")
        steps.append((step.name, step.inputs, what, step.owner, step.frozen))
    return body.kind, body.entries, tuple(steps), body.results, body.late


def _places(shared: Shared) -> Iterator[tuple[Place, object]]:
    """Every place that a constructor's value can stand at, with what the class there takes by itself."""
    for i, step in enumerate(shared.body.steps):
        if step.layer.module and not step.runs:
            yield from (((i, 0, name), default) for name, default in signature(step.layer.module).items() if name in step.arguments)
        for number, one in enumerate(shared.made[0].get(i, ())):
            yield from (((i, number, name), default) for name, default in one.shared.arguments.items())
            if one.is_loop:
                yield (i, number, None), REQUIRED


def _lift(shared: Shared) -> None:
    """Give the values that differ between the bodies a name; places that always agree share it."""
    if len(shared.bodies) == 1:
        return
    columns: dict[object, list[tuple[Place, object]]] = {}
    for place, default in _places(shared):
        column = tuple(typed(shared.value(which, place)) for which in range(len(shared.bodies)))
        if len(set(column)) > 1:
            columns.setdefault(column, []).append((place, default))
    # An argument called as one of the classes that the constructor uses would hide it.
    classes = tuple(one.shared.body.kind for made in shared.made[0].values() for one in made)
    wanted: dict[str, object] = {}
    for column, places in columns.items():
        candidates = _names(shared, column, [place for place, _ in places])
        name = next(name for name in candidates if name not in wanted and name not in RESERVED and not name.startswith(classes))
        default = places[0][1]
        wanted[name] = default if typed(default) in column else REQUIRED
        shared.lifted |= {place: name for place, _ in places}
    # Arguments with a default come last, as Python asks.
    shared.arguments = dict(sorted(wanted.items(), key=lambda item: item[1] is not REQUIRED))


def _names(shared: Shared, column: object, places: list[Place]) -> Iterator[str]:
    """What values may be called, the best first: as the block promotes them, as its parameter, as the argument that they are."""
    body, named = shared.body, [_argument(shared.body, place) for place in places]
    yield from (body.promoted[one] for one in named if one in body.promoted)
    yield from (name for name in body.given if column == tuple(typed(other.given[name]) for other in shared.bodies))
    # What a normalisation calls num_features is what a layer beside it reads or makes.
    step, argument = next((one for one in named if not one[1].startswith("num_")), named[0])
    copy = places[0][1] + 1
    yield from (argument, *([f"{argument}{copy}"] if copy > 1 else []), f"{step}_{argument}")
    yield from (f"{argument.lower()}{i}" for i in itertools.count(2))


def _argument(body: Trace, place: Place) -> tuple[str, str]:
    return body.steps[place[0]].name, place[2] or "repeat"


def _name(classes: list[Shared]) -> None:
    """A name for every class: its block's; the variants of one block are told apart by what they have besides the plainest."""
    taken = {CLASS, *(shared.body.kind for shared in classes)}
    variants: dict[str, list[Shared]] = {}
    for shared in classes:
        variants.setdefault(shared.body.kind or CLASS, []).append(shared)
    for kind, group in variants.items():
        first, *others = sorted(group, key=_plainness)
        # A class called as a module that the text imports would hide it.
        endings = ("", *map(str, range(2, len(taken) + 3)))
        first.name = kind if kind not in MODULES else next(name for ending in endings if (name := f"{kind}Block{ending}") not in taken)
        taken.add(first.name)
        for shared in others:
            shared.name = next(name for name in _variant_names(kind, shared, first.body) if name not in taken)
            taken.add(shared.name)


def _plainness(shared: Shared) -> tuple[int, int]:
    """How many switches are on, and how many bricks there are."""
    return sum(value is True for value in shared.body.given.values()), len(shared.body.steps)


def _variant_names(kind: str, shared: Shared, plain: Trace) -> Iterator[str]:
    """Kind and what a variant has besides: a switch that is on, a word that is another, a brick more; else a number."""
    for name, value in shared.body.given.items():
        if all(body.given[name] == value for body in shared.bodies) and value != plain.given[name] and isinstance(value, bool | str):
            yield f"{kind}With{_camel(value if isinstance(value, str) else name)}"
    names = {step.name for step in plain.steps}
    yield from (f"{kind}With{_camel(step.name)}" for step in shared.body.steps if step.name not in names)
    yield from (f"{kind}{i}" for i in itertools.count(2))


def _camel(name: str) -> str:
    """shortcut_bn1 as ShortcutBn."""
    return "".join(part[:1].upper() + part[1:] for part in re.sub("(?<=[a-z_])[0-9]+$", "", name).split("_"))
