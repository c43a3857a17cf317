"""Reading a run's events: what still counts after the run was resumed."""

from __future__ import annotations

from collections.abc import Iterable

from builder.train.events import Event, RunEnded, RunStarted


def current(events: Iterable[Event]) -> list[Event]:
    """The events that still count: those after the step that a later RunStarted resumed from are left out, earlier endings too."""
    kept: list[Event] = []
    for event in events:
        if isinstance(event, RunStarted):
            kept = [earlier for earlier in kept if _survives(earlier, event.resumed_at)]
        kept.append(event)
    return kept


def _survives(event: Event, step: int) -> bool:
    if isinstance(event, RunEnded):
        return False
    return step > 0 if isinstance(event, RunStarted) else event.step <= step
