"""Finding runs whose worker is gone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading

import pytest

from builder.runs import Store, lock, settle
from builder.runs.adopt import GRACE_SECONDS, SLOW_SECONDS, settle_ended
from builder.train.events import RunEnded
from tests.helpers import until
from tests.runs.fakes import epoch, started, step


@pytest.fixture
def killed(store, new, spawn):
    """A run whose worker was killed without anybody noticing."""
    run_id = new()
    child = spawn(run_id, "idle")
    until(lambda: store.get(run_id).step, 20, "the worker trains")
    child.send_signal(signal.SIGKILL)
    child.wait()
    return run_id


def age(store, run_id, **values):
    with store._transaction() as connection:
        store._update(connection, run_id, values)


def a_dead_pid():
    with subprocess.Popen([sys.executable, "-c", ""]) as child:
        child.wait()
    return child.pid


def test_a_killed_run_is_ended_with_what_is_known_and_only_once(store, killed):
    assert settle(store) == [killed] and settle(store) == []
    run = store.get(killed)
    assert run.state == "killed"
    assert run.says == ("The training process ended without a word after step 1 (killed, out of memory or the machine restarted). "
                        "The events up to step 1 are kept; it has no checkpoint and can be started again.")
    assert [row.event.reason for row in store.events(killed, kinds=["RunEnded"])] == ["killed"]


def test_a_checkpoint_is_offered_where_there_is_one(store, new):
    run_id = new()
    with lock.hold(store.folder(run_id)):
        store.claim(run_id)
        store.append(run_id, [started(), step(5), *epoch(1), step(7)])
    settle(store)
    assert store.get(run_id).says.endswith("The events up to step 7 are kept; it can go on from its last checkpoint (step 5).")


def test_a_live_run_of_another_process_or_of_this_one_is_left_alone(store, new, spawn):
    other, mine = new(), new()
    spawn(other, "idle")
    until(lambda: store.get(other).step, 20, "the worker trains")
    with lock.hold(store.folder(mine)):
        store.claim(mine)
        assert settle(store) == [] and settle(store) == []
        assert lock.held(store.folder(mine))


def test_servers_that_settle_at_once_write_one_end(store, new, root):
    for _ in range(10):
        run_id = new()
        with lock.hold(store.folder(run_id)):
            store.claim(run_id)
            store.append(run_id, [started()])
        stores, together, wrote = [Store(store.root) for _ in range(4)], threading.Barrier(4), []

        def serve(mine, together=together, wrote=wrote):
            together.wait()
            wrote.extend(settle(mine))

        threads = [threading.Thread(target=serve, args=(mine,)) for mine in stores]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for mine in stores:
            mine.close()
        assert wrote == [run_id]
        assert len(store.events(run_id, kinds=["RunEnded"])) == 1


def test_server_processes_that_settle_at_once_write_one_end(store, killed, root):
    code = "import sys; from builder.runs import Store, settle; store = Store(sys.argv[1]); sys.stdin.read(1); print(*settle(store))"
    servers = [subprocess.Popen([sys.executable, "-c", code, str(store.root)], cwd=root, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
               for _ in range(3)]
    answers = [server.communicate("x", timeout=20)[0].strip() for server in servers]
    assert sorted(answers) == ["", "", killed]
    assert len(store.events(killed, kinds=["RunEnded"])) == 1


def test_a_run_that_is_just_being_started_is_left_alone(store, new):
    queued, launched = new(), new()
    store.starting(launched)
    store.launched(launched, 1, os.getpid())
    assert settle(store) == []
    assert {store.get(queued).state, store.get(launched).state} == {"queued", "starting"}


def test_a_start_whose_process_is_gone_or_that_takes_too_long_is_ended(store, new):
    gone, slow, forgotten = new(), new(), new()
    store.starting(gone)
    store.launched(gone, 1, a_dead_pid())
    store.starting(slow)
    store.launched(slow, 1, os.getpid())
    age(store, slow, launched=store.get(slow).launched - GRACE_SECONDS - 1)
    assert settle(store) == [gone], "its process is there: torch may come from a slow disk"
    age(store, slow, launched=store.get(slow).launched - SLOW_SECONDS)
    age(store, forgotten, created=store.get(forgotten).created - GRACE_SECONDS - 1)
    assert sorted(settle(store)) == sorted([slow, forgotten])
    assert store.get(gone).says.startswith("The training process was never heard of before the first step.")


def test_a_worker_that_claims_between_the_look_and_the_write_keeps_its_run(store, new):
    run_id = new()
    seen = store.get(run_id)
    store.claim(run_id)
    assert not store.settle(seen, RunEnded("killed", 0, "gone"))
    assert store.get(run_id).live


def test_a_forgotten_run_that_is_launched_between_the_look_and_the_write_is_started(store, new):
    run_id = new()
    seen = store.get(run_id)
    store.starting(run_id)
    assert not store.settle(seen, RunEnded("killed", 0, "never started"))


def test_the_end_names_no_step_that_was_passed_between_the_look_and_the_write(store, new):
    run_id = new()
    with lock.hold(store.folder(run_id)):
        store.claim(run_id)
        store.append(run_id, [started(), step(1)])
        seen = store.get(run_id)
        store.append(run_id, [step(2)])
    assert not store.settle(seen, RunEnded("killed", 1, "after step 1")) and settle(store) == [run_id]
    assert "after step 2 " in store.get(run_id).says


def test_a_run_resumed_between_the_look_and_the_write_keeps_going(store, killed):
    seen = store.get(killed)
    settle(store)
    store.reopen(killed)
    assert not store.settle(seen, RunEnded("killed", 1, "gone")) and not settle_ended(store, killed, seen.generation, -9, None)
    assert store.get(killed).state == "queued"


def test_a_run_of_long_ago_that_was_resumed_is_left_alone_until_it_has_its_place_in_the_queue(store, killed):
    """Working out how much memory it takes comes in between, and every page looks for runs without a process meanwhile."""
    settle(store)
    age(store, killed, created=0.0, launched=0.0)
    store.reopen(killed)
    assert settle(store) == [] and store.enqueue(killed).place == 1


@pytest.mark.parametrize(("before", "now", "words"), [
    (3, 4, "killed after step 1 by signal 9 (SIGKILL); meanwhile the system killed a process because memory ran out, most likely this one."),
    (3, 3, "killed after step 1 by signal 9 (SIGKILL). The events"),
    (None, None, "killed after step 1 by signal 9 (SIGKILL), by somebody or because memory ran out."),
], ids=["the kernel counts one more", "the kernel killed nothing", "the kernel does not say"])
def test_a_kill_for_memory_is_told_from_other_kills_where_the_system_counts_them(store, killed, monkeypatch, before, now, words):
    monkeypatch.setattr("builder.runs.adopt.oom_kills", lambda: now)
    assert settle_ended(store, killed, 1, -signal.SIGKILL, before)
    assert words in store.get(killed).says


def test_a_crash_is_named_by_its_signal(store, killed):
    assert settle_ended(store, killed, 1, -signal.SIGSEGV, None)
    assert "by signal 11 (SIGSEGV)." in store.get(killed).says
