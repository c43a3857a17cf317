"""What a run's events amount to, and the rows that the browser needs to show it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

from builder.train.events import EpochEnded, Evaluated, Event, GradientNorms, RateChanged, RunEnded, RunStarted, Snapshot, StepEnded

from .gradients import kept, table

RECENT = 10


@dataclass(frozen=True)
class History:
    """A run as far as it has come; `resumptions` counts how often it went on after an interruption.

    `gradients` are thinned where there are many. `tests` are the evaluations of the part that it is watched on, one an epoch; `asked` those of the test part that somebody asked for.
    """

    started: RunStarted | None = None
    steps: tuple[StepEnded, ...] = ()
    epochs: tuple[EpochEnded, ...] = ()
    tests: tuple[Evaluated, ...] = ()
    rates: tuple[RateChanged, ...] = ()
    snapshot: Snapshot | None = None
    ended: RunEnded | None = None
    resumptions: int = 0
    first: int = 0
    asked: tuple[Evaluated, ...] = ()
    gradients: tuple[GradientNorms, ...] = ()

    @property
    def part(self) -> str:
        """The part that it is watched on: "validation", or "test" where there is no validation part."""
        return self.tests[-1].split if self.tests else "test" if self.started and not self.started.validation_samples else "validation"

    @property
    def current(self) -> tuple[StepEnded, ...]:
        """The records since the run was started or resumed last; only their seconds can be compared."""
        return self.steps[self.first:]

    @property
    def lr(self) -> float | None:
        """The learning rate last told; None before the start and in runs of a Brickwork that did not tell it."""
        return self.rates[-1].lr if self.rates else self.started.lr or None if self.started else None


@dataclass(frozen=True)
class Sent:
    """What the browser holds for certain: so many points, the snapshot of that step, the confusion matrix of that epoch, the gradients up to that step."""

    points: int = 0
    snapshot: int = 0
    confusion: int = 0
    gradients: int = 0


def extend(history: History, events: Iterable[Event]) -> History:
    """The history after more events; a resumed run forgets what came after the checkpoint it goes on from."""
    steps, epochs, tests, rates, asked, gradients = (list(rows) for rows in (history.steps, history.epochs, history.tests, history.rates, history.asked, history.gradients))
    changes: dict[str, object] = {}
    for event in events:
        if isinstance(event, StepEnded):
            steps.append(event)
        elif isinstance(event, EpochEnded):
            _append(epochs, event)
        elif isinstance(event, Evaluated) and event.watched:
            _append(tests, event)
        elif isinstance(event, Evaluated) and event.checkpoint:
            asked.append(event)
        elif isinstance(event, RateChanged):
            rates.append(event)
        elif isinstance(event, Snapshot):
            changes["snapshot"] = event
        elif isinstance(event, GradientNorms):
            kept(gradients, event)
        elif isinstance(event, RunEnded):
            changes["ended"] = event
        elif isinstance(event, RunStarted):
            again = (history.started or changes.get("started")) is not None
            steps, epochs, tests, rates, asked, gradients = ([e for e in rows if e.step <= event.resumed_at] for rows in (steps, epochs, tests, rates, asked, gradients))
            changes |= {"started": event, "ended": None, "first": len(steps), "resumptions": changes.get("resumptions", history.resumptions) + again}
    return replace(history, steps=tuple(steps), epochs=tuple(epochs), tests=tuple(tests), rates=tuple(rates), asked=tuple(asked), gradients=tuple(gradients), **changes)


def _append(kept: list[EpochEnded] | list[Evaluated], event: EpochEnded | Evaluated) -> None:
    """Adds what is told of an epoch; a run that was saved in the middle of its evaluation, and killed behind that, tells of it again."""
    if kept and kept[-1].epoch == event.epoch:
        kept.pop()
    kept.append(event)


def _digits(value: float, digits: int = 6) -> float | None:
    """The value to some significant digits; None when it is not finite, which JSON cannot say."""
    return float(f"{value:.{digits}g}") if math.isfinite(value) else None


def _share(value: float | None) -> float | None:
    return None if value is None else round(value, 5)


def figure_of(seen: Evaluated) -> float | None:
    """What a task has besides accuracy, or in its place: the mean IoU of masks, the R² of numbers, the mean average precision of boxes."""
    return next((seen.figures[name] for name in ("mean_iou", "r2", "map") if name in seen.figures), None)


def _reached(seen: Evaluated) -> dict[str, object]:
    return {"accuracy": _share(seen.accuracy), "figure": _share(figure_of(seen)), "epoch": seen.epoch}


def points(history: History, since: int = 0) -> list[list[float | None]]:
    """Rows step, epoch, loss, accuracy, samples per second of the training part from number `since` on."""
    return [[s.step, s.epoch, _digits(s.loss), _share(s.accuracy), _digits(s.samples_per_second, 4)] for s in history.steps[since:]]


def tests(history: History) -> list[list[float | None]]:
    """Rows step, epoch, loss, accuracy of the part that the run is watched on, and mean IoU, R² or mean average precision where there is one: a row an epoch."""
    return [[t.step, t.epoch, _digits(t.loss), _share(t.accuracy), *([] if (figure := figure_of(t)) is None else [_share(figure)])] for t in history.tests]


def marks(history: History) -> list[list[float]]:
    """Rows step, learning rate from there on, one a change that somebody made."""
    return [[rate.step, rate.lr] for rate in history.rates]


def best(history: History) -> Evaluated | None:
    """The first evaluation with the highest score of the part that the run is watched on."""
    return max(history.tests, key=lambda t: t.score, default=None)


def steps_done(history: History) -> int:
    """The last step that anything is known about."""
    last = [event.step for event in (*history.steps[-1:], *history.tests[-1:], *history.epochs[-1:])]
    return max([history.started.resumed_at if history.started else 0, *last])


def seconds_left(history: History) -> float | None:
    """Time for the remaining steps, in seconds, at the pace of the last epoch with its evaluation, or of samples/s before one is done; None when unknown."""
    steps, started = history.current, history.started
    if not started or not steps or history.ended:
        return None
    remaining = max(0, started.steps_per_epoch * started.epochs - steps_done(history))
    earlier = next((s for s in reversed(steps) if s.step <= steps[-1].step - started.steps_per_epoch), None)
    if earlier:
        return remaining * (steps[-1].seconds - earlier.seconds) / (steps[-1].step - earlier.step)
    speed = sorted(s.samples_per_second for s in steps[-RECENT:])[len(steps[-RECENT:]) // 2]
    return remaining * started.batch_size / speed if speed > 0 and math.isfinite(speed) else None


def speed(history: History) -> float | None:
    """Samples per second: the median of the latest records, of the epochs when the run has ended; None before the first."""
    values = [e.samples_per_second for e in history.epochs] if history.ended and history.epochs else [s.samples_per_second for s in history.current[-RECENT:]]
    return _digits(sorted(values)[len(values) // 2], 4) if values else None


def header(history: History) -> dict[str, object]:
    """The numbers above the charts, in the component's names; None where nothing is known yet."""
    started, top, done, asked = history.started, best(history), steps_done(history), (history.asked or (None,))[-1]
    per_epoch = started.steps_per_epoch if started else 0
    left = seconds_left(history)
    return {
        "epoch": min(started.epochs, -(-done // per_epoch)) if started and per_epoch else 0,
        "epochs": started.epochs if started else 0,
        "step": done,
        "steps": per_epoch * started.epochs if started else 0,
        "stepsPerEpoch": per_epoch,
        "left": None if left is None else round(left, 1),
        "speed": speed(history),
        "seconds": round(history.current[-1].seconds, 1) if history.current else 0,
        "device": started.device if started else "",
        "deviceName": started.device_name if started else "",
        "best": _reached(top) if top else None,
        "parameters": started.parameters if started else None,
        "trainSamples": started.train_samples if started else None,
        "testSamples": started.test_samples if started else None,
        "validationSamples": started.validation_samples if started else None,
        "part": history.part,
        "tested": {**_reached(asked), "checkpoint": asked.checkpoint} if asked else None,
    }


def _snapshot(snapshot: Snapshot) -> dict[str, object]:
    return {"step": snapshot.step, "epoch": snapshot.epoch, "layer": snapshot.layer, "shape": list(snapshot.shape),
            "low": snapshot.low, "high": snapshot.high, "data": snapshot.data, "of": snapshot.of}


def _measured(history: History) -> int:
    return history.gradients[-1].step if history.gradients else 0


def payload(history: History, since: Sent = Sent(), *, run: str | None = None, title: str = "", state: str = "none",
            says: str | None = None) -> dict[str, object]:
    """What the live component needs to go on from `since`: new points, and snapshot, confusion matrix and gradients where they are newer."""
    test, snapshot, started = (history.tests or (None,))[-1], history.snapshot, history.started
    base = min(since.points, len(history.steps))
    return {
        "run": run,
        "series": f"{run or ''}:{history.resumptions}",
        "title": title,
        "state": state,
        "says": (history.ended.says if history.ended else "") if says is None else says,
        "task": started.task if started else "classification",
        "classes": list(started.classes) if started else [],
        "base": base,
        "points": points(history, base),
        "tests": tests(history),
        "marks": marks(history),
        "snapshot": _snapshot(snapshot) if snapshot and snapshot.step != since.snapshot else None,
        "snapshotStep": snapshot.step if snapshot else 0,
        "confusion": {"epoch": test.epoch, "step": test.step, "matrix": [list(row) for row in test.confusion]} if test and test.epoch != since.confusion else None,
        "confusionEpoch": test.epoch if test else 0,
        "gradients": table(history.gradients, started.layers) if started and _measured(history) != since.gradients else None,
        "gradientsStep": _measured(history),
        "header": header(history),
    }


def sent(history: History) -> Sent:
    """What the browser holds once it has received a payload made of this history."""
    return Sent(len(history.steps), history.snapshot.step if history.snapshot else 0, history.tests[-1].epoch if history.tests else 0, _measured(history))
