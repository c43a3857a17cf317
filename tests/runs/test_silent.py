"""Workers that are there and do not answer."""

from __future__ import annotations

import os
import signal
import time

import pytest

from builder.runs import RunError, kill, lock, settle, silence
from builder.runs.silent import NO_BEAT, NO_EVENT
from tests.helpers import until
from tests.runs.fakes import started, step


@pytest.fixture
def later(monkeypatch):
    """Lets the clock of whoever looks run ahead."""
    clock = time.time
    return lambda seconds: monkeypatch.setattr("builder.runs.silent.time.time", lambda: clock() + seconds)


@pytest.fixture
def working(store, new, spawn):
    """A run with a worker that idles after its first step."""
    run_id = new()
    worker = spawn(run_id, "idle")
    until(lambda: store.get(run_id).step, 20, "the worker trains")
    return run_id, worker


def test_a_stopped_worker_is_named_with_its_process_and_why_and_can_be_ended(store, working, later):
    run_id, worker = working
    assert silence(store, store.get(run_id)) == ""
    os.kill(worker.pid, signal.SIGSTOP)
    until(lambda: os.waitpid(worker.pid, os.WUNTRACED | os.WNOHANG)[0], 10, "the worker stands still")
    later(NO_BEAT + 40)
    says = silence(store, store.get(run_id))
    assert f"Process {worker.pid}" in says and "has not answered for" in says and f"kill -CONT {worker.pid}" in says
    assert settle(store) == [], "it holds its lock: it may go on"
    kill(store, run_id)
    assert worker.wait(10) == -signal.SIGKILL
    assert settle(store) == [run_id] and store.get(run_id).state == "killed"


def test_a_training_that_hangs_in_a_process_that_answers_is_named_by_its_last_step(store, new, later):
    run_id = new()
    with lock.hold(store.folder(run_id)):
        run = store.claim(run_id)
        store.append(run_id, [started(), step(3)])
        later(NO_EVENT + 120)
        store.beat(run_id, run.generation)
        store._update(store._connection, run_id, {"heartbeat": time.time()})
        assert "for 5 minutes, since step 3" in silence(store, store.get(run_id))


def test_a_run_without_a_worker_is_not_ended(store, new, later):
    run_id = new()
    with pytest.raises(RunError, match="no training process here"):
        kill(store, run_id)
    with lock.hold(store.folder(run_id)):
        store.claim(run_id)
        with pytest.raises(RunError, match="this very process"):
            kill(store, run_id)
    with pytest.raises(RunError, match="no training process here"):
        kill(store, run_id)
    later(1e6)
    assert silence(store, store.get(new())) == ""
