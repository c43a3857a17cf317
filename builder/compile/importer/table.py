"""The table of what the importer can say in bricks: torch's functions by name."""

from __future__ import annotations

from collections.abc import Callable

OPS: dict[str, Callable] = {}


def op(*names: str) -> Callable[[Callable], Callable]:
    """Register what says these functions in bricks: called with the pen and the function's own arguments, it gives the wires that it leaves."""

    def register(function: Callable) -> Callable:
        for name in names:
            assert name not in OPS, name
            OPS[name] = function
        return function

    return register
