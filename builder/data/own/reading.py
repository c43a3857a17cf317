"""From a file or a folder to samples with classes and parts, with a report of what is broken; and from those to the file that is kept."""

from __future__ import annotations

import base64
import json
import zipfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path

import numpy

from builder.catalogue.datasets import LONGEST_NAME, MOST_CLASSES

from .. import kept
from ..idx import is_idx
from ..records import DataError, Progress
from . import idx_files, places
from .arrays import Read, read_arrays
from .choices import CHANNELS, Choices, TableChoices
from .pictures import brought, decoded, is_grey
from .report import Broken, class_name, counted, shown
from .split import TEST, TRAIN, split
from .tables import read_table
from .tiles import Tiles, small, tile

MOST_BYTES = 1_000_000_000  # of all samples as they are kept
SIDES = (28, 32, 48, 64, 96, 128, 160, 224)
USUAL_BYTES = 100_000_000  # what a suggested size stays below
MOST_SAID = 1000  # broken items that are kept by name
TABLES = (".csv", ".tsv", ".tab", ".txt")
UNBALANCED = 3.0  # largest class over smallest from which it is worth a word


@dataclass(frozen=True)
class Brought:
    """What was read: samples uint8 (N C H W), or float32 (N F) of a table, with class numbers and parts; without `x` it was looked at only.

    `sizes` counts the pictures by (height, width), `side` is what was asked for or suggested. `more` is what a report says besides: a picture of
    some samples, a table's columns.
    """

    title: str
    origin: str
    classes: tuple[str, ...]
    labels: tuple[int, ...]
    parts: tuple[str, ...]
    shape: tuple[int, ...]
    sizes: Mapping[tuple[int, int], int]
    broken: tuple[Broken, ...]
    notes: tuple[str, ...]
    side: int | None = None
    x: numpy.ndarray | None = field(default=None, repr=False)
    more: Mapping[str, object] = field(default_factory=dict, repr=False)

    def counts(self) -> tuple[list[int], list[int]]:
        """Training and test samples of each class."""
        table = Counter(zip(self.labels, self.parts, strict=True))
        return tuple([table[label, part] for label in range(len(self.classes))] for part in (TRAIN, TEST))

    def to_json(self) -> dict[str, object]:
        """All but the samples."""
        train, test = self.counts()
        return {"title": self.title, "origin": self.origin, "classes": list(self.classes), "shape": list(self.shape), "train": sum(train), "test": sum(test),
                "counts": [train, test], "sizes": [[*size, count] for size, count in Counter(self.sizes).most_common(20)], "side": self.side,
                "notes": list(self.notes), "broken": [[one.name, one.why] for one in self.broken[:MOST_SAID]], "broken_count": len(self.broken), **self.more}


def bring(path: Path | Sequence[Path], choices: Choices, progress: Progress | None = None, look: bool = False) -> Brought:
    """Reads a zip or folder of class folders, an npz, a table or idx files (several paths: images and labels); with `look` the samples are not kept in memory.

    Raises DataError in words: when it is none of these, holds nothing to learn from, is too large, or has broken items and `choices.skip` is not set
    (a look never refuses for those).
    """
    paths = [path] if isinstance(path, Path) else list(path)
    tell = progress or (lambda text, share: None)
    kind = _kind(paths[0]) if len(paths) == 1 else "idx"
    found = {"npz": _arrays, "table": _rows, "idx": _pairs, "pictures": _pictures}[kind](paths, choices, tell, look)
    if found.broken and not choices.skip and not look:
        first = "; ".join(f"{one.name}: {one.why}" for one in found.broken[:3])
        raise DataError(f"{counted(len(found.broken), 'item')} of {found.origin} cannot be used: {first}"
                        f"{'; …' if len(found.broken) > 3 else ''}. Skip them, or mend the file")
    return replace(found, title=_title(choices.title or paths[0].stem or paths[0].name), notes=(*found.notes, *_balance(found)))


def _kind(path: Path) -> str:
    """"pictures", "npz", "idx" or "table"; raises DataError for anything else. The file's content decides, its ending only between two zips and for text."""
    if path.is_dir():
        return "idx" if idx_files.found(path) else "pictures"
    try:
        size = path.stat().st_size
        with path.open("rb") as stream:
            start = stream.read(8)
    except OSError as error:
        raise DataError(f"{shown(str(path))} cannot be read: {error.strerror or error}") from None
    name = shown(path.name)
    if not size:
        raise DataError(f"{name} is empty")
    if start[:2] == b"PK" or zipfile.is_zipfile(path):
        return "npz" if path.suffix.casefold() == ".npz" else "pictures"
    if start[:1] == b"\x80" or start[:6] == b"\x93NUMPY":
        what = "a pickle, which would run code when it is opened" if start[:1] == b"\x80" else "a single array without labels"
        raise DataError(f"{name} is {what}. Save images and labels with numpy.savez instead")
    if path.suffix.casefold() in places.PICTURES:
        raise DataError(f"{name} is one picture, and a data set is many: {_one(path)}. Bring a zip or a folder with a folder for each class")
    if is_idx(path):
        return "idx"
    if any(path.name.casefold().endswith((ending, f"{ending}.gz")) for ending in TABLES):
        return "table"
    if start[:2] == b"\x1f\x8b":
        raise DataError(f"{name} is packed with gzip and is neither a table (.csv.gz) nor an idx file: it is cut or damaged, or something else. Bring a zip")
    raise DataError(f"{name} is no zip, no npz, no table and no folder (it begins with {start!a}). A data set is a zip or a folder with a folder of pictures "
                    "for each class, a table that ends in .csv, .tsv or .txt, an npz with images and labels, or idx files of both")


def _one(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            image = decoded(stream.read(places.MOST_FILE + 1), places.MOST_FILE)
    except DataError as error:
        return str(error)
    return f"it has {image.width:,}×{image.height:,} pixels"


def _pictures(paths: Sequence[Path], choices: Choices, tell: Progress, look: bool) -> Brought:
    [path] = paths
    tell("Listing the files", 0.0)
    with places.opened(path) as listing:
        found = places.sort(listing)
        labels = _classes({sample.label for sample in found.samples})
        if not look and choices.side is None:
            seen = _decode(found, choices, tell, None, labels)
            choices = replace(choices, side=_side(seen.sizes, len(seen.good), 1 if seen.grey else 3))
        side = None if look else choices.side
        channels = CHANNELS[choices.colours] or 3
        if side is not None:
            _fits(len(found.samples), (channels, side, side))
        tiles = Tiles() if look else None
        done = _decode(found, choices, tell, side, labels, tiles)
    good = done.good
    if not good:
        why = f": {done.broken[0].name}: {done.broken[0].why}" if done.broken else ""
        raise DataError(f"there is no picture in {shown(path.name)} that can be used{why}")
    grey = (done.grey if CHANNELS[choices.colours] is None else channels == 1)
    suggested = choices.side or _side(done.sizes, len(good), 1 if grey else 3)
    names = ["/".join(sample.item.parts) for sample in good]
    numbers = [labels[sample.label] for sample in good]
    more = _tiled(tiles, sorted(set(numbers)))
    classes, numbers = _without_empty(tuple(class_name(label) for label in labels), numbers)
    parts, notes = _parts([sample.part for sample in good], names, numbers, choices, look)
    x = None if done.x is None else done.x[:len(good), :1] if grey else done.x[:len(good)]
    return Brought("", shown(path.name), classes, tuple(numbers), tuple(parts), (1 if grey else 3, suggested, suggested), done.sizes, done.broken,
                   (*found.notes, *notes), suggested, x, more)


@dataclass
class _Decoded:
    """Pictures one after the other: those that can be used, their sizes, whether all are grey, and their pixels where a side was asked for."""

    good: list[places.Labelled] = field(default_factory=list)
    sizes: Counter = field(default_factory=Counter)
    grey: bool = True
    broken: tuple[Broken, ...] = ()
    x: numpy.ndarray | None = None


def _tiled(tiles: Tiles | None, kept: Sequence[int]) -> dict[str, object]:
    """What a report says of the picture of some samples: a PNG, and which classes its rows are."""
    if tiles is None or not (sheet := tiles.sheet(kept)):
        return {}
    return {"tiles": {"png": base64.b64encode(sheet).decode("ascii"), "classes": tiles.classes(kept)}}


def _decode(found: places.Sorted, choices: Choices, tell: Progress, side: int | None, labels: Mapping[str, int], tiles: Tiles | None = None) -> _Decoded:
    done, broken, wanted = _Decoded(), list(found.broken), CHANNELS[choices.colours] or 3
    if side is not None:
        done.x = numpy.empty((len(found.samples), wanted, side, side), numpy.uint8)
    for number, sample in enumerate(found.samples):
        if number % 16 == 0:
            tell(f"Reading {len(found.samples):,} pictures", number / len(found.samples))
        try:
            image = decoded(sample.item.read(), places.MOST_FILE)
        except (DataError, OSError) as error:
            broken.append(Broken(sample.item.name, str(error)))
            continue
        if done.x is not None:
            done.x[len(done.good)] = brought(image, side, wanted, choices.fit)
        if tiles and tiles.wants(labels[sample.label]):
            tiles.add(labels[sample.label], small(image))
        done.good.append(sample)
        done.sizes[image.height, image.width] += 1
        done.grey = done.grey and is_grey(image)
    done.broken = tuple(broken)
    return done


def _side(sizes: Mapping[tuple[int, int], int], count: int, channels: int) -> int:
    """A side that suits: the one that all have, else the largest usual one below most pictures' short side that keeps the whole small."""
    if len(sizes) == 1:
        [(height, width)] = sizes
        if height == width and count * channels * height * width <= MOST_BYTES and height <= SIDES[-1]:
            return height
    short = sorted(min(size) for size, times in sizes.items() for _ in range(times))
    middle = short[len(short) // 2] if short else SIDES[0]
    return max((side for side in SIDES if side <= middle and count * channels * side * side <= USUAL_BYTES), default=SIDES[0])


def _fits(count: int, shape: Sequence[int]) -> None:
    size = count * int(numpy.prod(shape))
    if size > MOST_BYTES:
        raise DataError(f"{count:,} pictures of {'×'.join(map(str, shape))} are {size / 1e9:.1f} GB; {MOST_BYTES / 1e9:.0f} GB are allowed: choose a smaller side")


def _classes(labels: set[str]) -> dict[str, int]:
    if len(labels) > MOST_CLASSES:
        raise DataError(f"there are {len(labels):,} class folders; {MOST_CLASSES:,} are allowed")
    return {label: number for number, label in enumerate(sorted(labels))}


def _without_empty(classes: tuple[str, ...], labels: list[int]) -> tuple[tuple[str, ...], list[int]]:
    """Classes of which no sample can be used are none."""
    there = sorted(set(labels))
    return tuple(classes[label] for label in there), [there.index(label) for label in labels] if len(there) < len(classes) else labels


def _parts(given: Sequence[str], names: Sequence[str], labels: Sequence[int], choices: Choices, look: bool) -> tuple[list[str], list[str]]:
    """The part of each sample: what its folder says, or a split class by class. What cannot be split is refused, when looked at only said."""
    said = set(given)
    if not said & {"val", "test"}:
        parts = split(names, labels, choices.test, choices.seed)
        if TEST in parts:
            return parts, []
        return _cannot(parts, f"{len(parts)} sample{'s' if len(parts) > 1 else ''} cannot be split into a training and a test part: a class needs two", look)
    tests = "test" if "test" in said else "val"
    if said == {tests}:
        return _cannot([TEST] * len(names), f"there is a {tests} folder and no train folder: nothing to train on", look)
    notes = []
    if tests == "val":
        notes = ["There is no test folder: what is in the validation folder tests."]
    elif "val" in said:
        notes = [f"The {given.count('val'):,} samples of the validation folder join the training part; what is in the test folder tests."]
    return [TEST if part == tests else TRAIN for part in given], notes


def _cannot(parts: list[str], why: str, look: bool) -> tuple[list[str], list[str]]:
    if not look:
        raise DataError(why)
    return parts, [f"{why[0].upper()}{why[1:]}."]


def _arrays(paths: Sequence[Path], choices: Choices, tell: Progress, look: bool) -> Brought:
    tell("Reading the arrays", 0.0)
    return _of_arrays(read_arrays(paths[0], MOST_BYTES), shown(paths[0].name), choices, look)


def _pairs(paths: Sequence[Path], choices: Choices, tell: Progress, look: bool) -> Brought:
    tell("Reading the idx files", 0.0)
    files = idx_files.found(paths[0]) if paths[0].is_dir() else list(paths)
    if wrong := [file for file in files if not is_idx(file)]:
        raise DataError(f"{shown(wrong[0].name)} is no idx file; several files at once are images and labels in MNIST's format")
    return _of_arrays(idx_files.read_pairs(files, MOST_BYTES), shown(paths[0].name), choices, look)


def _of_arrays(read: Read, origin: str, choices: Choices, look: bool) -> Brought:
    parts, notes = _parts(read.parts, read.names, read.labels, choices, look)
    height, width = read.x.shape[2:]
    tiles = Tiles() if look else None
    for pixels, label in zip(read.x, read.labels, strict=True) if tiles else ():
        if tiles.wants(label):
            tiles.add(label, tile(pixels))
    more = _tiled(tiles, range(len(read.classes)))
    return Brought("", origin, read.classes, tuple(read.labels), tuple(parts), tuple(read.x.shape[1:]), {(height, width): len(read.x)}, read.broken,
                   (*read.notes, *notes), None, None if look else read.x, more)


def _rows(paths: Sequence[Path], choices: Choices, tell: Progress, look: bool) -> Brought:
    tell("Reading the rows", 0.0)
    table = read_table(paths[0], choices.table)
    if table.missing and not look:
        raise DataError(f"cells of {shown(paths[0].name)} are missing ({table.missing}): have them filled (missing: fill), or their rows left out (missing: drop)")
    parts, notes = _parts([""] * len(table.labels), table.names, table.labels, choices, look)
    more = {"columns": [column.to_json() for column in table.columns], "features": list(table.features), "rows": table.rows}
    return Brought("", shown(paths[0].name), table.classes, table.labels, tuple(parts), (len(table.features),), {}, table.broken, (*table.notes, *notes), None,
                   None if look else table.samples(parts), more)


def _title(given: str) -> str:
    return " ".join(shown(given, LONGEST_NAME).split()) or "My data"


def _balance(found: Brought) -> list[str]:
    """A single class, and classes of very different size."""
    if len(found.classes) == 1:
        return [f"There is a single class, {found.classes[0]!r}: a network has nothing to tell apart."]
    each = Counter(found.labels)
    (most, large), (least, small) = each.most_common()[0], each.most_common()[-1]
    notes = []
    if large > UNBALANCED * small:
        share = large / len(found.labels)
        notes.append(f"The classes are unbalanced: {found.classes[most]!r} has {large:,} samples, {found.classes[least]!r} {small:,}. Always answering "
                     f"{found.classes[most]!r} would be right {100 * share:.0f} % of the time.")
    for part, column in zip(("training", "test"), found.counts(), strict=True):
        if empty := [repr(found.classes[label]) for label, count in enumerate(column) if not count]:
            notes.append(f"No {part} sample is of {', '.join(empty[:5])}{' …' if len(empty) > 5 else ''}.")
    return notes


def save(found: Brought, choices: Choices, folder: Path) -> kept.Kept:
    """Keeps what was brought; `folder` is where its file is written first, on the same disk. Raises DataError when the disk refuses."""
    from safetensors.numpy import save_file

    parts, labels = numpy.array(found.parts), numpy.array(found.labels, dtype=numpy.int64)
    train, test = (numpy.flatnonzero(parts == part) for part in (TRAIN, TEST))
    samples = {"train_x": found.x[train], "train_y": labels[train], "test_x": found.x[test], "test_y": labels[test]}
    file = folder / "samples.safetensors"
    try:
        save_file(samples, file, {"classes": json.dumps(found.classes, ensure_ascii=False)})
    except OSError as error:
        raise DataError(f"the data could not be written to {folder}: {error.strerror or error}") from None
    return kept.keep(file, {**found.to_json(), "how": _how(found, choices)})


def _how(found: Brought, choices: Choices) -> dict[str, object]:
    """What was chosen, as far as it says anything of these data: for adding them again with the same choices."""
    if len(found.shape) == 3:
        chosen = {"side": found.side, "colours": choices.colours, "fit": choices.fit} if found.side else {}
    else:
        plain = TableChoices()
        chosen = {item.name: value if isinstance(value, str) else list(value) for item in fields(TableChoices)
                  if (value := getattr(choices.table, item.name)) != getattr(plain, item.name)}
    return {**chosen, "test": choices.test, "seed": choices.seed}


