"""The test part of a run's data: evaluated by `train --test` and `test RUN`, and never before."""

from __future__ import annotations

import json
import re

import pytest
import torch

from builder import api, data
from builder.runs import Store
from builder.train.checkpoint import read_weights

FAST = ("--set", "training.epochs=2", "--set", "training.batch_size=128", "--set", "training.stopping=EarlyStopping")


@pytest.fixture
def trained(brickwork):
    """The id of a run of two epochs, and what was printed."""
    answer = brickwork("train", "fashion-mlp", "--set", "data.source=digits", *FAST)
    assert answer.status == 0, answer.err
    with Store() as store:
        return store.list()[0].id, answer


def test_a_run_is_watched_on_its_validation_part_until_the_test_part_is_asked_for(brickwork, trained):
    run_id, answer = trained
    assert "144 validation and 360 test samples" in answer.err and "; validation loss " in answer.err and "test loss" not in answer.err
    assert "validation accuracy" in answer.out and "test accuracy" not in answer.out
    assert "has not been asked for" in brickwork("metrics", run_id, "--split", "test").err
    told = brickwork("test", run_id, "--json").json
    with Store() as store:
        run, project = store.get(run_id), api.from_json(store.project(run_id))
        assert run.part == "validation" and run.tested == told["accuracy"] and store.events(run_id)[-1].event.checkpoint == "best"
    # The same by hand.
    network = api.module(project)
    network.load_state_dict(read_weights(run.folder / "best.safetensors"))
    tensors = data.load("digits", [], validation=0.1)
    with torch.no_grad():
        scores = network.eval()((tensors.test_x.float() / 255 - tensors.mean[0]) / tensors.std[0])
    assert told["accuracy"] == pytest.approx((scores.argmax(1) == tensors.test_y).float().mean().item())
    assert told["loss"] == pytest.approx(torch.nn.functional.cross_entropy(scores, tensors.test_y).item(), rel=1e-4)
    assert (told["split"], told["checkpoint"]) == ("test", "best") and sum(map(sum, told["confusion"])) == 360
    assert brickwork("metrics", run_id, "--split", "test", "--json").json["accuracy"] == told["accuracy"]
    assert brickwork("metrics", run_id, "--json").json["split"] == "validation"
    listed = brickwork("runs").out
    assert f"{100 * run.accuracy:.2f} % validation" in listed and f"{100 * run.tested:.2f} %" in listed
    shown = brickwork("runs", "show", run_id).out
    assert "VALIDATION LOSS" in shown and "TEST ACCURACY" in shown


def test_train_with_test_ends_with_the_figure_of_the_test_part(brickwork):
    answer = brickwork("train", "fashion-mlp", "--set", "data.source=digits", *FAST, "--set", "training.epochs=1", "--test", "--json")
    events = [json.loads(line) for line in answer.out.splitlines()]
    assert [(event["split"], event["checkpoint"]) for event in events if event["event"] == "Evaluated"] == [("validation", ""), ("test", "best")]
    last = brickwork("test", "last", "--checkpoint", "last")
    assert f"test accuracy {100 * events[-1]['accuracy']:.2f} %" in last.out and "last checkpoint, epoch 1" in last.out


def test_numbers_are_tested_by_their_figures(brickwork):
    answer = brickwork("train", "universal-approximation", "--set", "data.source=curve", "--set", "training.epochs=1", "--test")
    assert answer.out.splitlines()[-1].startswith("test loss ") and "R² " in answer.out and "best checkpoint, epoch 1" in answer.out
    shown, listed = brickwork("runs", "show", "last").out, brickwork("runs").out
    assert "TEST LOSS" in shown and "VALIDATION R2" in shown
    tested = brickwork("metrics", "last", "--split", "test", "--json").json["r2"]
    assert f"R² {tested:.4f}" in listed and re.search(r"R² -?[0-9.]+ validation", listed)


def test_masks_are_tested_by_their_overlap_too(brickwork):
    told = brickwork("train", "unet-small", "--set", "training.epochs=1", "--set", "data.validation=0.8", "--test").out.splitlines()[-1]
    assert re.fullmatch(r"test accuracy [0-9.]+ %, test loss [0-9.]+, mean IoU [0-9.]+ % \(best checkpoint, epoch 1\)", told)


def test_what_cannot_be_tested_is_said(brickwork):
    assert "--queue does not" in brickwork("train", "mnist-cnn", "--test", "--queue").err
    project = api.gallery("mnist-cnn")
    with Store() as store:
        run_id = store.create(api.to_json(project), api.source(project), project.name)
        store.create(api.to_json(project), "class Network: ...\n", "Other")
    assert "no best checkpoint to test: no epoch of it has ended" in brickwork("test", run_id).err
    assert "another version of Brickwork made run" in brickwork("test", "last").err
