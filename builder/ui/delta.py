"""Sending only what changed: the difference of two JSON values, and which of the values sent before a browser still holds. Pure functions.

`delta.ts` is the other side: it puts a difference onto the value it was taken from. A value that was told is never changed afterwards;
parts that two values share as the same object are known to be equal without being looked at.
"""

from __future__ import annotations

import bisect
import itertools
import secrets
from collections.abc import Mapping, MutableMapping, Sequence

# Values remembered for each browser session: as many as edits may be on their way at once. They share what did not change.
KEPT = 12

# Tables within tables that are gone through; what lies deeper (the labels of one brick) is sent whole when it changes.
LEVELS = 3

_counter = itertools.count(1)
_server = secrets.token_hex(4)


def same(one: object, other: object) -> bool:
    """Are two JSON values written alike? 1, 1.0 and true are not."""
    if one is other:
        return True
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return len(one) == len(other) and all(name in other and same(value, other[name]) for name, value in one.items())
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    return one == other


def difference(before: object, after: object, levels: int = LEVELS) -> dict[str, object] | None:
    """What makes `after` of `before`; None when they are the same.

    {"is": value}: another value. {"in": {name: difference}, "out": [names]}: a table with other entries. {"of": pieces}: a list, put together
    from pieces of the old one, [start, count], and lists of new items, {"new": items}.
    """
    if before is after:
        return None
    if levels and isinstance(before, dict) and isinstance(after, dict):
        return _table(before, after, levels - 1)
    if isinstance(before, list) and isinstance(after, list):
        pieces = _pieces(before, after)
        return None if pieces == [[0, len(before)]] or before == after == [] else {"of": pieces}
    return None if same(before, after) else {"is": after}


def _table(before: Mapping[str, object], after: Mapping[str, object], levels: int) -> dict[str, object] | None:
    changes = {}
    for name, value in after.items():
        if name not in before:
            changes[name] = {"is": value}
        elif (change := difference(before[name], value, levels)) is not None:
            changes[name] = change
    gone = [name for name in before if name not in after]
    if not changes and not gone:
        return None
    return {"in": changes, **({"out": gone} if gone else {})}


def _pieces(before: Sequence[object], after: Sequence[object]) -> list[object]:
    """`after` as runs of `before`, in its order, and new items between them."""
    places: dict[object, list[int]] | None = None
    pieces: list[object] = []
    cursor = 0
    for item in after:
        last = pieces[-1] if pieces else None
        # Mostly new items stand where old ones stood: then the next old item is as far on as they are many.
        skipped = cursor + len(last["new"]) if isinstance(last, dict) else cursor
        found = next((place for place in (cursor, skipped) if place < len(before) and same(before[place], item)), None)
        if found is None:
            places = _places(before) if places is None else places
            found = _next(places.get(_key(item), ()), cursor)
        if found is None:
            if isinstance(last, dict):
                last["new"].append(item)
            else:
                pieces.append({"new": [item]})
            continue
        if isinstance(last, list) and sum(last) == found:
            last[1] += 1
        else:
            pieces.append([found, 1])
        cursor = found + 1
    return pieces


def _key(item: object) -> object:
    """What an item of a list is found again by: a table or list by being the same object."""
    return id(item) if isinstance(item, dict | list) else (type(item), item)


def _places(items: Sequence[object]) -> dict[object, list[int]]:
    places: dict[object, list[int]] = {}
    for i, item in enumerate(items):
        places.setdefault(_key(item), []).append(i)
    return places


def _next(places: Sequence[int], cursor: int) -> int | None:
    i = bisect.bisect_left(places, cursor)
    return places[i] if i < len(places) else None


def tell(told: MutableMapping[str, object], value: Mapping[str, object], has: object) -> dict[str, object]:
    """The message that brings a browser session from what it has to `value`; `told` is what the session was told, by stamp, newest last.

    {"stamp", "full": value}, or {"stamp", "base", "change"} when `has` is the stamp of a value that is remembered. A value that was told
    last keeps its stamp, so that the same question gets the same answer.
    """
    last = next(reversed(told), None)
    since = difference(told[last], value) if last is not None else None
    if last is not None and since is None:
        stamp, value = last, told[last]
    else:
        stamp = f"{_server}-{next(_counter)}"
        told[stamp] = value
        while len(told) > KEPT:
            del told[next(iter(told))]
    if not isinstance(has, str) or has not in told:
        return {"stamp": stamp, "full": value}
    return {"stamp": stamp, "base": has, "change": since if has == last else difference(told[has], value)}


def has(outbox: object) -> object:
    """The stamp of what the browser holds, as its last message says."""
    return outbox.get("has") if isinstance(outbox, Mapping) else None
