"""How the rules read a brick's parameters and say sizes and names."""

from __future__ import annotations

from collections.abc import Sequence

from ..analysis import Placed

MOST_NAMED = 6


def resolved(placed: Placed) -> dict[str, object]:
    """A brick's parameters, defaults filled in and those that follow from others worked out."""
    return placed.layer.resolved(placed.layer.values(placed.node.params))


def pair(value: object) -> tuple[int, int]:
    """A parameter's value for both axes."""
    return value if isinstance(value, tuple) else (value, value)


def one(pair: Sequence[int]) -> int | list[int]:
    """A pair as a parameter's value: equal numbers as one."""
    return pair[0] if len(set(pair)) == 1 else list(pair)


def has_window(placed: Placed) -> bool:
    """Does the brick slide a window over an image of height and width?"""
    return len(placed.layer.spatial) == 2 and placed.layer.param("kernel_size") is not None


def said(value: object) -> str:
    """A size or a parameter's value for people: "3×3", "5"."""
    return "×".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def listed(names: list[str]) -> str:
    """Names in a sentence: "a, b and c"; of many the first and the last."""
    if len(names) > MOST_NAMED:
        return f"{', '.join(names[:4])}, … and {names[-1]}"
    return f"{', '.join(names[:-1])} and {names[-1]}" if names[1:] else names[0]
