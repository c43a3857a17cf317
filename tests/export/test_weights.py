"""Weights as safetensors, and what the command line writes: a whole file or none."""

from __future__ import annotations

import dataclasses
import json

import pytest
import torch
from safetensors.torch import load

import builder
from builder import api
from builder.cli import main
from builder.export import KINDS, ExportError
from builder.graph import apply, dumps
from builder.runs import Store
from builder.train.checkpoint import LAST
from tests.export.trained import project


def test_fresh_weights_follow_from_the_seed_and_load_into_the_exported_network():
    made = project("normalised", seed=5)
    tensors = load(builder.export(made, "weights").content)
    network = builder.module(builder.with_settings(made, {"training.seed": 6}))
    assert not torch.equal(network.state_dict()["fc.weight"], tensors["fc.weight"])
    network.load_state_dict(tensors)
    assert all(torch.equal(value, tensors[name]) for name, value in builder.module(made).state_dict().items())


@pytest.fixture
def run(tmp_path):
    """A finished run of one epoch: its id, its project, and the weights that it ended with."""
    made = project("normalised", epochs=1, batch_size=479)
    with Store() as store:
        run_id = store.create(builder.to_json(made), builder.source(made), made.name)
        folder = store.get(run_id).folder
    list(api.train(made, device="cpu", folder=folder))
    return run_id, made, {name.removeprefix("model."): value for name, value in load((folder / LAST).read_bytes()).items() if name.startswith("model.")}


def test_trained_weights_and_the_trained_network_as_onnx_come_from_a_run(run, tmp_path, capsys):
    run_id, made, trained = run
    source = tmp_path / "made.json"
    source.write_text(dumps(made))
    assert main(["export", str(source), "--to", "weights", "--run", "last", "-o", str(tmp_path / "w.safetensors")]) == 0
    assert "8 tensors" in capsys.readouterr().out
    tensors = load((tmp_path / "w.safetensors").read_bytes())
    assert tensors.keys() == trained.keys() and all(torch.equal(value, trained[name]) for name, value in tensors.items())
    assert main(["export", str(source), "--to", "onnx", "--run", run_id[:12], "-o", str(tmp_path / "n.onnx"), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["kind"] == "onnx" and told["bytes"] == (tmp_path / "n.onnx").stat().st_size and told["says"].startswith("largest difference")
    from onnxruntime import InferenceSession

    network, given = builder.module(made).eval(), torch.randn(2, 1, 28, 28)
    network.load_state_dict(trained)
    (found,) = InferenceSession((tmp_path / "n.onnx").read_bytes()).run(None, {"image": given.numpy()})
    assert torch.allclose(network(given), torch.from_numpy(found), rtol=1e-4, atol=1e-5)


def test_an_exported_run_holds_its_training_as_a_script_and_what_it_has_learned(run, tmp_path):
    assert main(["runs", "export", "last", "-o", str(tmp_path / "out")]) == 0
    tensors = load((tmp_path / "out" / "weights.safetensors").read_bytes())
    assert tensors.keys() == run[2].keys() and all(torch.equal(value, run[2][name]) for name, value in tensors.items())
    assert (tmp_path / "out" / "training.py").read_bytes() == builder.export(run[1], "script").content


def test_a_run_of_another_network_is_refused_with_the_tensors_that_differ_and_nothing_is_written(run, tmp_path, capsys):
    source, out = tmp_path / "other.json", tmp_path / "w.safetensors"
    source.write_text(dumps(apply(run[1], {"op": "set", "id": "conv1", "params": {"out_channels": 7}})))
    out.write_bytes(b"before")
    assert main(["export", str(source), "--to", "weights", "--run", "last", "-o", str(out)]) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and "the run trained another network" in said and "conv1.weight" in said and "more of its tensors" in said
    assert out.read_bytes() == b"before" and sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == ["other.json", "w.safetensors"]


@pytest.mark.parametrize("kind", [name for name, kind in KINDS.items() if kind.binary])
def test_what_is_no_text_is_not_poured_into_a_terminal(kind, capsys):
    assert main(["export", "mnist-cnn", "--to", kind]) == 2
    assert f"--to {kind} is no text for a terminal" in capsys.readouterr().err


@pytest.mark.parametrize("kind", [name for name, kind in KINDS.items() if not kind.trained])
def test_only_what_holds_weights_takes_them_from_a_run(kind, capsys):
    assert main(["export", "mnist-cnn", "--to", kind, "--run", "last"]) == 2
    assert "--run: only onnx and weights hold trained weights" in capsys.readouterr().err


@pytest.mark.parametrize("kind", ["script", "notebook", "onnx", "weights"])
def test_a_drawing_with_errors_leaves_the_file_that_was_there(kind, tmp_path, capsys):
    source, out = tmp_path / "bad.json", tmp_path / "out"
    source.write_text(dumps(apply(project("normalised"), {"op": "remove", "ids": ["flatten"], "rejoin": True})))
    out.write_text("before")
    assert main(["export", str(source), "--to", kind, "-o", str(out)]) == 1
    assert "cannot be built yet" in capsys.readouterr().err and out.read_text() == "before" and len(list(tmp_path.iterdir())) <= 3


def test_a_file_that_cannot_be_put_in_place_leaves_no_part_behind(tmp_path, capsys, monkeypatch):
    from pathlib import Path

    def full(self, target):
        raise OSError(28, "No space left on device", str(self))

    monkeypatch.setattr(Path, "replace", full)
    assert main(["export", "mnist-cnn", "--to", "script", "-o", str(tmp_path / "train.py")]) == 2
    assert capsys.readouterr().err == f"brickwork: {tmp_path / 'train.py'}: No space left on device\n"
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == []


def test_an_unknown_kind_is_refused():
    with pytest.raises(ExportError, match="no export called 'pickle'"):
        builder.export(project("perceptron"), "pickle")


def test_a_damaged_checkpoint_is_refused_in_words(tmp_path):
    (tmp_path / "w").write_bytes(b"{")
    with pytest.raises(ExportError, match="not a whole checkpoint"):
        builder.export(project("perceptron"), "weights", tmp_path / "w")


def test_every_kind_has_words_of_its_own():
    for field in dataclasses.fields(next(iter(KINDS.values()))):
        values = [getattr(kind, field.name) for kind in KINDS.values()]
        assert all(isinstance(value, bool) or value for value in values)
    assert len({kind.title for kind in KINDS.values()}) == len({kind.doc for kind in KINDS.values()}) == len(KINDS)
