"""A run that begins at once is drawn once, with its first point; nobody waits for another."""

from __future__ import annotations

import threading

import pytest

from builder.runs import SPARE, Store
from builder.train.events import RunEnded, RunStarted, StepEnded
from builder.ui import train_view

STARTED = RunStarted("cpu", "A processor", 21_840, 1293, 360, 45, 15, 32, ("0", "1"), 0, 1, "2.15.0")
STEP = StepEnded(1, 1, 2.3, 0.1, 1000.0, 0.01)


@pytest.fixture
def launched(home, monkeypatch):
    """A store, and a run in it whose process has just been started from in waiting."""
    monkeypatch.setattr(train_view, "FIRST_SECONDS", 30.0)
    with Store() as store:
        run = store.create({"name": "A network"}, "", "A network", None)
        store.starting(run)
        monkeypatch.setattr(SPARE, "_gave", run)
        yield store, run


def test_the_page_waits_for_the_first_point_that_is_about_to_come(launched):
    store, run = launched

    def train() -> None:
        store.claim(run)
        store.append(run, [STARTED])
        store.append(run, [STEP])

    worker = threading.Thread(target=train)
    worker.start()
    seen = train_view.begun(store, store.get(run))
    assert store.latest(run, "StepEnded") and seen.state == "running" and seen.step == 1
    worker.join()


def test_it_does_not_wait_for_long_nor_for_a_run_that_starts_as_a_fresh_process_or_has_ended(launched, monkeypatch):
    store, run = launched
    monkeypatch.setattr(train_view, "FIRST_SECONDS", 0.02)
    assert train_view.begun(store, store.get(run)).state == "starting"
    # A wait for these would outlast the time limit of a test.
    monkeypatch.setattr(train_view, "FIRST_SECONDS", 1e6)
    monkeypatch.setattr(SPARE, "_gave", "another")
    assert train_view.begun(store, store.get(run)).state == "starting"
    monkeypatch.setattr(SPARE, "_gave", run)
    store.request(run, "stop")
    store.claim(run)
    store.append(run, [RunEnded("stopped", 0, "Stopped.")])
    assert train_view.begun(store, store.get(run)).state == "stopped"
