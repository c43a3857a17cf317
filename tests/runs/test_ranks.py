"""Processes that share a training: how they are asked for, started, named when one is lost, and gone when the first is."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from builder import api
from builder.runs import RunError, Store, estimate, queue, shared_by
from builder.runs.ranks import Ranks
from builder.train.events import RunEnded, StepEnded
from tests.helpers import until


@pytest.mark.parametrize(("asked", "meant"), [(None, (None, 1)), ("", (None, 1)), ("cpu", ("cpu", 1)), ("cuda:1", ("cuda:1", 1)), ("cpu*2", ("cpu", 2)), ("*4", (None, 4))])
def test_a_device_may_be_asked_for_by_several_processes(asked, meant):
    assert shared_by(asked) == meant


@pytest.mark.parametrize("asked", ["cpu*", "cpu*0", "cpu*65", "cpu*two", "cpu*-1", "*²"])
def test_what_is_no_number_of_processes_is_refused(asked):
    with pytest.raises(RunError, match="from 1 to 64"):
        shared_by(asked)


def test_the_queue_counts_the_memory_of_every_process(store, monkeypatch):
    monkeypatch.setattr(queue, "GPUS", ())
    project = api.to_json(api.gallery("mnist-cnn"))
    one, two = (estimate(store, store.create(project, "source", "x", asked)) for asked in ("cpu", "cpu*2"))
    assert 1.8 * one < two < 2 * one


class Gone:
    """A process that has ended so."""

    def __init__(self, status):
        self.status = status

    def poll(self):
        return self.status


FAILED = RunEnded("failed", 7, "Step 8 failed: Connection closed by peer (RuntimeError).")


@pytest.mark.parametrize(("statuses", "reason", "says"), [
    ((0, -9), "failed", "process 3 of 3 was killed by signal 9 after step 7. The run can go on from its last checkpoint."),
    ((1,), "failed", "process 2 of 2 ended with exit status 1; its report is in the run's output.txt after step 7"),
    ((3,), "out_of_memory", "Memory ran out in process 2 of 2 after step 7: train with a smaller batch size"),
    ((0,), "failed", "Connection closed by peer")])
def test_a_process_that_is_lost_is_named_in_the_ending(statuses, reason, says):
    ended = Ranks([Gone(status) for status in statuses]).explained(FAILED)
    assert ended.reason == reason and says in ended.says


def test_other_events_and_endings_stay_what_they_are():
    others = Ranks([Gone(-9)])
    for event in (RunEnded("completed", 7, "Done."), StepEnded(1, 1, 0.5, 0.5, 1.0, 1.0)):
        assert others.explained(event) is event


def test_the_others_end_with_the_first_however_it_ends(store, new, root):
    run = store.get(new())
    waits = [sys.executable, "-c", "import os; os.read(0, 1)"]
    code = f"import sys; from builder.runs import Store; from builder.runs.ranks import beside; run = Store({str(store.root)!r}).get({run.id!r}); print(beside(run, {waits!r}).pid, flush=True); sys.stdin.read()"
    first = subprocess.Popen([sys.executable, "-c", code], cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    pid = int(first.stdout.readline())
    os.kill(pid, 0)
    first.kill()
    first.communicate()
    until(lambda: not Path(f"/proc/{pid}").exists() or "Z" in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2][:3], 10, "the process is gone")


def test_a_training_is_shared_by_two_processes_and_the_loss_of_one_is_told(home, root):
    with Store() as store:
        command = [sys.executable, "-m", "builder", "train", "points-mlp", "--device", "cpu", "--devices", "2", "--set", "training.epochs=5000"]
        first = subprocess.Popen(command, cwd=root, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        run = until(lambda: next((run for run in store.list() if run.step), None), 60, "the run trains")
        assert run.device.startswith("2 × ") and run.device_asked == "cpu*2"
        (follower,) = (int(found) for found in Path(f"/proc/{first.pid}/task/{first.pid}/children").read_text().split())
        os.kill(follower, signal.SIGKILL)
        assert first.wait(60) == 1
        says = store.get(run.id).says
    assert store_state(run.id) == "failed" and "process 2 of 2 was killed by signal 9" in says and "process 2 of 2" in first.stderr.read()
    assert not list(run.folder.glob("meet-*"))


def store_state(run_id: str) -> str:
    with Store() as store:
        return store.get(run_id).state
