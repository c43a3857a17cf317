"""Receptive fields: which part of the input a brick sees, through branches and blocks.

The recurrences of Araujo et al. 2019, distill.pub/2019/computing-receptive-fields, forwards, along every axis of every Input. Where branches meet, the largest range counts; sizes are
those of the theory, which reach over the image's edge where the brick reads padding. The mean and the variance of a normalisation
are not counted, as nowhere in the literature.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from builder.catalogue import Shape
from builder.catalogue.reach import Moves, Slide

from .analysis import Analysis, Placed
from .document import Edge
from .kinds import INPUT, OUTPUT

# An axis of what enters the network: (the Input's name, the axis counted with the batch as 0).
Axis = tuple[str, int]
NAMES = {1: ("L",), 2: ("H", "W"), 3: ("D", "H", "W")}


@dataclass(frozen=True)
class Track:
    """What a brick reads along one axis of an Input, by the position along its own axis `on`.

    They are `scattered` where they were joined with others' or spread over several axes: then only the size is known.
    """

    on: frozenset[int]
    slide: Slide
    scattered: bool = False


# Along every axis of every Input that is read; None: all of it.
Tracks = Mapping[Axis, Track | None]


@dataclass(frozen=True)
class Field:
    """A receptive field along one axis, in positions of the input (pixels of an image); `size` None is all of it.

    `jump` is how far apart the fields of neighbouring output positions are and `start` the first position that the first one reads, below
    zero where that is padding; None where they have no meaning.
    """

    axis: str
    size: int | None
    jump: Fraction | None = None
    start: int | None = None

    def to_json(self) -> dict[str, object]:
        """The field for a program: size "all" or a number."""
        return {"axis": self.axis, "size": "all" if self.size is None else self.size, "jump": None if self.jump is None else float(self.jump),
                "start": self.start}


@dataclass(frozen=True)
class Seen:
    """What the bricks of a drawing read: the tracks of each output by brick, and of a block what the last of each run of copies reads."""

    of: Mapping[str, tuple[Tracks, ...]]
    inside: Mapping[str, tuple[Seen, ...]]
    axes: tuple[tuple[Axis, str], ...] = field(default=(), compare=False)

    def fields(self, name: str) -> tuple[Field, ...] | None:
        """The largest receptive field of a brick's outputs, an entry a spatial axis of the input; None where there is none."""
        found = [one for tracks in self.of.get(name, ()) if (one := _fields(tracks, self.axes))]
        return max(found, key=_extent, default=None)


def seen(analysis: Analysis) -> Seen:
    """What every brick of a network reads of its Inputs."""
    axes = tuple(pair for name, placed in analysis.placed.items() if placed.node.kind == "Input" and placed.shape
                 for pair in _spatial(name, placed.shape, analysis))
    return _seen(analysis, {}, axes)


def _spatial(name: str, shape: Shape, analysis: Analysis) -> list[tuple[Axis, str]]:
    """The axes of a sample along which there are neighbours: all but the channels of an image, the one of a sequence that is slid along."""
    count = len(shape) - 1
    if count == 1:
        ids = analysis.placed[name].node.params.get("dtype") == "int64"
        return [((name, 1), "L")] if ids else []
    if count == 2:
        # N C L where something slides along the last axis, else N L E: tokens, or the rows of a picture.
        slides = any(placed.layer and len(placed.layer.spatial) == 1 for placed in _deep(analysis))
        return [((name, 2 if slides else 1), "L")]
    return [((name, axis + 2), letter) for axis, letter in enumerate(NAMES.get(count - 1, ()))]


def _deep(analysis: Analysis) -> Sequence[Placed]:
    """All bricks, those inside blocks too."""
    inner = [one for placed in analysis.placed.values() if placed.body for one in _deep(placed.body.runs[0][0])]
    return [*analysis.placed.values(), *inner]


def _seen(analysis: Analysis, entering: Mapping[str, Tracks], axes: tuple[tuple[Axis, str], ...]) -> Seen:
    of: dict[str, tuple[Tracks, ...]] = {}
    inside: dict[str, tuple[Seen, ...]] = {}
    for name, placed in analysis.placed.items():
        if placed.shape is None or placed.layer is None or None in placed.shapes:
            continue
        if placed.node.kind == "Input":
            of[name] = ({(name, axis): Track(frozenset((axis,)), Slide(1, ((0, 0),))) for axis in range(1, len(placed.shape))},)
        elif placed.node.kind == INPUT:
            of[name] = (entering.get(name, {}),)
        elif any(edge.source not in of for edge in analysis.network.into(name)):
            continue
        elif placed.node.muted:
            of[name] = (_brought(of, analysis.network.into(name)[0]),)
        elif placed.body is not None:
            of[name], inside[name] = _through(analysis, placed, of, axes)
        else:
            of[name] = _read(analysis, placed, of)
    return Seen(of, inside, axes)


def _brought(of: Mapping[str, tuple[Tracks, ...]], edge: Edge) -> Tracks:
    given = of[edge.source]
    return given[edge.output] if edge.output < len(given) else {}


def _read(analysis: Analysis, placed: Placed, of: Mapping[str, tuple[Tracks, ...]]) -> tuple[Tracks, ...]:
    """What the outputs of a layer read."""
    brought = [_brought(of, edge) for edge in analysis.network.into(placed.node.id)]
    if not placed.layer.outputs:
        return (brought[0],) if brought else ({},)
    found = []
    for output, shape in enumerate(placed.shapes):
        moves = placed.layer.reach(placed.inputs, shape, placed.inference, placed.node.params, output)
        found.append(_met([_moved(tracks, moved) for tracks, moved in zip(brought, moves, strict=False)], shape))
    return tuple(found)


def _through(analysis: Analysis, placed: Placed, of: Mapping[str, tuple[Tracks, ...]],
             axes: tuple[tuple[Axis, str], ...]) -> tuple[tuple[Tracks, ...], tuple[Seen, ...]]:
    """What the outputs of a block read, copy after copy, and what the bricks inside do."""
    given = tuple(_brought(of, edge) for edge in analysis.network.into(placed.node.id))
    last: list[Seen] = []
    for inner, count in placed.body.runs:
        ends = [node.id for node in inner.network.nodes if node.kind == OUTPUT]
        entries = [node.id for node in inner.network.nodes if node.kind == INPUT]
        for _ in range(count):
            found = _seen(inner, dict(zip(entries, given, strict=False)), axes)
            before, given = given, tuple(found.of[end][0] if end in found.of else {} for end in ends)
            if given == before:
                break
        last.append(found)
    return given, tuple(last)


def _moved(tracks: Tracks, moves: Moves) -> Tracks:
    return {axis: track if track is None else _step(track, moves) for axis, track in tracks.items()}


def _step(track: Track, moves: Moves) -> Track | None:
    """What is read of an axis after a layer; None when that is all of it."""
    if not track.on:
        return track
    met = [moves[axis] for axis in track.on]
    if any(one is None for one in met):
        return None
    to = frozenset().union(*(one.to for one in met))
    if len(met) == 1 and not track.scattered:
        inner = met[0].slide
        return Track(to, track.slide, True) if inner is None else Track(to, track.slide.after(inner))
    return Track(to, track.slide, True) if all(one.stays for one in met) else None


def _met(brought: Sequence[Tracks], shape: Shape) -> Tracks:
    """What is read through several inputs together."""
    together: dict[Axis, Track | None] = {}
    for tracks in brought:
        for axis, track in tracks.items():
            together[axis] = _larger(together[axis], track, shape) if axis in together else track
    return together


def _larger(one: Track | None, other: Track | None, shape: Shape) -> Track | None:
    """A range that holds both."""
    if one is None or other is None:
        return None
    on = one.on or other.on
    if (one.on or on) != (other.on or on):
        return None
    length = shape[next(iter(on))] if len(on) == 1 else 1
    return Track(on, one.slide.beside(other.slide, length), one.scattered or other.scattered or len(on) > 1)


def _fields(tracks: Tracks, axes: Sequence[tuple[Axis, str]]) -> tuple[Field, ...] | None:
    """The tracks along the spatial axes, of the Input that is read most of."""
    of_input: dict[str, list[Field]] = {}
    for axis, letter in axes:
        if axis in tracks:
            of_input.setdefault(axis[0], []).append(_field(tracks[axis], letter))
    return max(map(tuple, of_input.values()), key=_extent, default=None)


def _field(track: Track | None, letter: str) -> Field:
    if track is None:
        return Field(letter, None)
    first = next(filter(None, track.slide.table), None)
    known = first is not None and not track.scattered
    return Field(letter, track.slide.size, (track.slide.jump or None) if known else None, first[0] if known else None)


def _extent(fields: Sequence[Field]) -> tuple[int, int]:
    return sum(one.size is None for one in fields), math.prod(one.size or 1 for one in fields)


def text(fields: Sequence[Field] | None) -> str:
    """A receptive field for people: "14×14", "whole image", "7×all"; a dash where there is none."""
    if not fields:
        return "–"
    if all(one.size is None for one in fields):
        return "whole image" if len(fields) > 1 else "whole input"
    return "×".join("all" if one.size is None else str(one.size) for one in fields)


def steps(fields: Sequence[Field] | None) -> str:
    """How far apart neighbouring fields are: "4×4"; empty where that has no meaning."""
    if not fields or any(one.jump is None for one in fields):
        return ""
    return "×".join(str(abs(one.jump)) for one in fields)


def starts(fields: Sequence[Field] | None) -> str:
    """Where the first field begins: "-2, -2"; empty where that has no meaning."""
    if not fields or any(one.start is None for one in fields):
        return ""
    return ", ".join(str(one.start) for one in fields)
