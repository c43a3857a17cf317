"""Workers in processes of their own: started, killed at any moment, outliving their starter."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from builder.runs import EndedError, RunError, Store, launch, lock, settle
from builder.runs.surroundings import environment
from builder.train.events import RunEnded
from tests.helpers import until
from tests.runs.fakes import command


@pytest.fixture
def start(store, new):
    """Launches a new run as a fake worker of the given mode; workers still alive are killed at the end."""
    pids = []

    def launched(mode):
        run_id = new()
        pids.append(launch(run_id, store, command(store.root, run_id, mode)))
        return run_id, pids[-1]

    yield launched
    for pid in filter(alive, pids):
        os.kill(pid, signal.SIGKILL)
    until(lambda: not any(map(alive, pids)), 10, "the workers are gone")


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def ended(store, run_id):
    return until(lambda: None if store.get(run_id).live else store.get(run_id), 30, "the run ends")


def endings(store, run_id):
    return [row.event for row in store.events(run_id, kinds=["RunEnded"])]


def test_a_launched_run_trains_to_its_end_in_a_session_of_its_own(store, start):
    run_id, pid = start("idle")
    until(lambda: store.get(run_id).step, 20, "the worker trains")
    assert os.getsid(pid) == pid != os.getsid(0)
    assert store.get(run_id).pid == pid and lock.held(store.folder(run_id))
    store.request(run_id, "stop")
    assert ended(store, run_id).state == "stopped"
    until(lambda: not alive(pid), 10, "no zombie is left")


def test_a_run_is_launched_once(store, start):
    run_id, _ = start("completes")
    with pytest.raises(EndedError):
        launch(run_id, store, command(store.root, run_id, "completes"))
    assert ended(store, run_id).state == "completed" and len(endings(store, run_id)) == 1


def test_a_command_that_cannot_be_started_ends_the_run_with_the_reason(store, new):
    run_id = new()
    with pytest.raises(RunError, match="could not be started: .*No such file"):
        launch(run_id, store, ["/nowhere/python"])
    assert store.get(run_id).state == "failed" and "could not be started" in store.get(run_id).says


def test_a_process_that_ends_without_a_word_is_named_with_its_status_and_its_last_line(store, start):
    run_id, _ = start("silent")
    run = ended(store, run_id)
    assert run.state == "failed"
    assert run.says.startswith("The training process ended after step 1 with exit status 7; the last line of its output is: something odd.")


def test_a_worker_that_cannot_even_begin_is_named(store, new):
    run_id = new()
    launch(run_id, store, [sys.executable, "-c", "import a_module_that_is_missing"])
    assert "before the first step with exit status 1; the last line of its output is: ModuleNotFoundError" in ended(store, run_id).says


def test_a_killed_worker_is_named_with_its_signal_and_nothing_more_than_is_known(store, start, monkeypatch):
    run_id, pid = start("idle")
    until(lambda: store.get(run_id).step, 20, "the worker trains")
    os.kill(pid, signal.SIGKILL)
    run = ended(store, run_id)
    assert run.state == "killed"
    assert run.says.startswith("The training process was killed after step 1 by signal 9 (SIGKILL)")
    assert run.says.endswith("The events up to step 1 are kept; it has no checkpoint and can be started again.")


def test_the_worker_lives_on_when_its_server_is_killed_and_any_server_can_stop_it(store, new, spawn):
    run_id = new()
    server = spawn(run_id, "server", stdout=subprocess.PIPE)
    pid = int(server.stdout.readline())
    until(lambda: store.get(run_id).step, 20, "the worker trains")
    server.send_signal(signal.SIGKILL)
    server.wait()
    assert settle(store) == [] and lock.held(store.folder(run_id)) and alive(pid)
    with Store(store.root) as next_server:
        next_server.request(run_id, "stop")
        assert ended(next_server, run_id).state == "stopped"


def test_a_run_killed_and_resumed_goes_on_from_its_checkpoint_in_a_new_process(store, new):
    run_id = new()
    launch(run_id, store, [sys.executable, "-c", KILLED_AFTER_12, str(store.root), run_id])
    assert (ended(store, run_id).state, store.get(run_id).checkpoint) == ("killed", 10)
    assert "can go on from its last checkpoint (step 10)" in store.get(run_id).says
    store.reopen(run_id)
    launch(run_id, store, command(store.root, run_id, "completes"))
    assert ended(store, run_id).state == "completed" and store.get(run_id).generation == 2
    assert store.latest(run_id, "RunStarted").event.resumed_at == 10


KILLED_AFTER_12 = """
import os, signal, sys
from builder.runs import Store, work
from tests.runs.fakes import completes
def source(run, control):
    for event in completes(run, control):
        yield event
        if getattr(event, "step", 0) == 12:
            os.kill(os.getpid(), signal.SIGKILL)
work(sys.argv[2], source, Store(sys.argv[1]))
"""


def test_no_event_that_a_reader_saw_is_lost_when_the_worker_is_killed_at_any_moment(store, start):
    """Thirty workers write as fast as they can; each is killed when the reader has seen some random number of events."""
    chance = random.Random(20261121)
    for _ in range(30):
        run_id, pid = start("endless")
        with Store(store.root) as reader:
            seen = read(reader, run_id, chance.randrange(0, 400), every=chance.random() / 100)
            os.kill(pid, signal.SIGKILL)
            run = ended(reader, run_id)
            rows = reader.events(run_id)
        assert rows[:len(seen)] == seen
        assert [row.seq for row in rows] == list(range(1, len(rows) + 1))
        assert run.state == "killed" and isinstance(rows[-1].event, RunEnded) and len(endings(store, run_id)) == 1
        assert run.step == max((row.event.step for row in rows[1:]), default=0)


def read(reader, run_id, wanted, every):
    """Follow a run until at least so many of its events were seen."""
    seen = []

    def enough():
        seen.extend(reader.events(run_id, after=seen[-1].seq if seen else 0))
        return len(seen) >= wanted

    until(enough, 30, "events arrive", every=every)
    return seen


def test_the_worker_has_no_terminal_its_output_in_a_file_and_absolute_folders(store, new, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BRICKWORK_HOME", "relative-home")
    monkeypatch.delenv("OMP_WAIT_POLICY", raising=False)
    monkeypatch.setenv("GLIBC_TUNABLES", "glibc.malloc.arena_max=4")
    run_id = new()
    program = ("import os; nothing = os.open(os.devnull, 0); "
               "print(os.environ['BRICKWORK_HOME'], os.environ['OMP_WAIT_POLICY'], os.environ['GLIBC_TUNABLES'], os.path.sameopenfile(0, nothing), os.getcwd())")
    terminal, (reading, writing) = os.dup(0), os.pipe()
    try:
        os.dup2(reading, 0)
        launch(run_id, store, [sys.executable, "-c", program])
        ended(store, run_id)
    finally:
        os.dup2(terminal, 0)
        for descriptor in (terminal, reading, writing):
            os.close(descriptor)
    repository = Path(__file__).resolve().parents[2]
    assert store.output(run_id).split() == [str(tmp_path / "relative-home"), "PASSIVE", "glibc.malloc.arena_max=4:glibc.malloc.hugetlb=1", "True", str(repository)]
    monkeypatch.setenv("GLIBC_TUNABLES", "glibc.malloc.hugetlb=0")
    assert environment()["GLIBC_TUNABLES"] == "glibc.malloc.hugetlb=0", "somebody does not want them"


def test_how_a_watched_run_ended_is_told_by_who_waits_for_it_whoever_looks_first(store, start):
    run_id, pid = start("idle")
    until(lambda: store.get(run_id).step, 20, "the worker trains")
    os.kill(pid, signal.SIGKILL)
    until(lambda: settle(store) or not store.get(run_id).live, 20, "the run ends")
    assert "killed after step 1 by signal 9 (SIGKILL)" in store.get(run_id).says
