"""From a file or a folder to samples with classes and parts, with a report of what is broken; and from those to the file that is kept."""

from __future__ import annotations

import json
import zipfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path

import numpy
from PIL import Image

from builder.catalogue.datasets import IGNORED, LONGEST_NAME, MOST_CLASSES

from .. import kept
from ..idx import is_idx
from ..records import DataError, Progress
from . import coco, idx_files, mask_pairs, places, voc, yolo
from .arrays import Read, read_arrays
from .boxes import Boxes
from .brought import LARGE, Brought, parts_of, tiled
from .choices import Choices, TableChoices
from .classes import cut_out, read_pieces
from .decoding import Piece, Sheaf
from .detections import read_detections
from .pictures import decoded, fitted
from .pile import write
from .report import counted, shown
from .split import TEST, TRAIN, VALID
from .tables import read_table
from .tiles import EACH, SIDE, Tiles, coloured, tile

TABLES = (".csv", ".tsv", ".tab", ".txt")
SHEETS = (".xlsx", ".xlsm", ".xls", ".ods", ".numbers")
PARTS = ("training", "test", "validation")  # in the order in which they are counted
UNBALANCED = 3.0  # largest class over smallest from which it is worth a word


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
                        f"{'; …' if len(found.broken) > 3 else ''}. Leave out what is broken (--skip-broken), or mend the file")
    if found.areas is not None and not look:
        for part, counts in zip(PARTS, found.counts(), strict=False):
            if not any(counts):
                raise DataError(f"no {part} picture has a box" if found.task == "detection" else f"no {part} pixel is of a class")
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
    if path.suffix.casefold() in SHEETS:
        raise DataError(f"{name} is a spreadsheet in the form of its own program; save it there as CSV, and bring that")
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
    origin = shown(path.name)
    tell("Listing the files", 0.0)
    with places.opened(path) as listing:
        if drawn := _drawn(listing):
            if choices.task == "detection":
                return read_detections(drawn, listing, origin, choices, tell, look)
            sheaves, notes = cut_out(drawn, listing)
            return read_pieces(sheaves, drawn.classes, (*listing.broken, *drawn.broken), notes, origin, choices, tell, look)
        if choices.task == "detection":
            raise DataError(f"{origin} says no boxes: detection takes pictures with a COCO file, or with an XML file (Pascal VOC, LabelImg) or a label file (YOLO) each")
        found = places.sort(listing)
        if mask_pairs.are_pairs(found):
            return mask_pairs.read_masks(found, listing, origin, choices, tell, look)
        classes = sorted({sample.label for sample in found.samples})
        if len(classes) > MOST_CLASSES:
            raise DataError(f"there are {len(classes):,} class folders; {MOST_CLASSES:,} are allowed")
        numbers = {label: number for number, label in enumerate(classes)}
        sheaves = [Sheaf(sample.item, (Piece("/".join(sample.item.parts), numbers[sample.label], sample.part),)) for sample in found.samples]
        return read_pieces(sheaves, classes, found.broken, found.notes, origin, choices, tell, look)


def _drawn(listing: places.Listing) -> Boxes | None:
    """The boxes that files of a place say; None where none does."""
    if files := coco.coco(listing):
        return coco.drawn(listing, files)
    if marks := voc.annotations(listing):
        return voc.drawn(listing, marks)
    labels = yolo.annotations(listing)
    return yolo.drawn(listing, labels) if labels else None


def _arrays(paths: Sequence[Path], choices: Choices, tell: Progress, look: bool) -> Brought:
    tell("Reading the arrays", 0.0)
    return _of_arrays(read_arrays(paths[0], LARGE, choices.task, choices.ignore), shown(paths[0].name), choices, look)


def _pairs(paths: Sequence[Path], choices: Choices, tell: Progress, look: bool) -> Brought:
    tell("Reading the idx files", 0.0)
    files = idx_files.found(paths[0]) if paths[0].is_dir() else list(paths)
    if wrong := [file for file in files if not is_idx(file)]:
        raise DataError(f"{shown(wrong[0].name)} is no idx file; several files at once are images and labels in MNIST's format")
    return _of_arrays(idx_files.read_pairs(files, LARGE), shown(paths[0].name), choices, look)


def _of_arrays(read: Read, origin: str, choices: Choices, look: bool) -> Brought:
    parts, notes = parts_of(read.parts, read.names, read.labels, choices, look)
    shape = tuple(read.x.shape[1:])
    sizes = {shape[1:]: len(read.x)} if len(shape) == 3 else {}
    return Brought("", origin, read.classes, tuple(read.labels), tuple(parts), shape, sizes, read.broken, (*read.notes, *notes), None,
                   None if look else read.x, _tiled(read) if look and len(shape) == 3 else {}, read.task, read.targets, None if look else read.y, read.areas)


def _tiled(read: Read) -> dict[str, object]:
    """A picture of some samples: by class, with their masks, or the first."""
    tiles = Tiles()
    if read.task == "segmentation":
        for pixels, mask in zip(read.x[:EACH], read.y, strict=False):
            tiles.add(0, tile(pixels))
            tiles.add(1, coloured(fitted(Image.fromarray(mask), (SIDE, SIDE), "pad", Image.Resampling.NEAREST, IGNORED)))
        return tiled(tiles, mask_pairs.ROWS)
    for pixels, label in zip(read.x, read.labels, strict=True):
        if tiles.wants(label):
            tiles.add(label, tile(pixels))
    return tiled(tiles, dict(enumerate(read.classes)) or {0: "pictures"})


def _rows(paths: Sequence[Path], choices: Choices, tell: Progress, look: bool) -> Brought:
    tell("Reading the rows", 0.0)
    table = read_table(paths[0], choices.table, choices.task)
    if table.missing and not look:
        raise DataError(f"cells of {shown(paths[0].name)} are missing ({table.missing}): have them filled (missing: fill), or their rows left out (missing: drop)")
    parts, notes = parts_of([""] * len(table.labels), table.names, table.labels, choices, look)
    y, targets, said = table.told(parts)
    more = {"columns": [column.to_json() for column in table.columns], "features": list(table.features), "rows": table.rows}
    return Brought("", shown(paths[0].name), table.classes, table.labels, tuple(parts), (len(table.features),), {}, table.broken, (*table.notes, *said, *notes), None,
                   None if look else table.samples(parts), more, table.task, targets, y)


def _title(given: str) -> str:
    return " ".join(shown(given, LONGEST_NAME).split()) or "My data"


def _balance(found: Brought) -> list[str]:
    """A single class, and classes of very different size."""
    if found.task == "regression":
        return []
    if len(found.classes) == 1 and found.task == "detection":
        return []
    if len(found.classes) == 1:
        return [f"There is a single class, {found.classes[0]!r}: a network has nothing to tell apart."]
    what = {"segmentation": "pixel", "detection": "box"}.get(found.task, "sample")
    several = "boxes" if what == "box" else f"{what}s"
    each = Counter({label: sum(counts) for label, counts in enumerate(zip(*found.counts(), strict=True)) if sum(counts)})
    if not each:
        return []
    (most, large), (least, small) = each.most_common()[0], each.most_common()[-1]
    notes = []
    if large > UNBALANCED * small:
        always = f" Always answering {found.classes[most]!r} would be right {100 * large / each.total():.0f} % of the time." if found.task != "detection" else ""
        notes.append(f"The classes are unbalanced: {found.classes[most]!r} has {large:,} {several}, {found.classes[least]!r} {small:,}.{always}")
    for part, column in zip(PARTS, found.counts(), strict=False):
        if empty := [repr(found.classes[label]) for label, count in enumerate(column) if not count]:
            notes.append(f"No {part} {what} is of {', '.join(empty[:5])}{' …' if len(empty) > 5 else ''}.")
    return notes


def save(found: Brought, choices: Choices, folder: Path) -> kept.Kept:
    """Keeps what was brought; `folder` is where its file is written first, on the same disk. Raises DataError when the disk refuses."""
    parts = numpy.array(found.parts)
    answers = numpy.array(found.labels, dtype=numpy.int64) if found.y is None else found.y
    there = [(name, numpy.flatnonzero(parts == part)) for name, part in zip(kept.PARTS, (TRAIN, TEST, VALID), strict=True)]
    samples = {f"{name}_{what}": (values, numbers) for name, numbers in there if len(numbers) for what, values in (("x", found.x), ("y", answers))}
    names = {"targets": found.targets} if found.task == "regression" else {"classes": found.classes}
    file = folder / "samples.safetensors"
    try:
        write(file, samples, {name: json.dumps(texts, ensure_ascii=False) for name, texts in names.items()})
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
    chosen |= {"task": choices.task} if choices.task != "auto" else {}
    chosen |= {"ignore": choices.ignore} if choices.ignore is not None else {}
    return {**chosen, "test": choices.test, "seed": choices.seed}


