"""Bricks in their levels: a module's call becomes a block, containers and wrappers are opened, equal copies in a row become one brick."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import torch
from torch import nn

from builder.catalogue import LAYERS
from builder.graph.document import EMPTY, MAX_NESTING, FrozenDict

from .pen import Brick, Wire
from .record import Call, ImportRefused, Op, values_in
from .translate import Flat, users

FEW, PAIR = 3, 2  # bricks of a container, or of another module, that are not worth a level of their own
READABLE = 24  # bricks of a level that containers are opened up to
CONTAINERS = (nn.Sequential, nn.ModuleList, nn.ModuleDict)


@dataclass(eq=False)
class Use:
    """A block used as a brick: `bodies` are its copies in a row."""

    bodies: list[Body]
    inputs: list[Wire]
    outputs: list[Wire]

    @property
    def call(self) -> Call:
        """The (first) call that it is."""
        return self.bodies[0].call


@dataclass(eq=False)
class Body:
    """The inside of a block, or the network."""

    call: Call
    inputs: list[Wire]
    items: list[Brick | Use] = field(default_factory=list)
    outputs: list[Wire] = field(default_factory=list)
    height: int = 1
    argument_wires: Mapping[int, Wire] = field(default_factory=dict)  # by the id of the recorded value


# ---- What is read from several places ----

def shared(root: Call) -> tuple[frozenset[str], dict[int, Call | Op]]:
    """Parameters that different modules read, and what is called again: by the id of the later call (or operation) the first one."""
    raw: set[str] = set()
    again: dict[int, Call | Op] = {}
    for name, ops in users(root).items():
        chains = [[*op.call.above(), op] for op in ops]
        for i, later in enumerate(chains):
            for earlier in chains[:i]:
                first, second = next((a, b) for a, b in zip(earlier, later, strict=False) if a is not b)
                if type(first) is type(second) and first.path == second.path and first.path and (isinstance(first, Call) or first.module is not None):
                    again.setdefault(id(second), again.get(id(first), first))
                else:
                    raw.add(name)
    return frozenset(raw), again


# ---- Levels ----

class Levels:
    """Puts flat bricks into the levels of the calls that they belong to."""

    def __init__(self, flat: Flat, again: Mapping[int, Call | Op]):
        self.flat, self.numbers = flat, Numbers(again)
        self.kept_whole = {*again, *(id(first) for first in again.values())}
        self.bricks = _needed(flat)
        self.items: dict[int, list[Brick | Call]] = {}
        self.calls: list[Call] = []
        for brick in self.bricks:
            self._file(brick)
        self._span()
        self._hold_values()
        self._hoist()
        self._count_readers()

    def _file(self, brick: Brick) -> None:
        chain = brick.call.above()
        for outer, inner in zip(chain, chain[1:], strict=False):
            level = self.items.setdefault(id(outer), [])
            if inner not in level[-1:] and inner not in level:
                level.append(inner)
        self.items.setdefault(id(brick.call), []).append(brick)

    def _span(self) -> None:
        """Which calls lie inside which: by the numbers of the first and behind the last."""
        self.span: dict[int, tuple[int, int]] = {}

        def number(call: Call, count: int) -> int:
            start = count
            count += 1
            for item in call.items:
                if isinstance(item, Call):
                    count = number(item, count)
            self.span[id(call)] = start, count
            return count

        number(self.flat.root, 0)

    def holds(self, call: Call, other: Call) -> bool:
        """Is `other` the call or inside it?"""
        start, stop = self.span[id(call)]
        return start <= self.span[id(other)][0] < stop

    def _hold_values(self) -> None:
        """Parameters and constants that are read by wire get bricks of their own, in the innermost level that holds all readers."""
        readers: dict[int, list[Brick]] = {}
        wires: dict[int, Wire] = {}
        for brick in self.bricks:
            for wire in brick.inputs:
                if wire.kind in ("parameter", "constant"):
                    readers.setdefault(id(wire), []).append(brick)
                    wires[id(wire)] = wire
        for key, wire in wires.items():
            level = _around([brick.call for brick in readers[key]])
            holder = held(wire, level)
            level_items = self.items[id(level)]
            first = next(i for i, item in enumerate(level_items)
                         if (item in readers[key] if isinstance(item, Brick) else any(self.holds(item, brick.call) for brick in readers[key])))
            level_items.insert(first, holder)
        for _, wire in self.flat.results:
            if wire.kind in ("parameter", "constant") and wire.brick is None:
                self.items.setdefault(id(self.flat.root), []).append(held(wire, self.flat.root))

    def _hoist(self) -> None:
        """A block that begins by joining ever more inputs gets them joined: the layers of a DenseNet are then all alike."""
        leading: dict[type, list[tuple[Call, Brick]]] = {}
        for call in self._all_calls(self.flat.root):
            first = self.items.get(id(call), [None])[0]
            if call.parent is not None and isinstance(first, Brick) and first.kind == "Concat" and not any(self._made_in(call, wire) for wire in first.inputs):
                others = [brick for brick in self.bricks if brick is not first and self.holds(call, brick.call)]
                if not any(wire in brick.inputs for brick in others for wire in first.inputs):
                    leading.setdefault(type(call.module), []).append((call, first))
        for found in leading.values():
            if len({len(first.inputs) for _, first in found}) > 1:
                for call, first in found:
                    self.items[id(call)].remove(first)
                    outer = self.items[id(call.parent)]
                    outer.insert(outer.index(call), first)
                    first.call, first.path = call.parent, first.path or call.path + "_concat"

    def _all_calls(self, call: Call) -> Iterator[Call]:
        yield call
        for item in self.items.get(id(call), []):
            if isinstance(item, Call):
                yield from self._all_calls(item)

    def _made_in(self, call: Call, wire: Wire) -> bool:
        return wire.brick is not None and self.holds(call, wire.brick.call)

    def _count_readers(self) -> None:
        self.readers: dict[int, list[Brick | None]] = {}
        for call in self._all_calls(self.flat.root):
            for item in self.items.get(id(call), []):
                if isinstance(item, Brick):
                    for wire in item.inputs:
                        self.readers.setdefault(id(wire), []).append(item)
        for _, wire in self.flat.results:
            self.readers.setdefault(id(wire), []).append(None)

    # ---- From calls to bodies ----

    def network(self, wires: Mapping[int, Wire]) -> Body:
        """The whole model."""
        self.wires = wires
        root = self.body(self.flat.root)
        root.inputs, root.outputs = list(self.flat.inputs), [wire for _, wire in self.flat.results]
        wrapped = [item for item in root.items if isinstance(item, Use) and len(item.bodies) == 1 and id(item.call) not in self.kept_whole]
        if len(wrapped) == 1 and len(root.items) <= FEW and len(wrapped[0].bodies[0].items) <= READABLE:
            root.items = _opened(root.items, wrapped[0])
        return root

    def body(self, call: Call) -> Body:
        """One call with everything inside it, containers opened as far as that stays readable."""
        items: list[Brick | Use] = []
        for item in self.items.get(id(call), []):
            if isinstance(item, Brick):
                items.append(item)
                continue
            inner = self.body(item)
            if self._is_opened(inner):
                if len(inner.items) == 1 and isinstance(inner.items[0], Brick) and not inner.items[0].path:
                    inner.items[0].path = item.path
                items += inner.items
            else:
                items.append(Use([inner], inner.inputs, inner.outputs))
        items = self._in_rows(items)
        closed = sorted((item for item in items if isinstance(item, Use) and type(item.call.module) in CONTAINERS and len(item.bodies) == 1
                         and id(item.call) not in self.kept_whole), key=lambda use: len(use.bodies[0].items))
        for use in closed:
            if len(items) + len(use.bodies[0].items) - 1 <= READABLE:
                items = _opened(items, use)
        items = self._in_rows(items)
        inputs, outputs = self._ends(call, items)
        height = 1 + max((body.height for item in items if isinstance(item, Use) for body in item.bodies), default=0)
        given = {id(value): self.wires[id(value)] for value in values_in((call.args, dict(call.kwargs))) if id(value) in self.wires}
        return Body(call, inputs, items, outputs, height, given)

    def _is_opened(self, inner: Body) -> bool:
        if id(inner.call) in self.kept_whole:
            return False
        is_small = len(inner.items) <= (FEW if type(inner.call.module) in CONTAINERS else PAIR)
        return is_small or not inner.inputs or inner.height > MAX_NESTING - 2

    def _ends(self, call: Call, items: list[Brick | Use]) -> tuple[list[Wire], list[Wire]]:
        """What enters a level, as its call was given it, and what leaves it, as it was returned."""
        made = {id(wire) for item in items for wire in item.outputs}
        entering = dict.fromkeys(wire for item in items for wire in item.inputs if id(wire) not in made)
        given = dict.fromkeys(self.wires[id(value)] for value in values_in((call.args, dict(call.kwargs))) if id(value) in self.wires)
        inputs = [*(wire for wire in given if wire in entering), *(wire for wire in entering if wire not in given)]
        leaving = [wire for item in items for wire in item.outputs
                   if any(reader is None or not self.holds(call, reader.call) for reader in self.readers.get(id(wire), ()))]
        returned = dict.fromkeys(self.wires[id(value)] for value in values_in(call.result) if id(value) in self.wires)
        return inputs, [*(wire for wire in returned if wire in leaving), *(wire for wire in leaving if wire not in returned)]

    def _in_rows(self, items: list[Brick | Use]) -> list[Brick | Use]:
        """Equal copies one behind the other as one brick."""
        rows: list[Brick | Use] = []
        for item in items:
            before = rows[-1] if rows else None
            if isinstance(item, Use) and isinstance(before, Use) and self._follows(before, item):
                rows[-1] = Use(before.bodies + item.bodies, before.inputs, item.outputs)
            else:
                rows.append(item)
        return rows

    def _follows(self, one: Use, other: Use) -> bool:
        if len(one.inputs) != 1 or len(one.outputs) != 1 or other.inputs != one.outputs or len(other.outputs) != 1:
            return False
        if any(id(use.call) in self.kept_whole for use in (one, other)):
            return False
        inside = other.bodies[0]
        read = all(reader is not None and self.holds(inside.call, reader.call) for reader in self.readers.get(id(one.outputs[0]), ()))
        return read and self.numbers.exact(one.bodies[-1]) == self.numbers.exact(inside)


def _opened(items: list[Brick | Use], use: Use) -> list[Brick | Use]:
    at = items.index(use)
    return [*items[:at], *use.bodies[0].items, *items[at + 1:]]


def _needed(flat: Flat) -> list[Brick]:
    """The bricks that the results need."""
    used = {id(wire.brick) for _, wire in flat.results if wire.brick}
    kept = []
    for brick in reversed(flat.bricks):
        if id(brick) in used:
            used |= {id(wire.brick) for wire in brick.inputs if wire.brick}
            kept.append(brick)
    return kept[::-1]


def _around(calls: list[Call]) -> Call:
    """The innermost call that holds all of these."""
    chains = [call.above() for call in calls]
    return [level[0] for level in zip(*chains, strict=False) if all(one is level[0] for one in level)][-1]


KINDS = {torch.float32: "float32", torch.int64: "int64", torch.bool: "bool"}


def held(wire: Wire, level: Call) -> Brick:
    """The brick that holds a parameter or a constant."""
    if wire.kind == "parameter":
        brick = Brick("Parameter", FrozenDict({"shape": wire.shape}), [], level, wire.name, weights={"": wire.name})
    elif wire.number is not None and not wire.name and wire.dtype == torch.float32 and not wire.shape:
        brick = Brick("Constant", FrozenDict({"value": float(wire.number)}) if wire.number != 1 else EMPTY, [], level, weights={"": wire.constant})
    elif wire.dtype not in KINDS:
        raise ImportRefused(f"{level.path or 'the network'} reads constants of type {wire.dtype}, which no brick holds; there are {', '.join(KINDS.values())}")
    else:
        kind = {} if wire.dtype == torch.float32 else {"dtype": KINDS[wire.dtype]}
        brick = Brick("Buffer", FrozenDict({"shape": wire.shape, **kind}), [], level, wire.name, weights={"": wire.name or wire.constant})
    brick.outputs = (wire,)
    wire.brick = brick
    return brick


# ---- Equal or not ----

def values(item: Brick | Use) -> dict[str, object]:
    """A brick's own parameters with all their values."""
    return {"repeat": len(item.bodies)} if isinstance(item, Use) else LAYERS[item.kind].values(item.params)


def typed(value: object) -> object:
    """A value that equals only values of its own type."""
    return tuple(map(typed, value)) if isinstance(value, tuple) else (type(value).__name__, repr(value))


class Numbers:
    """Numbers for the insides of blocks: equal for those that are wired alike, or that have the same values everywhere as well."""

    def __init__(self, again: Mapping[int, Call | Op]):
        self.again = again
        self._kept: list[Body] = []  # so that no id comes twice
        self._wired: dict[int, int] = {}
        self._exact: dict[int, int] = {}
        self._known: dict[object, int] = {}

    def owner(self, body: Body, item: Brick | Use) -> int | None:
        """The place of the item whose weights this one uses."""
        first = self.again.get(id(item.op if isinstance(item, Brick) else item.call))
        if first is None:
            return None
        return next((i for i, other in enumerate(body.items) if (other.op if isinstance(other, Brick) else other.call) is first), None)

    def wiring(self, body: Body) -> int:
        """A number that bodies wired alike share."""
        if id(body) not in self._wired:
            self._kept.append(body)
            known: dict[int, tuple[int, int]] = {id(wire): (-1, i) for i, wire in enumerate(body.inputs)}
            lines = []
            for i, item in enumerate(body.items):
                is_brick = isinstance(item, Brick)
                what = (item.kind, item.frozen, tuple(sorted(item.weights))) if is_brick else (self.wiring(item.bodies[0]),)
                lines.append((what, tuple(known[id(wire)] for wire in item.inputs), len(item.outputs), self.owner(body, item)))
                known |= {id(wire): (i, output) for output, wire in enumerate(item.outputs)}
            key = ("wiring", tuple(lines), len(body.inputs), tuple(known[id(wire)] for wire in body.outputs))
            self._wired[id(body)] = self._known.setdefault(key, len(self._known))
        return self._wired[id(body)]

    def exact(self, body: Body) -> int:
        """A number that bodies share which are wired alike and have the same values everywhere."""
        if id(body) not in self._exact:
            inside = tuple(tuple((name, typed(value)) for name, value in values(item).items()) if isinstance(item, Brick)
                           else (len(item.bodies), self.exact(item.bodies[0])) for item in body.items)
            key = ("exact", self.wiring(body), inside)
            self._exact[id(body)] = self._known.setdefault(key, len(self._known))
        return self._exact[id(body)]
