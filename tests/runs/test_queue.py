"""The queue: who starts when, beside whom, and in which order."""

from __future__ import annotations

import pytest

from builder import api
from builder.runs import RunError, advance, estimate, lock, queue, settle, submit, waits_for
from builder.train.events import RunEnded
from tests.runs.fakes import started, step

MB = 1_000_000


@pytest.fixture(autouse=True)
def memory(monkeypatch):
    """What the machine has free, in bytes; no GPU, and nothing that a process has taken."""
    free = [1000 * MB]
    monkeypatch.setattr(queue, "free_memory", lambda: free[0])
    monkeypatch.setattr(queue, "GPUS", ())
    monkeypatch.setattr(queue, "_resident", lambda pid: 0)
    return free


@pytest.fixture
def waiting(store, new):
    """Runs in the queue that take so many megabytes."""
    return lambda *needs: [store.enqueue(new(), None if need is None else need * MB).id for need in needs]


def begin(run_id, store):
    store.starting(run_id)


def ids(runs):
    return [run.id for run in runs]


def test_runs_start_in_their_order_as_far_as_their_memory_fits(store, waiting):
    one, two, three, four = waiting(400, 400, 400, 10)
    assert advance(store, begin) == [one, two], "900 MB may be used, and nobody overtakes"
    assert ids(store.waiting()) == [three, four]
    assert waits_for(store, store.get(three)) == "Waits in the queue: it takes about 400 MB, and 100 MB are left beside 2 other runs."
    assert waits_for(store, store.get(four)) == "Waits in the queue: 1 run before it." and waits_for(store, store.get(one)) == ""
    store.append(one, [RunEnded("stopped", 0, "Stopped.")])
    assert advance(store, begin) == [three, four]


def test_what_a_run_has_taken_already_is_not_counted_twice(store, waiting, memory, monkeypatch):
    one, two = waiting(500, 500)
    assert advance(store, begin) == [one]
    monkeypatch.setattr(queue, "_resident", lambda pid: 450 * MB)
    memory[0] = 650 * MB
    assert advance(store, begin) == [two]


def test_a_run_that_fits_nowhere_may_try_when_it_is_alone(store, waiting, memory):
    one, two = waiting(5000, 5000)
    assert advance(store, begin) == [one] and advance(store, begin) == []
    store.append(one, [RunEnded("out_of_memory", 0, "Too large.")])
    assert advance(store, begin) == [two]


def test_a_run_that_ends_gives_all_its_memory_back_before_the_queue_goes_on(store, waiting, spawn, monkeypatch):
    monkeypatch.undo()
    one, two = waiting(1, 1)
    child = spawn(one, "hungry")
    assert child.wait(30) == 1 and store.get(one).state == "out_of_memory" and store.get(one).pid == child.pid
    assert queue._resident(child.pid) == 0 and not lock.held(store.folder(one)) and not (store.folder(one) / "reserve").exists()
    assert advance(store, begin) == [two]


@pytest.mark.parametrize("unknown", ["free", "needs"])
def test_where_memory_is_not_known_runs_go_one_by_one(store, waiting, memory, unknown):
    one, _ = waiting(*((1, 1) if unknown == "free" else (None, None)))
    if unknown == "free":
        memory[0] = None
    assert advance(store, begin) == [one] and advance(store, begin) == []


def test_a_run_of_the_gpu_does_not_wait_for_one_of_the_processor(store, waiting, monkeypatch):
    monkeypatch.setattr(queue, "free_gpu_memory", lambda number: 1000 * MB)
    (slow,) = waiting(900)
    fast = store.enqueue(store.create({"name": "x"}, "", "x", "cuda"), 800 * MB).id
    second = store.enqueue(store.create({"name": "y"}, "", "y", "cuda:0"), 800 * MB).id
    assert advance(store, begin) == [slow, fast] and ids(store.waiting()) == [second]


def test_a_run_of_one_gpu_does_not_wait_for_one_of_another(store, monkeypatch):
    monkeypatch.setattr(queue, "free_gpu_memory", lambda number: (1000, 500, 2000)[number] * MB)
    first, other, both, third = (store.enqueue(store.create({"name": "x"}, "", "x", device), 600 * MB).id for device in ("cuda", "cuda:1", "cuda*2", "cuda:2"))
    assert advance(store, begin) == [first, other], "the second GPU has not enough, but nobody else either"
    store.append(first, [RunEnded("completed", 1, "Done.")])
    assert waits_for(store, store.get(both)) == "Waits in the queue: it takes about 600 MB, and 0 bytes are left beside 1 other run."
    store.append(other, [RunEnded("completed", 1, "Done.")])
    assert advance(store, begin) == [both, third]


def test_the_order_can_be_changed_and_a_waiting_run_cancelled(store, waiting):
    one, two, three = waiting(1, 1, 1)
    store.reorder(three, -1)
    assert ids(store.waiting()) == [one, three, two]
    store.reorder(one, 1)
    store.reorder(two, 7)
    store.reorder(three, -7)
    assert ids(store.waiting()) == [three, one, two]
    store.request(one, "stop")
    assert ids(store.waiting()) == [three, two] and store.get(one).state == "stopped" and store.get(one).place is None
    with pytest.raises(RunError, match="does not wait in the queue"):
        store.reorder(one, 1)


def test_a_start_that_fails_lets_the_next_one_start(store, waiting):
    one, two = waiting(1, 1)

    def broken(run_id, store):
        begin(run_id, store)
        if run_id == one:
            store.append(one, [RunEnded("failed", 0, "No process.")])
            raise RunError("No process.")

    assert advance(store, broken) == [two] and store.get(one).state == "failed"


def test_two_processes_that_look_at_once_start_every_run_once(store, waiting):
    one, two = waiting(1, 1)

    def overtaken(run_id, store):
        if run_id == one:
            store.starting(one)
        store.starting(run_id)

    assert advance(store, overtaken) == [two] and store.get(one).state == "starting"


def test_a_run_may_wait_as_long_as_it_takes_and_is_not_taken_for_a_lost_one(store, waiting, monkeypatch):
    (one,) = waiting(1)
    monkeypatch.setattr("builder.runs.adopt.time.time", lambda: store.get(one).created + 10_000)
    assert settle(store) == [] and ids(store.waiting()) == [one]


def test_a_resumed_run_waits_again_and_a_run_that_starts_leaves_the_queue(store, waiting, memory):
    one, two = waiting(800, 800)
    assert advance(store, begin) == [one]
    with lock.hold(store.folder(one)):
        store.claim(one)
        store.append(one, [started(), step(1)])
    assert store.get(one).place is None
    store.append(one, [RunEnded("stopped", 1, "Stopped.")])
    assert advance(store, begin) == [two]
    store.reopen(one)
    assert store.get(one).place is None and not submit(one, store) and ids(store.waiting()) == [one]


def test_the_estimate_is_that_of_the_report_and_unknown_for_what_is_no_project(store, new):
    run_id = store.create(api.to_json(api.gallery("mnist-cnn")), "source", "MNIST CNN")
    assert 400 * MB < estimate(store, run_id) < 500 * MB
    assert estimate(store, new()) is None
