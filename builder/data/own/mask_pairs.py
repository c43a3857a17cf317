"""Pictures with masks: two folders of one shape, the masks' pixels the numbers of classes."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy
from PIL import Image

from builder.catalogue.datasets import IGNORED

from ..records import DataError, Progress
from .brought import Brought, parts_of, pictures_must_fit, side_for, tiled
from .choices import CHANNELS, Choices
from .decoding import looked_at, steps
from .numbering import LEVELS, numbered
from .pictures import brought, decoded, fitted, is_grey, numbers_of
from .pile import Pile
from .places import MOST_FILE, Item, Labelled, Listing, Sorted, part_of
from .report import Broken, shown
from .tiles import EACH, SIDE, Tiles, coloured, small

IMAGES = frozenset({"images", "image", "img", "imgs", "jpegimages", "photos"})
MASKS = frozenset({"masks", "mask", "labels", "label", "annotations", "segmentations", "segmentationclass", "groundtruth", "gt"})
ENDING = re.compile(r"[_-](masks?|labels?|gt|seg|l)$")
NAMES = ("classes.csv", "classes.txt", "labels.txt", "class_names.txt")
MOST_NAMES = 10_000  # bytes of the file of names
ROWS = {0: "pictures", 1: "masks"}


def are_pairs(found: Sorted) -> bool:
    """Whether the two folders of a place are one of pictures and one of masks."""
    names = {sample.label.casefold() for sample in found.samples}
    return len(names) == 2 and bool(names & IMAGES) and bool(names & MASKS)


def read_masks(found: Sorted, listing: Listing, origin: str, choices: Choices, tell: Progress, look: bool) -> Brought:
    """The pictures with their masks as samples of one size; raises DataError when none can be used."""
    pairs, broken = _pairs(found.samples)
    broken = [*found.broken, *broken]
    areas, sizes, grey = [], Counter(), True
    good: list[tuple[Labelled, Item]] = []
    left_out: list[tuple[Labelled, Item]] = []
    every = steps(len(pairs)) if look else 1
    for number, (picture, mask) in enumerate(pairs):
        if number % every:
            left_out.append((picture, mask))
            continue
        if number % 16 == 0:
            tell(f"Looking at {len(pairs):,} masks", number / (2 * len(pairs)))
        try:
            image, numbers = _both(picture.item, mask)
        except (DataError, OSError) as error:
            broken.append(Broken(picture.item.name, str(error)))
            continue
        areas.append(numpy.bincount(numbers.reshape(-1), minlength=LEVELS))
        sizes[image.height, image.width] += 1
        grey = grey and is_grey(image)
        good.append((picture, mask))
    if not good:
        raise DataError(f"there is no picture with a mask in {origin} that can be used" + (f": {broken[0].name}: {broken[0].why}" if broken else ""))
    known = numbered(numpy.array(areas), _names(listing), choices.ignore)
    broken += [Broken(good[place][0].item.name, f"its mask holds {', '.join(map(str, numbers[:6]))}, which is no class: the classes are "
                                                f"{', '.join(known.classes[:8])}{' …' if len(known.classes) > 8 else ''}") for place, numbers in sorted(known.wrong.items())]
    left = [place for place in range(len(good)) if place not in known.wrong]
    if not left:
        raise DataError(f"there is no picture with a mask in {origin} that can be used: {broken[-1].name}: {broken[-1].why}")
    areas, good = numpy.array(areas)[left], [good[place] for place in left]
    counts = numpy.stack([areas[:, known.table == label].sum(1) for label in range(len(known.classes))], 1)
    tiles = _tiles(good[:EACH], known.table) if look else None
    # The pixels of those that a look leaves out are not known.
    good, counts = [*good, *left_out], numpy.concatenate([counts, numpy.zeros((len(left_out), len(known.classes)), counts.dtype)])
    channels = CHANNELS[choices.colours] or (1 if grey else 3)
    side = choices.side or side_for(sizes, len(good), channels + 1)
    samples = [picture for picture, _ in good]
    parts, notes = parts_of([one.part for one in samples], ["/".join(one.item.parts) for one in samples], [0] * len(samples), choices, look)
    whole = Brought("", origin, known.classes, (0,) * len(good), tuple(parts), (channels, side, side), sizes, tuple(broken),
                    (*(looked_at(len(pairs), "masks, whose pixels are counted") if look else ()), *known.notes, *notes), side, more=tiled(tiles, ROWS), task="segmentation", areas=counts)
    return whole if look else _with_pixels(whole, good, known.table, choices, tell)


def _pairs(samples: Sequence[Labelled]) -> tuple[list[tuple[Labelled, Item]], list[Broken]]:
    """Pictures and masks by part, folders and name, whatever their endings, and those that stand alone; the folders train, val and test may stand below the two as well."""
    pictures: dict[tuple[str, ...], Labelled] = {}
    masks: dict[tuple[str, ...], Labelled] = {}
    broken = []
    for sample in samples:
        sample = replace(sample, part=sample.part or part_of(sample.folders))
        of_masks = sample.label.casefold() in MASKS
        kind, key = masks if of_masks else pictures, (sample.part, *map(str.casefold, sample.folders), sample.item.parts[-1].rpartition(".")[0].casefold())
        if key in kind:
            broken.append(Broken(sample.item.name, f"another {'mask' if of_masks else 'picture'} has its name"))
        else:
            kind[key] = sample
    _renamed(masks, pictures, lambda key: (*key[:-1], ENDING.sub("", key[-1])))
    # Where the folders below the two are called otherwise, part and name are enough.
    names = {(key[0], key[-1]): key for key in pictures}
    if len(names) == len(pictures):
        _renamed(masks, pictures, lambda key: names.get((key[0], key[-1]), names.get((key[0], ENDING.sub("", key[-1])), key)))
    broken += [Broken(sample.item.name, "it has no mask of its name") for key, sample in pictures.items() if key not in masks]
    broken += [Broken(sample.item.name, "there is no picture of its name") for key, sample in masks.items() if key not in pictures]
    return [(sample, masks[key].item) for key, sample in pictures.items() if key in masks], broken


def _renamed(masks: dict[tuple[str, ...], Labelled], pictures: Mapping[tuple[str, ...], Labelled], meant: Callable[[tuple[str, ...]], tuple[str, ...]]) -> None:
    """Gives masks that have no picture the key that is meant, where that is one of a picture without a mask."""
    for key in list(masks):
        if key not in pictures and meant(key) in pictures and meant(key) not in masks:
            masks[meant(key)] = masks.pop(key)


def _both(picture: Item, mask: Item) -> tuple[Image.Image, numpy.ndarray]:
    """A picture and the numbers of its mask, uint8 (H W)."""
    try:
        numbers = numbers_of(mask.read(), MOST_FILE)
    except DataError as error:
        raise DataError(f"its mask: {error}") from None
    image = decoded(picture.read(), MOST_FILE, size=(numbers.shape[1], numbers.shape[0]))
    if numbers.shape != (image.height, image.width):
        raise DataError(f"its mask has {numbers.shape[1]}×{numbers.shape[0]} pixels, and it {image.width}×{image.height}")
    return image, numbers


def _with_pixels(found: Brought, good: Sequence[tuple[Labelled, Item]], table: numpy.ndarray, choices: Choices, tell: Progress) -> Brought:
    channels, side, _ = found.shape
    pictures_must_fit(len(good), (channels + 1, side, side), choices)
    x, y = Pile((channels, side, side), choices.room), Pile((side, side), choices.room)
    for number, (picture, mask) in enumerate(good):
        if number % 16 == 0:
            tell(f"Reading {len(good):,} pictures and masks", 0.5 + number / (2 * len(good)))
        image, numbers = _both(picture.item, mask)
        x.add(brought(image, (side, side), channels, choices.fit))
        y.add(fitted(Image.fromarray(table[numbers]), (side, side), choices.fit, Image.Resampling.NEAREST, IGNORED))
    return replace(found, x=x, y=y)


def _tiles(good: Sequence[tuple[Labelled, Item]], table: numpy.ndarray) -> Tiles:
    tiles = Tiles()
    for picture, mask in good:
        image, numbers = _both(picture.item, mask)
        tiles.add(0, small(image))
        tiles.add(1, coloured(fitted(Image.fromarray(table[numbers]), (SIDE, SIDE), "pad", Image.Resampling.NEAREST, IGNORED)))
    return tiles


def _names(listing: Listing) -> dict[int, str]:
    """The names of the classes where a file of them lies beside: lines `id,name,...`, or a name a line, from 0."""
    for item in listing.texts:
        if item.parts[-1].casefold() not in NAMES:
            continue
        try:
            text = item.read()[:MOST_NAMES].decode("utf-8-sig")
            rows = [[cell.strip() for cell in row] for row in csv.reader(io.StringIO(text, newline="")) if any(cell.strip() for cell in row)]
        except (DataError, OSError, UnicodeDecodeError, csv.Error) as error:
            raise DataError(f"{item.name}, which names the classes, cannot be read ({shown(str(error))})") from None
        numbered_rows = [row for row in rows if len(row) > 1 and row[0].isdecimal() and len(row[0]) < 4]
        if numbered_rows:
            names = {int(row[0]): shown(row[1], 80) or row[0] for row in numbered_rows}
            if len(names) < len(numbered_rows):
                raise DataError(f"{item.name} gives one number two names")
            return names
        return {number: shown(row[0], 80) for number, row in enumerate(rows)}
    return {}
