"""The worker: every way of ending gives one RunEnded, and asking it to stop is answered soon."""

from __future__ import annotations

import logging
import signal
import sqlite3
import subprocess
import threading

import pytest

from builder.runs import EndedError, RunError, lock, preparing, work
from builder.runs.worker import describe
from builder.train.control import STOP
from builder.train.events import RunEnded, RunStarted, StepEnded
from tests.helpers import until
from tests.runs.fakes import completes, fails, idle, started, step


class OutOfMemoryError(RuntimeError):
    """Named like torch's."""


class DataError(ValueError):
    """A refusal of ours, written for people."""


def raising(error):
    def source(run, control):
        yield started()
        yield step(1)
        raise error

    return source


def endings(store, run_id):
    return [row.event for row in store.events(run_id, kinds=["RunEnded"])]


def test_a_run_that_completes_has_its_events_and_lets_go_of_its_lock(store, new):
    run_id, seen = new(), []
    ended = work(run_id, completes, store, watch=lambda event: seen.append((event, store.events(run_id)[-1].event)))
    run = store.get(run_id)
    assert ended.reason == run.state == "completed" and run.accuracy == 0.7 and run.epoch == 4
    assert all(event == written for event, written in seen) and len(seen) == len(store.events(run_id)), "an event is shown after it is written"
    assert not lock.held(run.folder) and endings(store, run_id) == [ended]


def test_the_source_is_given_the_claimed_run_while_the_lock_is_held(store, new):
    def source(run, control):
        assert run.claimed == run.generation == 1 and run.state == "starting" and lock.held(run.folder) and not control.stopping()
        yield from completes(run, control)

    assert work(new(), source, store).reason == "completed"


def test_a_run_says_how_far_its_data_are_read_until_it_begins_and_can_be_stopped_meanwhile(store, new, monkeypatch):
    monkeypatch.setattr("builder.runs.before.EVERY_SECONDS", 0.0)
    run_id, also = new(), []

    def reads(run, control):
        tell = preparing(store, run, control, lambda *told: also.append(told))
        tell("Reading Food-101: 12 of 48 pictures", 0.25)
        assert (store.get(run.id).says, store.get(run.id).state) == ("Reading Food-101: 12 of 48 pictures (25 %).", "starting")
        yield from completes(run, control)

    seen = []
    assert work(run_id, reads, store, watch=lambda event: seen.append(store.get(run_id).says)).reason == "completed"
    assert seen[0] == "" and also == [("Reading Food-101: 12 of 48 pictures", 0.25)]

    def stopped(run, control):
        control.ask(STOP)
        preparing(store, run, control, lambda *told: also.append(told))("Reading", 0.5)
        yield started()

    ended = work(new(), stopped, store)
    assert (ended.reason, ended.says) == ("stopped", "Stopped while its data were read, before the first step.") and len(also) == 1


def test_an_exception_fails_the_run_in_one_sentence_with_the_traceback_in_its_output_only(store, new, capfd):
    run_id = new()
    ended = work(run_id, fails, store)
    assert (ended.reason, ended.step) == ("failed", 1)
    assert ended.says == ("The training failed after step 1 with RuntimeError: the sizes 3 and 4 do not match. "
                          "The full report is in the run's output.txt.")
    assert "Traceback" in store.output(run_id) and "fakes.py" in store.output(run_id)
    assert capfd.readouterr() == ("", "") and endings(store, run_id) == [ended]


def test_what_the_trainer_logs_goes_into_the_runs_output_only_and_the_log_is_put_back(store, new, capfd):
    def source(run, control):
        yield started()
        try:
            raise KeyError("conv1")
        except KeyError as error:
            logging.getLogger("builder.train.endings").error("Step %d failed.", 1, exc_info=error)
        yield RunEnded("failed", 0, "Step 1 failed.")

    run_id, ours = new(), logging.getLogger("builder")
    work(run_id, source, store)
    assert "Step 1 failed." in store.output(run_id) and "Traceback" in store.output(run_id)
    assert capfd.readouterr() == ("", "") and ours.handlers == [] and ours.propagate


def test_a_report_that_cannot_be_written_does_not_stop_the_run(store, new, capfd):
    run_id = new()
    (store.root / run_id / "output.txt").mkdir()
    assert work(run_id, fails, store).reason == "failed"
    assert capfd.readouterr() == ("", "")


def test_an_exception_before_the_first_event_fails_the_run_too(store, new):
    def source(run, control):
        raise OSError(2, "No such file", "mnist")

    run_id = new()
    assert work(run_id, source, store).says.startswith("The training failed before the first step with FileNotFoundError")
    assert store.get(run_id).state == "failed"


def test_a_refusal_written_for_people_is_the_sentence_itself(store, new):
    assert work(new(), raising(DataError("MNIST is not here: download it.")), store).says == "MNIST is not here: download it."


@pytest.mark.parametrize("error", [
    MemoryError(),
    OutOfMemoryError("Tried to allocate 20 GiB"),
    RuntimeError("[enforce fail at alloc_cpu.cpp:117] . DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes."),
    RuntimeError("MPS backend out of memory (MPS allocated: 4 GB)"),
    RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
], ids=["python", "cuda", "cpu", "mps", "cublas"])
def test_memory_that_runs_out_is_named_with_what_to_do(store, new, error):
    run_id = new()
    ended = work(run_id, raising(error), store)
    assert ended.reason == store.get(run_id).state == "out_of_memory"
    assert "after step 1" in ended.says and "smaller batch size" in ended.says


def test_other_errors_are_not_taken_for_memory():
    assert describe(RuntimeError("Expected 3 dimensions"), 0).reason == "failed"
    assert describe(ValueError("out of memory"), 0).reason == "failed"


@pytest.mark.parametrize("at", ["a step", "the end"])
def test_on_a_full_disk_the_end_is_written_into_the_room_that_was_held_for_it(store, new, monkeypatch, at):
    run_id, append = new(), store.append
    held = store.folder(run_id) / "reserve"

    def full(id_, events, *rest):
        """Writes nothing any more from some event on, but where room was given back."""
        if held.exists() and (store.get(run_id).step >= 15 if at == "a step" else isinstance(events[0], RunEnded)):
            raise RunError("The run store cannot be used: the disk is full: delete runs or other files")
        return append(id_, events, *rest)

    monkeypatch.setattr(store, "append", full)
    ended = work(run_id, completes, store)
    assert endings(store, run_id) == [ended] and not held.exists()
    if at == "a step":
        assert ended.reason == "failed" and "the disk is full: delete runs" in ended.says
        assert "The events up to step 15 are kept; it can go on from its last checkpoint (step 10)." in ended.says
    else:
        assert ended.reason == "completed"


def test_the_room_for_the_end_is_held_while_a_run_trains_and_given_back_after_it(store, new):
    run_id, sizes = new(), []

    def source(run, control):
        sizes.append((run.folder / "reserve").stat().st_size)
        yield from completes(run, control)

    work(run_id, source, store)
    assert sizes == [256 << 10] and not (store.folder(run_id) / "reserve").exists()


def test_a_source_that_just_ends_is_a_failure_that_says_so(store, new):
    run_id = new()
    assert work(run_id, lambda run, control: iter([started(), step(3)]), store).says == "The training ended without saying why."
    assert (store.get(run_id).state, store.get(run_id).step) == ("failed", 3)


def test_what_a_source_says_after_its_end_is_not_written(store, new):
    run_id, end = new(), RunEnded("completed", 1, "done")
    work(run_id, lambda run, control: iter([started(), end, step(2), RunEnded("failed", 2, "no")]), store)
    assert store.events(run_id)[-1].event == end


def test_a_run_is_worked_on_once_only(store, new):
    run_id = new()
    work(run_id, completes, store)
    before = store.events(run_id)
    with pytest.raises(EndedError, match="has ended"):
        work(run_id, completes, store)
    with pytest.raises(RunError, match="no run called"):
        work("nothing", completes, store)
    assert store.events(run_id) == before


def test_a_worker_whose_run_was_ended_by_somebody_else_writes_nothing_more(store, new):
    run_id = new()

    def source(run, control):
        yield started()
        assert store.settle(store.get(run_id), RunEnded("killed", 0, "settled"))
        yield step(1)

    with pytest.raises(EndedError):
        work(run_id, source, store)
    assert [type(row.event) for row in store.events(run_id)] == [RunStarted, RunEnded]


def test_a_resumed_run_goes_on_from_its_checkpoint(store, new):
    run_id = new()
    work(run_id, lambda run, control: (event if getattr(event, "step", 0) <= 12 else 1 / 0 for event in completes(run, control)), store)
    assert store.get(run_id).state == "failed" and store.get(run_id).checkpoint == 10
    store.reopen(run_id)
    assert work(run_id, completes, store).reason == "completed"
    assert store.latest(run_id, "RunStarted").event.resumed_at == 10
    steps = [row.event.step for row in store.events(run_id) if isinstance(row.event, StepEnded)]
    assert steps == [*range(1, 13), *range(11, 21)]


def test_a_stop_command_reaches_a_run_that_only_ends_when_asked_to(store, new):
    run_id = new()

    def source(run, control):
        yield started()
        store.request(run_id, "stop")
        yield from idle(run, control)

    assert work(run_id, source, store).reason == "stopped" and store.get(run_id).state == "stopped"


def test_a_stop_asked_for_before_the_worker_is_up_still_counts(store, new):
    run_id = new()
    store.starting(run_id)
    store.request(run_id, "stop")
    assert work(run_id, idle, store).reason == "stopped"


def test_a_stop_meant_for_the_attempt_before_does_not_stop_the_resumed_run(store, new):
    run_id = new()
    store.starting(run_id)
    store.request(run_id, "stop")
    work(run_id, idle, store)
    store.reopen(run_id)
    assert work(run_id, completes, store).reason == "completed"


@pytest.fixture
def inherited():
    """Sets what a child process inherits for a signal, and puts it back."""
    before = {}

    def inherit(number, handler):
        before[number] = signal.signal(number, handler)

    yield inherit
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_to_the_worker_is_a_polite_stop(store, new, spawn, inherited, number):
    inherited(number, signal.SIG_DFL)
    run_id = new()
    child = spawn(run_id, "idle")
    until(lambda: store.get(run_id).step, 20, "the worker trains")
    child.send_signal(number)
    assert child.wait(10) == 0
    assert [event.reason for event in endings(store, run_id)] == ["stopped"]


def test_under_nohup_a_closed_terminal_does_not_stop_the_training(store, new, spawn, inherited):
    inherited(signal.SIGHUP, signal.SIG_IGN)
    run_id = new()
    child = spawn(run_id, "endless")
    until(lambda: store.get(run_id).step, 20, "the worker trains")
    child.send_signal(signal.SIGHUP)
    before = store.get(run_id).step
    until(lambda: store.get(run_id).step > before + 100, 20, "the worker goes on")
    child.terminate()
    assert child.wait(10) == 0


def test_the_handlers_of_the_process_are_put_back(store, new):
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    work(new(), completes, store)
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


def test_the_heart_beats_while_the_worker_lives(store, new, monkeypatch):
    monkeypatch.setattr("builder.runs.worker.BEAT_SECONDS", 0.0)
    run_id = new()

    def source(run, control):
        yield started()
        until(lambda: store.get(run_id).heartbeat > run.heartbeat, 10, "the heart beats")
        yield RunEnded("completed", 0, "")

    assert work(run_id, source, store).reason == "completed"


def test_a_database_that_stays_busy_for_a_while_only_delays_the_worker(store, new):
    run_id = new()
    other = sqlite3.connect(store.path, isolation_level=None, check_same_thread=False)
    freed = threading.Event()
    free = threading.Timer(0.3, lambda: (freed.set(), other.execute("ROLLBACK")))

    def source(run, control):
        yield started()
        other.execute("BEGIN IMMEDIATE")
        free.start()
        yield step(1)
        assert freed.is_set()
        yield RunEnded("completed", 1, "")

    assert work(run_id, source, store).reason == "completed"
    free.join()
    other.close()


def test_of_two_workers_of_one_run_one_trains_and_the_other_leaves(store, new, spawn):
    run_id = new()
    children = [spawn(run_id, "completes", stderr=subprocess.PIPE) for _ in range(2)]
    assert sorted(child.wait(20) for child in children) == [0, 2]
    assert len(endings(store, run_id)) == 1 and len(store.events(run_id, kinds=["RunStarted"])) == 1
