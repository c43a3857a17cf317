"""The files of a folder or a zip, as names and a way to read each, and which of them are pictures of which class."""

from __future__ import annotations

import os
import re
import stat
import unicodedata
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from ..records import DataError
from .report import Broken, class_name, shown

# An upload cannot be larger than the server lets it; these hold for paths too.
MOST_FILE = 64_000_000  # bytes of one picture's file, unpacked
MOST_UNPACKED = 20_000_000_000  # bytes of all files of an archive, unpacked
MOST_FILES = 500_000
MOST_DEPTH = 20  # folders above a file
PICTURES = frozenset({".jpg", ".jpeg", ".jfif", ".png", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".pgm", ".ppm"})
TEXTS = frozenset({".json", ".csv", ".txt", ".yaml", ".yml", ".names"})
MOST_TEXTS = 50  # of one ending
LISTS, LISTED = ("imagesets", "main"), ("train.txt", "val.txt", "test.txt")
JUNK = frozenset({"thumbs.db", "desktop.ini"})
PACKED = {zipfile.ZIP_STORED: "not packed", zipfile.ZIP_DEFLATED: "deflate"}
ENCRYPTED, UTF_8 = 0x1, 0x800  # bits of an entry's flags
PARTS = {"train": "train", "training": "train", "val": "val", "valid": "val", "validation": "val", "test": "test", "testing": "test"}
FEW = 20  # times as many pictures as others lie in class folders, where those others are none of the set's
DRIVE = re.compile(r"[A-Za-z]:")


@dataclass(frozen=True)
class Item:
    """One file: the folders above it and its own name, and how to get its bytes."""

    parts: tuple[str, ...]
    read: Callable[[], bytes] = field(repr=False, compare=False)

    @property
    def name(self) -> str:
        """For people."""
        return shown("/".join(self.parts))


@dataclass
class Listing:
    """All files of a place: pictures, empty folders, what is broken already by its name or size, texts that may say something of them, XML files (`marks`) and
    lists of ImageSets/Main that may say where things are in them, plain texts that may say it too (`labels`), `large` ones that are not read, and how many are no pictures."""

    items: list[Item] = field(default_factory=list)
    folders: set[tuple[str, ...]] = field(default_factory=set)
    broken: list[Broken] = field(default_factory=list)
    aside: int = 0
    texts: list[Item] = field(default_factory=list)
    large: list[Item] = field(default_factory=list)
    marks: list[Item] = field(default_factory=list)
    lists: list[Item] = field(default_factory=list)
    labels: list[Item] = field(default_factory=list)
    _endings: Counter[str] = field(default_factory=Counter, repr=False)

    def add(self, parts: tuple[str, ...], size: int, read: Callable[[], bytes]) -> None:
        """Take in one file by its name and size."""
        if len(self.items) + len(self.broken) + self.aside >= MOST_FILES:
            raise DataError(f"there are more than {MOST_FILES:,} files; bring fewer")
        if _junk(parts) or parts[-1].casefold() in JUNK:
            return
        item = Item(parts, read)
        if Path(parts[-1]).suffix.casefold() not in PICTURES:
            self.aside += 1
            self._text(item, size)
        elif size > MOST_FILE:
            self.broken.append(Broken(item.name, f"it unpacks to {size / 1e6:,.0f} MB; a picture's file may have {MOST_FILE / 1e6:.0f}"))
        elif len(parts) > MOST_DEPTH:
            self.broken.append(Broken(item.name, f"it lies more than {MOST_DEPTH} folders deep"))
        else:
            self.items.append(item)

    def _text(self, item: Item, size: int) -> None:
        ending = Path(item.parts[-1]).suffix.casefold()
        if size > MOST_FILE or len(item.parts) > MOST_DEPTH:
            self.large += [item] if ending in TEXTS and size > MOST_FILE else []
        elif ending == ".xml":
            self.marks.append(item)
        elif tuple(part.casefold() for part in item.parts[-3:-1]) == LISTS:
            # There are three for each class besides, which are not asked for.
            self.lists += [item] if item.parts[-1].casefold() in LISTED else []
        elif ending in TEXTS:
            # Of texts there may be one for each picture.
            self.labels += [item] if ending == ".txt" else []
            self._endings[ending] += 1
            self.texts += [item] if self._endings[ending] <= MOST_TEXTS else []


def _junk(parts: tuple[str, ...]) -> bool:
    """What systems put beside a person's files: hidden ones, and the other half of a Mac's."""
    return any(part.startswith(".") or part == "__MACOSX" for part in parts)


@contextmanager
def opened(path: Path) -> Iterator[Listing]:
    """The files of a folder or a zip, readable while it lasts; raises DataError for what is neither."""
    with ExitStack() as stack:
        if path.is_dir():
            yield _folder(path)
            return
        try:
            archive = stack.enter_context(zipfile.ZipFile(path))
        except (zipfile.BadZipFile, NotImplementedError, ValueError, EOFError) as error:
            raise DataError(f"{shown(path.name)} is no whole zip archive ({str(error).rstrip('.')}). It is cut, damaged or something else; get it again") from None
        yield _archive(path, archive)


def _folder(path: Path) -> Listing:
    """A folder's files in the order of their names. Links are not followed: they may lead anywhere."""
    listing = Listing()
    top = path.resolve()

    def unread(error: OSError) -> None:
        listing.broken.append(Broken(shown(os.path.relpath(error.filename, top)), f"the folder cannot be read: {error.strerror or error}"))

    for folder, below, files in os.walk(top, onerror=unread):
        below.sort()
        here = composed(Path(folder).relative_to(top).parts)
        if any(part.startswith(".") for part in here):
            continue
        if here:
            listing.folders.add(here)
        for name in sorted([*files, *(name for name in below if os.path.islink(os.path.join(folder, name)))]):
            file = Path(folder, name)
            about = file.lstat()
            if stat.S_ISREG(about.st_mode):
                listing.add((*here, *composed([name])), about.st_size, lambda file=file: _bytes(file))
            elif not name.startswith("."):
                listing.broken.append(Broken(shown("/".join((*here, name))), "it is a link or no plain file, and links are not followed"))
    return listing


def composed(names: Sequence[str]) -> tuple[str, ...]:
    """Names in Unicode's composed form: a Mac writes é as e and an accent, and the same name elsewhere is other letters."""
    return tuple(unicodedata.normalize("NFC", name) for name in names)


def _bytes(file: Path) -> bytes:
    with file.open("rb") as stream:
        return stream.read(MOST_FILE + 1)


def _archive(path: Path, archive: zipfile.ZipFile) -> Listing:
    """An archive's entries in the order of their names; nothing is unpacked yet."""
    entries = archive.infolist()
    if any(entry.flag_bits & ENCRYPTED for entry in entries):
        raise DataError(f"{shown(path.name)} is protected by a password; pack it again without one")
    if (whole := sum(entry.file_size for entry in entries)) > MOST_UNPACKED:
        raise DataError(f"{shown(path.name)} would unpack to {whole / 1e9:,.0f} GB; {MOST_UNPACKED / 1e9:.0f} GB are allowed")
    listing = Listing()
    for entry in sorted(entries, key=lambda entry: entry.filename):
        raw = _name(entry)
        parts = composed([part for part in raw.split("/") if part not in ("", ".")])
        if why := _refused(raw, parts, entry):
            listing.broken.append(Broken(shown(raw), why))
        elif raw.endswith("/"):
            listing.folders.add(parts)
        else:
            listing.folders.update(parts[:depth] for depth in range(1, min(len(parts), MOST_DEPTH)))
            listing.add(parts, entry.file_size, lambda entry=entry: _unpacked(archive, entry))
    return listing


def _name(entry: zipfile.ZipInfo) -> str:
    """An entry's name as it was meant: Macs write UTF-8 without the mark that says so, and some programs of Windows part folders by backslashes."""
    # The standard library's own name has its backslashes turned on Windows only; the original has what the archive says.
    name = entry.orig_filename
    if not entry.flag_bits & UTF_8:
        # What is no UTF-8 was written in an old code page, as the standard library took it.
        with suppress(UnicodeError):
            name = name.encode("cp437").decode("utf-8")
    return name.replace("\\", "/")


def _refused(raw: str, parts: tuple[str, ...], entry: zipfile.ZipInfo) -> str | None:
    """Why an entry is not even looked at."""
    if not parts or raw.startswith("/") or ".." in parts or DRIVE.match(raw):
        return "its name leads out of the archive's folder"
    if stat.S_ISLNK(entry.external_attr >> 16):
        return "it is a link, and links are not followed"
    if entry.compress_type not in PACKED:
        return f"it is packed by a method that is not read here (number {entry.compress_type}); zip's own deflate is"
    return None


def _unpacked(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """An entry's bytes; what is longer than its entry says is cut, and then found broken. Raises what zipfile raises for damaged ones."""
    try:
        with archive.open(entry) as stream:
            return stream.read(MOST_FILE + 1)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        raise DataError(f"it is damaged in the archive ({shown(str(error))})") from None


def part_of(folders: Sequence[str]) -> str:
    """The part that the innermost folder called train, val or test says; empty where none is."""
    return next((PARTS[name.casefold()] for name in reversed(folders) if name.casefold() in PARTS), "")


@dataclass(frozen=True)
class Labelled:
    """A picture with its class and, where the folders say so, the part it belongs to: train, val or test; `folders` are those below its class's."""

    item: Item
    label: str
    part: str = ""
    folders: tuple[str, ...] = ()


@dataclass(frozen=True)
class Sorted:
    """The pictures of a place by class, what could not be put anywhere, and what is worth a word."""

    samples: tuple[Labelled, ...]
    broken: tuple[Broken, ...]
    notes: tuple[str, ...]


def sort(listing: Listing) -> Sorted:
    """Pictures by the names of their folders: CLASS/…, or train/CLASS/… and so on; folders above that hold all of it are passed.

    Raises DataError when there is no picture or no class.
    """
    if not listing.items and not listing.broken:
        raise DataError("there is no picture in it" + (f": {listing.aside:,} other files, and none that ends in .png, .jpg or another picture's ending" if listing.aside else ""))
    depth = _top([item.parts for item in listing.items])
    broken, samples = list(listing.broken), []
    # Of some sets the pictures to be tested lie in no class folder: their part is one all the same.
    inside = [item.parts for item in listing.items if len(item.parts) > depth + 1]
    split = all(parts[depth].casefold() in PARTS for parts in inside) and any(len(parts) > depth + 2 for parts in inside)
    unsorted = bool(inside) and not split and all(parts[depth].casefold() in PARTS for parts in inside)
    below = depth + split
    for item in listing.items:
        if len(item.parts) < below + 2:
            broken.append(Broken(item.name, "it lies in no class folder"))
        else:
            samples.append(Labelled(item, item.parts[below], PARTS[item.parts[depth].casefold()] if split else "", item.parts[below + 1:-1]))
    if (not samples or unsorted) and listing.items:
        where = f" in {', '.join(sorted({shown(parts[depth]) for parts in inside}))}" if unsorted else ""
        raise DataError(f"there are no class folders{where}: {len(listing.items):,} pictures lie side by side, and nothing says what they show. Put those of one "
                        f"class into one folder, named as the class{', in each of these parts' if unsorted else ''}")
    top = samples[0].item.parts[:depth] if samples else ()
    folders = {parts[below] for parts in listing.folders if len(parts) == below + 1 and parts[:depth] == top and not _junk(parts)
               and (not split or parts[depth].casefold() in PARTS)}
    return _named(samples, broken, folders, listing)


def _top(names: list[tuple[str, ...]]) -> int:
    """How many folders hold everything, but for a few pictures beside what is in them, and are no class: with one folder only, what is in it decides."""
    depth = 0
    while inside := [parts for parts in names if len(parts) > depth + 2]:
        beside = sum(len(parts) == depth + 2 for parts in names)
        if FEW * beside > len(inside) or len({parts[depth] for parts in inside}) > 1 or inside[0][depth].casefold() in PARTS:
            break
        depth += 1
    return depth


def _named(samples: list[Labelled], broken: list[Broken], folders: set[str], listing: Listing) -> Sorted:
    there = {sample.label for sample in samples}
    if len({class_name(label) for label in there}) < len(there):
        raise DataError("two class folders have names that differ only in characters that cannot be shown; rename one")
    notes = [f"The class folder {class_name(name)!r} has no picture." for name in sorted(folders - there)]
    alike: dict[str, list[str]] = {}
    for label in sorted(there):
        alike.setdefault(label.casefold(), []).append(class_name(label))
    notes += [f"{' and '.join(map(repr, names))} differ in capitals only and are different classes here." for names in alike.values() if len(names) > 1]
    places = {part: {sample.label for sample in samples if sample.part == part} for part in sorted({sample.part for sample in samples})}
    for label in sorted(there):
        missing = [part for part, labels in places.items() if label not in labels]
        if missing and len(places) > 1:
            notes.append(f"The class {class_name(label)!r} is not in {' and '.join(missing)}: classes go by their names, so the others keep theirs.")
    twice = [name for name, count in Counter("/".join(sample.item.parts).casefold() for sample in samples).items() if count > 1]
    if twice:
        notes.append(f"{len(twice):,} file name{'s occur' if len(twice) > 1 else ' occurs'} more than once, or with other capitals; all are read.")
    if listing.aside:
        notes.append(f"{listing.aside:,} other file{'s' if listing.aside > 1 else ''} that {'are no pictures were' if listing.aside > 1 else 'is no picture was'} left aside.")
    return Sorted(tuple(samples), tuple(broken), tuple(notes))
