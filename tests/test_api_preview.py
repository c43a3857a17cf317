"""`api.preview`: one sample through whatever can run."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from builder import api
from builder.gallery import ENTRIES
from builder.graph import Project, apply
from builder.graph.datasets import validation_share
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
        wanted = network(Samples(paths.data_roots()).take("digits", {"image": (1, 28, 28)}, validation=validation_share(project)).inputs["image"])
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


def drawn(nodes: list[dict], *wires: str, **sections: object) -> Project:
    """A drawing of these bricks; a wire is "source target" or "source target port output"."""
    edges = [dict(zip(("source", "target", "port", "output"), [*wire.split()[:2], *map(int, wire.split()[2:])], strict=False)) for wire in wires]
    return api.from_json({"type": "brickwork/project", "version": 1, "name": "drawn", "networks": {"network": {"nodes": nodes, "edges": edges}}, **sections})


RESIDUAL = {"nodes": [{"id": "enters", "kind": "BlockInput"}, {"id": "conv", "kind": "Conv2d", "params": {"out_channels": 3, "padding": 1}},
                      {"id": "add", "kind": "Add"}, {"id": "loose", "kind": "Conv2d"}, {"id": "leaves", "kind": "BlockOutput"}],
            "edges": [{"source": "enters", "target": "conv"}, {"source": "conv", "target": "add"}, {"source": "enters", "target": "add", "port": 1},
                      {"source": "add", "target": "loose"}, {"source": "add", "target": "leaves"}]}
IMAGE = {"id": "image", "kind": "Input", "params": {"shape": [3, 32, 32]}}
OWN = drawn([IMAGE, {"id": "block", "kind": "Residual", "params": {"repeat": 3}}, {"id": "relu", "kind": "ReLU"}],
            "image block", "block relu", blocks={"Residual": RESIDUAL}, data={"source": "cifar10"})


def numbers(shown: dict, name: str) -> tuple:
    record = shown["bricks"][name]
    return record["shape"], record["min"], record["mean"], record["max"]


def test_a_block_shows_its_output_and_opened_it_shows_its_bricks_with_the_very_same_weights():
    project = drawn([IMAGE, {"id": "block", "kind": "BasicBlock"}, {"id": "relu", "kind": "ReLU"}], "image block", "block relu", data={"source": "cifar10"})
    outside, inside = api.preview(project), api.preview(project, path=["block"])
    assert numbers(inside, "output") == numbers(outside, "block") and {"conv1", "bn1", "add1"} <= set(inside["bricks"])


def test_of_copies_in_a_row_the_first_is_looked_into_and_its_loose_bricks_too():
    once = apply(OWN, {"op": "set", "id": "block", "params": {"repeat": 1}})
    inside = api.preview(OWN, path=["block"])
    assert inside["bricks"]["loose"]["shape"] == [32, 30, 30]
    assert numbers(api.preview(once), "block") == numbers(inside, "leaves") != numbers(api.preview(OWN), "block")


def test_a_block_with_an_error_inside_shows_what_runs_before_it():
    broken = apply(OWN, {"op": "set", "in": "Residual", "id": "conv", "params": {"out_channels": 5}})
    assert set(api.preview(broken)["bricks"]) == {"image"}
    assert set(api.preview(broken, path=["block"])["bricks"]) == {"enters", "conv"}


def test_trained_weights_reach_the_inside_of_a_block(tmp_path):
    network = api.module(apply(OWN, {"op": "batch", "label": "End", "edits": [
        {"op": "add", "node": {"id": "output", "kind": "Output"}}, {"op": "connect", "source": "relu", "target": "output"},
        {"op": "settings", "path": "task.kind", "value": "none"}]}))
    path = tmp_path / "last.safetensors"
    with torch.no_grad():
        for value in network.parameters():
            value.zero_()
    save_checkpoint(path, network, torch.optim.SGD(network.parameters(), 0.1), Position())
    assert api.preview(OWN, weights=path, path=["block"])["bricks"]["conv"]["dead"]
    assert not api.preview(OWN, path=["block"])["bricks"]["conv"]["dead"]


def test_a_muted_brick_shows_what_passes_it():
    muted = apply(CNN, {"op": "mute", "ids": ["relu1", "relu3"], "value": True})
    shown = api.preview(muted)
    assert numbers(shown, "relu1") == numbers(shown, "pool1") and numbers(shown, "relu3") == numbers(shown, "fc1")


def test_without_a_task_every_input_gets_random_numbers_and_every_output_is_shown():
    project = drawn([{"id": "left", "kind": "Input", "params": {"shape": [4]}}, {"id": "right", "kind": "Input", "params": {"shape": [4]}},
                     {"id": "add", "kind": "Add"}, {"id": "one", "kind": "Output"}, {"id": "two", "kind": "Output"}],
                    "left add", "right add 1", "add one", "right two", task={"kind": "none"})
    shown = api.preview(project)
    assert {name: record["kind"] for name, record in shown["bricks"].items()} == dict.fromkeys(("left", "right", "add", "one", "two"), "bars")
    assert numbers(shown, "one") == numbers(shown, "add") and numbers(shown, "two") == numbers(shown, "right") != numbers(shown, "left")
    assert shown["sample"]["says"]


def test_a_wire_that_a_brick_has_no_place_for_and_a_path_that_leads_nowhere_are_no_trouble():
    surplus = drawn([IMAGE, {"id": "relu", "kind": "ReLU"}], "image relu", "image relu 3", data={"source": "cifar10"})
    assert "image" in api.preview(surplus)["bricks"]
    with pytest.raises(api.PreviewError, match="not a block that can be opened"):
        api.preview(CNN, path=["conv1"])
