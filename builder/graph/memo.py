"""Remembering what was worked out of objects that never change, by the objects themselves."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def by_identity(most: int) -> Callable[[Callable[..., T]], Callable[..., T]]:
    """A decorator: the same objects give the same result without being looked at. Up to 2 * `most` results are kept, the newest surely.

    For frozen arguments and results that nobody changes: comparing two documents costs more than most of what is worked out of them, but
    an edit leaves all objects alone that it does not change. Safe for threads: at worst something is worked out twice.
    """
    def decorate(function: Callable[..., T]) -> Callable[..., T]:
        # The objects are kept with the result, so that no other object can come to have their ids.
        young: dict[tuple[int, ...], tuple[tuple[object, ...], T]] = {}
        old: dict[tuple[int, ...], tuple[tuple[object, ...], T]] = {}

        @functools.wraps(function)
        def remembered(*objects: object) -> T:
            nonlocal young, old
            key = tuple(map(id, objects))
            found = young.get(key)
            if found is None:
                found = old.get(key) or (objects, function(*objects))
                if len(young) >= most:
                    young, old = {}, young
                young[key] = found
            return found[1]

        return remembered

    return decorate
