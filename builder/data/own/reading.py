"""From a file or a folder to samples with classes and parts, with a report of what is broken; and from those to the file that is kept."""

from __future__ import annotations

import json
import zipfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy

from builder.catalogue.datasets import LONGEST_NAME, MOST_CLASSES

from .. import kept
from ..records import DataError, Progress
from . import places
from .arrays import read_arrays
from .pictures import FITS, brought, decoded, is_grey
from .report import Broken, class_name, shown
from .split import TEST, TRAIN, split

MOST_BYTES = 1_000_000_000  # of all samples as they are kept
SIDES = (28, 32, 48, 64, 96, 128, 160, 224)
USUAL_BYTES = 100_000_000  # what a suggested size stays below
LARGEST_SIDE = 1024
MOST_SAID = 1000  # broken items that are kept by name
UNBALANCED = 3.0  # largest class over smallest from which it is worth a word
CHANNELS = {"auto": None, "grey": 1, "colour": 3}


@dataclass(frozen=True)
class Choices:
    """What a person chooses: a title, the side of the pictures in pixels (None: what the files suggest), colours, how other sizes are brought to it.

    `test` is the share of every class that tests where the folders do not say so, drawn by `seed`; without `skip` broken items refuse the whole.
    """

    title: str = ""
    side: int | None = None
    colours: str = "auto"
    fit: str = "crop"
    test: float = 0.2
    seed: int = 0
    skip: bool = False

    def __post_init__(self) -> None:
        if self.side is not None and not 1 <= self.side <= LARGEST_SIDE:
            raise DataError(f"the side of a picture is 1 to {LARGEST_SIDE:,} pixels, not {self.side:,}")
        if self.colours not in CHANNELS or self.fit not in FITS:
            raise DataError(f"colours are {', '.join(CHANNELS)}; other sizes are brought to one by {', '.join(FITS)}")
        if not 0 < self.test < 1:
            raise DataError(f"the share that tests lies between 0 and 1, and is {self.test:g}")


@dataclass(frozen=True)
class Brought:
    """What was read: samples uint8 (N C H W) with class numbers and parts; without `x` it was looked at only.

    `sizes` counts the pictures by (height, width), `side` is what was asked for or suggested.
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

    def counts(self) -> tuple[list[int], list[int]]:
        """Training and test samples of each class."""
        table = Counter(zip(self.labels, self.parts, strict=True))
        return tuple([table[label, part] for label in range(len(self.classes))] for part in (TRAIN, TEST))

    def to_json(self) -> dict[str, object]:
        """All but the samples."""
        train, test = self.counts()
        return {"title": self.title, "origin": self.origin, "classes": list(self.classes), "shape": list(self.shape), "train": sum(train), "test": sum(test),
                "counts": [train, test], "sizes": [[*size, count] for size, count in Counter(self.sizes).most_common(20)], "side": self.side,
                "notes": list(self.notes), "broken": [[one.name, one.why] for one in self.broken[:MOST_SAID]], "broken_count": len(self.broken)}


def bring(path: Path, choices: Choices, progress: Progress | None = None, look: bool = False) -> Brought:
    """Reads a zip or folder of class folders, or an npz; with `look` the samples are not kept in memory.

    Raises DataError in words: when it is none of these, holds nothing to learn from, is too large, or has broken items and `choices.skip` is not set
    (a look never refuses for those).
    """
    tell = progress or (lambda text, share: None)
    kind = _kind(path)
    found = (_arrays if kind == "npz" else _pictures)(path, choices, tell, look)
    if found.broken and not choices.skip and not look:
        first = "; ".join(f"{one.name}: {one.why}" for one in found.broken[:3])
        raise DataError(f"{len(found.broken):,} item{'s' if len(found.broken) > 1 else ''} of {shown(path.name)} cannot be used: {first}"
                        f"{'; …' if len(found.broken) > 3 else ''}. Skip them, or mend the file")
    return replace(found, title=_title(choices.title or path.stem or path.name), notes=(*found.notes, *_balance(found)))


def _kind(path: Path) -> str:
    """"pictures" or "npz"; raises DataError for anything else. The file's content decides, its ending only between two zips."""
    if path.is_dir():
        return "pictures"
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
    if start[:2] == b"\x1f\x8b":
        raise DataError(f"{name} is packed with gzip, which MNIST's idx files are: put those into a folder that BRICKWORK_DATA names, or bring a zip")
    raise DataError(f"{name} is no zip, no npz and no folder (it begins with {start!a}). A data set is a zip or a folder with a folder of pictures for each "
                    "class, or an npz with images and labels")


def _one(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            image = decoded(stream.read(places.MOST_FILE + 1), places.MOST_FILE)
    except DataError as error:
        return str(error)
    return f"it has {image.width:,}×{image.height:,} pixels"


def _pictures(path: Path, choices: Choices, tell: Progress, look: bool) -> Brought:
    tell("Listing the files", 0.0)
    with places.opened(path) as listing:
        found = places.sort(listing)
        labels = _classes({sample.label for sample in found.samples})
        if not look and choices.side is None:
            seen = _decode(found, choices, tell, None)
            choices = replace(choices, side=_side(seen.sizes, len(seen.good), 1 if seen.grey else 3))
        side = None if look else choices.side
        channels = CHANNELS[choices.colours] or 3
        if side is not None:
            _fits(len(found.samples), (channels, side, side))
        done = _decode(found, choices, tell, side)
    good = done.good
    if not good:
        why = f": {done.broken[0].name}: {done.broken[0].why}" if done.broken else ""
        raise DataError(f"there is no picture in {shown(path.name)} that can be used{why}")
    grey = (done.grey if CHANNELS[choices.colours] is None else channels == 1)
    suggested = choices.side or _side(done.sizes, len(good), 1 if grey else 3)
    names = ["/".join(sample.item.parts) for sample in good]
    numbers = [labels[sample.label] for sample in good]
    classes, numbers = _without_empty(tuple(class_name(label) for label in labels), numbers)
    parts, notes = _parts([sample.part for sample in good], names, numbers, choices, look)
    x = None if done.x is None else done.x[:len(good), :1] if grey else done.x[:len(good)]
    return Brought("", shown(path.name), classes, tuple(numbers), tuple(parts), (1 if grey else 3, suggested, suggested), done.sizes, done.broken,
                   (*found.notes, *notes), suggested, x)


@dataclass
class _Decoded:
    """Pictures one after the other: those that can be used, their sizes, whether all are grey, and their pixels where a side was asked for."""

    good: list[places.Labelled] = field(default_factory=list)
    sizes: Counter = field(default_factory=Counter)
    grey: bool = True
    broken: tuple[Broken, ...] = ()
    x: numpy.ndarray | None = None


def _decode(found: places.Sorted, choices: Choices, tell: Progress, side: int | None) -> _Decoded:
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


def _arrays(path: Path, choices: Choices, tell: Progress, look: bool) -> Brought:
    tell("Reading the arrays", 0.0)
    read = read_arrays(path, MOST_BYTES)
    parts, notes = _parts(read.parts, read.names, read.labels, choices, look)
    height, width = read.x.shape[2:]
    return Brought("", shown(path.name), read.classes, tuple(read.labels), tuple(parts), tuple(read.x.shape[1:]), {(height, width): len(read.x)}, read.broken,
                   (*read.notes, *notes), None, None if look else read.x)


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
    how = {"side": found.side, "colours": choices.colours, "fit": choices.fit, "test": choices.test, "seed": choices.seed}
    return kept.keep(file, {**found.to_json(), "how": how})


