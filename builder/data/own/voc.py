"""The boxes of Pascal VOC: an XML file beside each picture, and lists of the parts.

The form is that of host.robots.ox.ac.uk/pascal/VOC, whose pixels count from 1 and whose boxes hold their last pixel. What LabelImg writes is the same.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from xml.parsers import expat

from builder.catalogue.datasets import MOST_CLASSES

from ..records import DataError
from .boxes import MOST_BOXES, Box, Boxes, Drawn, wrong_sides
from .places import PARTS, Item, Listing, composed, part_of
from .report import Broken, class_name, shown
from .sheet import NUMBER

MOST_BYTES = 1_000_000  # of one XML file
MOST_DEPTH = 20
LONGEST_TEXT = 300  # characters of one element
SIDES = ("xmin", "ymin", "xmax", "ymax")


@dataclass
class Marked:
    """What one XML file says: texts by their path below the first element, of every object by its own; `root` is the name of the first element."""

    root: str = ""
    texts: dict[str, str] = field(default_factory=dict)
    objects: list[dict[str, str]] = field(default_factory=list)


def parsed(content: bytes) -> Marked:
    """The texts of an XML file; raises DataError in words that complete "NAME: ". What a DOCTYPE could declare (entities, other files) is never read."""
    if len(content) > MOST_BYTES:
        raise DataError(f"it has more than {MOST_BYTES / 1e6:.0f} MB, far more than the boxes of a picture take")
    found, path = Marked(), []

    def begin(name: str, attributes: object) -> None:
        if not path:
            found.root = name
        path.append(name)
        if len(path) > MOST_DEPTH:
            raise DataError(f"its elements lie more than {MOST_DEPTH} deep in each other")
        if path[1:] == ["object"]:
            found.objects.append({})

    def text(given: str) -> None:
        key = path[2:] if path[1:2] == ["object"] else path[1:]
        table = found.objects[-1] if path[1:2] == ["object"] else found.texts
        if key and len(before := table.get(".".join(key), "")) < LONGEST_TEXT:
            table[".".join(key)] = (before + given)[:LONGEST_TEXT]

    def refuse(*_: object) -> None:
        raise DataError("it has a DOCTYPE, which can declare what is no part of it; a file of boxes needs none")

    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = begin, lambda name: path.pop(), text
    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(content, True)
    # A name of an encoding that there is none of is a LookupError, bytes that are none of it a ValueError.
    except (expat.ExpatError, LookupError, ValueError) as error:
        raise error if isinstance(error, DataError) else DataError(f"it is no whole XML file ({shown(str(error), 100)})") from None
    return found


def annotations(listing: Listing) -> list[tuple[Item, Marked]]:
    """The XML files of a place that say boxes, and those that are damaged with `root` empty; nothing where none says boxes."""
    found, said = [], False
    for item in listing.marks:
        try:
            marked = parsed(item.read())
        except (DataError, OSError) as error:
            found.append((item, Marked(texts={"": str(error)})))
            continue
        if marked.root == "annotation":
            found.append((item, marked))
            said = True
    return found if said else []


def drawn(listing: Listing, files: Sequence[tuple[Item, Marked]]) -> Boxes:
    """The boxes of the XML files; the lists train, val and test of ImageSets/Main, or folders called so, are parts where all pictures are in one. Raises DataError
    when there is none."""
    boxes = Boxes()
    names = {marked["name"].strip() for _, file in files for marked in file.objects if marked.get("name", "").strip()}
    boxes.classes.extend(sorted(set(map(class_name, names))))
    if len(boxes.classes) < len(names):
        raise DataError("two classes of the boxes differ only in characters that cannot be shown")
    if len(boxes.classes) > MOST_CLASSES or sum(len(file.objects) for _, file in files) > MOST_BOXES:
        raise DataError(f"there are boxes of {len(boxes.classes):,} classes; {MOST_CLASSES:,} classes and {MOST_BOXES:,} boxes are allowed")
    by_stem: dict[str, list[Item]] = defaultdict(list)
    for item in listing.items:
        by_stem[_stem(item.parts[-1])].append(item)
    taken: set[tuple[str, ...]] = set()
    parts = _parts(listing)
    for item, file in files:
        if not file.root:
            boxes.broken.append(Broken(item.name, file.texts[""]))
        elif (picture := _picture(item, file, by_stem)) is None:
            boxes.broken.append(Broken(item.name, "there is no picture of its name"))
        elif picture.parts in taken:
            boxes.broken.append(Broken(picture.name, "two XML files have boxes of it"))
        else:
            taken.add(picture.parts)
            size = _size(file)
            boxes.pictures.append(Drawn(picture, tuple(_boxes(item, file, size, boxes)), parts.get(_stem(item.parts[-1]), "") if parts else part_of(picture.parts[:-1]), size))
    boxes.whole_parts()
    boxes.must_have_some(shown(files[0][0].name))
    return boxes


def _stem(name: str) -> str:
    return composed([name.rpartition(".")[0]])[0].casefold()


def _picture(item: Item, file: Marked, by_stem: Mapping[str, list[Item]]) -> Item | None:
    """The one picture of the XML file's name, or of the name that it says; of several the one in the same folder, or below the same one."""
    said = file.texts.get("filename", "").strip().replace("\\", "/").rpartition("/")[2]
    for stem in dict.fromkeys((_stem(item.parts[-1]), _stem(said))):
        there = by_stem.get(stem, [])
        for depth in (len(item.parts) - 1, len(item.parts) - 2):
            near = [one for one in there if depth >= 0 and one.parts[:depth] == item.parts[:depth]]
            if len(near) == 1:
                return near[0]
        if len(there) == 1:
            return there[0]
    return None


def _size(file: Marked) -> tuple[int, int] | None:
    """Width and height where the file says them; some programs write zeros."""
    texts = [file.texts.get(f"size.{side}", "").strip() for side in ("width", "height")]
    sizes = [int(text) if text.isdecimal() and len(text) < 7 else 0 for text in texts]
    return (sizes[0], sizes[1]) if all(sizes) else None


def _boxes(item: Item, file: Marked, size: tuple[int, int] | None, boxes: Boxes) -> list[Box]:
    found = []
    for place, one in enumerate(file.objects):
        texts = [one.get(f"bndbox.{side}", "").strip() for side in SIDES]
        numbers = [float(text) for text in texts if NUMBER.fullmatch(text)]
        name = one.get("name", "").strip()
        if not name:
            wrongs = ["it has no name"]
        elif len(numbers) < len(SIDES) or not all(math.isfinite(number) and abs(number) < 1e9 for number in numbers):
            wrongs = ["its bndbox is not four numbers, xmin, ymin, xmax and ymax"]
        else:
            wrongs = list(wrong_sides(numbers, None)) or list(wrong_sides((numbers[0] - 1, numbers[1] - 1, *numbers[2:]), size))
        if wrongs:
            boxes.broken.append(Broken(f"{item.name}, object {place + 1}", "; ".join(wrongs)))
        else:
            found.append(Box(boxes.classes.index(class_name(name)), (numbers[0] - 1, numbers[1] - 1, numbers[2], numbers[3]), place))
    return found


def _parts(listing: Listing) -> dict[str, str]:
    """The part of each picture, by its name without ending, as the lists of ImageSets/Main say it; a name in two lists has none."""
    found: dict[str, str] = {}
    for item in listing.lists:
        part = PARTS.get(_stem(item.parts[-1]))
        try:
            rows = item.read().decode("utf-8-sig", "replace").splitlines() if part else ()
        except (DataError, OSError):
            continue
        for row in rows:
            if name := composed([row.strip()])[0].casefold():
                found[name] = part if found.get(name, part) == part else ""
    return found
