"""`preview` for people and programs, and `look` as the app talks to it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from builder import api
from builder.cli.previewing import Looker, drawn, learned
from builder.gallery import ENTRIES
from builder.graph import apply, to_json
from builder.runs import Store
from builder.train.checkpoint import Position, save_checkpoint
from builder.ui.aside import Aside
from builder.ui.preview import ALONE

CNN = ENTRIES["mnist-cnn"].project


@pytest.fixture
def trained() -> str:
    """A run of the MNIST CNN that has a checkpoint."""
    network = api.module(CNN)
    with Store() as store:
        run = store.create(to_json(CNN), api.source(CNN))
        save_checkpoint(store.folder(run) / "last.safetensors", network, torch.optim.SGD(network.parameters(), 0.1), Position())
    return run


def request(tmp_path: Path, project=CNN, **more) -> dict:
    return {"ticket": "1..0.0", "file": str(tmp_path / "preview-x.json"), "project": to_json(project), "path": [], "run": None, "sample": 0, **more}


def test_it_prints_a_row_a_brick_and_the_scores(brickwork):
    answer = brickwork("preview", "mnist-cnn", "--sample", 3)
    assert answer.status == 0 and "training sample 3, class" in answer.out and "Untrained weights." in answer.out
    assert all(node.id in answer.out for node in CNN.network.nodes) and "(true class)" in answer.out


def test_it_writes_a_contact_sheet_or_everything(brickwork, tmp_path):
    assert brickwork("preview", "lenet-cifar", "-o", tmp_path / "sheet.png").status == 0
    assert (tmp_path / "sheet.png").read_bytes().startswith(b"\x89PNG")
    assert brickwork("preview", "lenet-cifar", "-o", tmp_path / "all.json").status == 0
    assert "a random picture stands in" in json.loads((tmp_path / "all.json").read_text())["sample"]["says"]


def test_it_shows_the_weights_of_a_run(brickwork, trained):
    answer = brickwork("preview", "mnist-cnn", "--run", "last", "--json")
    assert answer.json["weights"] == {"taken": 8, "of": 8}


@pytest.mark.parametrize("arguments", [["nobody"], ["mnist-cnn", "-o", "x.gif"], ["mnist-cnn", "--sample", "0"], ["mnist-cnn", "--sample", "99999"], ["mnist-cnn", "--run", "none"]])
def test_what_cannot_be_is_one_line(brickwork, arguments):
    answer = brickwork("preview", *arguments)
    assert answer.status == 2 and answer.err.count("\n") == 1 and not answer.out


def test_a_run_without_a_checkpoint_and_a_huge_network_are_one_line(brickwork, tmp_path):
    with Store() as store:
        store.create(to_json(CNN), "")
    assert brickwork("preview", "mnist-cnn", "--run", "last").status == 1
    huge = apply(CNN, {"op": "set", "id": "fc1", "params": {"out_features": 1_000_000}})
    (tmp_path / "huge.json").write_text(json.dumps(to_json(huge)))
    answer = brickwork("preview", tmp_path / "huge.json")
    assert answer.status == 1 and "Too large for a preview" in answer.err


def test_look_answers_with_files_in_a_process_of_its_own_that_comes_last(tmp_path):
    aside = Aside([sys.executable, "-m", "builder", "look"], tmp_path / "log.txt", variables=ALONE)
    try:
        assert aside.ask(request(tmp_path), 60) == {"ticket": "1..0.0"}
        made = json.loads((tmp_path / "preview-x.json").read_text())
        assert made["ticket"] == "1..0.0" and made["says"] == "" and set(made["bricks"]) == {node.id for node in CNN.network.nodes}
        nice = subprocess.run(["ps", "-o", "ni=", "-p", str(aside.pid)], capture_output=True, text=True, check=True).stdout
        assert int(nice) >= 10
        aside.ask(request(tmp_path, apply(CNN, {"op": "set", "id": "fc1", "params": {"out_features": 1_000_000}}), ticket="2"), 60)
        assert "Too large for a preview" in json.loads((tmp_path / "preview-x.json").read_text())["says"]
    finally:
        aside.stop()


def test_runs_that_share_bricks_are_offered_and_a_run_that_is_gone_is_said(tmp_path, trained):
    looker = Looker()
    looker.answer(request(tmp_path, run=trained))
    made = json.loads((tmp_path / "preview-x.json").read_text())
    assert [(run["id"], run["taken"], run["of"]) for run in made["runs"]] == [(trained, 4, 4)] and made["weights"] == {"taken": 8, "of": 8}
    wider = apply(CNN, {"op": "set", "id": "conv1", "params": {"out_channels": 12}})
    looker.answer(request(tmp_path, wider, run=trained))
    made = json.loads((tmp_path / "preview-x.json").read_text())
    assert (made["runs"][0]["taken"], made["weights"]) == (2, {"taken": 5, "of": 8})
    looker.answer(request(tmp_path, run="20200101-000000-gone-aaaa"))
    assert "There is no run" in json.loads((tmp_path / "preview-x.json").read_text())["says"]


def test_a_brick_that_is_moved_is_not_worked_out_again(tmp_path, monkeypatch):
    moved = apply(CNN, {"op": "move", "at": {"conv1": [500, 500]}})
    assert drawn(request(tmp_path)) == drawn(request(tmp_path, moved, ticket="2..0.0"))
    assert drawn(request(tmp_path)) != drawn(request(tmp_path, ticket="2..0.1"))
    looker = Looker()
    looker.answer(request(tmp_path))
    monkeypatch.setattr(looker, "_shown", None)
    looker.answer(request(tmp_path, moved, ticket="2..0.0"))
    assert json.loads((tmp_path / "preview-x.json").read_text())["ticket"] == "2..0.0"


def test_a_network_that_fails_says_why_and_the_next_is_worked_out(tmp_path, monkeypatch):
    looker = Looker()
    monkeypatch.setattr(api, "preview", lambda *given: 1 / 0)
    looker.answer(request(tmp_path))
    assert json.loads((tmp_path / "preview-x.json").read_text())["says"] == "The network stopped with ZeroDivisionError: division by zero"
    monkeypatch.setattr(api, "preview", lambda *given: (_ for _ in ()).throw(MemoryError()))
    looker.answer(request(tmp_path, sample=1, ticket="1..1.0"))
    assert "memory ran out" in json.loads((tmp_path / "preview-x.json").read_text())["says"]


def test_only_bricks_that_learn_are_compared():
    assert set(learned(CNN)) == {"conv1", "conv2", "fc1", "fc2"}
