"""What is said of what was read: items that cannot be used, names made safe to show."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from builder.catalogue.datasets import LONGEST_NAME

LONGEST_SHOWN = 200  # characters of a file's name


@dataclass(frozen=True)
class Broken:
    """An item that cannot be used, and why; `why` completes "NAME: "."""

    name: str
    why: str


def shown(name: str, most: int = LONGEST_SHOWN) -> str:
    """A name on one line, without characters that hide or reorder what follows, cut in the middle when it is long."""
    text = "".join("�" if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp") else c for c in name).strip()
    return text if len(text) <= most else f"{text[:most // 2 - 1]}…{text[-(most // 2):]}"


def class_name(name: str) -> str:
    """A folder's or a cell's name as the name of a class."""
    return shown(name, LONGEST_NAME) or "(no name)"


def counted(count: int, what: str) -> str:
    """A number with its noun: 1 row, 2 rows."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def lines(numbers: Sequence[int], most: int = 6) -> str:
    """Line numbers in words: line 3, or lines 3, 5, …"""
    return f"line{'' if len(numbers) == 1 else 's'} {', '.join(map(str, numbers[:most]))}{', …' if len(numbers) > most else ''}"
