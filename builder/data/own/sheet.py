"""A table's text as rows of cells: its encoding, what parts its columns, its names; asked where they cannot be known."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import re
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from builder.catalogue.tables import TABLE

from ..records import DataError
from .choices import TableChoices
from .report import Broken, counted, lines, shown

MOST_BYTES = 200_000_000  # of a table's text
MOST_CELLS = 20_000_000
MOST_COLUMNS = 10_000
DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
TRIED = 200  # rows that are looked at to find the delimiter
MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
GUESSED = "windows-1252"  # what most files that are no UTF-8 were written in
NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?", re.ASCII)
WITH_COMMA = re.compile(r"[+-]?[0-9]*,[0-9]+(?:[eE][+-]?[0-9]+)?", re.ASCII)
WITH_POINT = re.compile(r"[+-]?[0-9]*\.[0-9]+(?:[eE][+-]?[0-9]+)?", re.ASCII)


@dataclass(frozen=True)
class Sheet:
    """Column names, different from each other, and rows with the number of the line where each begins, as many cells in each as there are names."""

    names: tuple[str, ...]
    rows: list[tuple[int, list[str]]]
    decimal: str
    broken: tuple[Broken, ...]
    notes: tuple[str, ...]


def read_sheet(path: Path, choices: TableChoices) -> Sheet:
    """The rows of a table; raises DataError where the file is no text, has no rows, or where what parts its columns has to be asked."""
    file = shown(path.name)
    text = _text(path, file, choices.encoding)
    delimiter = DELIMITER_OF.get(choices.delimiter) or _delimiter(text, file)
    notes = [] if delimiter == "," else [f"Its columns are parted by a {DELIMITERS[delimiter]}."]
    rows, empty = [], []
    cells = 0
    for line, row in _rows(text, delimiter, file):
        if not any(cell.strip() for cell in row):
            empty.append(line)
            continue
        cells += len(row)
        if cells > MOST_CELLS:
            raise DataError(f"{file} has more than {MOST_CELLS:,} cells; bring a part of it")
        rows.append((line, [cell.strip() for cell in row]))
    if not rows:
        raise DataError(f"{file} is empty: it has no rows")
    if empty:
        notes.append(f"{counted(len(empty), 'line')} without a value: {lines(empty)}.")
    names = _names(rows, choices.header, notes)
    if not rows:
        raise DataError(f"{file} has a line of names and no rows below it")
    width = len(names)
    if width < 2:
        raise DataError(f"{file} has a single column ({names[0]!r}); a table needs a label and something to tell it from")
    broken = tuple(Broken(f"line {line}", f"it has {counted(len(row), 'cell')}, and the table {width} columns") for line, row in rows if len(row) != width)
    rows = [(line, row) for line, row in rows if len(row) == width]
    decimal = {"point": ".", "comma": ","}.get(choices.decimal) or _decimal(rows, delimiter)
    if decimal == "," and choices.decimal == "auto":
        notes.append("Its numbers have decimal commas, which are read as points.")
    return Sheet(names, rows, decimal, broken, tuple(notes))


DELIMITER_OF = {name: sign for sign, name in DELIMITERS.items()}


def _text(path: Path, file: str, encoding: str) -> str:
    try:
        with path.open("rb") as stream:
            packed = stream.read(2) == b"\x1f\x8b"
        with gzip.open(path, "rb") if packed else path.open("rb") as stream:
            content = stream.read(MOST_BYTES + 1)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(f"{file} is cut or damaged: {shown(str(error))}") from None
    except OSError as error:
        raise DataError(f"{file} cannot be read: {error.strerror or error}") from None
    if len(content) > MOST_BYTES:
        raise DataError(f"{file} is larger than {MOST_BYTES / 1e6:,.0f} MB, which is what a table may have; bring a part of it, or an npz")
    marked = next((name for mark, name in MARKS.items() if content.startswith(mark)), None)
    name = encoding if encoding != "auto" else marked or "utf-8"
    try:
        text = content.decode("utf-8-sig" if name == "utf-8" else name)
    except UnicodeDecodeError as error:
        raise DataError(_undecodable(content, error, file, name)) from None
    if "\0" in text:
        raise DataError(f"{file} is no text: there are zero bytes in it")
    return text


def _undecodable(content: bytes, error: UnicodeDecodeError, file: str, name: str) -> str:
    line = content.count(b"\n", 0, error.start) + 1
    start = content.rfind(b"\n", 0, error.start) + 1
    guess = shown(content[start:start + 60].split(b"\n")[0].decode(GUESSED, "replace"))
    return (f"{file} is not written in {name}: line {line} has the byte {content[error.start]:02x}, which means nothing there. Read as {GUESSED} the line is {guess!r}; "
            f"choose its encoding ({', '.join(TABLE['encoding'].values[1:])})")


def _rows(text: str, delimiter: str, file: str) -> Iterator[tuple[int, list[str]]]:
    """Rows with the line where each begins; a quoted cell may hold line ends."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    begins = 1
    try:
        for row in reader:
            if len(row) > MOST_COLUMNS:
                raise DataError(f"{file} has {len(row):,} columns in line {begins}; {MOST_COLUMNS:,} are allowed")
            yield begins, row
            begins = reader.line_num + 1
    except csv.Error as error:
        raise DataError(f"{file} cannot be read from line {begins} on: {shown(str(error))}. A quotation mark may not be closed") from None


def _delimiter(text: str, file: str) -> str:
    """The sign that cuts most rows into equally many cells, and then the one that gives most of them."""
    found, trouble = [], None
    for sign in DELIMITERS:
        counts = Counter()
        try:
            for number, (_, row) in enumerate(_rows(text, sign, file)):
                if number == TRIED:
                    break
                counts[len(row)] += any(cell.strip() for cell in row)
        except DataError as error:
            trouble = error
            continue
        width, times = max(counts.items(), key=lambda item: (item[1], item[0]), default=(0, 0))
        if width > 1 and times:
            found.append((times / counts.total(), width, sign))
    if not found:
        raise trouble or DataError(f"{file}: no comma, semicolon, tab or bar parts its lines into columns. Say what does, if it has several")
    return max(found, key=lambda one: one[:2])[2]


def _names(rows: list[tuple[int, list[str]]], header: str, notes: list[str]) -> tuple[str, ...]:
    """The names of the columns, taken off the rows where there is a line of them: one without a number, unless it was said."""
    first = rows[0][1]
    there = header == "yes" or header == "auto" and not any(NUMBER.fullmatch(cell.replace(",", ".")) for cell in first)
    if not there:
        if header == "auto":
            notes.append("The first line holds numbers, so it is read as a row; the columns are numbered.")
        width = Counter(len(row) for _, row in rows).most_common(1)[0][0]
        return tuple(f"column {number}" for number in range(1, width + 1))
    rows.pop(0)
    names: list[str] = []
    for number, cell in enumerate(first, 1):
        name = base = shown(cell, 60) or f"column {number}"
        times = 1
        while name in names:
            times += 1
            name = f"{base} ({times})"
        names.append(name)
    for name, times in Counter(shown(cell, 60) for cell in first).items():
        if times > 1:
            notes.append(f"{times} columns are called {name!r}; they are numbered.")
    return tuple(names)


def _decimal(rows: list[tuple[int, list[str]]], delimiter: str) -> str:
    """A comma where numbers are written with one and none with a point."""
    if delimiter == ",":
        return "."
    commas = False
    for _, row in rows:
        for cell in row:
            if WITH_POINT.fullmatch(cell):
                return "."
            commas = commas or bool(WITH_COMMA.fullmatch(cell))
    return "," if commas else "."
