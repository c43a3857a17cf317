"""A table as samples: numbers as they are, categories as ones and zeros, one column the label; what is missing or wrong is said column by column."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy

from builder.catalogue.datasets import MOST_CLASSES

from ..records import DataError
from .choices import TableChoices
from .report import Broken, class_name, counted, shown
from .sheet import NUMBER, Sheet, read_sheet
from .split import TRAIN

# What pandas.read_csv takes for missing (pandas.pydata.org, read_csv, na_values), and the question mark of the UCI tables; compared without capitals.
MISSING = frozenset({"", "#n/a", "#n/a n/a", "#na", "-1.#ind", "-1.#qnan", "-nan", "1.#ind", "1.#qnan", "<na>", "n/a", "na", "nan", "none", "null", "?"})
LABELS = ("label", "class", "target", "y", "category", "outcome")
MOST_CATEGORIES = 50  # of a column; with more it is text
MOST_FEATURES = 10_000
MOST_WHOLE = 20  # different whole numbers that are taken for classes
MOST_BYTES = 1_000_000_000  # of all samples as they are kept
MOST_TARGETS = 1000
LARGEST = float(numpy.finfo(numpy.float32).max)
ASIDE = {"text": "has text with too many different values", "empty": "has no values", "constant": "has one value in every row"}
FIRST_ROWS = 8
NARROW, FAR = 0.1, 10.0  # amounts that lie within are learnt as they are


class LabelUnknown(DataError):
    """It cannot be known what of a table is to be told: `columns` and the first `rows` say what there is, for the report."""

    def __init__(self, says: str, columns: Sequence[Column], rows: Sequence[Sequence[str]]):
        super().__init__(says)
        self.columns, self.rows = [column.to_json() for column in columns], list(rows)


@dataclass
class Column:
    """One column: "number", "category", "text", "empty", "constant", "label", "target" or "without", its values by their text, and how many cells are missing or wrong."""

    name: str
    kind: str
    counts: Counter = field(repr=False)
    numbers: Mapping[str, float | None] = field(repr=False)
    missing: int = 0
    wrong: int = 0
    gap: bool = False  # whether "missing" is one of its categories

    @property
    def values(self) -> list[str]:
        """Its categories: numbers by their size, before other texts by the alphabet."""
        return sorted(self.counts, key=lambda text: (self.numbers[text] is None, self.numbers[text] or 0.0, text))

    @property
    def says(self) -> str:
        """What is in it, for people."""
        known = [number for number in self.numbers.values() if number is not None and math.isfinite(number)]
        if self.kind in ("number", "target") and known:
            return f"{min(known):g} to {max(known):g}"
        first = ", ".join(shown(text, 20) for text in self.values[:6])
        return f"{len(self.counts):,} values: {first}{', …' if len(self.counts) > 6 else ''}" if self.counts else ""

    def to_json(self) -> dict[str, object]:
        """For the report."""
        return {"name": self.name, "kind": self.kind, "missing": self.missing, "wrong": self.wrong, "says": self.says}


@dataclass(frozen=True)
class Table:
    """Rows that can be used, each by its line: their cells, class numbers (or the numbers `y` float64 (N K)), and the columns that they are made of."""

    columns: tuple[Column, ...]
    names: tuple[str, ...]
    cells: list[list[str]]
    labels: tuple[int, ...]
    classes: tuple[str, ...]
    rows: list[list[str]]
    broken: tuple[Broken, ...]
    notes: tuple[str, ...]
    missing: str
    task: str = "classification"
    y: numpy.ndarray | None = None
    amounts: str = "auto"

    @property
    def features(self) -> tuple[str, ...]:
        """The names of a sample's numbers."""
        return tuple(name for column in self.columns for name in _features(column))

    def told(self, parts: Sequence[str]) -> tuple[numpy.ndarray | None, tuple[str, ...], list[str]]:
        """What is to be told of a regression, float32 (N K), what the numbers are called, and how they are kept."""
        if self.y is None:
            return None, (), []
        train = [part == TRAIN for part in parts]
        told = [self._amounts(column.name, values, train) for column, values in zip((one for one in self.columns if one.kind == "target"), self.y.T, strict=True)]
        kept = ", ".join(how for _, _, how in told if how)
        notes = [f"{kept}, by the mean and the standard deviation of the training part."] if kept else []
        return numpy.stack([values for _, values, _ in told], 1).astype(numpy.float32), tuple(name for name, _, _ in told), notes

    def _amounts(self, name: str, values: numpy.ndarray, train: Sequence[bool]) -> tuple[str, numpy.ndarray, str]:
        """What one column of numbers is called as a target, its values as they are kept, and how that is, empty where they are as they were."""
        mean, std = float(values[train].mean()), float(values[train].std()) or 1.0
        if self.amounts == "plain" or self.amounts == "auto" and abs(mean) <= FAR and NARROW <= std <= FAR:
            return class_name(name), values, ""
        return class_name(f"{name}, standardised"), (values - mean) / std, f"{name!r} is kept as (value − {mean:g}) / {std:g}"

    def samples(self, parts: Sequence[str]) -> numpy.ndarray:
        """The rows as float32 (N F); what is missing is the median of the training part, or a category of its own."""
        x = numpy.zeros((len(self.cells), len(self.features)), numpy.float32)
        train = numpy.array([part == TRAIN for part in parts], dtype=bool)
        at = 0
        for place, column in enumerate(self.columns):
            if column.kind == "number":
                x[:, at] = _filled(column, [row[place] for row in self.cells], train)
            elif column.kind == "category":
                _ones(x, at, column, [row[place] for row in self.cells])
            at += len(_features(column))
        return x


def read_table(path: Path, choices: TableChoices, task: str = "auto") -> Table:
    """The rows of a table with their classes, or with numbers to tell where the label holds more than a few; `task` decides where it is said.

    Raises DataError where the label has to be asked, or nothing can be learnt from it.
    """
    sheet = read_sheet(path, choices)
    file = shown(path.name)
    for name in (*choices.category, *choices.without, *choices.label):
        if name not in sheet.names:
            raise DataError(f"{file} has no column {name!r:.80}; it has {_listed(sheet.names)}")
    if not sheet.rows:
        raise DataError(f"no row of {file} can be used: {sheet.broken[0].name}: {sheet.broken[0].why}")
    columns = [_column(sheet, place, name, choices) for place, name in enumerate(sheet.names)]
    if task == "segmentation":
        raise DataError(f"{file} is a table, and segmentation is of images")
    labels, why = _labels(columns, choices, file, task, _first(sheet))
    told = "target" if len(labels) > 1 or task == "regression" or task == "auto" and _measured(columns[labels[0]]) else "label"
    for place in labels:
        columns[place].kind = told
    notes = [*sheet.notes, why]
    broken, good = list(sheet.broken), []
    doubtful = [place for place, column in enumerate(columns) if column.wrong or column.kind in ("label", "target")]
    for line, row in sheet.rows:
        if wrong := _wrong(columns, row, doubtful):
            broken.append(Broken(f"line {line}", wrong))
        else:
            good.append((line, row))
    broken.sort(key=lambda one: int(one.name.removeprefix("line ")))
    notes += _said(columns)
    missing = _missing(columns)
    if choices.missing == "drop":
        kept = [(line, row) for line, row in good if not any(_is_missing(cell) for cell, column in zip(row, columns, strict=True) if _used(column))]
        notes += [f"{counted(len(good) - len(kept), 'row')} with missing cells {'is' if len(good) - len(kept) == 1 else 'are'} left out ({missing})."] if len(kept) < len(good) else []
        good = kept
    elif choices.missing == "fill" and missing:
        notes.append(f"Missing cells are filled, numbers by the training part's median, categories by one of their own ({missing}).")
    elif missing:
        notes.append(f"Cells are missing ({missing}): fill them, or leave out their rows.")
    return _table(sheet, columns, labels, good, broken, notes, missing if choices.missing == "ask" else "", choices.amounts, file)


def _table(sheet: Sheet, columns: list[Column], labels: Sequence[int], good, broken: list[Broken], notes: list[str], missing: str, amounts: str, file: str) -> Table:
    if not good:
        why = f": {broken[0].name}: {broken[0].why}" if broken else ", since every row has a cell that is missing"
        raise DataError(f"no row of {file} can be used{why}")
    if not any(_features(column) for column in columns):
        raise DataError(f"{file} has nothing but its label to learn from: {'; '.join(notes[-2:])}")
    size = len(good) * sum(len(_features(column)) for column in columns) * 4
    if size > MOST_BYTES or size > 4 * len(good) * MOST_FEATURES:
        raise DataError(f"{len(good):,} rows of {size // 4 // len(good):,} numbers are {size / 1e9:.1f} GB; {MOST_BYTES / 1e9:.0f} GB and {MOST_FEATURES:,} numbers a row "
                        "are allowed: leave out columns or bring fewer rows")
    cells, names = [row for _, row in good], tuple(f"line {line}" for line, _ in good)
    first = _first(sheet)
    twice = len(good) - len({tuple(row) for row in cells})
    if twice:
        notes.append(f"{counted(twice, 'row')} {'repeats' if twice == 1 else 'repeat'} another one; a pair may train and test.")
    label = labels[0]
    if columns[label].kind == "target":
        y = numpy.array([[columns[place].numbers[row[place]] for place in labels] for row in cells])
        return Table(tuple(columns), names, cells, (0,) * len(good), (), first, tuple(broken), tuple(notes), missing, "regression", y, amounts)
    there = {row[label] for row in cells}
    texts = [text for text in columns[label].values if text in there]
    if len(texts) > MOST_CLASSES or len(texts) > MOST_WHOLE and 2 * len(texts) > len(good):
        raise LabelUnknown(f"the column {columns[label].name!r} has {len(texts):,} different values in {len(good):,} rows, which are no classes. Say which column is the "
                           f"label: there are {_listed(sheet.names)}", columns, first)
    classes = tuple(map(class_name, texts))
    if len(set(classes)) < len(classes):
        raise DataError(f"two labels of {columns[label].name!r} differ only in characters that cannot be shown")
    notes += _leaks(columns, label, cells)
    numbers = {text: number for number, text in enumerate(texts)}
    return Table(tuple(columns), names, cells, tuple(numbers[row[label]] for row in cells), classes, first, tuple(broken), tuple(notes), missing)


def _first(sheet: Sheet) -> list[list[str]]:
    return [[shown(cell, 40) for cell in row] for _, row in sheet.rows[:FIRST_ROWS]]


def _is_missing(cell: str) -> bool:
    return cell.casefold() in MISSING


def number(cell: str, decimal: str) -> float | None:
    """A cell's number, infinite where it is larger than float32 holds, None for what is none."""
    if decimal == ",":
        cell = "" if "." in cell else cell.replace(",", ".")
    if not NUMBER.fullmatch(cell):
        return None
    value = float(cell)
    return value if abs(value) <= LARGEST else math.inf


def _column(sheet: Sheet, place: int, name: str, choices: TableChoices) -> Column:
    cells = Counter(row[place] for _, row in sheet.rows)
    counts = Counter({text: times for text, times in cells.items() if not _is_missing(text)})
    numbers = {text: number(text, sheet.decimal) for text in counts}
    column = Column(name, "number", counts, numbers, cells.total() - counts.total())
    wrong = sum(times for text, times in counts.items() if numbers[text] is None or math.isinf(numbers[text]))
    if name in choices.without:
        column.kind = "without"
    elif not counts:
        column.kind = "empty"
    elif len(counts) == 1 and not column.missing:
        column.kind = "constant"
    elif name in choices.category or 2 * sum(times for text, times in counts.items() if numbers[text] is None) > counts.total():
        column.kind = "category" if len(counts) <= MOST_CATEGORIES else "text"
        column.gap = column.missing > 0 and choices.missing != "drop"
    else:
        column.wrong = wrong
    return column


def _measured(column: Column) -> bool:
    """Whether a column holds numbers that are no classes: parts of whole ones, or many different."""
    numbers = [number for number in column.numbers.values() if number is not None]
    mostly = 2 * sum(times for text, times in column.counts.items() if column.numbers[text] is not None) > column.counts.total()
    return mostly and (len(numbers) > MOST_WHOLE or any(not number.is_integer() for number in numbers))


def _labels(columns: Sequence[Column], choices: TableChoices, file: str, task: str, rows: Sequence[Sequence[str]]) -> tuple[list[int], str]:
    """The places of what is to be told, ascending, and why it is that: one label, or several columns of numbers."""
    names = [column.name for column in columns]
    places = sorted({names.index(name) for name in choices.label})
    if len(places) > 1:
        texts = [names[place] for place in places if columns[place].kind in ("category", "text")]
        if texts or task == "classification":
            raise DataError(f"{file}: several columns to be told are numbers (regression)" + (f", and {_listed(texts)} {'holds' if len(texts) == 1 else 'hold'} none" if texts else "")
                            + ". Say one column whose values are classes, or columns of numbers alone")
        if len(places) > MOST_TARGETS:
            raise DataError(f"{file}: {len(places):,} columns are to be told; {MOST_TARGETS:,} are allowed")
        return places, f"What is to be told are the columns {_listed([names[place] for place in places])}."
    if places:
        return places, f"The label is the column {names[places[0]]!r}."
    place, why = _label(columns, names, task)
    if place is None:
        raise LabelUnknown(f"{file}: it cannot be known which column is the label. Say which: there are {_listed(names)}", columns, rows)
    return [place], why


def _label(columns: Sequence[Column], names: Sequence[str], task: str) -> tuple[int | None, str]:
    """The place of the label where nobody said it, and why it is that one; None where that cannot be known."""
    free = [place for place, column in enumerate(columns) if column.kind != "without"]
    # Beside an x, y is the other coordinate.
    called = [wanted for wanted in LABELS if wanted != "y" or "x" not in {name.casefold() for name in names}]
    for wanted in called:
        for place in free:
            if names[place].casefold() == wanted:
                return place, f"The label is the column {names[place]!r}, by its name."
    if free and columns[free[-1]].kind == "category":
        return free[-1], f"The label is the last column, {names[free[-1]]!r}."
    if free and task == "regression" and columns[free[-1]].kind == "number":
        return free[-1], f"What is to be told is the last column, {names[free[-1]]!r}."
    texts = [place for place in free if columns[place].kind == "category"]
    if len(texts) == 1:
        return texts[0], f"The label is the column {names[texts[0]]!r}, the only one that does not hold numbers."
    return None, ""


def _used(column: Column) -> bool:
    return column.kind in ("number", "category")


def _features(column: Column) -> list[str]:
    """Names of the numbers that a column gives: one for two categories, else one a category."""
    if column.kind == "number":
        return [column.name]
    if column.kind != "category":
        return []
    values = column.values + (["(missing)"] if column.gap else [])
    return [f"{column.name} = {shown(value, 40)}" for value in (values[1:] if len(values) == 2 else values)]


def _wrong(columns: Sequence[Column], row: Sequence[str], doubtful: Sequence[int]) -> str:
    """Why a row cannot be used; empty when it can. Only the doubtful columns are looked at."""
    for place in doubtful:
        column, cell = columns[place], row[place]
        if column.kind in ("label", "target") and _is_missing(cell):
            return f"its label, {column.name!r}, is missing"
        if (column.kind == "number" and column.wrong or column.kind == "target") and not _is_missing(cell):
            if (value := column.numbers[cell]) is None:
                return f"{column.name} is {shown(cell, 40)!r}, and the column holds numbers"
            if math.isinf(value):
                return f"{column.name} is {shown(cell, 40)}, more than a number of 32 bits can be"
    return ""


def _said(columns: Sequence[Column]) -> list[str]:
    """The columns that are left out, by the reason."""
    aside = defaultdict(list)
    for column in columns:
        if column.kind in ASIDE:
            aside[column.kind].append(column.name)
    return [f"{_listed(names)} {why if len(names) == 1 else why.replace('has', 'have', 1)} and {'is' if len(names) == 1 else 'are'} left out."
            for kind, why in ASIDE.items() if (names := aside[kind])]


def _missing(columns: Sequence[Column]) -> str:
    return ", ".join(f"{column.name} {column.missing:,}" for column in columns if _used(column) and column.missing)


def _listed(names: Sequence[str], most: int = 30) -> str:
    return ", ".join(map(repr, names[:most])) + (" …" if len(names) > most else "")


def _leaks(columns: Sequence[Column], label: int, rows: Sequence[Sequence[str]]) -> list[str]:
    """Columns that say the label themselves: a network would learn to read them off, and meet no such column when it is used."""
    notes = []
    for place, column in enumerate(columns):
        if not _used(column) or not 2 <= len(column.counts) <= MOST_CATEGORIES or 2 * len(column.counts) > len(rows):
            continue
        meant = defaultdict(set)
        for row in rows:
            meant[row[place]].add(row[label])
        if all(len(labels) == 1 for labels in meant.values()) and len(set().union(*meant.values())) > 1:
            notes.append(f"{column.name!r} says the label: every value of it stands with one label alone. Leave it out unless that is meant.")
    return notes


def _filled(column: Column, cells: Sequence[str], train: numpy.ndarray) -> numpy.ndarray:
    # What is missing has no number.
    values = numpy.array([column.numbers.get(cell, math.nan) for cell in cells])
    there = values[train & ~numpy.isnan(values)]
    return numpy.where(numpy.isnan(values), numpy.median(there) if len(there) else 0.0, values)


def _ones(x: numpy.ndarray, at: int, column: Column, cells: Sequence[str]) -> None:
    values = [*column.values, *([None] if column.gap else [])]
    first = 1 if len(values) == 2 else 0
    places = {value: at + number - first for number, value in enumerate(values)}
    for row, cell in enumerate(cells):
        place = places[cell if cell in column.counts else None]
        if place >= at:
            x[row, place] = 1
