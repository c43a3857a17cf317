"""A run whose memory runs out is named, keeps its last checkpoint, and is trained again with half the batch."""

from __future__ import annotations

import importlib

import pytest
import torch
from safetensors.torch import load_file, save_file

from builder import api
from builder.cli import main
from builder.cli.training import events_of
from builder.runs import Store, work
from builder.train import learning
from builder.train.checkpoint import LAST, read_weights
from builder.train.events import CheckpointSaved, RunEnded
from builder.weights.store import place


@pytest.fixture
def store(home):
    with Store() as store:
        yield store


@pytest.fixture
def most(monkeypatch):
    """A device that refuses batches of more samples than this."""
    limit, computed = [10_000], learning.computed

    def refusing(model, inputs, precision):
        if len(inputs) > limit[0]:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB")
        return computed(model, inputs, precision)

    monkeypatch.setattr(learning, "computed", refusing)
    return limit


def made(store: Store, batch: int = 64) -> str:
    project = api.with_settings(api.gallery("points-mlp"), {"training.epochs": 3, "training.batch_size": batch})
    return store.create(api.to_json(project), api.source(project), project.name, "cpu")


def retried(store: Store, capsys, monkeypatch, *arguments: str) -> tuple[int, str, str | None]:
    """What `runs retry` answers, and the run that it made, which nobody works on yet."""
    monkeypatch.setattr(importlib.import_module("builder.runs"), "submit", lambda run_id, store: True)
    before = {run.id for run in store.list()}
    status = main(["runs", "retry", *arguments])
    out, err = capsys.readouterr()
    return status, out + err, next((run.id for run in store.list() if run.id not in before), None)


def test_memory_that_runs_out_later_keeps_the_checkpoint_and_the_retry_goes_on_from_its_weights(store, most, capsys, monkeypatch):
    def shrink(event):
        if isinstance(event, CheckpointSaved) and event.name == "last.safetensors":
            most[0] = 40

    run_id = made(store)
    ended = work(run_id, events_of(store), store, shrink)
    run = store.get(run_id)
    assert ended.reason == run.state == "out_of_memory" and run.ran_out_of_memory and "with batches of 64 samples. Try batches of 32" in ended.says
    assert run.epoch == 1 and run.checkpoint == run.step
    kept = read_weights(run.folder / "last.safetensors")
    status, said, again = retried(store, capsys, monkeypatch, run_id, "--half-batch")
    assert status == 0 and "batches of 32, from the weights of the last checkpoint and the optimiser's state, for 2 more epochs" in said
    project = store.project(again)
    assert (project["training"]["batch_size"], project["training"]["epochs"], store.get(again).device_asked) == (32, 2, "cpu")
    started = load_file(place(project["weights"]["sha256"]))
    assert {name for name in started if "/" not in name} == kept.keys() and started.keys() > kept.keys() and all(torch.equal(started[name], kept[name]) for name in kept)
    assert work(again, events_of(store), store).reason == "completed" and store.get(again).epoch == 2


def test_memory_that_runs_out_at_the_first_step_is_retried_from_the_beginning(store, most, capsys, monkeypatch):
    most[0] = 10
    run_id = made(store)
    assert work(run_id, events_of(store), store).reason == "out_of_memory"
    status, said, again = retried(store, capsys, monkeypatch, "last", "--half-batch")
    assert status == 0 and "from the beginning: there is no checkpoint" in said and "weights" not in store.project(again)
    assert store.project(again)["training"] | {"batch_size": 64} == store.project(run_id)["training"]


def test_half_of_one_sample_is_refused_and_a_retry_says_what_is_halved(store, capsys, monkeypatch):
    run_id = made(store, batch=1)
    assert "has not ended" in retried(store, capsys, monkeypatch, run_id, "--half-batch")[1]
    store.append(run_id, [RunEnded("out_of_memory", 0, "Memory ran out.")])
    status, said, again = retried(store, capsys, monkeypatch, run_id, "--half-batch")
    assert (status, again) == (1, None) and "batches of one sample: there is no half of that" in said
    for wrong in ((run_id,), ("--half-batch",)):
        status, said, again = retried(store, capsys, monkeypatch, *wrong)
        assert (status, again) == (2, None) and "runs retry" in said


def test_a_run_that_the_system_killed_for_want_of_memory_counts_and_another_does_not(store):
    for says, counts in (("killed by signal 9; meanwhile the system killed a process because memory ran out, most likely this one.", True), ("killed by signal 9 (SIGKILL).", False)):
        run_id = made(store)
        store.append(run_id, [RunEnded("killed", 0, says)])
        assert store.get(run_id).ran_out_of_memory == counts


def test_bricks_renamed_before_the_run_are_found_in_its_weights_by_the_names_that_they_have(store, tmp_path):
    project = api.with_settings(api.gallery("points-mlp"), {"training.epochs": 1})
    first = next(node.id for node in project.network.nodes if node.kind == "Linear")
    save_file(api.module(project).state_dict(), tmp_path / "first.safetensors")
    project = api.apply(api.start_from(project, str(tmp_path / "first.safetensors"))[0], {"op": "rename", "id": first, "to": "entry"})
    assert project.network.node("entry").was == first
    list(api.train(project, "cpu", folder=tmp_path / "run"))
    smaller, _ = api.smaller_batches(project, tmp_path / "run" / LAST, 0)
    assert smaller.network.node("entry").was is None
    trained, begun = read_weights(tmp_path / "run" / LAST), api.module(smaller).state_dict()
    assert all(torch.equal(trained[name], value) for name, value in begun.items())
