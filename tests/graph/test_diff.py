"""Two drawings brick by brick: what was edited is what is said to differ, and nothing else."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings

from builder.gallery import ENTRIES
from builder.graph import Edge, FrozenDict, Network, Node, Project, apply, check
from builder.graph.diff import Change, Diff, Value, diff
from builder.graph.document import freeze
from tests.graph.drawings import legal_project, randoms

CNN = ENTRIES["mnist-cnn"].project


def edited(project: Project, *edits: dict[str, object]) -> Project:
    for edit in edits:
        project = apply(project, edit)
    return project


def differing(found: Diff) -> dict[str, Change]:
    """The changes by the brick's name, the newer one where there is one."""
    return {(change.after or change.before).id: change for change in found.changes if change.what != "same"}


@given(randoms)
def test_a_drawing_does_not_differ_from_itself(random: Random):
    project = legal_project(random)
    found = diff(project, project)
    assert found.same and not found.settings and all(not change.wires and not change.values for change in found.changes)


@given(randoms)
def test_bricks_that_were_all_renamed_are_seen_as_renamed_and_no_wire_as_moved(random: Random):
    project = legal_project(random)
    names = {node.id: f"other{i}" for i, node in enumerate(project.network.nodes)}
    nodes = tuple(Node(names[node.id], node.kind, node.params) for node in project.network.nodes)
    edges = tuple(Edge(names[edge.source], names[edge.target], edge.port, edge.output) for edge in project.network.edges)
    found = diff(project, project.with_network(Network(nodes, edges)))
    # Equal bricks beside each other cannot be told apart: they may be matched crosswise, but never as added or removed.
    assert {change.what for change in found.changes} <= {"renamed", "changed"} and found.params[0] == found.params[1]
    chain = all(len(project.network.out_of(node.id)) <= 1 and len(project.network.into(node.id)) <= 1 for node in project.network.nodes)
    assert not chain or all(change.what == "renamed" and not change.wires for change in found.changes)


@settings(max_examples=30)
@given(randoms)
def test_what_bricks_cost_more_adds_up_to_what_the_drawing_costs_more(random: Random):
    one, other = legal_project(random), legal_project(random)
    found = diff(one, other)
    unused = sum(sum(placed.cost[0] for name, placed in check(project).analysis.placed.items() if name not in check(project).analysis.used) * sign
                 for project, sign in ((other, 1), (one, -1)))
    assert sum(change.params for change in found.changes) == found.params[1] - found.params[0] + unused


def test_a_parameter_that_was_set_is_told_with_both_values_and_what_follows_from_it_apart():
    found = diff(CNN, edited(CNN, {"op": "set", "id": "conv1", "params": {"out_channels": 12}}))
    changes = differing(found)
    assert changes["conv1"].what == "changed" and changes["conv1"].values == (Value("out_channels", "10", "12"),)
    assert changes["conv1"].params == 2 * 26 and found.params == (21_840, 21_840 + 2 * 26 + 2 * 20 * 25)
    assert changes["conv2"].what == "resized" and changes["conv2"].values == (Value("in_channels", "10", "12"),)
    assert set(changes) == {"conv1", "pool1", "relu1", "conv2"}


def test_a_default_that_is_written_out_is_no_difference():
    assert diff(CNN, edited(CNN, {"op": "set", "id": "conv1", "params": {"stride": 1}})).same


def test_a_brick_put_between_is_added_and_the_one_behind_it_is_the_same():
    node = {"id": "bn", "kind": "BatchNorm2d"}
    found = diff(CNN, edited(CNN, {"op": "insert", "edge": {"source": "conv1", "target": "pool1"}, "node": node}))
    assert {name: change.what for name, change in differing(found).items()} == {"bn": "added"}
    assert differing(found)["bn"].wires == (Value("input 1", None, "conv1"),) and found.params[1] - found.params[0] == 20
    back = diff(edited(CNN, {"op": "insert", "edge": {"source": "conv1", "target": "pool1"}, "node": node}), CNN)
    assert {name: change.what for name, change in differing(back).items()} == {"bn": "removed"}


def test_bricks_that_changed_places_are_wired_otherwise():
    swapped = edited(CNN, {"op": "disconnect", "source": "conv1", "target": "pool1"}, {"op": "disconnect", "source": "pool1", "target": "relu1"},
                     {"op": "connect", "source": "conv1", "target": "relu1"}, {"op": "connect", "source": "relu1", "target": "pool1"},
                     {"op": "connect", "source": "pool1", "target": "conv2"})
    changes = differing(diff(CNN, swapped))
    assert {name: change.what for name, change in changes.items()} == dict.fromkeys(("pool1", "relu1", "conv2"), "rewired")
    assert changes["pool1"].wires == (Value("input 1", "conv1", "relu1"),)


def test_a_renamed_brick_and_one_of_another_kind_at_its_place():
    changes = differing(diff(CNN, edited(CNN, {"op": "rename", "id": "conv1", "to": "first"}, {"op": "replace", "id": "pool1", "kind": "AvgPool2d"})))
    assert changes["first"].what == "renamed" and changes["first"].before.id == "conv1"
    assert changes["pool1"].what == "changed" and changes["pool1"].values[0] == Value("kind", "MaxPool2d", "AvgPool2d")
    assert set(changes) == {"first", "pool1"}


def test_muted_bricks_are_told():
    assert Value("muted", "no", "yes") in differing(diff(CNN, edited(CNN, {"op": "mute", "ids": ["relu1"]})))["relu1"].values


def test_blocks_are_compared_inside():
    changes = differing(diff(ENTRIES["resnet18"].project, ENTRIES["se-resnet18"].project))
    block = changes["layer1"]
    assert block.values == (Value("kind", "BasicBlock", "SEBasicBlock"),)
    assert [(change.what, change.after.id) for change in block.inside if change.what != "same"] == [("added", "se")]
    assert sum(change.params for change in changes.values()) == 11_779_624 - 11_689_512


def test_more_copies_of_a_block_are_one_difference():
    changes = differing(diff(ENTRIES["resnet18"].project, ENTRIES["resnet34"].project))
    assert {value for change in changes.values() for value in change.values} == {
        Value("repeat", "2", "3"), Value("repeat", "1", "3"), Value("repeat", "1", "5"), Value("repeat", "1", "2")}


def test_settings_are_compared_with_their_defaults():
    other = edited(CNN, {"op": "settings", "path": "training.optimizer.lr", "value": 0.5}, {"op": "settings", "path": "training.optimizer.momentum", "value": 0.9})
    assert diff(CNN, other).settings == (Value("training.optimizer.lr", "0.05", "0.5"), Value("training.optimizer.momentum", "0", "0.9"))


def long(count: int, first: int) -> Project:
    """A row of many bricks named from `first` on, every third one a Tanh."""
    nodes = (Node("image", "Input", freeze({"shape": (4,)})), *(Node(f"b{first + i}", "Tanh" if i % 3 else "ReLU") for i in range(count)), Node("output", "Output"))
    edges = tuple(Edge(one.id, other.id) for one, other in zip(nodes, nodes[1:], strict=False))
    return Project("long", FrozenDict({"network": Network(nodes, edges)}), task=freeze({"kind": "none"}))


def test_drawings_too_large_for_a_table_of_all_pairs_are_matched_by_kinds_alone():
    found = diff(long(600, 0), long(600, 1000))
    assert found.counts["renamed"] == 600 and found.counts["same"] == 2


@pytest.mark.parametrize("name", ["mnist-cnn", "unet"])
def test_the_document_for_programs_leaves_out_what_is_the_same(name: str):
    record = diff(ENTRIES[name].project, edited(ENTRIES[name].project, {"op": "rename", "id": ENTRIES[name].project.network.nodes[1].id, "to": "renamed"})).to_json()
    assert [change["what"] for change in record["changes"]] == ["renamed"] and record["counts"]["renamed"] == 1
