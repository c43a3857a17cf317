"""`train` and `work`: the same run as in the app, polite stops, progress for people and events for programs."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys
from dataclasses import replace

import pytest

from builder import api, runs
from builder.cli.training import bar_line
from builder.graph import dumps
from builder.runs import Store, current, launch
from builder.train.events import EpochEnded, StepEnded, from_record
from tests.helpers import until
from tests.runs.fakes import started, step


def only_run(state=None):
    with Store() as store:
        return next((run for run in store.list() if state in (None, run.state)), None)


def test_training_writes_the_run_that_the_app_would_show(brickwork, trains):
    answer = brickwork("train", "mnist-cnn", "--set", "training.epochs=4", "--set", "data.source=mnist", "--device", "cpu")
    assert answer.status == 0
    with Store() as store:
        run = store.find("last")
        assert (run.state, run.epoch, run.accuracy, run.device_asked) == ("completed", 4, 0.7, "cpu")
        assert store.project(run.id)["training"]["epochs"] == 4 and store.project(run.id)["data"]["source"] == "mnist"
        assert store.source(run.id) == api.source(api.from_json(store.project(run.id)))
    assert answer.out == f"All 4 epochs are done. (test accuracy 70.00 %, run {run.id})\n"
    assert "epoch 4/4: loss 0.5000" in answer.err and "21,840 parameters" in answer.err and "\x1b" not in answer.err


def test_with_json_the_events_are_one_a_line_and_equal_to_those_in_the_store(brickwork, trains):
    answer = brickwork("train", "mnist-cnn", "--json")
    events = [from_record(json.loads(line)) for line in answer.out.splitlines()]
    with Store() as store:
        assert events == [row.event for row in store.events(only_run().id)]
    assert (answer.status, answer.err) == (0, "")


def test_memory_that_will_not_do_is_told_before_the_run_starts_with_the_batch_that_fits(brickwork, trains, monkeypatch):
    monkeypatch.setattr(runs, "free_memory", lambda: 500_000_000)
    monkeypatch.setattr(runs, "free_gpu_memory", lambda: None)
    assert "memory" not in brickwork("train", "mnist-cnn", "--device", "cpu", "--set", "training.batch_size=100").err
    answer = brickwork("train", "mnist-cnn", "--device", "cpu", "--set", "training.batch_size=1293")
    told = answer.err.splitlines()[0]
    fits = int(re.search(r"--set training.batch_size=(\d+)", told)[1])
    assert answer.status == 0 and "with batches of 1,293, and 500.0 MB are free on this machine: it may run out of memory" in told and 100 < fits < 1293
    assert "memory" not in brickwork("train", "mnist-cnn", "--device", "cpu", "--set", f"training.batch_size={fits}").err
    assert "it may run out of memory" in brickwork("train", "mnist-cnn", "--device", "cpu", "--set", f"training.batch_size={fits + 1}").err
    monkeypatch.setattr(runs, "free_memory", lambda: 1_000_000)
    assert "Not even one sample at a time fits" in brickwork("train", "mnist-cnn", "--device", "cpu").err


@pytest.mark.parametrize("count", [0, -1, 65])
def test_a_number_of_processes_that_cannot_be_is_refused_and_makes_no_run(brickwork, trains, count):
    answer = brickwork("train", "mnist-cnn", "--device", "cpu", "--devices", count)
    assert (answer.status, answer.err) == (2, f"brickwork: --devices {count}: from 1 to 64 processes share a training\n") and only_run() is None


def test_a_run_that_fails_has_status_1_one_line_and_its_traceback_in_the_runs_folder(brickwork, trains):
    trains("fails")
    for more in ((), ("--json",)):
        answer = brickwork("train", "mnist-cnn", *more)
        last = answer.err.splitlines()[-1]
        assert answer.status == 1 and "RuntimeError: the sizes 3 and 4 do not match" in last and only_run().id in last
        assert "Traceback" not in answer.out + answer.err and "Traceback" in (only_run().folder / "output.txt").read_text()


def test_a_project_with_errors_is_not_trained_and_makes_no_run(brickwork, trains, bad):
    answer = brickwork("train", bad)
    assert answer.status == 1 and "cannot be trained yet" in answer.err and answer.err.count("\n") == 1
    assert only_run() is None


def test_ctrl_c_stops_politely_with_status_1_and_keeps_the_run(process):
    child = process("train", "mnist-cnn", mode="idle")
    until(lambda: only_run("running"), 30, "the run starts")
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=20)
    assert child.returncode == 1 and out == "" and err.splitlines()[-1].startswith("brickwork: Stopped when asked.") and "Traceback" not in err
    assert only_run().state == "stopped"


def test_a_run_in_a_terminal_is_stopped_from_another_one(process, brickwork):
    child = process("train", "mnist-cnn", mode="idle")
    run = until(lambda: only_run("running"), 30, "the run starts")
    assert brickwork("runs", "stop", run.id).status == 0
    assert child.wait(20) == 1 and only_run().state == "stopped"
    child.communicate()


def test_a_reader_of_the_events_that_goes_away_stops_the_run(process):
    child = process("train", "mnist-cnn", "--json", mode="endless")
    assert '"RunStarted"' in child.stdout.readline()
    child.stdout.close()
    assert child.wait(20) == 1
    complaints = child.stderr.read()
    child.stderr.close()
    assert only_run().state == "stopped" and "Traceback" not in complaints and "Exception ignored" not in complaints


def test_on_a_terminal_a_bar_is_drawn_and_wiped_away_again(root):
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "tests.cli.fakes", "idle", "train", "mnist-cnn"]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, stderr=theirs, text=True) as child:
        seen = [""]

        def bar_there():
            seen[0] += os.read(ours, 4096).decode(errors="replace")
            return "left" in seen[0]

        until(bar_there, 30, "the bar is drawn")
        child.send_signal(signal.SIGTERM)
        assert child.wait(20) == 1
    seen[0] += os.read(ours, 65536).decode(errors="replace")
    os.close(ours)
    os.close(theirs)
    assert "\r\x1b[K" in seen[0] and "5 %  epoch 1/4  loss 1.0000" in seen[0]
    assert seen[0].split("\r\x1b[K")[-1].startswith("brickwork: Stopped when asked.")


def test_the_bar_fits_any_width_and_says_how_long_it_still_takes():
    now = replace(step(5), samples_per_second=10.0)
    assert all(len(bar_line(started(), now, width)) <= width for width in range(200))
    assert bar_line(started(), now, 150).endswith(" 25 %  epoch 1/4  loss 0.2000  accuracy 50.00 %  10/s  0:30 left")


def test_waiting_threads_are_told_to_sleep_before_torch_is_imported(brickwork, trains, monkeypatch):
    monkeypatch.setenv("OMP_WAIT_POLICY", "")
    monkeypatch.delenv("OMP_WAIT_POLICY")
    seen = []
    monkeypatch.setattr(api, "source", lambda project: seen.append(os.environ.get("OMP_WAIT_POLICY")) or "")
    assert brickwork("train", "mnist-cnn").status == 0
    assert set(seen) == {"PASSIVE"}


@pytest.mark.slow
def test_a_real_run_started_by_the_app_is_stopped_and_resumed_to_the_end_from_the_command_line(brickwork):
    project = api.with_settings(api.gallery("mnist-cnn"), {"training.epochs": 3})
    with Store() as store:
        run_id = store.create(api.to_json(project), api.source(project), project.name)
        launch(run_id, store)
        until(lambda: store.get(run_id).epoch, 120, "an epoch ends")
        brickwork("runs", "stop", run_id)
        until(lambda: not store.get(run_id).live, 30, "the run ends")
        assert store.get(run_id).state in ("stopped", "completed")
        assert store.get(run_id).state == "completed" or brickwork("runs", "resume", run_id).status == 0
        until(lambda: not store.get(run_id).live, 120, "the resumed run ends")
        run = store.get(run_id)
        events = current(row.event for row in store.events(run_id))
    assert (run.state, run.epoch, run.step, run.parameters) == ("completed", 3, 486, 21840) and run.accuracy > 0.8
    steps = [event.step for event in events if isinstance(event, StepEnded)]
    assert steps == sorted(set(steps)) and steps[-1] == 486
    assert [event.epoch for event in events if isinstance(event, EpochEnded)] == [1, 2, 3]


def test_a_launched_worker_of_the_app_runs_the_same_training_code(process):
    project = api.with_settings(api.gallery("mnist-cnn"), {"training.epochs": 4})
    with Store() as store:
        run_id = store.create(api.to_json(project), "class Network: ...\n", project.name)
        launch(run_id, store, [sys.executable, "-m", "tests.cli.fakes", "completes", "work", run_id, "--runs", str(store.root)])
        until(lambda: not store.get(run_id).live, 30, "the run ends")
        assert store.get(run_id).state == "completed" and store.output(run_id) == ""


def test_training_from_a_run_says_what_survives_of_it_and_goes_on_from_there(brickwork, tmp_path, home):
    small = ("--set", "training.epochs=1", "--set", "training.batch_size=512", "--device", "cpu")
    assert brickwork("train", "mnist-cnn", *small).status == 0
    run_id = brickwork("runs", "list", "--json").json[0]["id"]
    project = api.apply(api.gallery("mnist-cnn"), {"op": "rename", "id": "conv1", "to": "first"})
    for edit, says in (({"op": "name", "value": "Edited"}, "All 21,840 weights of the network are kept"),
                       ({"op": "set", "id": "fc1", "params": {"out_features": 64}}, "5,290 of the network's 26,474 weights are kept (20.0 %): 2 of 4 bricks")):
        (tmp_path / "edited.json").write_text(dumps(api.apply(project, edit)))
        done = brickwork("train", tmp_path / "edited.json", "--from", run_id, *small)
        assert done.status == 0 and f"From run {run_id}: {says}" in done.err and "was conv1" in done.err
    assert "weight is 64×320 and was 50×320" in done.err
    assert brickwork("train", tmp_path / "edited.json", "--from", "nothing").status == 2
