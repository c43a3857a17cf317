"""Images and labels out of an npz: arrays by their names, shapes known before any of them is read, never unpickled."""

from __future__ import annotations

import math
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy
from numpy.lib import format as npy

from builder.catalogue.datasets import MOST_CLASSES

from ..records import DataError
from .report import Broken, class_name, shown

MOST_ARRAYS = 100
IMAGES = ("x", "images", "data", "samples", "features")
LABELS = ("y", "labels", "label", "targets", "target")
NAMES = ("classes", "class_names", "names", "label_names")
PARTS = ("train", "test", "val")
FACTOR = 8  # float64 images are eight times as large as they are kept
CHANNELS = (1, 3)


@dataclass(frozen=True)
class Read:
    """Images uint8 (N C H W) with class numbers, names and parts (empty where the file has one part), and what was left out."""

    x: numpy.ndarray
    labels: list[int]
    names: list[str]
    parts: list[str]
    classes: tuple[str, ...]
    broken: tuple[Broken, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Header:
    """What an array is before it is read."""

    shape: tuple[int, ...]
    dtype: numpy.dtype


def read_arrays(path: Path, most: int) -> Read:
    """The pictures of an npz; raises DataError, naming the array, when there are none or it cannot be known which they are. `most` is in bytes as kept."""
    file = shown(path.name)
    try:
        with zipfile.ZipFile(path) as archive:
            heads = _headers(archive, file)
            pairs = _pairs(heads, file)
            for images, labels, _part in pairs:
                _sizes(heads, images, labels, most)
            given = next((name for name in NAMES if name in heads), None)
            known = _known(_array(archive, given), given) if given else None
            parts = [_part_of(archive, images, labels, part, known) for images, labels, part in pairs]
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError) as error:
        raise DataError(f"{file} is no whole npz file ({shown(str(error)) or type(error).__name__}); save it again with numpy.savez") from None
    return joined(parts, known, file)


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
        shape, _columns_first, dtype = read(stream)
    except ValueError as error:
        raise DataError(f"the array {name} cannot be read: {shown(str(error))}") from None
    if dtype.hasobject:
        raise DataError(f"the array {name} holds Python objects, which are a pickle: opening it could run code. Save numbers, as in "
                        "numpy.savez(file, x=images.astype('uint8'), y=labels.astype('int64'))")
    return Header(tuple(map(int, shape)), dtype)


def _pairs(heads: Mapping[str, Header], file: str) -> list[tuple[str, str, str]]:
    """(images, labels, part): one pair, or one for each part by its ending, as in x_train."""
    def pair(ending: str) -> tuple[str, str] | None:
        found = [next((name for base in bases for name in (f"{base}{ending}", f"{ending[1:]}_{base}") if name in heads), None) for bases in (IMAGES, LABELS)]
        return tuple(found) if all(found) else None

    parts = [(*found, part) for part in PARTS if (found := pair(f"_{part}"))]
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


def _sizes(heads: Mapping[str, Header], images: str, labels: str, most: int) -> None:
    """Refuses shapes and kinds of number that cannot be pictures and labels, before anything is read."""
    x, y = heads[images], heads[labels]
    if x.dtype.kind not in "uifb" or len(x.shape) not in (3, 4):
        raise DataError(f"{images} should hold pictures, N×height×width or with 1 or 3 channels, as numbers; it is {'×'.join(map(str, x.shape))} of {x.dtype}")
    if y.dtype.kind not in "uib" or math.prod(y.shape) != (y.shape[0] if y.shape else 0):
        raise DataError(f"{labels} should hold one whole number a picture; it is {'×'.join(map(str, y.shape)) or 'one number'} of {y.dtype}")
    if not x.shape[0] or 0 in x.shape:
        raise DataError(f"{images} is empty: {'×'.join(map(str, x.shape))}")
    for name, head, allowed in ((images, x, FACTOR * most), (labels, y, most)):
        if (size := math.prod(head.shape) * head.dtype.itemsize) > allowed or math.prod(head.shape) > most:
            raise DataError(f"{name} is too large: {'×'.join(map(str, head.shape))} of {head.dtype} are {size / 1e9:,.1f} GB; {most / 1e9:.0f} GB of pixels are allowed")


def _array(archive: zipfile.ZipFile, name: str) -> numpy.ndarray:
    with archive.open(f"{name}.npy") as stream:
        try:
            return npy.read_array(stream, allow_pickle=False)
        except ValueError as error:
            raise DataError(f"the array {shown(name)} is cut or damaged: {shown(str(error))}") from None


def _known(array: numpy.ndarray, name: str) -> tuple[str, ...]:
    if array.ndim != 1 or array.dtype.kind not in "US" or not 1 <= len(array) <= MOST_CLASSES:
        raise DataError(f"{name} should hold 1 to {MOST_CLASSES:,} names of classes, and is {'×'.join(map(str, array.shape))} of {array.dtype}")
    texts = [value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value) for value in array.tolist()]
    classes = tuple(map(class_name, texts))
    if len(set(classes)) < len(classes):
        raise DataError(f"{name} has a name twice")
    return classes


def _part_of(archive: zipfile.ZipFile, images: str, labels: str, part: str, known: tuple[str, ...] | None) -> Read:
    x, y = _array(archive, images), _array(archive, labels).reshape(-1).astype(numpy.int64)
    wrong = _not_finite(x)
    if len(x) != len(y):
        also = f"; besides, {len(wrong):,} images hold NaN or infinite values ({', '.join(map(str, wrong[:5]))})" if len(wrong) else ""
        raise DataError(f"{images} has {len(x):,} images and {labels} {len(y):,} labels; they must be equally many{also}")
    broken = {int(index): "it holds NaN or infinite values" for index in wrong}
    for index in numpy.flatnonzero((y < 0) | ((y >= len(known)) if known else False)):
        says = f"its label is {y[index]}; " + (f"there are {len(known)} classes, from 0" if known else "labels begin at 0")
        broken[int(index)] = f"{broken[int(index)]}; {says}" if int(index) in broken else says
    good = numpy.array([index for index in range(len(y)) if index not in broken], dtype=numpy.int64)
    pixels, notes = _pixels(channels_first(x, images)[good], images)
    return Read(pixels, y[good].tolist(), [f"{images}[{index}]" for index in good], [part] * len(good), (),
                tuple(Broken(f"{images}[{index}]", why) for index, why in sorted(broken.items())), notes)


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


def _pixels(x: numpy.ndarray, name: str) -> tuple[numpy.ndarray, tuple[str, ...]]:
    """Values as bytes: those of 0 to 1 and of 0 to 255 as they are meant, others from the smallest to the largest."""
    if x.dtype == numpy.uint8 or not x.size:
        return numpy.ascontiguousarray(x.astype(numpy.uint8)), ()
    low, high = float(x.min()), float(x.max())
    if 0 <= low and high <= 255:
        scale = 255.0 if high <= 1 and x.dtype.kind in "fb" else 1.0
        return numpy.ascontiguousarray((x.astype(numpy.float32) * scale).round().astype(numpy.uint8)), ()
    spread = (x.astype(numpy.float32) - low) * (255 / (high - low))
    says = f"The values of {name} go from {low:g} to {high:g}; they are kept as 256 steps between the two."
    return numpy.ascontiguousarray(spread.round().clip(0, 255).astype(numpy.uint8)), (says,)


def joined(parts: list[Read], known: tuple[str, ...] | None, file: str) -> Read:
    shapes = {part.x.shape[1:] for part in parts}
    if len(shapes) > 1:
        raise DataError(f"{file}: the parts hold pictures of different sizes ({', '.join('×'.join(map(str, shape)) for shape in sorted(shapes))})")
    labels = [label for part in parts for label in part.labels]
    broken = tuple(one for part in parts for one in part.broken)
    if not labels:
        why = f": {broken[0].name}: {broken[0].why}" if broken else ""
        raise DataError(f"there is no picture in {file} that can be used{why}")
    there = sorted(set(labels))
    if len(there) > MOST_CLASSES:
        raise DataError(f"there are {len(there):,} different labels; {MOST_CLASSES:,} are allowed")
    notes = [note for part in parts for note in part.notes]
    if known is None and there != list(range(len(there))):
        notes.append(f"The labels do not run from 0 without a gap ({', '.join(map(str, there[:12]))}); each that occurs is a class.")
    if known and len(there) < len(known):
        notes.append(f"No picture is of {', '.join(known[label] for label in range(len(known)) if label not in there)}.")
    names = known or tuple(map(str, there))
    numbers = labels if known else [there.index(label) for label in labels]
    return Read(numpy.concatenate([part.x for part in parts]), numbers, [name for part in parts for name in part.names],
                [one for part in parts for one in part.parts], names, broken, tuple(notes))
