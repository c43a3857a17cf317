"""Reading a run's events: what still counts after the run was resumed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from builder.train.events import EpochEnded, Evaluated, Event, Noted, RateChanged, RunEnded, RunStarted

if TYPE_CHECKING:
    from .record import Run
    from .store import Store


def current(events: Iterable[Event]) -> list[Event]:
    """The events that still count: those after the step that a later RunStarted resumed from are left out, earlier endings too."""
    kept: list[Event] = []
    again = 0
    for event in events:
        if isinstance(event, RunStarted):
            again = event.resumed_at
            kept = [earlier for earlier in kept if _survives(earlier, again)]
        elif isinstance(event, EpochEnded | Evaluated) and event.step == again:
            # Saved in the middle of an evaluation and killed behind it, a run tells of the same epoch again.
            kept = [earlier for earlier in kept if not _replaced(earlier, event)]
        kept.append(event)
    return kept


def changed_rates(store: Store, run_id: str) -> list[RateChanged]:
    """The changes of the learning rate while a run trained, in their order."""
    events = current(row.event for row in store.events(run_id, kinds=["RunStarted", "RateChanged"]))
    return [event for event in events if isinstance(event, RateChanged)]


def changed_by_hand(store: Store, run_id: str) -> str:
    """What an exported script of the run does not do, in a sentence: the changes of the learning rate while it trained; empty without any."""
    changes = [f"to {event.lr:g} after step {event.step:,}" for event in changed_rates(store, run_id)]
    return f"The learning rate was changed by hand ({', '.join(changes)}); an exported script trains without that." if changes else ""


def notes(store: Store, run_id: str) -> list[str]:
    """What a run has decided by itself, a sentence each."""
    events = current(row.event for row in store.events(run_id, kinds=["RunStarted", "Noted"]))
    return list(dict.fromkeys(event.says for event in events if isinstance(event, Noted)))


def began(store: Store, run_id: str) -> RunStarted | None:
    """The constants of a run as it last started, its number of threads among them; None before that."""
    found = store.latest(run_id, "RunStarted")
    return None if found is None else found.event


def judged_by(store: Store, run: Run) -> str:
    """What stands for accuracy in a run where nothing is right or wrong: "R²" of numbers, "mAP" of boxes."""
    told = store.latest(run.id, "Evaluated")
    return "mAP" if told is not None and "map" in told.event.figures else "R²"


def explained(store: Store, run: Run) -> tuple[float | None, float | None]:
    """R² of a run that tells numbers, or the mean average precision of one that finds boxes, on the part that it is watched on and on the test part once asked for; None for what
    there is not."""
    if run.accuracy is not None or not run.epoch:
        return None, None
    seen = [event for event in current(row.event for row in store.events(run.id, kinds=["RunStarted", "Evaluated"])) if isinstance(event, Evaluated)]
    return tuple(next((event.figures.get("r2", event.figures.get("map")) for event in reversed(seen) if event.watched == watched), None) for watched in (True, False))


def _replaced(earlier: Event, event: EpochEnded | Evaluated) -> bool:
    return type(earlier) is type(event) and earlier.epoch == event.epoch and (isinstance(event, EpochEnded) or earlier.watched and event.watched)


def _survives(event: Event, step: int) -> bool:
    if isinstance(event, RunEnded):
        return False
    return step > 0 if isinstance(event, RunStarted) else event.step <= step
