"""What a person chooses about data that they bring."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from builder.catalogue.tables import TABLE

from ..records import DataError
from .pictures import FITS

LARGEST_SIDE = 1024
TASKS = ("auto", "classification", "regression", "segmentation", "detection")
MOST_BYTES = 50_000_000_000  # of all samples as they are kept
CHANNELS = {"auto": None, "grey": 1, "colour": 3}


@dataclass(frozen=True)
class TableChoices:
    """How a table is read. `label` names the column that is to be told, or several of numbers (empty: found by its name or place), `category` columns whose
    numbers are names, `without` columns to leave out; `missing` cells are filled (numbers by the training part's median) or their rows dropped.
    """

    label: tuple[str, ...] = ()
    delimiter: str = "auto"
    decimal: str = "auto"
    header: str = "auto"
    encoding: str = "auto"
    missing: str = "ask"
    amounts: str = "auto"
    category: tuple[str, ...] = ()
    without: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name, choice in TABLE.items():
            if getattr(self, name) not in choice.values:
                raise DataError(f"{name} is {', '.join(choice.values)}, not {getattr(self, name)!r:.60}")


@dataclass(frozen=True)
class Choices:
    """What a person chooses: a title, the side of the pictures in pixels (None: what the files suggest), colours, how other sizes are brought to it.

    `test` is the share of every class that tests where the folders do not say so, drawn by `seed`; without `skip` broken items refuse the whole.
    `task` is what is to be told where a file leaves that open; `ignore` is a number of masks that is of no class, besides 255. `most` bounds the bytes of all
    samples as they are kept; `room` is a folder on the disk where they will be, None for the system's own.
    """

    title: str = ""
    side: int | None = None
    colours: str = "auto"
    fit: str = "crop"
    test: float = 0.2
    seed: int = 0
    skip: bool = False
    table: TableChoices = field(default_factory=TableChoices)
    task: str = "auto"
    ignore: int | None = None
    most: int = MOST_BYTES
    room: Path | None = None

    def __post_init__(self) -> None:
        if self.side is not None and not 1 <= self.side <= LARGEST_SIDE:
            raise DataError(f"the side of a picture is 1 to {LARGEST_SIDE:,} pixels, not {self.side:,}")
        if self.colours not in CHANNELS or self.fit not in FITS:
            raise DataError(f"colours are {', '.join(CHANNELS)}; other sizes are brought to one by {', '.join(FITS)}")
        if self.task not in TASKS:
            raise DataError(f"task is {', '.join(TASKS)}, not {self.task!r:.60}")
        if self.ignore is not None and not 0 <= self.ignore <= 255:
            raise DataError(f"the number of masks that is of no class is 0 to 255, not {self.ignore:,}")
        if self.most < 1:
            raise DataError(f"the bytes that samples may take are at least 1, not {self.most:,}")
        if not 0 < self.test < 1:
            raise DataError(f"the share that tests lies between 0 and 1, and is {self.test:g}")
