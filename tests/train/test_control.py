"""Asking a training for something while it runs: pause, checkpoint, another learning rate."""

from __future__ import annotations

import signal
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from builder.catalogue import SCHEDULES
from builder.catalogue.schedules import rate_of
from builder.train import compiling
from builder.train.checkpoint import read_weights
from builder.train.control import Control
from builder.train.interrupt import SIGNAL, Interrupted, interruptible
from builder.train.settings import Settings
from tests.helpers import until
from tests.train.small import Small, kinds, of, same_weights

SETTINGS = Settings(epochs=3, batch_size=8, report_every=0, snapshot_every=1000)


def adam(parameters):
    return torch.optim.Adam(parameters, lr=0.01)


class Script(Control):
    """Asks for things before certain steps, as if somebody had pressed at that very moment."""

    def __init__(self, asks: dict[int, list[tuple]]):
        super().__init__()
        self.step, self.asks = 0, asks

    def waiting(self) -> bool:
        self.step += 1
        for request in self.asks.get(self.step, []):
            self.ask(*request)
        return super().waiting()


@pytest.fixture
def straight():
    """A run that nobody interfered with, and its weights."""
    small = Small(SETTINGS, adam)
    return small.run(), small.weights()


def test_a_paused_run_goes_on_in_place_to_the_same_bits(tmp_path: Path, straight):
    small = Small(SETTINGS, adam)
    events = small.run(control=Script({3: [("pause",), ("resume",)], 11: [("pause",), ("resume",)]}), checkpoints=tmp_path)
    assert [(event.step, event.epoch) for event in of(events, "Paused")] == [(2, 1), (10, 3)] == [(event.step, event.epoch) for event in of(events, "Continued")]
    assert same_weights(small.weights(), straight[1])
    assert [event.loss for event in of(events, "StepEnded")] == [event.loss for event in of(straight[0], "StepEnded")]
    assert [(event.loss, event.accuracy) for event in of(events, "EpochEnded")] == [(event.loss, event.accuracy) for event in of(straight[0], "EpochEnded")]


def test_a_pause_waits_without_a_step_until_somebody_asks_to_go_on():
    control, events = Control(), []
    control.ask("pause")
    thread = threading.Thread(target=lambda: events.extend(seen(Small(SETTINGS).events(control=control))), daemon=True)
    told = []

    def seen(source):
        for event in source:
            told.append(type(event).__name__)
            yield event

    thread.start()
    until(lambda: told[-1:] == ["Paused"], 30, "the run pauses")
    assert told == ["RunStarted", "Snapshot", "Paused"] and thread.is_alive()
    control.ask("resume")
    until(lambda: not thread.is_alive(), 30, "the run goes on")
    assert told[3] == "Continued" and events[-1].reason == "completed"


def test_a_pause_is_off_the_clock(monkeypatch):
    slept, clock = [], time.perf_counter

    class Sleeper(Script):
        def take(self, wait=False):
            if wait:
                slept.append(1000.0)
                self.ask("resume")
            return super().take(wait)

    monkeypatch.setattr(time, "perf_counter", lambda: clock() + sum(slept))
    events = Small(SETTINGS).run(control=Sleeper({3: [("pause",)]}))
    assert slept and max(event.seconds for event in of(events, "StepEnded") + of(events, "EpochEnded")) < 1000


def test_a_paused_run_can_be_stopped_and_one_that_is_killed_in_its_pause_goes_on_from_there(tmp_path: Path, straight):
    events = Small(SETTINGS, adam).run(control=Script({8: [("pause",), ("stop",)]}), checkpoints=tmp_path / "stopped")
    assert kinds(events)[-3:] == ["Paused", "CheckpointSaved", "RunEnded"] and events[-1].reason == "stopped" and events[-1].step == 7
    killed = Small(SETTINGS, adam).events(control=Script({8: [("pause",)]}), checkpoints=tmp_path / "killed")
    next(event for event in killed if type(event).__name__ == "Paused")
    for folder in ("stopped", "killed"):
        resumed = Small(SETTINGS, adam)
        assert resumed.run(checkpoints=tmp_path / folder, resume=True)[0].resumed_at == 7
        assert same_weights(resumed.weights(), straight[1])


class Between(Control):
    """Asks for things before certain batches of evaluations, counted over the run."""

    def __init__(self, asks: dict[int, list[tuple]]):
        super().__init__()
        self.batch, self.asks = 0, asks

    def waiting(self) -> bool:
        return not self._asked.empty()

    def asked(self) -> bool:
        self.batch += 1
        for request in self.asks.get(self.batch, []):
            self.ask(*request)
        return super().asked()


# Of 20 samples: three batches an epoch.
EVALUATED = replace(SETTINGS, evaluation_batch=8)


def test_what_is_asked_for_in_an_evaluation_is_done_before_its_next_batch_and_it_goes_on_from_there(tmp_path: Path):
    straight, small = Small(EVALUATED, adam), Small(EVALUATED, adam)
    expected = straight.run()
    control = Between({2: [("pause",), ("checkpoint",), ("resume",)], 3: [("checkpoint",)], 8: [("pause",), ("resume",)]})
    events = small.run(control=control, checkpoints=tmp_path)
    first = kinds(events).index("EpochEnded")
    assert kinds(events)[first - 5:first] == ["CheckpointSaved", "Paused", "CheckpointSaved", "Continued", "CheckpointSaved"]
    assert [(event.step, event.epoch) for event in of(events, "Paused")] == [(5, 1), (15, 3)] and control.batch == 3 * 3
    assert same_weights(small.weights(), straight.weights())
    for kind in ("EpochEnded", "Evaluated"):
        assert [(event.loss, event.accuracy) for event in of(events, kind)] == [(event.loss, event.accuracy) for event in of(expected, kind)]


@pytest.mark.parametrize("asked", ["stop", "pause"])
def test_a_run_that_is_stopped_or_killed_in_an_evaluation_does_it_again_when_it_goes_on(tmp_path: Path, asked):
    straight = Small(EVALUATED, adam)
    expected = straight.run()
    for event in Small(EVALUATED, adam).events(control=Between({6: [(asked,)]}), checkpoints=tmp_path):
        if type(event).__name__ in ("Paused", "RunEnded"):
            break
    assert type(event).__name__ == ("RunEnded" if asked == "stop" else "Paused") and event.step == 10
    resumed = Small(EVALUATED, adam)
    events = resumed.run(checkpoints=tmp_path, resume=True)
    assert events[0].resumed_at == 10 and same_weights(resumed.weights(), straight.weights())
    assert [(event.epoch, event.loss) for event in of(events, "Evaluated")] == [(event.epoch, event.loss) for event in of(expected, "Evaluated")][1:]


def test_a_rate_asked_for_in_an_evaluation_is_that_of_the_next_step():
    events = Small(EVALUATED, adam).run(control=Between({2: [("set-lr", 0.5)]}))
    assert [(event.step, event.lr) for event in of(events, "RateChanged")] == [(5, 0.5)]
    assert [event.lr for event in of(events, "StepEnded")][4:6] == [0.01, 0.5]


def test_a_checkpoint_asked_for_is_of_that_step_and_changes_nothing(tmp_path: Path, straight):
    small, parts = Small(SETTINGS, adam), []
    for event in small.events(control=Script({4: [("checkpoint",)], 9: [("checkpoint",)]}), checkpoints=tmp_path):
        if type(event).__name__ == "CheckpointSaved" and event.name == "last.safetensors":
            parts.append((event.step, same_weights(read_weights(tmp_path / event.name), small.weights())))
    assert parts == [(3, True), (5, True), (8, True), (10, True), (15, True)] and same_weights(small.weights(), straight[1])


def test_a_learning_rate_changed_on_the_way_is_told_used_and_kept_by_a_resumed_run(tmp_path: Path, straight):
    asks = {7: [("set-lr", 0.001)], 12: [("set-lr", 0.05)]}
    whole = Small(SETTINGS, adam)
    events = whole.run(control=Script(asks))
    assert [(event.step, event.epoch, event.before, event.lr) for event in of(events, "RateChanged")] == [(6, 2, 0.01, 0.001), (11, 3, 0.001, 0.05)]
    assert not same_weights(whole.weights(), straight[1]) and events[0].lr == 0.01
    for killed_at in (6, 7, 9, 13):
        folder = tmp_path / str(killed_at)
        killed = Small(SETTINGS, adam).events(control=Script(asks), checkpoints=folder)
        next(event for event in killed if type(event).__name__ in ("RateChanged", "StepEnded") and event.step >= killed_at and
             (killed_at > 6 or type(event).__name__ == "RateChanged"))
        resumed = Small(SETTINGS, adam)
        control = Script({step - (6 if killed_at < 13 else 11): asked for step, asked in asks.items()})
        after = resumed.run(checkpoints=folder, resume=True, control=control)
        at = 6 if killed_at < 10 else 11
        assert (after[0].resumed_at, after[0].lr) == (at, 0.001 if at == 6 else 0.05)
        assert same_weights(resumed.weights(), whole.weights())


def test_it_can_be_changed_while_the_run_is_paused():
    events = Small(SETTINGS).run(control=Script({2: [("pause",), ("set-lr", 0.5), ("resume",)]}))
    assert [kind for kind in kinds(events) if kind in ("Paused", "RateChanged", "Continued")] == ["Paused", "RateChanged", "Continued"]


def test_what_is_asked_twice_or_out_of_place_is_done_once():
    events = Small(SETTINGS).run(control=Script({2: [("resume",), ("pause",), ("pause",), ("resume",), ("resume",)]}))
    assert [kind for kind in kinds(events) if kind in ("Paused", "Continued")] == ["Paused", "Continued"] and events[-1].reason == "completed"


def test_a_schedule_goes_on_in_proportion_to_the_change_also_in_a_resumed_run(tmp_path: Path):
    scheduled = replace(SETTINGS, rate=rate_of(SCHEDULES["CosineAnnealingLR"], {}, 0))
    plain, whole = (Small(scheduled, adam).run(control=Script(asks)) for asks in ({}, {7: [("set-lr", 0.02)]}))
    before, after = ([event.lr for event in of(events, "StepEnded")] for events in (plain, whole))
    assert after[:6] == before[:6] and after[6] == pytest.approx(0.02)
    assert after[7:] == pytest.approx([rate * 0.02 / before[6] for rate in before[7:]])
    killed = Small(scheduled, adam).events(control=Script({7: [("set-lr", 0.02)]}), checkpoints=tmp_path)
    next(event for event in killed if type(event).__name__ == "RateChanged")
    assert [event.lr for event in of(Small(scheduled, adam).run(checkpoints=tmp_path, resume=True), "StepEnded")] == after[6:]


class Compiler:
    """A stand-in for torch.compile: its first call runs the network, as the compiler does before it compiles the backward pass, and then takes for ever."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch):
        self.began = threading.Event()
        monkeypatch.setattr(compiling, "compiled", lambda model, device: lambda inputs: self.compute(model, inputs))
        monkeypatch.setattr(torch.compiler, "reset", lambda: None)

    def compute(self, model, inputs):
        outputs = model(inputs)
        if not self.began.is_set():
            self.began.set()
            threading.Event().wait(60)
            raise AssertionError("nobody broke it off")
        return outputs


def asked_once(begun: threading.Event, *commands: str) -> Control:
    """A control that somebody else asks for things as soon as something has begun."""
    control = Control()

    def ask() -> None:
        begun.wait(30)
        for command in commands:
            control.ask(command)

    threading.Thread(target=ask, daemon=True).start()
    return control


COMPILED = replace(SETTINGS, compile="on")


def test_who_asks_to_stop_does_not_wait_for_the_compiler(tmp_path: Path, straight, monkeypatch):
    compiler = Compiler(monkeypatch)
    before = signal.getsignal(SIGNAL)
    events = Small(COMPILED, adam).run(control=asked_once(compiler.began, "stop"), checkpoints=tmp_path)
    assert events[-1].reason == "stopped" and events[-1].step == 0 and signal.getsignal(SIGNAL) is before
    resumed = Small(COMPILED, adam)
    assert resumed.run(checkpoints=tmp_path, resume=True)[-1].reason == "completed"
    assert same_weights(resumed.weights(), straight[1])


def test_a_pause_breaks_the_compiler_off_and_the_step_is_made_again_from_where_it_began(straight, monkeypatch):
    compiler, small = Compiler(monkeypatch), Small(COMPILED, adam)
    control = asked_once(compiler.began, "pause", "checkpoint", "resume", "pause", "resume")
    events = small.run(control=control)
    assert kinds(events).count("Paused") == kinds(events).count("Continued") == 2 and [event.step for event in of(events, "Paused")] == [0, 0]
    assert same_weights(small.weights(), straight[1]) and not control.pressing()


def test_an_alarm_that_comes_too_late_breaks_nothing_off():
    control = Control()
    with interruptible(control):
        late = control.alarm
    late()
    with pytest.raises(Interrupted), interruptible(control):
        control.ask("checkpoint")
        control.ask("stop")
        threading.Event().wait(60)
    with pytest.raises(Interrupted), interruptible(control):
        raise AssertionError("what was asked before rings no alarm")
    assert [control.take().command for _ in range(2)] == ["checkpoint", "stop"] and control.take() is None and control.alarm is None
