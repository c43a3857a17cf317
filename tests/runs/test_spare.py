"""A worker in waiting: handed over once, never left behind, and no part of what a run comes to."""

from __future__ import annotations

import importlib
import os
import signal
import subprocess
import sys

import pytest

from builder import api, data, paths
from builder.cli import waiting as cli_waiting
from builder.data.ahead import read, read_ahead
from builder.runs import Store, launch, submit
from builder.runs import spare as spares
from builder.runs.spare import Spare
from builder.train.events import EpochEnded, Evaluated
from tests.helpers import until
from tests.runs.test_launch import alive, ended

# The package has a function of this name too.
LAUNCH = importlib.import_module("builder.runs.launch")

# Waits as a real one does, then works as a fake worker of the mode that the last project told to it names.
WAITS = """
import contextlib, json, os, sys
from tests.runs.fakes import main
mode, left = "completes", b""
with contextlib.suppress(OSError):
    os.write(1, b"ready")
while True:
    part = os.read(0, 1 << 16)
    if not part:
        sys.exit()
    *lines, left = (left + part).split(b"\\n")
    for message in map(json.loads, lines):
        mode = message.get("prepare", {}).get("name", mode)
        if "run" in message:
            output = os.open(message["output"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
            os.dup2(output, 1)
            sys.exit(main(message["runs"], message["run"], mode))
"""


@pytest.fixture
def spare(monkeypatch, root):
    """This server's, of the fake kind; whatever it has started is gone at the end."""
    made, pids, clock = [], [], [0.0]

    def of(**how) -> Spare:
        made.append(Spare([sys.executable, "-c", WAITS], clock=lambda: clock[0], **how))
        made[-1].clock = clock
        monkeypatch.setattr(LAUNCH, "SPARE", made[-1])
        return made[-1]

    monkeypatch.delenv("BRICKWORK_SPARE")
    # It changes from one part of a test to the next.
    monkeypatch.delenv("PYTEST_CURRENT_TEST")
    yield of
    for one in made:
        pids += filter(None, [one.pid])
        one.end()
    until(lambda: not any(map(alive, pids)), 20, "what waited is gone")


def test_the_one_in_waiting_becomes_the_worker_of_the_next_run_and_of_no_other(spare, store, new):
    waiting = spare()
    waiting.keep({"name": "silent"})
    pid = until(lambda: waiting.ready() and waiting.pid, 20, "one waits")
    assert os.getsid(pid) == pid != os.getsid(0)
    first, second = new(), new()
    assert launch(first, store) == pid
    assert ended(store, first).says.startswith("The training process ended after step 1 with exit status 7; the last line of its output is: something odd.")
    assert waiting.pid is None and launch(second, store, [sys.executable, "-c", ""]) != pid
    assert ended(store, second).state == "failed"


def test_the_next_one_waits_until_the_run_has_begun(spare, store, new):
    waiting = spare(pause=60.0)
    waiting.keep()
    launch(run := new(), store)
    waiting.keep()
    assert waiting.pid is None
    waiting.clock[0] = 60.0
    waiting.keep()
    assert waiting.pid and ended(store, run).state == "completed"


def test_the_next_one_comes_by_itself_while_somebody_may_want_it(spare, store, new):
    waiting = spare(pause=0.0)
    waiting.keep({"name": "completes"})
    waiting.keep({"name": "silent"})
    launch(run := new(), store)
    pid = until(lambda: waiting.pid, 20, "the next one waits")
    assert ended(store, run).state == "failed" and launch(run := new(), store) == pid
    assert "exit status 7" in ended(store, run).says, "it was told the project too"


def test_a_command_of_its_own_takes_no_worker_in_waiting(spare, store, new):
    waiting = spare()
    waiting.keep()
    launch(run := new(), store, [sys.executable, "-c", ""])
    assert waiting.pid and ended(store, run).state == "failed"


def test_one_that_was_made_for_another_environment_is_let_go(spare, store, new, monkeypatch):
    waiting = spare()
    waiting.keep()
    before = waiting.pid
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    assert waiting.take(new(), store.root, store.root / "output.txt") is None
    until(lambda: not alive(before), 20, "it is gone")
    waiting.clock[0] = 60.0
    waiting.keep()
    monkeypatch.setenv("OMP_NUM_THREADS", "8")
    before = waiting.pid
    waiting.keep()
    assert waiting.pid not in (None, before)


def test_one_that_died_costs_no_run(spare, store, new, monkeypatch):
    monkeypatch.setattr(spares, "_line", lambda message: b"")  # as if it had died with its run in the pipe
    waiting, started = spare(), []
    waiting.keep()
    pid = waiting.pid

    def cold(run, command):
        started.append(command[1:4])
        return subprocess.Popen([sys.executable, "-m", "tests.runs.fakes", str(store.root), run.id, "completes"], cwd=spares.PACKAGE_PARENT)

    monkeypatch.setattr(LAUNCH, "_spawn", cold)
    assert launch(run := new(), store) == pid
    assert ended(store, run).state == "completed" and store.get(run).pid != pid and started == [["-m", "builder", "work"]]


def test_one_that_ends_by_itself_is_not_started_again_at_once(spare):
    waiting = spare()
    waiting.keep()
    os.kill(waiting.pid, signal.SIGKILL)
    until(lambda: waiting.pid is None, 20, "it is gone")
    waiting.keep()
    assert waiting.pid is None
    waiting.clock[0] = spares.SHY
    waiting.keep()
    assert waiting.pid


def test_nobody_waits_for_ever_nor_where_it_is_not_wanted_or_there_is_no_memory(spare, monkeypatch):
    waiting = spare(idle=0.0)
    waiting.keep()
    until(lambda: waiting.pid is None, 20, "it is let go")
    waiting = spare()
    monkeypatch.setenv("BRICKWORK_SPARE", "0")
    waiting.keep()
    assert waiting.pid is None
    monkeypatch.delenv("BRICKWORK_SPARE")
    monkeypatch.setattr(spares, "free_memory", lambda: spares.LEAST - 1)
    waiting.keep()
    assert waiting.pid is None


SERVER = """
import threading
from builder.runs import SPARE
SPARE.keep({"name": "A project that was never drawn"})
print(SPARE.pid, flush=True)
threading.Event().wait()
"""


def test_a_real_one_is_gone_when_its_server_is_killed(spare, root, home):
    server = subprocess.Popen([sys.executable, "-c", SERVER], cwd=root, stdout=subprocess.PIPE, text=True)
    pid = int(server.stdout.readline())
    server.kill()
    server.wait()
    server.stdout.close()
    until(lambda: not alive(pid), 30, "it is gone")


def test_a_run_by_a_real_one_is_the_same_to_the_last_bit(spare, monkeypatch, home):
    project = api.with_settings(api.gallery("mnist-cnn"), {"training.epochs": "1", "training.batch_size": "100"})
    kinds = (EpochEnded, Evaluated)
    expected = [event for event in api.train(project, "cpu") if isinstance(event, kinds)]
    waiting = Spare(pause=3600.0)
    monkeypatch.setattr(LAUNCH, "SPARE", waiting)
    waiting.keep(api.to_json(project))
    with Store() as store:
        run = store.create(api.to_json(project), api.source(project), project.name, "cpu")
        pid = waiting.pid
        submit(run, store)
        assert ended(store, run).state == "completed" and store.get(run).pid == pid
        events = [row.event for row in store.events(run) if isinstance(row.event, kinds)]
    assert [(event.loss, event.accuracy) for event in events] == [(event.loss, event.accuracy) for event in expected]


def test_of_what_is_told_meanwhile_only_the_last_counts():
    told = cli_waiting.Told()
    for message in ({"prepare": "one"}, {"prepare": "two"}, {"run": "r"}):
        told.put(message)
    assert cli_waiting.newest(told) == {"run": "r"} and told.empty()


def test_data_read_ahead_are_given_out_once_and_only_for_what_was_meant(home, monkeypatch):
    digits, roots, loads = data.where.known("digits"), paths.data_roots(), []
    monkeypatch.setattr(data.ahead, "load", lambda *given, **more: loads.append((given, more)) or object())
    assert read_ahead(digits, roots, 0.1) and read_ahead(digits, roots, 0.1) and len(loads) == 1
    held = read(digits, roots, validation=0.1)
    assert len(loads) == 1 and read(digits, roots, validation=0.1) is not held and len(loads) == 2
    for asked in ({"validation": 0.2}, {"validation": 0.1, "most": digits.bytes - 1}):
        read_ahead(digits, roots, 0.1)
        before = len(loads)
        read(digits, roots, **asked)
        assert len(loads) == before + 1
    with monkeypatch.context() as small:
        small.setattr(data.ahead, "MOST", digits.bytes - 1)
        assert not read_ahead(digits, roots, 0.1)


def test_photographs_are_brought_to_their_size_by_the_run_that_tells_of_it_and_not_ahead(home, monkeypatch):
    pets, loads = data.where.known("oxford-iiit-pet"), []
    monkeypatch.setattr(data.ahead, "load", lambda *given, **more: loads.append(given) or object())
    assert not read_ahead(pets, paths.data_roots(), 0.1) and not loads
    file = data.photos.kept_file(pets.name, pets.shape[1])
    file.parent.mkdir(parents=True)
    file.touch()
    assert read_ahead(pets, paths.data_roots(), 0.1) and len(loads) == 1
