"""What the command line prints: plain lines and tables for people, one JSON document for programs."""

from __future__ import annotations

import json
import math
import os
import sys
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import TextIO


class CommandError(ValueError):
    """Ends a command with one line on stderr and an exit status: 1 the project or the run is at fault, 2 the command or a file."""

    def __init__(self, says: str, status: int = 2):
        super().__init__(says)
        self.status = status


def clean(text: object) -> str:
    """The text on one line without characters that move a terminal's cursor or hide what follows."""
    return "".join(" " if unicodedata.category(c) in ("Cc", "Zl", "Zp") else "?" if unicodedata.category(c) in ("Cf", "Cs") else c
                   for c in str(text))


def say(text: object = "", file: TextIO | None = None) -> None:
    """Print lines of text, each made safe for a terminal."""
    print("\n".join(map(clean, str(text).split("\n"))), file=file or sys.stdout)


def forget_stdout() -> None:
    """Drop what is still printed: its reader has gone, and Python's own flush at exit must not complain about that."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def say_json(value: object) -> None:
    """Print one JSON document on one line; numbers that JSON does not know become null."""
    text = json.dumps(strict(value), ensure_ascii=False)
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        text = json.dumps(strict(value))
    print(text, flush=True)


def strict(value: object) -> object:
    """The value with infinities and not-a-numbers as None, so that every JSON reader takes it."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: strict(item) for key, item in value.items()}
    return [strict(item) for item in value] if isinstance(value, (list, tuple)) else value


def table(head: Sequence[str], rows: Iterable[Sequence[object]], right: Iterable[int] = ()) -> str:
    """Aligned columns under a line; the columns numbered in `right` are numbers."""
    cells = [[clean(cell) for cell in row] for row in (head, *rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = ["  ".join(cell.rjust(width) if i in set(right) else cell.ljust(width) for i, (cell, width) in enumerate(zip(row, widths, strict=True)))
             for row in cells]
    return "\n".join([lines[0].rstrip(), "  ".join("─" * width for width in widths), *(line.rstrip() for line in lines[1:])])


def count(number: float) -> str:
    """A whole number with thousands set off."""
    return f"{number:,.0f}"


def share(value: float | None) -> str:
    """A share as a percentage; a dash when it is not known."""
    return "–" if value is None else f"{100 * value:.2f} %"


def size(number: float) -> str:
    """Bytes for people."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if number < 1000 or unit == "GB":
            return f"{number:,.0f} {unit}" if unit == "bytes" else f"{number:,.1f} {unit}"
        number /= 1000
    raise AssertionError("unreachable")


def duration(seconds: float) -> str:
    """Seconds as 0:07, 12:34 or 1:02:03."""
    minutes, rest = divmod(max(0, round(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
