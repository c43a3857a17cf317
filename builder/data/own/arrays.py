"""Samples and what is to be told of them out of an npz: arrays by their names, shapes known before any of them is read, never unpickled."""

from __future__ import annotations

import math
import struct
import warnings
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy
from numpy.lib import format as npy

from builder.catalogue.datasets import IGNORED, MOST_CLASSES

from ..records import DataError
from .numbering import LEVELS, numbered
from .report import Broken, class_name, shown
from .split import TEST, TRAIN, VALID
from .tables import MOST_TARGETS

MOST_ARRAYS = 100
IMAGES = ("x", "images", "data", "samples", "features")
LABELS = ("y", "labels", "label", "targets", "target", "masks", "mask")
NAMES = ("classes", "class_names", "names", "label_names")
PARTS = {"train": TRAIN, "test": TEST, "val": VALID, "valid": VALID, "validation": VALID}
LARGEST = float(numpy.finfo(numpy.float32).max)
FACTOR = 8  # float64 images are eight times as large as they are kept
CHANNELS = (1, 3)
Ends = tuple[float, float]  # the smallest and the largest value


@dataclass(frozen=True)
class Read:
    """Images uint8 (N C H W) or rows float32 (N F), with names and parts (empty where the file has one part), and what was left out.

    Of a classification `labels` are class numbers; else `y` is float32 (N K), or masks uint8 (N H W) with `areas` (N 256), pixels by number.
    """

    x: numpy.ndarray
    labels: list[int]
    names: list[str]
    parts: list[str]
    classes: tuple[str, ...]
    broken: tuple[Broken, ...]
    notes: tuple[str, ...]
    task: str = "classification"
    y: numpy.ndarray | None = None
    areas: numpy.ndarray | None = None
    targets: tuple[str, ...] = ()


@dataclass(frozen=True)
class Header:
    """What an array is before it is read."""

    shape: tuple[int, ...]
    dtype: numpy.dtype


def read_arrays(path: Path, most: int, task: str = "auto", ignore: int | None = None) -> Read:
    """The samples of an npz; raises DataError, naming the array, when there are none or it cannot be known which they are. `most` is in bytes as kept.

    What `task` they are for follows from the kind of number and the shape of what is to be told, unless it is said; `ignore` is a mask's number for no class.
    """
    file = shown(path.name)
    try:
        with zipfile.ZipFile(path) as archive:
            heads = _headers(archive, file)
            pairs = _pairs(heads, file)
            tasks = {_sizes(heads, images, labels, most, task) for images, labels, _part in pairs}
            if len(tasks) > 1:
                raise DataError(f"{file}: the parts are for different tasks ({', '.join(sorted(tasks))})")
            [task] = tasks
            given = next((name for name in NAMES if name in heads), None)
            known = _known(_array(archive, given), given) if given else None
            ends = _ends(archive, heads, [images for images, _, _ in pairs])
            parts = [_PARTS[task](archive, images, labels, part, known, ends) for images, labels, part in pairs]
    except DataError as error:
        # Names of arrays stand in it as the file has them.
        raise DataError(shown(str(error), 2000)) from None
    # Damaged names are a ValueError.
    except (zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, NotImplementedError, RuntimeError, ValueError) as error:
        raise DataError(f"{file} is no whole npz file ({shown(str(error)) or type(error).__name__}); save it again with numpy.savez") from None
    if task == "regression":
        return joined(parts, None, file) if not known else _named_targets(joined(parts, None, file), known)
    return joined(parts, known, file, ignore)


def _headers(archive: zipfile.ZipFile, file: str) -> dict[str, Header]:
    entries = [entry for entry in archive.infolist() if entry.filename.endswith(".npy")]
    if not entries or len(entries) > MOST_ARRAYS:
        raise DataError(f"{file} has {len(entries)} arrays; an npz with 1 to {MOST_ARRAYS} is read")
    heads = {}
    for entry in entries:
        if entry.flag_bits & 1:
            raise DataError(f"{file} is protected by a password; save it without one")
        with archive.open(entry) as stream:
            heads[entry.filename.removesuffix(".npy")] = _header(stream, shown(entry.filename))
    return heads


def _header(stream, name: str) -> Header:
    """Reads the head alone; it is a literal of a few hundred bytes, whose length numpy limits."""
    try:
        read = npy.read_array_header_1_0 if npy.read_magic(stream) == (1, 0) else npy.read_array_header_2_0
        with warnings.catch_warnings():
            # That a file is of Python 2 is nothing to mend for who reads it.
            warnings.simplefilter("ignore")
            shape, _columns_first, dtype = read(stream)
    except MemoryError:
        raise
    # A damaged head raises whatever numpy's reader of literals meets first: ValueError, SyntaxError, TokenError, ...
    except Exception as error:  # noqa: BLE001
        raise DataError(f"the array {name} cannot be read: {shown(str(error)) or type(error).__name__}") from None
    if dtype.hasobject:
        raise DataError(f"the array {name} holds Python objects, which are a pickle: opening it could run code. Save numbers, as in "
                        "numpy.savez(file, x=images.astype('uint8'), y=labels.astype('int64'))")
    return Header(tuple(map(int, shape)), dtype)


def _pairs(heads: Mapping[str, Header], file: str) -> list[tuple[str, str, str]]:
    """(images, labels, part): one pair, or one for each part by its ending, as in x_train."""
    def pair(ending: str) -> tuple[str, str] | None:
        found = [next((name for base in bases for name in (f"{base}{ending}", f"{ending[1:]}_{base}") if name in heads), None) for bases in (IMAGES, LABELS)]
        return tuple(found) if all(found) else None

    parts = [(*found, part) for ending, part in PARTS.items() if (found := pair(f"_{ending}"))]
    if parts:
        return parts
    if found := pair(""):
        return [(*found, "")]
    images = [name for name, head in heads.items() if len(head.shape) >= 3]
    labels = [name for name, head in heads.items() if len(head.shape) == 1 and head.dtype.kind in "iu"]
    if len(images) == len(labels) == 1:
        return [(images[0], labels[0], "")]
    there = ", ".join(f"{shown(name)} {'×'.join(map(str, head.shape)) or 'a number'}" for name, head in list(heads.items())[:8])
    raise DataError(f"{file}: it cannot be known which array holds the images and which the labels ({there}). Name them x and y, or x_train, y_train, "
                    "x_test and y_test")


def _sizes(heads: Mapping[str, Header], images: str, labels: str, most: int, task: str) -> str:
    """What the arrays are for; refuses shapes and kinds of number that cannot be samples and what is to be told of them, before anything is read."""
    x, y = heads[images], heads[labels]
    if x.dtype.kind not in "uifb" or len(x.shape) not in (2, 3, 4):
        raise DataError(f"{images} should hold pictures, N×height×width or with 1 or 3 channels, or rows of numbers, N×features; it is "
                        f"{'×'.join(map(str, x.shape))} of {x.dtype}")
    if not x.shape[0] or 0 in x.shape:
        raise DataError(f"{images} is empty: {'×'.join(map(str, x.shape))}")
    for name, head, allowed in ((images, x, FACTOR * most), (labels, y, FACTOR * most)):
        if (size := math.prod(head.shape) * head.dtype.itemsize) > allowed or math.prod(head.shape) > most:
            raise DataError(f"{name} is too large: {'×'.join(map(str, head.shape))} of {head.dtype} are {size / 1e9:,.1f} GB; {most / 1e9:.0f} GB of pixels are allowed")
    one = len(y.shape) == 1 or len(y.shape) == 2 and y.shape[1] == 1
    fits = {"segmentation": y.dtype.kind in "uib" and len(x.shape) > 2 and len(y.shape) in (3, 4) and math.prod(y.shape[1:]) > 1,
            "classification": y.dtype.kind in "uib" and one, "regression": y.dtype.kind in "uif" and len(y.shape) in (1, 2)}
    found = next((name for name, fit in fits.items() if fit and task in ("auto", name)), None)
    if found is None:
        raise DataError(f"{labels} should hold one whole number a sample (a class), one or several numbers (regression), or a mask of the picture's size; it is "
                        f"{'×'.join(map(str, y.shape)) or 'one number'} of {y.dtype}" + ("" if task == "auto" else f", which does not fit {task}"))
    if found == "regression" and len(y.shape) == 2 and y.shape[1] > MOST_TARGETS:
        raise DataError(f"{labels} has {y.shape[1]:,} numbers a sample; {MOST_TARGETS:,} are allowed")
    return found


def _array(archive: zipfile.ZipFile, name: str) -> numpy.ndarray:
    with archive.open(f"{name}.npy") as stream:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return npy.read_array(stream, allow_pickle=False)
        except MemoryError:
            raise
        except Exception as error:  # noqa: BLE001 - as in the head
            raise DataError(f"the array {shown(name)} is cut or damaged: {shown(str(error)) or type(error).__name__}") from None


def _known(array: numpy.ndarray, name: str) -> tuple[str, ...]:
    if array.ndim != 1 or array.dtype.kind not in "US" or not 1 <= len(array) <= MOST_CLASSES:
        raise DataError(f"{name} should hold 1 to {MOST_CLASSES:,} names of classes, and is {'×'.join(map(str, array.shape))} of {array.dtype}")
    try:
        texts = [value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value) for value in array.tolist()]
    # numpy keeps four bytes a character as they are, also where they are none.
    except (SystemError, ValueError):
        raise DataError(f"{name} holds characters that there are not; it is damaged") from None
    classes = tuple(map(class_name, texts))
    if len(set(classes)) < len(classes):
        raise DataError(f"{name} has a name twice")
    return classes


def _of_classes(archive: zipfile.ZipFile, images: str, labels: str, part: str, known: tuple[str, ...] | None, ends: Ends) -> Read:
    x, y, broken = _both(archive, images, labels)
    y = y.reshape(-1).astype(numpy.int64)
    for index in numpy.flatnonzero((y < 0) | ((y >= len(known)) if known else False)):
        _also(broken, index, f"its label is {y[index]}; " + (f"there are {len(known)} classes, from 0" if known else "labels begin at 0"))
    good, pixels, notes = _good(x, images, broken, ends)
    return Read(pixels, y[good].tolist(), [f"{images}[{index}]" for index in good], [part] * len(good), (), _named(broken, images), notes)


def _of_numbers(archive: zipfile.ZipFile, images: str, labels: str, part: str, known: tuple[str, ...] | None, ends: Ends) -> Read:
    x, y, broken = _both(archive, images, labels)
    y = y.reshape(len(y), -1)
    for index in numpy.flatnonzero(~(numpy.abs(y.astype(numpy.float64)) <= LARGEST).all(1)):
        _also(broken, index, "what is to be told of it is NaN, infinite or too large")
    good, pixels, notes = _good(x, images, broken, ends)
    targets = (labels,) if y.shape[1] == 1 else tuple(f"{labels}[{number}]" for number in range(y.shape[1]))
    return Read(pixels, [0] * len(good), [f"{images}[{index}]" for index in good], [part] * len(good), (), _named(broken, images), notes, "regression",
                y[good].astype(numpy.float32), targets=tuple(map(class_name, targets)))


def _of_masks(archive: zipfile.ZipFile, images: str, labels: str, part: str, known: tuple[str, ...] | None, ends: Ends) -> Read:
    x, y, broken = _both(archive, images, labels)
    if x.ndim == 2:
        raise DataError(f"{images} holds rows of numbers, and {labels} masks")
    size = channels_first(x, images).shape[2:]
    if y.ndim == 4 and 1 in (y.shape[1], y.shape[3]):
        y = y[:, 0] if y.shape[1] == 1 else y[..., 0]
    if y.shape[1:] != size:
        raise DataError(f"{labels} holds masks of {'×'.join(map(str, y.shape[1:]))}, and the pictures of {images} are {'×'.join(map(str, size))}")
    for index, one in enumerate(y):
        if one.min() < 0 or one.max() > IGNORED:
            _also(broken, index, f"its mask holds {one.min()} to {one.max()}; classes are 0 to 254, and 255 is of none")
    good, pixels, notes = _good(x, images, broken, ends)
    masks = y[good].astype(numpy.uint8)
    areas = numpy.array([numpy.bincount(mask.reshape(-1), minlength=LEVELS) for mask in masks]).reshape(-1, LEVELS)
    return Read(pixels, [0] * len(good), [f"{images}[{index}]" for index in good], [part] * len(good), (), _named(broken, images), notes, "segmentation", masks, areas)


_PARTS = {"classification": _of_classes, "regression": _of_numbers, "segmentation": _of_masks}


def _both(archive: zipfile.ZipFile, images: str, labels: str) -> tuple[numpy.ndarray, numpy.ndarray, dict[int, str]]:
    """Two arrays equally long, and which samples are not finite."""
    x, y = _array(archive, images), _array(archive, labels)
    wrong = _not_finite(x)
    if len(x) != len(y):
        also = f"; besides, {len(wrong):,} images hold NaN or infinite values ({', '.join(map(str, wrong[:5]))})" if len(wrong) else ""
        raise DataError(f"{images} has {len(x):,} images and {labels} {len(y):,} labels; they must be equally many{also}")
    return x, y, {int(index): "it holds NaN or infinite values" for index in wrong}


def _also(broken: dict[int, str], index: int, says: str) -> None:
    broken[int(index)] = f"{broken[int(index)]}; {says}" if int(index) in broken else says


def _named(broken: Mapping[int, str], images: str) -> tuple[Broken, ...]:
    return tuple(Broken(f"{shown(images)}[{index}]", why) for index, why in sorted(broken.items()))


def _good(x: numpy.ndarray, images: str, broken: dict[int, str], ends: Ends) -> tuple[numpy.ndarray, numpy.ndarray, tuple[str, ...]]:
    """Which samples can be used, and those as they are kept."""
    if x.dtype.kind == "f":
        for index, one in enumerate(x):
            # Numbers of 16 bits would be compared with infinity, which the limit is in theirs.
            if x.dtype.itemsize > 4 and (numpy.abs(one) > LARGEST).any():
                broken.setdefault(index, "it holds a number that is too large")
    good = numpy.array([index for index in range(len(x)) if index not in broken], dtype=numpy.int64)
    return (good, x[good].astype(numpy.float32), ()) if x.ndim == 2 else (good, *_pixels(channels_first(x, images)[good], ends))


def _named_targets(read: Read, known: tuple[str, ...]) -> Read:
    if len(known) != len(read.targets):
        raise DataError(f"there are {len(known)} names and {len(read.targets)} numbers to tell of a sample")
    return replace(read, targets=known)


def _not_finite(x: numpy.ndarray) -> numpy.ndarray:
    if x.dtype.kind != "f":
        return numpy.empty(0, numpy.int64)
    return numpy.array([index for index, one in enumerate(x) if not numpy.isfinite(one).all()], dtype=numpy.int64)


def channels_first(x: numpy.ndarray, name: str) -> numpy.ndarray:
    """Pictures as N C H W, wherever their 1 or 3 channels stand."""
    if x.ndim == 3:
        return x[:, None]
    if x.shape[3] in CHANNELS and x.shape[1] not in CHANNELS:
        return numpy.moveaxis(x, 3, 1)
    if x.shape[1] in CHANNELS:
        return x
    raise DataError(f"{name} is {'×'.join(map(str, x.shape))}: neither the second nor the last size is 1 or 3, so where are the channels?")


def _ends(archive: zipfile.ZipFile, heads: Mapping[str, Header], pictures: Sequence[str]) -> Ends:
    """The smallest and the largest value of the pictures in all parts, for these are to be kept on one scale; bytes have theirs."""
    low, high = math.inf, -math.inf
    for name in pictures:
        if heads[name].dtype == numpy.uint8 or len(heads[name].shape) == 2:
            continue
        for one in _array(archive, name):
            if (numpy.abs(one.astype(numpy.float64)) <= LARGEST).all():
                low, high = min(low, float(one.min())), max(high, float(one.max()))
    return low, high


def _pixels(x: numpy.ndarray, ends: Ends) -> tuple[numpy.ndarray, tuple[str, ...]]:
    """Values as bytes: those of 0 to 1 and of 0 to 255 as they are meant, others from the smallest to the largest that there are."""
    if x.dtype == numpy.uint8 or not x.size:
        return numpy.ascontiguousarray(x.astype(numpy.uint8)), ()
    low, high = ends
    if 0 <= low and high <= 255:
        scale = 255.0 if high <= 1 and x.dtype.kind in "fb" else 1.0
        return numpy.ascontiguousarray((x.astype(numpy.float32) * scale).round().astype(numpy.uint8)), ()
    spread = (x.astype(numpy.float64) - low) * (255 / ((high - low) or 1.0))
    says = f"The values of the pictures go from {low:g} to {high:g}; they are kept as 256 steps between the two."
    return numpy.ascontiguousarray(spread.round().clip(0, 255).astype(numpy.uint8)), (says,)


def joined(parts: list[Read], known: tuple[str, ...] | None, file: str, ignore: int | None = None) -> Read:
    """The parts of a file as one, their labels numbered alike."""
    shapes = {part.x.shape[1:] for part in parts}
    if len(shapes) > 1:
        raise DataError(f"{file}: the parts hold samples of different sizes ({', '.join('×'.join(map(str, shape)) for shape in sorted(shapes))})")
    labels = [label for part in parts for label in part.labels]
    broken = tuple(one for part in parts for one in part.broken)
    if not labels:
        why = f": {broken[0].name}: {broken[0].why}" if broken else ""
        raise DataError(f"there is no picture in {file} that can be used{why}" if len(parts[0].x.shape) == 4 else f"no row of {file} can be used{why}")
    notes = tuple(dict.fromkeys(note for part in parts for note in part.notes))
    whole = Read(numpy.concatenate([part.x for part in parts]), labels, [name for part in parts for name in part.names],
                 [one for part in parts for one in part.parts], (), broken, notes, parts[0].task)
    if whole.task == "classification":
        return _with_classes(whole, known)
    if len(sizes := {part.y.shape[1:] for part in parts}) > 1:
        raise DataError(f"{file}: the parts tell different things of a sample ({', '.join('×'.join(map(str, size)) for size in sorted(sizes))} numbers)")
    y = numpy.concatenate([part.y for part in parts])
    if whole.task == "regression":
        return replace(whole, y=y, targets=parts[0].targets)
    return _with_masks(replace(whole, y=y, areas=numpy.concatenate([part.areas for part in parts])), known, ignore)


def _with_classes(read: Read, known: tuple[str, ...] | None) -> Read:
    labels, notes = read.labels, list(read.notes)
    there = sorted(set(labels))
    if len(there) > MOST_CLASSES:
        raise DataError(f"there are {len(there):,} different labels; {MOST_CLASSES:,} are allowed")
    if known is None and there != list(range(len(there))):
        notes.append(f"The labels do not run from 0 without a gap ({', '.join(map(str, there[:12]))}); each that occurs is a class.")
    if known and len(there) < len(known):
        notes.append(f"No picture is of {', '.join(known[label] for label in range(len(known)) if label not in there)}.")
    places = {label: place for place, label in enumerate(there)}
    return replace(read, labels=labels if known else [places[label] for label in labels], classes=known or tuple(map(str, there)), notes=tuple(notes))


def _with_masks(read: Read, known: tuple[str, ...] | None, ignore: int | None) -> Read:
    found = numbered(read.areas, dict(enumerate(known or ())), ignore)
    good = numpy.array([place for place in range(len(read.x)) if place not in found.wrong], dtype=numpy.int64)
    broken = tuple(Broken(read.names[place], f"its mask holds {', '.join(map(str, numbers[:6]))}, which is no class") for place, numbers in sorted(found.wrong.items()))
    if not len(good):
        raise DataError(f"no picture can be used: {broken[0].name}: {broken[0].why}")
    areas = numpy.zeros((len(good), len(found.classes)), numpy.int64)
    for number, label in enumerate(found.table):
        if label != IGNORED:
            areas[:, label] += read.areas[good, number]
    return replace(read, x=read.x[good], y=found.table[read.y[good]], areas=areas, labels=[0] * len(good), names=[read.names[place] for place in good],
                   parts=[read.parts[place] for place in good], classes=found.classes, broken=(*read.broken, *broken), notes=(*read.notes, *found.notes))
