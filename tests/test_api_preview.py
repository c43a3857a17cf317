"""`api.preview`: one sample through whatever can run."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from builder import api
from builder.gallery import ENTRIES
from builder.graph import Project, apply
from builder.graph.document import FrozenDict
from builder.train.checkpoint import Position, save_checkpoint

CNN = ENTRIES["mnist-cnn"].project


def test_every_brick_of_a_whole_drawing_has_a_record():
    shown = api.preview(CNN, sample=2)
    assert set(shown["bricks"]) == {node.id for node in CNN.network.nodes}
    assert {name: shown["bricks"][name]["kind"] for name in ("image", "conv1", "fc1", "output")} == {
        "image": "image", "conv1": "maps", "fc1": "bars", "output": "scores"}
    assert shown["sample"]["index"] == 2 and shown["sample"]["label"] is not None and shown["weights"] is None


def test_the_weights_are_those_that_training_begins_with():
    project = apply(CNN, {"op": "settings", "path": "training.seed", "value": 7})
    shown = api.preview(project)
    network = api.module(project).eval()
    from builder import paths
    from builder.inspect.sample import Samples

    with torch.no_grad():
        wanted = network(Samples(paths.data_roots()).take("digits", {"image": (1, 28, 28)}).inputs["image"])
    assert [row["value"] for row in shown["bricks"]["output"]["rows"]] == pytest.approx(wanted[0].tolist(), rel=1e-3)
    assert shown["bricks"]["conv1"]["png"] != api.preview(CNN)["bricks"]["conv1"]["png"]


def test_trained_weights_are_taken_as_far_as_they_fit(tmp_path):
    network = api.module(CNN)
    path = tmp_path / "last.safetensors"
    save_checkpoint(path, network, torch.optim.SGD(network.parameters(), 0.1), Position())
    assert api.preview(CNN, weights=path)["weights"] == {"taken": 8, "of": 8}
    wider = apply(CNN, {"op": "set", "id": "conv1", "params": {"out_channels": 12}})
    assert api.preview(wider, weights=path)["weights"] == {"taken": 5, "of": 8}


@pytest.mark.parametrize(("brick", "params", "what"), [
    ("fc1", {"out_features": 1_000_000}, r"3\d\d,\d\d\d,\d\d\d parameters"), ("conv1", {"out_channels": 100_000, "kernel_size": 1}, "values"),
    ("conv1", {"stride": 1}, "480,500 multiply-adds"), ("image", {"shape": [65536, 65536, 65536]}, "parameters|values|multiply-adds")])
def test_what_is_too_large_is_refused_with_its_numbers_before_anything_is_allocated(brick, params, what, monkeypatch):
    monkeypatch.setattr("builder.api._made", None)
    monkeypatch.setattr("builder.api.PREVIEW_MACS", 400_000 if params == {"stride": 1} else 10**30)
    with pytest.raises(api.PreviewError, match=f"Too large for a preview: .*({what})"):
        api.preview(apply(CNN, {"op": "set", "id": brick, "params": params}))


def test_an_empty_drawing_has_nothing_to_preview():
    with pytest.raises(api.PreviewError, match="no Input"):
        api.preview(Project())


def test_settings_that_nobody_can_train_with_do_not_keep_one_from_looking():
    broken = replace(CNN, training=FrozenDict({"seed": "many", "initializer": FrozenDict({"kind": "Wrong"}), "loss": 3}))
    assert api.preview(broken)["bricks"]["conv1"]["png"] == api.preview(replace(CNN, training=FrozenDict()))["bricks"]["conv1"]["png"]
