"""The boxes of YOLO's label files: a text beside each picture, or in the folder labels beside images, with a line a box.

The form is docs.ultralytics.com/datasets/detect: the number of the class, then the middle across and down, width and height as shares of the upright picture's sides; a line of
more numbers is an outline, x and y of its points in turn. The classes' names stand in a list of one a line, or below `names` in data.yaml, of which nothing else is read.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence

from builder.catalogue.datasets import MOST_CLASSES

from ..records import DataError
from .boxes import MOST_BOXES, Box, Boxes, Drawn, wrong_sides
from .places import Item, Listing, part_of
from .report import Broken, class_name, counted, shown
from .sheet import NUMBER

MOST_BYTES = 1_000_000  # of one file
IMAGES, LABELS = "images", "labels"
LISTS, DESCRIPTIONS = ("classes.txt", "obj.names", "names.txt"), ("data.yaml", "data.yml", "dataset.yaml", "dataset.yml")
SLACK = 0.001  # of a side, by which a box may stand over the edge: shares are rounded
NAMES = re.compile(r"^names[ \t]*:[ \t]*(\[[^\]]*\]|\{[^}]*\}|(?:#[^\n]*)?(?:\n(?:[ \t]+\S|[ \t]*-[ \t]|[ \t]*#)[^\n]*|\n[ \t]*(?=\n))*)", re.MULTILINE)
# A name with its number or a dash in front, quoted or not, or a remark; in brackets a comma ends it.
NAME = r"""#[^\n]*|(?:(?P<number>[0-9]{1,4})[ \t]*:[ \t]+|-[ \t]+)?(?:'(?P<single>[^'\n]*)'|"(?P<double>[^"\n]*)"|(?P<plain>[^\s#'"%s][^#\n%s]*))"""
IN_BRACKETS, ON_LINES = re.compile(NAME % (",", ","), re.ASCII), re.compile(NAME % ("", ""), re.ASCII)

Rows = list[list[float] | None]  # of a file, a row a line; None for what is no box


def annotations(listing: Listing) -> list[tuple[Item, Item, Rows]]:
    """The label files of a place with their pictures and rows, of which one at least is a box; nothing where there are none."""
    pictures = {_key(item.parts): item for item in listing.items}
    found, count, said = [], 0, False
    for item in listing.labels:
        for key in _keys(item.parts):
            if key in pictures:
                rows = _rows(item)
                found.append((item, pictures[key], rows))
                count, said = count + len(rows), said or any(rows)
                if count > MOST_BOXES:
                    raise DataError(f"there are more than {MOST_BOXES:,} lines beside pictures; bring fewer")
    return found if said else []


def _key(parts: Sequence[str]) -> tuple[str, ...]:
    return (*parts[:-1], parts[-1].rpartition(".")[0])


def _keys(parts: Sequence[str]) -> list[tuple[str, ...]]:
    """Where the picture of a label file lies: beside it, or in the folder images where it lies in labels."""
    keys, folders = [_key(parts)], [part.casefold() for part in parts[:-1]]
    if LABELS in folders:
        place = len(folders) - 1 - folders[::-1].index(LABELS)
        keys.append((*parts[:place], IMAGES, *_key(parts[place + 1:])))
    return keys


def _rows(item: Item) -> Rows:
    try:
        lines = [line.split() for line in item.read()[:MOST_BYTES].decode("ascii").splitlines()]
    except (DataError, OSError, UnicodeDecodeError):
        return [None]
    return [_numbers(words) for words in lines if words]


def _numbers(words: Sequence[str]) -> list[float] | None:
    """The class number, and left, top, right and bottom as shares; None for what is no box."""
    if len(words) < 5 or len(words) % 2 == 0 or not all(NUMBER.fullmatch(word) for word in words) or not words[0].isdecimal() or len(words[0]) > 4:
        return None
    kind, *numbers = map(float, words)
    if len(numbers) == 4:
        x, y, wide, high = numbers
        return [kind, x - wide / 2, y - high / 2, x + wide / 2, y + high / 2]
    return [kind, min(numbers[::2]), min(numbers[1::2]), max(numbers[::2]), max(numbers[1::2])]


def drawn(listing: Listing, files: Sequence[tuple[Item, Item, Rows]]) -> Boxes:
    """The boxes of label files; folders called train, val and test are parts where all pictures are in one. Raises DataError when there is none that can be used."""
    boxes, names = Boxes(), _names(listing)
    there = {int(row[0]) for _, _, rows in files for row in rows if row}
    known = sorted(set(names) | (there if not names else set()))
    boxes.classes.extend(names.get(number, str(number)) for number in known)
    if len(boxes.classes) > MOST_CLASSES:
        raise DataError(f"there are boxes of {len(boxes.classes):,} classes; {MOST_CLASSES:,} are allowed")
    if len(set(boxes.classes)) < len(boxes.classes):
        raise DataError("two classes of the boxes have one name")
    if not names:
        boxes.notes.append("No file names the classes (classes.txt, or names in data.yaml): they are called by their numbers.")
    labels, taken = {number: place for place, number in enumerate(known)}, set()
    for item, picture, rows in files:
        if picture.parts in taken:
            boxes.broken.append(Broken(picture.name, "two label files have boxes of it"))
            continue
        taken.add(picture.parts)
        boxes.pictures.append(Drawn(picture, tuple(_boxes(item, rows, labels, boxes)), part_of(picture.parts[:-1]), upright=True))
    boxes.whole_parts()
    boxes.must_have_some(shown(files[0][0].name))
    return boxes


def _boxes(item: Item, rows: Rows, labels: Mapping[int, int], boxes: Boxes) -> list[Box]:
    found = []
    for place, row in enumerate(rows):
        wrongs = []
        if row is None:
            wrongs = ["it is not a class number and four shares, or more for an outline"]
        elif int(row[0]) not in labels:
            wrongs = [f"there is no class {int(row[0])}: {counted(len(labels), 'name')} of classes {'is' if len(labels) == 1 else 'are'} given"]
        elif not all(math.isfinite(share) and -SLACK <= share <= 1 + SLACK for share in row[1:]):
            wrongs = [f"it goes from {row[1]:g}, {row[2]:g} to {row[3]:g}, {row[4]:g}, and its picture from 0, 0 to 1, 1"]
        else:
            wrongs = list(wrong_sides(row[1:], None))
        if wrongs:
            boxes.broken.append(Broken(f"{item.name}, line {place + 1}", "; ".join(wrongs)))
        else:
            found.append(Box(labels[int(row[0])], tuple(row[1:]), place, shares=True))
    return found


def _names(listing: Listing) -> dict[int, str]:
    """The classes' names by their numbers, where a file says them."""
    for item in listing.texts:
        name = item.parts[-1].casefold()
        if name not in (*LISTS, *DESCRIPTIONS):
            continue
        try:
            text = item.read()[:MOST_BYTES].decode("utf-8-sig").replace("\r\n", "\n")
        except (DataError, OSError, UnicodeDecodeError) as error:
            raise DataError(f"{item.name}, which names the classes, cannot be read ({shown(str(error))})") from None
        if found := _listed(text) if name in LISTS else _described(text):
            return found
    return {}


def _listed(text: str) -> dict[int, str]:
    return {number: class_name(line) for number, line in enumerate(line.strip() for line in text.splitlines()) if line}


def _described(text: str) -> dict[int, str]:
    """What stands below `names`: [a, b], {0: a, 1: b}, or a line each, with a number or a dash in front."""
    if not (found := NAMES.search(text)):
        return {}
    given, names = found[1].strip(), {}
    brackets = given[:1] in ("[", "{")
    for one in (IN_BRACKETS if brackets else ON_LINES).finditer(given[1:-1] if brackets else given):
        if said := next(filter(None, one.group("single", "double", "plain")), "").strip():
            names[int(one["number"]) if one["number"] else len(names)] = class_name(said)
    return names
