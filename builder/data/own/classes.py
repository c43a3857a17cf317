"""Pictures of one class each, and things cut out of pictures by the boxes around them."""

from __future__ import annotations

from collections.abc import Sequence

from PIL import Image

from ..records import Progress
from .boxes import Boxes, unused
from .brought import Brought, parts_of, tiled
from .choices import Choices
from .decoding import Piece, Sheaf, looked_at, read_pixels
from .places import Listing
from .report import Broken, class_name
from .tiles import Tiles, small


def cut_out(found: Boxes, listing: Listing) -> tuple[list[Sheaf], list[str]]:
    """Every box as a piece of its picture, and what is worth a word of that."""
    drawn = [one for one in found.pictures if one.boxes]
    parts = any(one.part for one in drawn)
    notes = ["Each box is a sample, cut out and named by its category" + ("." if parts else "; those of one picture stay in one part.")
             + " The task detection finds them in the whole picture instead.", *found.notes, *unused(listing, len(drawn), "without a box that can be used")]
    return [Sheaf(one.item, tuple(Piece(f"{one.item.name}#{box.place}", box.label, one.part, box, "/".join(one.item.parts)) for box in one.boxes), one.size, one.upright)
            for one in drawn], notes


def read_pieces(sheaves: Sequence[Sheaf], classes: Sequence[str], broken: Sequence[Broken], notes: Sequence[str], origin: str, choices: Choices, tell: Progress,
                look: bool) -> Brought:
    """The pieces as samples of one size; raises DataError when none can be used."""
    tiles = Tiles() if look else None

    def seen(piece: Piece, image: Image.Image) -> None:
        if tiles and tiles.wants(piece.label):
            tiles.add(piece.label, small(image))

    read = read_pixels(sheaves, broken, origin, choices, tell, look, seen)
    there = sorted({piece.label for piece in read.good})
    parts, said = _parts(read.good, choices, look)
    # Classes of which no sample can be used are none.
    names = {label: class_name(classes[label]) for label in there}
    places = {label: place for place, label in enumerate(there)}
    return Brought("", origin, tuple(names.values()), tuple(places[piece.label] for piece in read.good), tuple(parts), (read.channels, read.side, read.side), read.sizes,
                   read.broken, (*(looked_at(len(sheaves), "pictures") if look else ()), *notes, *said), read.side, read.x, tiled(tiles, names))


def _parts(good: Sequence[Piece], choices: Choices, look: bool) -> tuple[list[str], list[str]]:
    """The part of each piece; those of one group have one, so that no picture both trains and tests."""
    if not any(piece.group for piece in good):
        return parts_of([piece.part for piece in good], [piece.name for piece in good], [piece.label for piece in good], choices, look)
    groups = {piece.group: piece.part for piece in good}
    parts, notes = parts_of(list(groups.values()), list(groups), [0] * len(groups), choices, look, "picture")
    of = dict(zip(groups, parts, strict=True))
    return [of[piece.group] for piece in good], notes
