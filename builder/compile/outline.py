"""A drawing as a figure in a paper has it: the bricks that make a network's outline, few enough to be seen at a glance. No torch."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from builder.catalogue import BATCH, Shape
from builder.graph.analysis import Analysis, Placed
from builder.graph.kinds import INPUT, OUTPUT

MOST = 34  # bricks of an outline
ABREAST = 6  # of them beside each other
# Above this a drawing is not opened any further: what is left out again would have been worked out for nothing.
MOST_SPREAD = 900
DEEPEST = 4  # blocks in blocks that are looked into
LESS = {"Activation", "Regularisation", "Normalisation", "Shape"}
OF_IMAGES = {"Convolution", "Pooling", "Input and output"}

Link = tuple[int, int]


@dataclass(frozen=True)
class Unit:
    """One brick of an outline: its category (of a shut block, that of what learns most in it), what it gives, how many copies stand for it.

    `first` says that the channels are the axis after the batch, as of images; else they are the last one, as of words.
    """

    category: str
    shape: Shape | None
    params: int = 0
    copies: int = 1
    first: bool = False


@dataclass(frozen=True)
class Outline:
    """Bricks in the order they run, and the links between them, by their places in that order."""

    units: tuple[Unit, ...]
    links: tuple[Link, ...]

    def kept(self, wanted: Callable[[Unit], bool]) -> Outline:
        """Only the bricks that are wanted; the others are seen through. Sources always stay."""
        into = self._into()
        stays = [not into[place] or wanted(unit) for place, unit in enumerate(self.units)]
        places = {old: new for new, old in enumerate(place for place, stay in enumerate(stays) if stay)}
        through: list[frozenset[int]] = []
        links: list[Link] = []
        for place, stay in enumerate(stays):
            sources = frozenset().union(*(through[source] for source in into[place]))
            through.append(frozenset({places[place]}) if stay else sources)
            links += [(source, places[place]) for source in sorted(sources)] if stay else []
        return Outline(tuple(self.units[place] for place in places), tuple(links))

    def columns(self) -> tuple[int, ...]:
        """How far along each brick stands: one further than the furthest that it reads; what reads nothing stands just before its reader."""
        into, depth = self._into(), [0] * len(self.units)
        for place in range(len(self.units)):
            depth[place] = max((depth[source] + 1 for source in into[place]), default=0)
        for source, _ in reversed(self.links):
            if not into[source] and self.units[source].category != "Input and output":
                depth[source] = max(0, min(depth[other] for one, other in self.links if one == source) - 1)
        return tuple(depth)

    def abreast(self) -> int:
        """The most bricks that stand beside each other."""
        columns = self.columns()
        return max((columns.count(column) for column in set(columns)), default=0)

    def _into(self) -> list[list[int]]:
        into: list[list[int]] = [[] for _ in self.units]
        for source, target in self.links:
            into[target].append(source)
        return into


def outline(analysis: Analysis) -> Outline:
    """The most detailed outline of a network that has at most MOST bricks."""
    levels = list(_levels(analysis))
    ways: tuple[Callable[[Unit], bool], ...] = (lambda unit: True, lambda unit: unit.category not in LESS)
    for whole in reversed(levels):
        for wanted in ways:
            found = whole.kept(wanted)
            if 0 < len(found.units) <= MOST and found.abreast() <= ABREAST:
                return found
    return _thinned(levels[0].kept(lambda unit: unit.params > 0))


def _thinned(found: Outline) -> Outline:
    """Evenly spaced bricks of a drawing that has too many."""
    step = -(-len(found.units) // MOST) or 1
    wanted = {id(unit) for unit in found.units[::step]}
    kept = found.kept(lambda unit: id(unit) in wanted)
    if len(kept.units) <= 2 * MOST:
        return kept
    # Nothing but sources: a row of them says as much as all.
    return Outline(kept.units[:MOST], tuple(link for link in kept.links if max(link) < MOST))


def _levels(analysis: Analysis) -> Iterator[Outline]:
    """The drawing with its blocks shut, then opened level by level, while it stays small enough."""
    for level in range(DEEPEST + 1):
        spread = _Spread()
        spread.add(analysis, [], level)
        if level and (spread.too_many or not spread.opened):
            return
        yield Outline(tuple(spread.units), tuple(dict.fromkeys(spread.links)))


class _Spread:
    """The bricks and links of a drawing as they are found, with the blocks of the first levels opened."""

    def __init__(self) -> None:
        self.units: list[Unit] = []
        self.links: list[Link] = []
        self.too_many = False
        self.opened = False
        self._tones: dict[int, str] = {}

    def add(self, analysis: Analysis, entering: Sequence[tuple[int, ...]], level: int) -> list[tuple[int, ...]]:
        """Add a network that reads what enters; which bricks give each of its outputs."""
        ports = iter(entering)
        gives: dict[str, list[tuple[int, ...]]] = {}
        leaving = []
        for name, placed in analysis.placed.items():
            known = (gives.get(edge.source, [()]) for edge in analysis.network.into(name))
            incoming = [one[min(edge.output, len(one) - 1)] for edge, one in zip(analysis.network.into(name), known, strict=True)]
            if placed.node.kind == INPUT:
                gives[name] = [next(ports, ())]
            elif placed.node.kind in (OUTPUT, "Output"):
                leaving.append(incoming[0] if incoming else ())
            elif placed.node.muted:
                gives[name] = [incoming[0] if incoming else ()]
            elif level and self._opens(placed):
                gives[name] = self._inside(placed, incoming, level - 1) or [()]
            else:
                gives[name] = [(self._unit(placed, incoming),)]
        return leaving

    def _opens(self, placed: Placed) -> bool:
        if placed.body is None or None in placed.body.outputs:
            return False
        self.opened = True
        self.too_many |= len(self.units) + sum(len(inner.placed) * count for inner, count in placed.body.runs) > MOST_SPREAD
        return not self.too_many

    def _inside(self, placed: Placed, incoming: list[tuple[int, ...]], level: int) -> list[tuple[int, ...]]:
        for inner, count in placed.body.runs:
            for _ in range(count):
                incoming = self.add(inner, incoming, level)
        return incoming

    def _unit(self, placed: Placed, incoming: list[tuple[int, ...]]) -> int:
        sources = sorted({source for one in incoming for source in one})
        category = self._tone(placed)
        first = category in OF_IMAGES or category not in ("Linear", "Shape") and bool(sources) and self.units[sources[0]].first
        copies = sum(count for _, count in placed.body.runs) if placed.body else 1
        self.units.append(Unit(category, placed.gives(), placed.cost[0], copies, first))
        place = len(self.units) - 1
        self.links += [(source, place) for source in sources]
        return place

    def _tone(self, placed: Placed) -> str:
        """The category that a brick is painted in; of a block, that of the brick that learns most inside."""
        if placed.body is None:
            return placed.layer.category if placed.layer else "Other"
        if not placed.body.runs:
            return "Other"
        inner = placed.body.runs[0][0]
        if id(inner) not in self._tones:
            bricks = [one for one in inner.placed.values() if one.node.kind not in (INPUT, OUTPUT)]
            most = max(bricks, key=lambda one: one.cost[0], default=None)
            self._tones[id(inner)] = self._tone(most) if most else "Other"
        return self._tones[id(inner)]


def size(unit: Unit) -> tuple[float, int]:
    """Side of the image (or root of the length of the sequence) and channels of what a brick gives; (1, features) of a vector."""
    axes = rest(unit.shape)
    if len(axes) < 2:
        return (1.0, axes[0] if axes else 1)
    channels = max(1, axes[0] if unit.first else axes[-1])
    windows = math.prod(axis // BATCH for axis in unit.shape if axis and axis % BATCH == 0)
    return max(1.0, windows * math.prod(axes) / channels) ** 0.5, channels


def rest(shape: Shape | None) -> tuple[int, ...]:
    """The axes of a shape that are not the batch's."""
    return tuple(axis for axis in shape or () if axis % BATCH)
