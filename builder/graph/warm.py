"""A trained network that was changed since: which of its tensors each tensor of the network now goes on from, and what becomes of every brick.

Bricks are recognised as `diff` recognises them, so that one that was renamed keeps what it has learned; what was put into a block or taken out of one is
recognised by the end of its name, where that and the shape tell it from all others.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from .analysis import Analysis, inside
from .diff import match

Shapes = Mapping[str, tuple[int, ...]]


@dataclass(frozen=True)
class Survivor:
    """What becomes of a brick with weights: "kept", "partly" or "new", and why it is not all kept; `was` is its name in the run where that is another.

    Of its `numbers` so many are `kept`. A brick of the run that the drawing has no more is "gone".
    """

    brick: str
    state: str
    numbers: int
    kept: int
    why: str = ""
    was: str = ""

    def to_json(self) -> dict[str, object]:
        """The brick for a program."""
        return {"brick": self.brick, "state": self.state, "numbers": self.numbers, "kept": self.kept, "why": self.why, "was": self.was}


def sources(before: Analysis, after: Analysis, own: Shapes, given: Shapes) -> dict[str, str]:
    """The tensor of the run's network `before` that each tensor of the network `after` belongs to, by their names, whether its shape fits or not."""
    pairs: dict[tuple[int, int], dict[str, str]] = {}
    found = {name: place for name in own if (place := _place(name, before, after, given, pairs))}
    left = {name: shape for name, shape in given.items() if name not in set(found.values())}
    new = {name: shape for name, shape in own.items() if name not in found}
    for name, shape in new.items():
        alike = [place for place, other in left.items() if other == shape and _end(place) == _end(name)]
        rivals = [other for other, same in new.items() if same == shape and _end(other) == _end(name)]
        if len(alike) == len(rivals) == 1:
            found[name] = alike[0]
    return found


def _end(name: str) -> str:
    """The brick's own name and the tensor's: "conv1.weight" of "stage1.0.conv1.weight"."""
    return ".".join(name.split(".")[-2:])


def _place(name: str, before: Analysis | None, after: Analysis | None, given: Shapes, pairs: dict) -> str | None:
    """The name that a tensor has in the run, through blocks; None where its brick is in none of them."""
    paths, parts = [()], name.split(".")
    while before is not None and after is not None and len(parts) > 1:
        key = (id(before), id(after))
        if key not in pairs:
            pairs[key] = {new: old for old, new in match(before, after).items()}
        if (old := pairs[key].get(parts[0])) is None:
            return None
        paths = [(*path, old) for path in paths]
        before, after, parts = inside(before, old), inside(after, parts[0]), parts[1:]
        # Copies in a row are counted; the first one is what a block was before there were copies.
        if parts[0].isdigit():
            paths = [end for path in paths for end in ((*path, parts[0]), *((path,) if parts[0] == "0" else ()))]
            parts = parts[1:]
        else:
            paths = [end for path in paths for end in (path, (*path, "0"))]
    return next((place for path in paths if (place := ".".join((*path, *parts))) in given), None)


def survivors(own: Shapes, given: Shapes, found: Mapping[str, str]) -> list[Survivor]:
    """Every brick with tensors, in their order, then the bricks of the run that are gone."""
    bricks: dict[str, list[str]] = {}
    for name in own:
        bricks.setdefault(name.rpartition(".")[0], []).append(name)
    rows = [_survivor(brick, names, own, given, found) for brick, names in bricks.items()]
    taken, gone = {place.rpartition(".")[0] for place in found.values()}, {}
    for name, shape in given.items():
        if (brick := name.rpartition(".")[0]) not in taken:
            gone[brick] = gone.get(brick, 0) + math.prod(shape)
    return [*rows, *(Survivor(brick, "gone", numbers, 0, "the drawing has it no more") for brick, numbers in gone.items())]


def _survivor(brick: str, names: list[str], own: Shapes, given: Shapes, found: Mapping[str, str]) -> Survivor:
    kept = [name for name in names if name in found and given[found[name]] == own[name]]
    numbers, of = sum(math.prod(own[name]) for name in kept), sum(math.prod(own[name]) for name in names)
    lost = [f"{name.rpartition('.')[2]} is {_size(own[name])} and was {_size(given[found[name]])}" if name in found else "" for name in names if name not in kept]
    olds = {found[name].rpartition(".")[0] for name in names if name in found}
    was = next(iter(olds)) if len(olds) == 1 and olds != {brick} else ""
    why = "; ".join(filter(None, lost)) or ("the run had no such brick" if lost else "")
    return Survivor(brick, "kept" if not lost else "partly" if kept else "new", of, numbers, why, was)


def _size(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape)) or "one number"


def in_words(rows: list[Survivor]) -> str:
    """What of the network goes on from the run, in a sentence."""
    here = [row for row in rows if row.state != "gone"]
    numbers, kept, whole = sum(row.numbers for row in here), sum(row.kept for row in here), sum(row.state == "kept" for row in here)
    if numbers == kept:
        return f"All {numbers:,} weights of the network are kept"
    return f"{kept:,} of the network's {numbers:,} weights are kept ({100 * kept / numbers:.1f} %): {whole} of {len(here)} bricks with weights as a whole" if kept else \
        "Nothing of the run fits this network: every weight starts fresh"
