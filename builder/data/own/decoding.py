"""Pictures one after the other, whole or by the pieces that are cut out of them: which can be used, how large they are, and their pixels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy

from ..records import DataError, Progress
from .brought import Brought, must_fit, parts_of, side_for, tiled
from .choices import CHANNELS, Choices
from .pictures import brought, decoded, is_grey
from .places import MOST_FILE, Item
from .report import Broken, class_name
from .tiles import Tiles, small


@dataclass(frozen=True)
class Piece:
    """One sample: the class of a picture, or of the `box` of it (left, top, right, bottom in pixels); `group` names what must stay in one part."""

    name: str
    label: int
    part: str = ""
    box: tuple[int, int, int, int] | None = None
    group: str = ""


@dataclass(frozen=True)
class Sheaf:
    """A picture's file with the pieces of it; `size` is the width and height it must have where boxes were drawn on it, which is not turned upright."""

    item: Item
    pieces: tuple[Piece, ...]
    size: tuple[int, int] | None = None


@dataclass
class Decoded:
    """Pieces that can be used, their sizes, whether all are grey, and their pixels where a side was asked for."""

    good: list[Piece] = field(default_factory=list)
    sizes: Counter = field(default_factory=Counter)
    grey: bool = True
    broken: tuple[Broken, ...] = ()
    x: numpy.ndarray | None = None


def read_pieces(sheaves: Sequence[Sheaf], classes: Sequence[str], broken: Sequence[Broken], notes: Sequence[str], origin: str, choices: Choices, tell: Progress,
                look: bool) -> Brought:
    """The pieces as samples of one size; raises DataError when none can be used."""
    count = sum(len(sheaf.pieces) for sheaf in sheaves)
    if not look and choices.side is None:
        seen = _decode(sheaves, choices, tell, None, count, None)
        choices = replace(choices, side=side_for(seen.sizes, len(seen.good), 1 if seen.grey else 3))
    channels, side = CHANNELS[choices.colours] or 3, None if look else choices.side
    if side is not None:
        must_fit(count, (channels, side, side))
    tiles = Tiles() if look else None
    done = _decode(sheaves, choices, tell, side, count, tiles)
    good, broken = done.good, (*broken, *done.broken)
    if not good:
        why = f": {broken[0].name}: {broken[0].why}" if broken else ""
        raise DataError(f"there is no picture in {origin} that can be used{why}")
    grey = done.grey if CHANNELS[choices.colours] is None else channels == 1
    suggested = choices.side or side_for(done.sizes, len(good), 1 if grey else 3)
    there = sorted({piece.label for piece in good})
    parts, said = _parts(good, choices, look)
    x = None if done.x is None else done.x[:len(good), :1] if grey else done.x[:len(good)]
    # Classes of which no sample can be used are none.
    names = {label: class_name(classes[label]) for label in there}
    return Brought("", origin, tuple(names.values()), tuple(there.index(piece.label) for piece in good), tuple(parts),
                   (1 if grey else 3, suggested, suggested), done.sizes, tuple(broken), (*notes, *said), suggested, x, tiled(tiles, names))


def _parts(good: Sequence[Piece], choices: Choices, look: bool) -> tuple[list[str], list[str]]:
    """The part of each piece; those of one group have one, so that no picture both trains and tests."""
    if not any(piece.group for piece in good):
        return parts_of([piece.part for piece in good], [piece.name for piece in good], [piece.label for piece in good], choices, look)
    groups = {piece.group: piece.part for piece in good}
    parts, notes = parts_of(list(groups.values()), list(groups), [0] * len(groups), choices, look)
    of = dict(zip(groups, parts, strict=True))
    return [of[piece.group] for piece in good], notes


def _decode(sheaves: Sequence[Sheaf], choices: Choices, tell: Progress, side: int | None, count: int, tiles: Tiles | None) -> Decoded:
    done, broken, wanted = Decoded(), [], CHANNELS[choices.colours] or 3
    if side is not None:
        done.x = numpy.empty((count, wanted, side, side), numpy.uint8)
    for number, sheaf in enumerate(sheaves):
        if number % 16 == 0:
            tell(f"Reading {len(sheaves):,} pictures", number / len(sheaves))
        try:
            image = decoded(sheaf.item.read(), MOST_FILE, upright=sheaf.size is None)
            if sheaf.size not in (None, image.size):
                raise DataError(f"it has {image.width}×{image.height} pixels, and its boxes were drawn on {sheaf.size[0]}×{sheaf.size[1]}")
        except (DataError, OSError) as error:
            broken.append(Broken(sheaf.item.name, str(error)))
            continue
        for piece in sheaf.pieces:
            cut = image.crop(piece.box) if piece.box else image
            if done.x is not None:
                done.x[len(done.good)] = brought(cut, side, wanted, choices.fit)
            if tiles and tiles.wants(piece.label):
                tiles.add(piece.label, small(cut))
            done.good.append(piece)
            done.sizes[cut.height, cut.width] += 1
            done.grey = done.grey and is_grey(cut)
    done.broken = tuple(broken)
    return done
