"""What the canvas is told."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import settings as profile

from builder.catalogue import COMPOSITES, LAYERS
from builder.gallery import ENTRIES
from builder.graph import apply, check, from_json, to_json
from builder.ui import bundle, payload
from builder.ui.workspace import Workspace
from tests.graph.drawings import messy_project, randoms

MNIST = ENTRIES["mnist-cnn"].project


def test_a_brick_has_its_shape_cost_key_formula_and_sentence():
    brick = payload.analysis_json(check(MNIST))["nodes"]["conv1"]
    assert (brick["shape"], brick["sizes"], brick["params"], brick["macs"], brick["key"]) == (
        "N×10×24×24",
        [10, 24, 24],
        260,
        144_000,
        "10, 5×5",
    )
    assert brick["formula"][0].endswith("(28 + 2 * 0 - 1 * (5 - 1) - 1) // 1 + 1 = 24")
    assert "10 windows" in brick["explain"] and brick["problems"] == []


def test_totals_are_those_of_the_check_and_bricks_add_up_to_them():
    told = payload.analysis_json(check(MNIST))
    assert told["totals"] == {"params": 21_840, "trainable": 21_840, "macs": check(MNIST).macs, "bytes": 87_360, "layers": 10}
    for part in ("params", "macs"):
        assert sum(brick[part] for brick in told["nodes"].values()) == told["totals"][part]


def test_a_problem_stands_at_its_brick_and_in_the_list_with_its_fixes():
    told = payload.analysis_json(check(apply(MNIST, {"op": "remove", "ids": ["flatten"], "rejoin": True})))
    (problem,) = told["nodes"]["fc1"]["problems"]
    assert (
        problem in told["problems"]
        and problem["fixes"][0]["label"] == "Insert Flatten before fc1"
        and problem["fixes"][0]["edit"]["op"] == "insert"
    )


@given(randoms)
@profile(max_examples=150)
def test_any_drawing_becomes_plain_json_with_every_brick_in_it(random):
    project = messy_project(random)
    told = payload.analysis_json(check(project))
    assert json.loads(json.dumps(told, allow_nan=False)) == told
    assert told["nodes"].keys() == {node.id for node in project.network.nodes}
    assert sorted(problem["says"] for brick in told["nodes"].values() for problem in brick["problems"]) == sorted(
        p["says"] for p in told["problems"] if p["node"]
    )


def test_an_empty_drawing_and_one_without_parameters_have_none():
    assert payload.analysis_json(check(from_json(to_json(MNIST) | {"networks": {"network": {}}})))["totals"]["params"] == 0
    bare = payload.analysis_json(
        check(apply(MNIST, {"op": "remove", "ids": [n.id for n in MNIST.network.nodes if n.kind not in ("Input", "Output")]}))
    )
    assert all(brick["params"] == 0 for brick in bare["nodes"].values())


def test_an_unknown_kind_has_no_shape_and_a_problem():
    brick = payload.analysis_json(
        check(from_json(to_json(MNIST) | {"networks": {"network": {"nodes": [{"id": "odd", "kind": "Mystery"}]}}}))
    )["nodes"]["odd"]
    assert (brick["shape"], brick["sizes"], brick["key"], brick["explain"]) == ("?", None, "", "") and "Mystery" in brick["problems"][0][
        "says"
    ]


def test_the_canvas_is_told_project_revision_history_and_what_became_of_its_edits(tmp_path):
    space = Workspace(tmp_path, MNIST)
    edits = [
        {"seq": 1, "revision": 0, "edit": {"op": "add", "node": {"kind": "ReLU"}}},
        {"seq": 2, "revision": 0, "edit": {"op": "remove", "ids": ["nobody"]}},
    ]
    space.receive({"client": "c-1", "edits": edits})
    told = payload.canvas_json(space, "c-1")
    assert told["ack"] == {"client": "c-1", "seq": 2} and told["refused"]["seq"] == 2 and "'nobody'" in told["refused"]["says"]
    assert (told["revision"], told["load_id"], told["history"]) == (1, space.load_id, {"undo": ["Add ReLU"], "redo": []})
    assert told["document"] == to_json(space.project)["networks"]["network"] and told["editable"] is True
    json.dumps(told)
    other = payload.canvas_json(space, "c-2")
    assert other["ack"] is None and other["refused"] is None and payload.canvas_json(space, None)["ack"] is None


def test_the_catalogue_is_a_file_named_by_its_content_and_older_ones_go(tmp_path, monkeypatch):
    monkeypatch.setattr(bundle, "STATIC", tmp_path / "static")
    payload.catalogue_url.cache_clear()
    (tmp_path / "static").mkdir()
    (tmp_path / "static" / "catalogue-0123.json").write_text("{}")
    try:
        url = payload.catalogue_url()
    finally:
        payload.catalogue_url.cache_clear()
    (file,) = (tmp_path / "static").iterdir()
    assert url.endswith(file.name) and json.loads(file.read_text(encoding="utf-8"))["layers"].keys() == {*LAYERS, *COMPOSITES}


def nested() -> object:
    """The MNIST CNN with pool1 and relu1 in a block that is in a block with conv2."""
    project = apply(MNIST, {"op": "make_block", "ids": ["pool1", "relu1"], "name": "Stage"})
    return apply(project, {"op": "make_block", "ids": ["stage1", "conv2"], "name": "Outer"})


def test_the_canvas_is_told_what_is_drawn_where_it_is(tmp_path):
    space = Workspace(tmp_path, nested())
    top = payload.canvas_json(space, None)
    assert (top["path"], top["scope"], top["editable"], top["crumbs"]) == ([], None, True, [])
    assert top["blocks"].keys() == {"Stage", "Outer"} and top["blocks"]["Stage"]["block"] == "own"
    assert top["analysis"]["nodes"]["outer1"]["inner"] == 2
    told = payload.canvas_json(space, None, ["outer1", "stage1", "gone"])
    assert (told["path"], told["scope"], told["editable"]) == (["outer1", "stage1"], "Stage", True)
    assert [crumb["kind"] for crumb in told["crumbs"]] == ["Outer", "Stage"]
    assert told["document"] == to_json(space.project)["blocks"]["Stage"] and told["analysis"]["nodes"]["pool1"]["shape"] == "N×10×12×12"


def test_a_composite_is_opened_to_look_at(tmp_path):
    space = Workspace(tmp_path, apply(MNIST, {"op": "replace", "id": "conv1", "kind": "ConvNormAct"}))
    told = payload.canvas_json(space, None, ["conv1"])
    assert (told["editable"], told["scope"]) == (False, None) and "ConvNormAct belongs to the catalogue" in told["locked"]
    assert told["analysis"]["nodes"].keys() == {node["id"] for node in told["document"]["nodes"]}


def test_a_problem_inside_a_block_is_shown_on_every_block_around_it():
    project = apply(nested(), {"op": "set", "in": "Stage", "id": "pool1", "params": {"kernel_size": 99}})
    report = check(project)
    for path, name in (((), "outer1"), (("outer1",), "stage1"), (("outer1", "stage1"), "pool1")):
        told = payload.analysis_json(report, path)
        assert told["nodes"][name]["problems"], path
        assert {problem["node"] for problem in told["nodes"][name]["problems"]} == {"pool1"}


@pytest.mark.parametrize("asked", [None, 3, {}, {"load_id": "other", "path": ["a"]}, {"load_id": "one", "path": "a"}])
def test_a_path_that_was_not_asked_for_this_project_is_none(asked):
    assert payload.wanted_path(asked, "one") == ()
    assert payload.wanted_path({"load_id": "one", "path": ["a", 3, *"bcdefghijk"]}, "one") == tuple("abcdefg")


def test_own_blocks_are_told_as_layers_with_their_uses_and_what_their_parameters_set(tmp_path):
    space = Workspace(tmp_path, MNIST)
    space.apply({"op": "make_block", "ids": ["conv1", "pool1"], "name": "Wide"})
    space.apply({"op": "promote", "block": "Wide", "name": "channels", "node": "conv1", "param": "out_channels"})
    told = payload.canvas_json(space, None)["blocks"]
    assert list(told) == ["Wide"] and told["Wide"]["block"] == "own" and told["Wide"]["uses"] == 1
    assert told["Wide"]["way"] == ["wide1"]
    assert told["Wide"]["promoted"] == {"channels": [["conv1", "out_channels"]]}
    assert [param["name"] for param in told["Wide"]["params"]] == ["channels", "repeat"]
    space.apply({"op": "make_block", "ids": ["wide1"], "name": "Outer"})
    assert payload.canvas_json(space, None)["blocks"]["Wide"]["way"] == ["outer1", "wide1"]
    space.apply({"op": "unpack", "id": "wide1", "in": "Outer"})
    told = payload.canvas_json(space, None)
    assert (told["blocks"]["Wide"]["uses"], told["blocks"]["Wide"]["way"]) == (0, [])
    assert told["history"]["undo"][-1] == "Unpack wide1 in Outer"


def test_the_inside_of_a_block_is_told_beside_it_with_the_values_of_that_instance(tmp_path):
    space = Workspace(tmp_path, MNIST)
    space.apply({"op": "make_block", "ids": ["fc1", "relu3"], "name": "Dense"})
    space.apply({"op": "promote", "block": "Dense", "name": "width", "node": "fc1", "param": "out_features"})
    space.apply({"op": "set", "id": "dense1", "params": {"width": 20}})
    told = payload.canvas_json(space, None, (), "dense1")["peek"]
    assert (told["id"], told["infos"]["fc1"]["shape"]) == ("dense1", "N×20")
    assert told["infos"].keys() == {node["id"] for node in told["document"]["nodes"]}
    for nothing in (None, "conv1", "gone"):
        assert payload.canvas_json(space, None, (), nothing)["peek"] is None
    assert payload.canvas_json(space, None, ("dense1",), "dense1")["peek"] is None


@pytest.mark.parametrize("asked", [None, 3, {}, {"load_id": "other", "peek": "a"}, {"load_id": "one", "peek": 3}])
def test_a_look_inside_that_was_not_asked_for_this_project_is_none(asked):
    assert payload.wanted_peek(asked, "one") is None
    assert payload.wanted_peek({"load_id": "one", "path": [], "peek": "a"}, "one") == "a"
