"""Pictures one after the other, whole or by the pieces that are cut out of them: which can be used, how large they are, and their pixels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from PIL import Image

from ..records import DataError, Progress
from .boxes import Box, whole_pixels, wrong_sides
from .brought import pictures_must_fit, side_for
from .choices import CHANNELS, Choices
from .pictures import brought, decoded, is_grey
from .pile import Pile
from .places import MOST_FILE, Item
from .report import Broken

Seen = Callable[["Piece", Image.Image], None]
LOOKED_AT = 4000  # pictures of very many that a look takes, evenly among all


def steps(count: int) -> int:
    """From how many pictures one is looked at, of so many."""
    return max(1, -(-count // LOOKED_AT))


def looked_at(count: int, what: str) -> list[str]:
    """What a look says of how many it took."""
    every = steps(count)
    return [f"Looked at {-(-count // every):,} of {count:,} {what}; what is broken among the others is found when they are added."] if every > 1 else []


@dataclass(frozen=True)
class Piece:
    """One sample: a picture, or what is inside the `box` of it; `label` is a number of its own for whoever reads it, `group` names what must stay in one part."""

    name: str
    label: int
    part: str = ""
    box: Box | None = None
    group: str = ""


@dataclass(frozen=True)
class Sheaf:
    """A picture's file with the pieces of it; where boxes were drawn on it, it is taken as its pixels lie in the file and not `upright`, and `size` is the width and height that it must have."""

    item: Item
    pieces: tuple[Piece, ...]
    size: tuple[int, int] | None = None
    upright: bool = True


@dataclass
class Pixels:
    """Pieces that can be used, the (height, width) of each that was looked at, whether all are grey, and their pixels where a side was asked for, which else is what suits them."""

    good: list[Piece] = field(default_factory=list)
    shapes: list[tuple[int, int] | None] = field(default_factory=list)
    grey: bool = True
    broken: tuple[Broken, ...] = ()
    x: Pile | None = None
    side: int = 0

    @property
    def channels(self) -> int:
        """1 where all are grey."""
        return 1 if self.grey else 3

    @property
    def sizes(self) -> Counter[tuple[int, int]]:
        """How many have which height and width."""
        return Counter(filter(None, self.shapes))


def read_pixels(sheaves: Sequence[Sheaf], broken: Sequence[Broken], origin: str, choices: Choices, tell: Progress, look: bool, seen: Seen) -> Pixels:
    """The pieces as pictures of one size, but for a look, of which `seen` is told each; of very many a look takes some. Raises DataError when none can be used."""
    count = sum(len(sheaf.pieces) for sheaf in sheaves)
    if not look and choices.side is None:
        first = _decode(sheaves, choices, tell, None, seen)
        choices = replace(choices, side=side_for(first.sizes, len(first.good), first.channels))
    side, channels = None if look else choices.side, CHANNELS[choices.colours]
    if side is not None:
        pictures_must_fit(count, (channels or 3, side, side), choices)
    done = _decode(sheaves, choices, tell, side, seen)
    done.broken = (*broken, *done.broken)
    if not done.good:
        why = f": {done.broken[0].name}: {done.broken[0].why}" if done.broken else ""
        raise DataError(f"there is no picture in {origin} that can be used{why}")
    done.grey = done.grey if channels is None else channels == 1
    done.side = choices.side or side_for(done.sizes, len(done.good), done.channels)
    if done.x is not None and done.grey:
        done.x.only_first_channel()
    return done


def _decode(sheaves: Sequence[Sheaf], choices: Choices, tell: Progress, side: int | None, seen: Seen) -> Pixels:
    wanted, every = CHANNELS[choices.colours] or 3, steps(len(sheaves)) if side is None else 1
    done, broken = Pixels(x=None if side is None else Pile((wanted, side, side), choices.room)), []
    for number, sheaf in enumerate(sheaves):
        if number % 16 == 0:
            tell(f"Reading {len(sheaves):,} pictures", number / len(sheaves))
        if number % every:
            done.good.extend(sheaf.pieces)
            done.shapes.extend([None] * len(sheaf.pieces))
            continue
        try:
            image = decoded(sheaf.item.read(), MOST_FILE, sheaf.upright, sheaf.size)
            if sheaf.size not in (None, image.size):
                raise DataError(f"it has {image.width}×{image.height} pixels, and its boxes were drawn on {sheaf.size[0]}×{sheaf.size[1]}")
        except (DataError, OSError) as error:
            broken.append(Broken(sheaf.item.name, str(error)))
            continue
        for piece in sheaf.pieces:
            sides = piece.box.on(image.size) if piece.box else ()
            if sides and (wrongs := list(wrong_sides(sides, image.size))):
                broken.append(Broken(piece.name, "; ".join(wrongs)))
                continue
            cut = image.crop(whole_pixels(sides, image.size)) if sides else image
            if done.x is not None:
                done.x.add(brought(cut, (side, side), wanted, choices.fit))
            else:
                seen(piece, cut)
            done.good.append(piece)
            done.shapes.append((cut.height, cut.width))
            done.grey = done.grey and is_grey(cut)
    done.broken = tuple(broken)
    return done
