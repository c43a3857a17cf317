"""Which events still count after a run was resumed."""

from __future__ import annotations

from dataclasses import replace

from builder.runs import current
from builder.train.events import CheckpointSaved, RunEnded
from tests.runs.fakes import epoch, started, step

KILLED = RunEnded("killed", 8, "gone")


def test_without_a_resumption_every_event_counts():
    events = [started(), step(1), *epoch(1), RunEnded("completed", 5, "done")]
    assert current(events) == events


def test_steps_after_the_checkpoint_and_the_earlier_end_are_left_out():
    first = [started(), step(5), *epoch(1)]
    again = [started(5), step(6), step(7)]
    assert current([*first, step(6), step(8), KILLED, *again]) == [*first, *again]


def test_an_end_at_the_very_checkpoint_that_the_run_goes_on_from_is_left_out():
    stopped = [started(), step(5), *epoch(1)]
    assert current([*stopped, RunEnded("stopped", 5, "asked"), started(5), step(6)]) == [*stopped, started(5), step(6)]


def test_a_run_that_begins_again_from_nothing_keeps_nothing_of_the_attempt_before():
    assert current([started(), step(3), KILLED, started(), step(1)]) == [started(), step(1)]


def test_two_resumptions_leave_each_step_once():
    events = [started(), step(5), *epoch(1), step(9), KILLED, started(5), step(6), step(10), *epoch(2), step(14), KILLED, started(10), step(11)]
    steps = [event.step for event in current(events) if type(event).__name__ == "StepEnded"]
    assert steps == [5, 6, 10, 11]


def test_a_resumption_to_an_older_checkpoint_takes_back_what_an_earlier_one_added():
    events = [started(), step(5), KILLED, started(5), step(10), KILLED, started(3), step(4)]
    assert [event.step for event in current(events) if type(event).__name__ == "StepEnded"] == [4]


def test_no_events_give_no_events():
    assert current([]) == []


def test_an_epoch_that_a_run_saved_in_its_evaluation_tells_of_again_counts_once():
    told = epoch(1)[:2]
    asked = replace(told[1], split="test", checkpoint="last")
    events = [started(), step(5), CheckpointSaved(5, 0, "last"), *told, asked, KILLED, started(5), *epoch(1, 0.95), step(6)]
    kept = current(events)
    assert kept == [started(), step(5), CheckpointSaved(5, 0, "last"), asked, started(5), *epoch(1, 0.95), step(6)]
