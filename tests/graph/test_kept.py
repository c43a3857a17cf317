"""What this version does not draw yet is kept as it is: other networks, blocks of the user's own, unknown kinds, notes."""

from __future__ import annotations

import json

import pytest

from builder.gallery import ENTRIES
from builder.graph import History, Project, apply, check, dumps, from_json, loads, to_json
from builder.graph.edits import NETWORK_OPS, PROJECT_OPS

CRITIC = {
    "nodes": [{"id": "score", "kind": "Mystery", "params": {"depth": [1, {"inner": None}]}, "at": [1.5, 2]}, {"id": "sum", "kind": "Add"}],
    "edges": [{"source": "score", "target": "sum", "port": 3}],
}
BLOCKS = {"Odd": {"nodes": [{"id": "x", "kind": "BlockInput"}, {"id": "score", "kind": "Mystery", "params": {"deep": [[], {}]}, "muted": True},
                           {"id": "out1", "kind": "BlockOutput", "silent": ["bias"]}],
                 "edges": [{"source": "x", "target": "score"}, {"source": "score", "target": "out1", "output": 2}],
                 "params": [{"name": "deep", "of": [["score", "deep"]]}], "summary": "What no version draws"}}

EDITS = {
    "add": {"op": "add", "node": {"kind": "ReLU"}},
    "insert": {"op": "insert", "node": {"kind": "ReLU"}, "edge": {"source": "fc1", "target": "relu3"}},
    "remove": {"op": "remove", "ids": ["relu1"], "rejoin": True},
    "connect": {"op": "connect", "source": "pool1", "target": "conv2"},
    "disconnect": {"op": "disconnect", "source": "fc2", "target": "output"},
    "set": {"op": "set", "id": "conv1", "params": {"out_channels": 3}},
    "replace": {"op": "replace", "id": "relu1", "kind": "Tanh"},
    "rename": {"op": "rename", "id": "fc1", "to": "score"},
    "move": {"op": "move", "at": {"fc1": [7, 7]}},
    "mute": {"op": "mute", "ids": ["relu1", "fc1"], "value": True},
    "silence": {"op": "silence", "id": "conv1", "code": "bias"},
    "freeze": {"op": "freeze", "ids": ["conv1"]},
    "share": {"op": "share", "id": "conv2", "of": "conv1"},
    "settings": {"op": "settings", "path": "training.epochs", "value": 2},
    "choose_data": {"op": "choose_data", "source": "mnist"},
    "choose_optimizer": {"op": "choose_optimizer", "kind": "Adam"},
    "name": {"op": "name", "value": "Two networks"},
    "weights": {"op": "weights", "value": {"sha256": "0" * 64, "title": "somebody's"}},
    "backbone": {"op": "backbone", "source": "cifar10", "freeze": True},
    "batch": {"op": "batch", "edits": [{"op": "add", "node": {"kind": "ELU"}}, {"op": "name", "value": "Two"}]},
}


def two_networks() -> Project:
    record = to_json(ENTRIES["mnist-cnn"].project)
    return from_json(record | {"networks": record["networks"] | {"critic": CRITIC}, "blocks": BLOCKS})


def test_every_edit_is_tried_here():
    assert set(EDITS) == {*NETWORK_OPS, *PROJECT_OPS}


@pytest.mark.parametrize("op", EDITS)
def test_no_edit_touches_another_network_or_a_block(op):
    project = two_networks()
    record = to_json(apply(project, EDITS[op]))
    assert record != to_json(project)
    assert record["networks"]["critic"] == CRITIC and record["blocks"] == BLOCKS and list(record["networks"]) == ["network", "critic"]


def test_a_project_with_more_than_this_version_draws_is_saved_as_it_was_read():
    text = dumps(two_networks())
    assert dumps(loads(text)) == text and loads(text) == two_networks()
    assert json.loads(text)["networks"]["critic"] == CRITIC


def test_undo_brings_back_the_very_project():
    project = two_networks()
    for op, edit in EDITS.items():
        assert dumps(History(project).apply(edit).undo().project) == dumps(project), op


def test_an_unknown_kind_is_reported_and_kept_through_its_neighbours_edits():
    record = to_json(ENTRIES["mnist-cnn"].project)
    brick = record["networks"]["network"]["nodes"][3]
    brick |= {"kind": "Mystery", "params": {"depth": [1, {"inner": None}]}}
    project = apply(apply(from_json(record), EDITS["remove"] | {"ids": ["flatten"]}), EDITS["set"])
    assert brick in to_json(project)["networks"]["network"]["nodes"]
    assert any("Mystery" in problem.says and problem.node == "relu1" for problem in check(project).errors)
