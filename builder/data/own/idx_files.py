"""Images and labels in idx files, MNIST's format: which of the files belong together, and what is in them."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

import numpy

from ..idx import is_idx, read_values
from ..records import DataError
from .arrays import Read, channels_first, joined
from .places import PICTURES
from .report import shown

PART = re.compile(r"(?:^|[^a-z0-9])(train|t10k|test|val)", re.ASCII)
PARTS = {"train": "train", "t10k": "test", "test": "test", "val": "val"}
MOST_FILES = 8
MOST_OTHERS = 200  # files that are opened to see what they are
IMAGES, LABELS = (3, 4), (1,)


def found(folder: Path) -> list[Path]:
    """The idx files of a folder and of those in it, in the order of their names; links are not followed."""
    files: list[Path] = []
    for here, below, names in os.walk(folder):
        below[:] = sorted(name for name in below if not name.startswith("."))
        others = (Path(here, name) for name in sorted(names) if not name.startswith(".") and Path(name).suffix.casefold() not in PICTURES)
        files += [file for file in others if file.is_file() and not file.is_symlink()]
        if len(files) > MOST_OTHERS:
            return []
    return [file for file in files if is_idx(file)]


def partner(file: Path) -> Path | None:
    """The labels that lie beside images, or the images beside labels, by MNIST's names."""
    for one, other, axes in (("images", "labels", ("3", "1")), ("labels", "images", ("1", "3"))):
        if one in file.name:
            name = file.name.replace(one, other).replace(f"idx{axes[0]}", f"idx{axes[1]}")
            for beside in (file.with_name(name), file.with_name(name.removesuffix(".gz")), file.with_name(f"{name}.gz")):
                if beside.is_file() and is_idx(beside):
                    return beside
    return None


def read_pairs(files: Sequence[Path], most: int) -> Read:
    """The pictures of idx files with their labels; raises DataError, naming the file, when they do not belong together. `most` is in bytes."""
    if len(files) == 1 and (beside := partner(files[0])):
        files = [*files, beside]
    if len(files) > MOST_FILES:
        raise DataError(f"there are {len(files)} idx files; {MOST_FILES} are read at most, images and labels of each part")
    axes = {file: is_idx(file) for file in files}
    images, labels = [file for file in files if axes[file] != 1], [file for file in files if axes[file] == 1]
    parts = []
    for file in images:
        # Before its labels are looked for: a damaged file is to be called that.
        values, shape = read_values(file, IMAGES, shown(file.name), most)
        mine = [one for one in labels if len(images) == len(labels) == 1 or _part(one) == _part(file)]
        if len(mine) != 1:
            raise DataError(f"{shown(file.name)} has images, and {'no labels' if not mine else f'{len(mine)} files of labels'} belong to it. Bring the labels along, "
                            "named as MNIST's: train-images-idx3-ubyte and train-labels-idx1-ubyte")
        numbers, (count,) = read_values(mine[0], LABELS, shown(mine[0].name), most)
        if count != shape[0]:
            raise DataError(f"{shown(file.name)} has {shape[0]:,} images and {shown(mine[0].name)} {count:,} labels; they must be equally many")
        x = channels_first(numpy.frombuffer(values, numpy.uint8).reshape(shape), shown(file.name))
        names = [f"{file.name}[{index}]" for index in range(count)]
        parts.append(Read(numpy.ascontiguousarray(x), list(numbers), names, [_part(file) if len(images) > 1 else ""] * count, (), (), ()))
    if not parts:
        read_values(labels[0], LABELS, shown(labels[0].name), most)
        raise DataError(f"{shown(labels[0].name)} has labels and no images; bring the images along, named as MNIST's: train-images-idx3-ubyte")
    return joined(parts, None, shown(files[0].name))


def _part(file: Path) -> str:
    found = PART.search(file.name.casefold())
    return PARTS[found[1]] if found else ""
