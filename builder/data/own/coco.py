"""The boxes of COCO files: each is of a category, which is its class.

The form is cocodataset.org's (Data format, object detection): `images`, `annotations` with bbox [x, y, width, height] in pixels, and `categories`.
"""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from builder.catalogue.datasets import MOST_CLASSES

from ..records import DataError
from .boxes import MOST_BOXES, Box, Boxes, Drawn, wrong_sides
from .places import MOST_FILE, PARTS, Item, Listing, composed, part_of
from .report import Broken, class_name, shown

KEYS = ("images", "annotations", "categories")


def coco(listing: Listing) -> list[tuple[Item, Mapping]]:
    """The COCO files among the files of a place; raises DataError for one that is damaged or too large where the folders say no classes either."""
    found = []
    large = next((item.name for item in listing.large if item.parts[-1].casefold().endswith(".json")), "")
    damaged = f"{large} has more than the {MOST_FILE / 1e6:.0f} MB that a file of boxes may have, and the folders name no classes: bring a part of it" if large else ""
    for item in listing.texts:
        if not item.parts[-1].casefold().endswith(".json"):
            continue
        try:
            record = json.loads(item.read())
        except (DataError, OSError, ValueError, RecursionError) as error:
            damaged = f"{item.name} is no whole JSON file ({shown(str(error), 100)}), and the folders name no classes: mend it, or put the pictures into class folders"
            continue
        if isinstance(record, dict) and all(isinstance(record.get(key), list) for key in KEYS):
            found.append((item, record))
    if damaged and not found and len({item.parts[:-1] for item in listing.items}) <= 1:
        raise DataError(damaged)
    return found


def drawn(listing: Listing, files: Sequence[tuple[Item, Mapping]]) -> Boxes:
    """The boxes of COCO files; several are parts, by train, val and test in their names or their folders'. Raises DataError when there is none."""
    boxes = Boxes()
    by_name: dict[str, list[Item]] = defaultdict(list)
    for item in listing.items:
        by_name[item.parts[-1]].append(item)
    parts = [_part(item) if len(files) > 1 else "" for item, _ in files]
    if len(files) > 1 and not all(parts):
        raise DataError(f"{shown(files[parts.index('')][0].name)}: of several annotation files each is one part, and its name says which, or its folder's: train, val or test")
    taken: dict[tuple[str, ...], int] = {}
    for (item, record), part in zip(files, parts, strict=True):
        _read(item, record, part, by_name, boxes, taken)
    boxes.must_have_some(shown(files[0][0].name))
    return boxes


def _part(item: Item) -> str:
    words = "".join(letter if letter.isalpha() else " " for letter in item.parts[-1].casefold()).split()
    return next((PARTS[word] for word in words if word in PARTS), part_of(item.parts[:-1]))


def _read(file: Item, record: Mapping, part: str, by_name: Mapping[str, list[Item]], boxes: Boxes,
          taken: dict[tuple[str, ...], int]) -> None:
    if len(record["annotations"]) > MOST_BOXES or len(record["images"]) > MOST_BOXES:
        raise DataError(f"{file.name} has more than {MOST_BOXES:,} boxes or pictures; bring fewer")
    names = _categories(file, record, boxes)
    pictures: dict[object, tuple[Item, tuple[int, int] | None]] = {}
    missing: dict[object, str] = {}
    for place, one in enumerate(record["images"]):
        key, why, found = _picture(one, by_name, file.parts[:-1])
        if why:
            boxes.broken.append(Broken(f"{file.name}, picture {_number(one, place)}", why))
            missing[key] = why
        elif key in pictures or key in missing:
            boxes.broken.append(Broken(f"{file.name}, picture {_number(one, place)}", "another picture has its id"))
        else:
            pictures[key] = found
    seen: set[object] = set()
    crowds, there = 0, {found: [] for found in pictures.values()}
    for place, one in enumerate(record["annotations"]):
        name = f"{file.name}, box {_number(one, place)}"
        if not isinstance(one, dict):
            boxes.broken.append(Broken(name, "it is no record"))
            continue
        if one.get("iscrowd"):
            crowds += 1
            continue
        wrongs = list(_wrong(one, names, pictures, missing, seen))
        seen.add(_key(one.get("id")))
        if wrongs:
            boxes.broken.append(Broken(name, "; ".join(wrongs)))
            continue
        x, y, width, height = one["bbox"]
        label = boxes.classes.index(names[_key(one.get("category_id"))])
        there[pictures[_key(one.get("image_id"))]].append(Box(label, (x, y, x + width, y + height), place))
    if crowds:
        boxes.notes.append(f"{crowds:,} box{' around a crowd is' if crowds == 1 else 'es around crowds are'} left aside.")
    for (item, size), inside in there.items():
        one = Drawn(item, tuple(inside), part, size)
        if item.parts not in taken:
            taken[item.parts] = len(boxes.pictures)
            boxes.pictures.append(one)
        # Some programs list all pictures in the file of every part.
        elif inside and not boxes.pictures[taken[item.parts]].boxes:
            boxes.pictures[taken[item.parts]] = one
        elif inside:
            boxes.broken.append(Broken(item.name, "two annotation files have boxes of it"))


def _key(value: object) -> object:
    """An id as a key of a dictionary: a whole number or a text, else nothing that any record has."""
    return value if type(value) in (int, str) else None


def _number(one: object, place: int) -> str:
    value = one.get("id") if isinstance(one, dict) else None
    return shown(str(value), 40) if type(value) in (int, str) and len(str(value)[:50]) < 50 else f"at place {place}"


def _categories(file: Item, record: Mapping, boxes: Boxes) -> dict[object, str]:
    """Category ids with the names of classes; classes go by their names, so several files share them."""
    names: dict[object, str] = {}
    for place, one in enumerate(record["categories"][:MOST_CLASSES + 1]):
        name = one.get("name") if isinstance(one, dict) else None
        key = _key(one.get("id")) if isinstance(one, dict) else None
        if not isinstance(name, str) or key is None or key in names:
            boxes.broken.append(Broken(f"{file.name}, category {_number(one, place)}", "it has no name, no id, or the id of another"))
        else:
            names[key] = class_name(name)
    if len(set(names.values())) < len(names):
        raise DataError(f"{file.name}: two categories have one name")
    boxes.classes.extend(name for name in sorted(names.values()) if name not in boxes.classes)
    if len(boxes.classes) > MOST_CLASSES:
        raise DataError(f"{file.name} has more than {MOST_CLASSES:,} categories")
    return names


def _picture(one: object, by_name: Mapping[str, list[Item]], folder: tuple[str, ...]) -> tuple[object, str, tuple[Item, tuple[int, int] | None] | None]:
    """A picture's id, why it cannot be used (empty when it can), its file and its width and height; the file is looked up among those that were listed, of
    several the one below the `folder` of the COCO file."""
    if not isinstance(one, dict) or _key(one.get("id")) is None or not isinstance(one.get("file_name"), str):
        return None, "it has no id or no file_name", None
    key, size = _key(one["id"]), tuple(int(value) if type(value) is float and value.is_integer() else value for value in (one.get("width"), one.get("height")))
    parts = composed([part for part in one["file_name"].replace("\\", "/").split("/") if part not in ("", ".")])
    found = [item for item in by_name.get(parts[-1] if parts else "", ()) if item.parts[-len(parts):] == parts]
    if len(found) > 1:
        found = [item for item in found if item.parts[:len(folder)] == folder] or found
    if len(found) != 1:
        return key, f"there are {len(found)} files called {shown(one['file_name'], 80)!r}" if found else f"its file {shown(one['file_name'], 80)!r} is missing", None
    if size == (None, None):
        return key, "", (found[0], None)
    if not all(type(value) is int and value > 0 for value in size):
        return key, "its width and height are no numbers of pixels", None
    return key, "", (found[0], size)


def _wrong(one: Mapping, names: Mapping, pictures: Mapping, missing: Mapping, seen: set[object]) -> Iterator[str]:
    """All that is wrong with a box, as parts of a sentence."""
    key, image = _key(one.get("id")), _key(one.get("image_id"))
    if key is not None and key in seen:
        yield "another box has its id"
    if _key(one.get("category_id")) not in names:
        yield f"there is no category {shown(str(one.get('category_id'))[:40])}"
    if image in missing:
        yield f"its picture cannot be used: {missing[image]}"
    elif image not in pictures:
        yield f"there is no picture {shown(str(one.get('image_id'))[:40])}"
    box = one.get("bbox")
    if not isinstance(box, list) or len(box) != 4 or not all(type(value) in (int, float) and abs(value) < 1e9 and math.isfinite(value) for value in box):
        yield "its bbox is not four numbers"
        return
    x, y, width, height = box
    yield from wrong_sides((x, y, x + width, y + height), pictures[image][1] if image in pictures else None)
