"""Batches made ready ahead of their use."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Given = TypeVar("Given")
Made = TypeVar("Made")
# Batches that wait ready for every thread that makes them.
DEPTH = 2


def ahead(make: Callable[[Given], Made], given: Iterable[Given], workers: int) -> Iterator[Made]:
    """What `make` makes of each, in their order, made ahead by so many threads; without any, when it is its turn.

    Threads, because what they do (reading, copying) leaves Python to others meanwhile, and what they make need not be sent between processes.
    An exception comes where its batch would have. Whoever stops taking closes the iterator, which waits for the batches that are being made.
    """
    if not workers:
        yield from map(make, given)
        return
    waiting: deque[Future[Made]] = deque()
    with ThreadPoolExecutor(workers, "loader") as pool:
        try:
            for one in given:
                waiting.append(pool.submit(make, one))
                if len(waiting) > DEPTH * workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
