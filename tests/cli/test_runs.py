"""`runs`: list, show, the commands to a worker, resume, export."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from dataclasses import replace

import pytest

from builder import api
from builder.runs import Store, lock
from builder.train.events import (
    CheckpointSaved,
    Continued,
    EpochEnded,
    Evaluated,
    GradientNorms,
    Noted,
    Paused,
    RateChanged,
    RunEnded,
    RunStarted,
)
from tests.cli.fakes import FakeRun
from tests.helpers import until
from tests.runs.fakes import completes, epoch, started, step


@pytest.fixture
def store():
    with Store() as store:
        yield store


@pytest.fixture
def done(store):
    """A completed run."""
    project = api.gallery("mnist-cnn")
    run_id = store.create(api.to_json(project), api.source(project), project.name)
    store.append(run_id, completes(FakeRun(False), None))
    return run_id


@pytest.fixture
def resumed(store):
    """A run that was stopped after step 8 and goes on from step 5."""
    project = api.gallery("lenet-cifar")
    run_id = store.create(api.to_json(project), api.source(project), project.name)
    store.append(run_id, [started(), step(4), *epoch(1, 0.6), step(8), RunEnded("stopped", 8, "Stopped when asked.")])
    store.reopen(run_id)
    store.append(run_id, [started(5), step(6), step(7), RunEnded("stopped", 7, "Stopped again.")])
    return run_id


def test_without_runs_the_list_says_how_to_make_one(brickwork):
    assert "There are no runs yet" in brickwork("runs").out and brickwork("runs", "--json").json == []


def test_runs_are_listed_newest_first_by_default(brickwork, done, resumed):
    rows = brickwork("runs", "list", "--json").json
    assert [row["id"] for row in rows] == [resumed, done] and rows[1]["accuracy"] == 0.7 and rows[1]["state"] == "completed"
    lines = brickwork("runs").out.splitlines()
    assert resumed in lines[2] and "stopped" in lines[2] and done in lines[3] and "70.00 %" in lines[3] and "4/4" in lines[3]


def test_a_run_is_shown_with_its_epochs_and_its_project(brickwork, done):
    shown = brickwork("runs", "show", "last", "--json").json
    assert shown["id"] == done and [row["test_accuracy"] for row in shown["epochs_done"]] == [0.55, 0.6, 0.65, 0.7]
    assert shown["project"]["name"] == "MNIST CNN"
    plain = brickwork("runs", "show", done).out
    assert "21,840" in plain and "All 4 epochs are done." in plain and "20 of 20" in plain and "65.00 %" in plain


def test_gradient_norms_are_shown_and_exported_by_layer(brickwork, store, tmp_path):
    project = api.gallery("lenet-cifar")
    run_id = store.create(api.to_json(project), api.source(project), project.name)
    store.append(run_id, [replace(started(), layers=("conv1", "fc1")), step(4), GradientNorms(4, 1, 0.5, (0.3, None)), RunEnded("stopped", 4, "Stopped when asked.")])
    assert "gradients   0.5 at step 4 (conv1 0.3)" in brickwork("runs", "show", run_id).out
    assert "gradients.csv" in brickwork("runs", "export", run_id, "-o", tmp_path / "out", "--json").json["files"]
    assert table(tmp_path / "out" / "gradients.csv") == [{"step": "4", "epoch": "1", "all weights": "0.5", "conv1": "0.3", "fc1": ""}]


def test_an_export_holds_the_project_the_source_all_events_and_tables_of_what_counts(brickwork, resumed, store, tmp_path):
    answer = brickwork("runs", "export", resumed[:12], "-o", tmp_path / "out", "--json")
    assert answer.json == {"folder": str(tmp_path / "out"), "files": ["epochs.csv", "events.jsonl", "network.py", "project.json", "steps.csv", "training.py"]}
    assert api.load(tmp_path / "out" / "project.json") == api.gallery("lenet-cifar")
    assert (tmp_path / "out" / "network.py").read_text() == store.source(resumed)
    lines = [json.loads(line) for line in (tmp_path / "out" / "events.jsonl").read_text().splitlines()]
    assert [line["seq"] for line in lines] == list(range(1, 12)) and lines[0]["event"] == "RunStarted"
    assert [row["step"] for row in table(tmp_path / "out" / "steps.csv")] == ["4", "6", "7"]
    assert table(tmp_path / "out" / "epochs.csv")[0]["test_accuracy"] == "0.6"


def table(path):
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream))


def test_an_export_says_that_its_script_knows_no_change_by_hand(brickwork, resumed, store, tmp_path):
    assert "by hand" not in brickwork("runs", "export", resumed, "-o", tmp_path / "one").out
    store.reopen(resumed)
    store.append(resumed, [started(5), RateChanged(5, 1, 0.1, 0.01), step(6), RateChanged(6, 2, 0.01, 0.5), RunEnded("stopped", 6, "Stopped.")])
    store.reopen(resumed)
    store.append(resumed, [started(5), RunEnded("stopped", 5, "Stopped.")])
    out = brickwork("runs", "export", resumed, "-o", tmp_path / "two").out
    assert "changed by hand (to 0.01 after step 5); an exported script trains without that" in out


def test_a_run_is_shown_with_what_it_has_decided_by_itself(brickwork, resumed, store):
    assert "notes" not in brickwork("runs", "show", resumed).out
    store.reopen(resumed)
    store.append(resumed, [started(5), Noted(5, "The network stays compiled."), RunEnded("stopped", 6, "Stopped.")])
    assert "notes       The network stays compiled.\n" in brickwork("runs", "show", resumed).out


def test_a_run_is_shown_with_its_threads_its_seed_and_the_changes_of_its_learning_rate(brickwork, resumed, store):
    store.reopen(resumed)
    store.append(resumed, [replace(started(5), threads=3, seed=7), RateChanged(6, 2, 0.05, 0.01), RunEnded("stopped", 6, "Stopped.")])
    shown = brickwork("runs", "show", resumed).out
    assert f"with        3 threads, seed 7, torch {started().torch}\n" in shown and "rate        0.05 until step 6, then 0.01\n" in shown
    record = brickwork("runs", "show", resumed, "--json").json
    assert (record["threads"], record["seed"], record["rates"]) == (3, 7, [{"step": 6, "before": 0.05, "lr": 0.01}])


def test_a_run_is_exported_by_its_id_with_the_threads_that_its_losses_come_from(brickwork, resumed, store, tmp_path):
    store.reopen(resumed)
    store.append(resumed, [replace(started(5), threads=3), RunEnded("stopped", 6, "Stopped.")])
    script = brickwork("export", resumed[:15], "--to", "script").out
    assert "torch.set_num_threads(3)" in script and script != brickwork("export", "lenet-cifar", "--to", "script").out
    assert "set_num_threads(3)" in brickwork("export", "last", "--to", "notebook").out
    assert brickwork("runs", "export", resumed, "-o", tmp_path / "run").status == 0 and (tmp_path / "run" / "training.py").read_text() == script
    # It is of its first epoch: nothing was learned yet that could be taken along.
    answer = brickwork("export", resumed, "--to", "weights", "-o", tmp_path / "w.safetensors")
    assert answer.status == 1 and "no checkpoint" in answer.err and not (tmp_path / "w.safetensors").exists()
    assert "nor is there such a run" in brickwork("export", "no-such-thing", "--to", "script").err


def test_an_export_never_writes_into_a_folder_that_is_there(brickwork, done, tmp_path):
    (tmp_path / "mine").mkdir()
    answer = brickwork("runs", "export", done, "-o", tmp_path / "mine")
    assert answer.status == 2 and "already there" in answer.err and not list((tmp_path / "mine").iterdir())


def test_an_ended_run_is_not_stopped_again_and_a_finished_one_not_resumed(brickwork, done):
    assert "already ended (completed)" in brickwork("runs", "stop", done).err
    assert "finished all its 4 epochs" in brickwork("runs", "resume", done).err


def test_a_live_run_is_asked_to_stop(brickwork, store, done):
    run_id = store.create({"name": "x"}, "", "x")
    with lock.hold(store.folder(run_id)):
        store.claim(run_id)
        answer = brickwork("runs", "stop", "last")
        assert answer.status == 0 and "was asked to stop" in answer.out
        assert [control.command for control in store.controls(run_id, 1)] == ["stop"]


def test_a_live_run_is_paused_saved_given_another_learning_rate_and_resumed_in_place(brickwork, store):
    run_id = store.create({"name": "x"}, "", "x")
    assert "waits for its start" in brickwork("runs", "resume", "last").err
    with lock.hold(store.folder(run_id)):
        store.claim(run_id)
        store.append(run_id, [started(), step(1)])
        assert "asked to pause" in brickwork("runs", "pause", "last").out
        store.append(run_id, [Paused(1, 1)])
        assert brickwork("runs", "set-lr", "last", "0.001", "--json").json["state"] == "paused"
        assert brickwork("runs", "checkpoint", "last").status == 0
        assert "asked to go on" in brickwork("runs", "resume", "last").out
        store.append(run_id, [Continued(1, 1)])
        assert store.get(run_id).state == "running"
        asked = [(control.command, control.value) for control in store.controls(run_id, 1)]
        assert asked == [("pause", None), ("set-lr", 0.001), ("checkpoint", None), ("resume", None)]


@pytest.mark.parametrize("rate", ["fast", "0", "-1", "nan", "inf", "1e300", None])
def test_what_is_no_learning_rate_is_refused_in_words(brickwork, store, rate):
    run_id = store.create({"name": "x"}, "", "x")
    answer = brickwork("runs", "set-lr", "last", *([rate] if rate else []))
    assert answer.status == 2 and "earning rate" in answer.err and not store.controls(run_id, 1)


def test_a_value_that_belongs_to_no_action_is_refused(brickwork, done):
    assert "takes a RUN only" in brickwork("runs", "show", "last", "0.1").err


def test_a_stopped_run_is_resumed_in_the_background(brickwork, store, resumed, monkeypatch):
    import importlib

    module = importlib.import_module("builder.runs.launch")
    spawn = module._spawn
    (store.folder(resumed) / "source.py").write_text("class Network: ...\n", encoding="utf-8")  # what the fake compiler makes
    fake = [sys.executable, "-m", "tests.cli.fakes", "completes", "work", resumed, "--runs", str(store.root)]
    monkeypatch.setattr(module, "_spawn", lambda run, command: spawn(run, fake))
    answer = brickwork("runs", "resume", "last", "--json")
    assert answer.status == 0 and answer.json["generation"] == 3
    until(lambda: not store.get(resumed).live, 30, "the run ends")
    assert store.get(resumed).state == "completed"
    assert store.latest(resumed, "RunStarted").event.resumed_at == 10


def test_a_finished_run_gets_more_epochs_and_its_script_too(brickwork, store, done, monkeypatch):
    import importlib

    monkeypatch.setattr(importlib.import_module("builder.runs.launch"), "_spawn", lambda run, command: subprocess.Popen([sys.executable, "-c", ""]))
    store.append(store.reopen(done, 1).id, [started(20), CheckpointSaved(20, 4, "last.safetensors"), RunEnded("completed", 25, "Done.")])
    assert store.project(done)["training"]["epochs"] == 5
    answer = brickwork("runs", "resume", done, "--more", "3", "--json")
    assert answer.status == 0 and answer.json["epochs"] == 7 and answer.json["steps"] == 35
    assert store.project(done)["training"]["epochs"] == 7


@pytest.mark.parametrize("more", ["0", "-2", "1000000000"])
def test_epochs_that_cannot_be_had_are_refused_with_the_numbers(brickwork, store, done, more):
    answer = brickwork("runs", "resume", done, "--more", more)
    assert answer.status == 2 and "epochs" in answer.err.lower() and store.project(done) == api.to_json(api.gallery("mnist-cnn"))
    assert store.get(done).state == "completed"


def test_runs_wait_in_a_queue_that_can_be_seen_and_changed(brickwork, store, monkeypatch):
    from builder.runs import queue

    monkeypatch.setattr(queue, "free_memory", lambda: 1_000_000)
    monkeypatch.setattr(queue, "GPUS", ())
    run_id = store.create({"name": "x"}, "", "x")
    with lock.hold(store.folder(run_id)):
        store.claim(run_id)
        store.append(run_id, [started(), step(1)])
        first = brickwork("train", "mnist-cnn", "--queue", "--set", "training.epochs=3", "--json").json
        assert (first["state"], first["place"]) == ("queued", 1) and first["needs"] > 4e8
        assert store.project(first["id"])["training"]["epochs"] == 3
        assert "in the queue. Waits in the queue: 1 run before it." in brickwork("train", "lenet-cifar", "--queue").out
        second = store.waiting()[1].id
        assert "900 kB are left beside 1 other run" in brickwork("runs", "show", first["id"]).out
        assert brickwork("runs", "sooner", second, "--json").json["place"] == 1
        assert [run.id for run in store.waiting()] == [second, first["id"]]
        assert brickwork("runs", "later", second).status == brickwork("runs", "stop", second).status == 0
        assert [run.id for run in store.waiting()] == [first["id"]]
        assert "does not wait in the queue" in brickwork("runs", "sooner", run_id).err
        brickwork("runs", "stop", first["id"])


def test_a_run_whose_process_was_lost_is_named_as_killed_when_somebody_looks(brickwork, store):
    run_id = store.create({"name": "x"}, "", "x")
    with lock.hold(store.folder(run_id)):
        store.claim(run_id)
        store.append(run_id, [started(), step(3)])
    assert brickwork("runs", "--json").json[0]["state"] == "killed"
    assert "ended without a word after step 3" in brickwork("runs", "show", "last").out


def test_an_ended_run_is_deleted_with_its_folder_and_a_live_one_is_refused(brickwork, store, done, resumed):
    live = store.create({"name": "x"}, "", "x")
    refused = brickwork("runs", "delete", live)
    assert refused.status == 1 and "is still queued: stop it before deleting it" in refused.err and refused.err.count("\n") == 1
    partly = brickwork("runs", "delete", done[:-1])
    assert partly.status == 2 and done in partly.err and store.folder(done).exists()
    folder = store.folder(done)
    assert brickwork("runs", "delete", done).out == f"{done} is deleted.\n"
    assert not folder.exists() and [run.id for run in store.list()] == [live, resumed]
    assert brickwork("runs", "delete", done).status == 2


def test_a_run_whose_recorded_source_is_not_what_would_run_is_refused_in_words(brickwork, store, resumed):
    (store.folder(resumed) / "source.py").write_text("class Network: ...\n", encoding="utf-8")
    store.reopen(resumed)
    assert brickwork("work", resumed, "--runs", store.root).status == 1
    run = store.get(resumed)
    assert run.state == "failed" and run.says.startswith("The network recorded in source.py") and "Train the project again" in run.says


def test_metrics_of_the_best_epoch_and_of_a_chosen_one(brickwork, store):
    run = store.create({"name": "mine"}, "", "mine", None)
    store.claim(run)
    confusions = (((8, 2), (1, 9)), ((10, 0), (1, 9)), ((5, 5), (5, 5)))
    store.append(run, [RunStarted("cpu", "A processor", 10, 100, 20, 5, 3, 20, ("cat", "dog"), 0, 1, "2.15.0")], 1)
    store.append(run, [Evaluated(i, 5 * i, "test", 0.5, sum(row[k] for k, row in enumerate(one)) / 20, one, {"calibration_error": 0.125}) for i, one in enumerate(confusions, 1)], 1)
    found = brickwork("metrics", run, "--json").json
    assert (found["epoch"], found["accuracy"], found["calibration_error"]) == (2, 0.95, 0.125)
    assert found["classes"][0] == {"name": "cat", "precision": pytest.approx(10 / 11), "recall": 1.0, "f1": pytest.approx(20 / 21), "samples": 10}
    text = brickwork("metrics", "last", "--epoch", "1").out
    assert "after epoch 1, 20 samples" in text and "calibration error 12.50 %" in text and "accuracy 85.00 %" in text
    answer = brickwork("metrics", run, "--epoch", "9")
    assert answer.status == 1 and "it has those after 1 to 3" in answer.err


def test_metrics_of_boxes_are_of_the_epoch_of_the_highest_precision_and_class_by_class(brickwork, store):
    run = store.create({"name": "mine"}, "", "mine", None)
    store.claim(run)
    store.append(run, [RunStarted("cpu", "A processor", 10, 100, 20, 5, 2, 20, ("cat", "dog"), 0, 1, "2.15.0", task="detection")], 1)
    for number, (loss, found) in enumerate(((2.0, 0.4), (2.5, 0.6)), 1):
        figures = {"map": found, "map_50": 0.9, "precision": 0.8, "recall": 0.7, "loss_box": 1.5, "loss_objectness": 0.4, "loss_class": 0.1, "map/1": found, "map_50/1": 0.95, "boxes/1": 12}
        store.append(run, [EpochEnded(number, 5 * number, loss, None, 1.0, 9.0), Evaluated(number, 5 * number, "validation", loss, None, (), figures)], 1)
    found = brickwork("metrics", run, "--json").json
    assert (found["epoch"], found["map"], found["loss_box"]) == (2, 0.6, 1.5) and found["classes"] == [{"name": "dog", "ap": 0.6, "ap_50": 0.95, "boxes": 12}]
    text = brickwork("metrics", run).out
    assert "mAP at 0.5" in text and "60.00 %" in text and "AP AT 0.5" in text and "dog" in text and "cat" not in text
    assert "mAP 0.6000 validation" in brickwork("runs").out and "VALIDATION MAP" in brickwork("runs", "show", run).out


def test_a_run_without_a_test_has_no_metrics(brickwork, store):
    answer = brickwork("metrics", store.create({"name": "mine"}, "", "mine", None))
    assert answer.status == 1 and "has not been tested yet" in answer.err
