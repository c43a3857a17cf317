"""Parameters: name, default, what is allowed, and one line of documentation. The property form and the validation both read them."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

LARGEST = 1_000_000


def _at_least(name: str, value: float, low: float | None, high: float | None) -> str | None:
    if low is not None and value < low:
        return f"{name} must be at least {low}, received {_shown(value)}"
    if high is not None and value > high:
        return f"{name} must be at most {high:,}, received {_shown(value)}"
    return None


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 40 else text[:37] + "..."


@dataclass(frozen=True)
class Int:
    """An integer; `axes` = 2 or 3 lets the user give one value per spatial axis (torch's "int or tuple"); `optional` allows None."""

    name: str
    default: int | tuple[int, ...] | None
    doc: str
    min: int | None = 1
    max: int | None = LARGEST
    axes: int = 1
    optional: bool = False
    otherwise: str = ""     # the parameter whose value None stands for

    type = "int"

    def normal(self, value: object) -> object:
        """A pair read from JSON as a tuple; two equal numbers as one."""
        if isinstance(value, list | tuple):
            value = tuple(value)
            return value[0] if len(value) == self.axes and len(set(map(repr, value))) == 1 else value
        return value

    def check(self, value: object) -> str | None:
        """Why `value` is not allowed, or None."""
        if value is None and self.optional:
            return None
        parts = value if isinstance(value, tuple) else (value,)
        if isinstance(value, tuple) and len(value) != self.axes or any(type(part) is not int for part in parts):
            wanted = "a whole number" + (f" or {self.axes} of them ({', '.join(('depth', 'height', 'width')[-self.axes:])})" if self.axes > 1 else "")
            return f"{self.name} must be {wanted}, received {_shown(value)}"
        return next((said for part in parts if (said := _at_least(self.name, part, self.min, self.max))), None)


@dataclass(frozen=True)
class Float:
    """A number; the bounds are part of what is allowed; `optional` allows None."""

    name: str
    default: float | None
    doc: str
    min: float | None = None
    max: float | None = None
    optional: bool = False
    when: tuple[str, tuple[str, ...]] | None = None     # another parameter, and the words of it with which this one counts

    type = "float"

    def normal(self, value: object) -> object:
        """A whole number as the float that it means."""
        return float(value) if type(value) is int and abs(value) < 2**53 else value

    def check(self, value: object) -> str | None:
        """Why `value` is not allowed, or None."""
        if value is None and self.optional:
            return None
        if type(value) is not float or not math.isfinite(value):
            return f"{self.name} must be a number, received {_shown(value)}"
        return _at_least(self.name, value, self.min, self.max)


@dataclass(frozen=True)
class Bool:
    """Yes or no."""

    name: str
    default: bool
    doc: str

    type = "bool"

    def normal(self, value: object) -> object:
        """The value itself: there is only one way to write it."""
        return value

    def check(self, value: object) -> str | None:
        """Why `value` is not allowed, or None."""
        return None if isinstance(value, bool) else f"{self.name} must be true or false, received {_shown(value)}"


@dataclass(frozen=True)
class Choice:
    """One of a few words; `once` pairs what a word was called before with the word."""

    name: str
    default: str
    choices: tuple[str, ...]
    doc: str
    once: tuple[tuple[str, str], ...] = ()
    when: tuple[str, tuple[str, ...]] | None = None

    type = "choice"

    def normal(self, value: object) -> object:
        """A word by the name that it has now."""
        return dict(self.once).get(value, value) if isinstance(value, str) else value

    def check(self, value: object) -> str | None:
        """Why `value` is not allowed, or None."""
        if isinstance(value, str) and value in self.choices:
            return None
        return f"{self.name} must be one of {', '.join(self.choices)}, received {_shown(value)}"


@dataclass(frozen=True)
class Ints:
    """A list of `fewest` to `most` integers, each at least `min` where there is one."""

    name: str
    default: tuple[int, ...]
    doc: str
    min: int | None = 1
    max: int | None = LARGEST
    fewest: int = 1
    most: int = 4

    type = "ints"

    def normal(self, value: object) -> object:
        """A list read from JSON as a tuple."""
        return tuple(value) if isinstance(value, list) else value

    def check(self, value: object) -> str | None:
        """Why `value` is not allowed, or None."""
        if not isinstance(value, tuple) or not self.fewest <= len(value) <= self.most or any(type(part) is not int for part in value):
            return f"{self.name} must be {self.fewest} to {self.most} whole numbers, received {_shown(value)}"
        return next((said for part in value if (said := _at_least(self.name, part, self.min, self.max))), None)


@dataclass(frozen=True)
class Text:
    """A short text of a fixed form: what `form` matches, which `wanted` says in words."""

    name: str
    default: str
    doc: str
    form: re.Pattern[str]
    wanted: str
    longest: int = 80

    type = "text"

    def normal(self, value: object) -> object:
        """A text without the spaces around it and inside."""
        return value.replace(" ", "") if isinstance(value, str) else value

    def check(self, value: object) -> str | None:
        """Why `value` is not allowed, or None."""
        if isinstance(value, str) and len(value) <= self.longest and self.form.fullmatch(value):
            return None
        return f"{self.name} must be {self.wanted}, as {self.default}; received {_shown(value)}"


Param = Int | Float | Bool | Choice | Ints | Text


def form(param: Param) -> dict[str, object]:
    """The parameter as JSON for a property form."""
    record = {"name": param.name, "type": param.type, "default": param.default, "doc": param.doc}
    for name in ("min", "max", "axes", "optional", "choices", "fewest", "most"):
        if hasattr(param, name):
            record[name] = getattr(param, name)
    if when := getattr(param, "when", None):
        record["when"] = [when[0], list(when[1])]
    return {name: list(value) if isinstance(value, tuple) else value for name, value in record.items()}
