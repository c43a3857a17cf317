"""What documents hold at their edges: equal values of different types, enormous numbers, thousands of bricks, circles."""

from __future__ import annotations

import pytest

from builder.graph import DocumentError, EditError, FrozenDict, History, Project, apply, check, dumps, from_json, loads
from builder.graph.document import MAX_EDGES, MAX_NODES, Edge, Network, Node, freeze, order
from builder.graph.history import NAMED


def project(nodes: list[dict], edges: list[dict], **sections: object) -> Project:
    """A project of these JSON nodes and edges."""
    networks = {"network": {"nodes": nodes, "edges": edges}}
    return from_json({"type": "brickwork/project", "version": 1, "name": "Limits", "networks": networks, **sections})


IMAGE = {"id": "image", "kind": "Input", "params": {"shape": [1, 28, 28]}}


APART = [(1, True), (0, False), (1, 1.0), ((1, 1), (1, True)), (FrozenDict(a=1), FrozenDict(a=True))]


@pytest.mark.parametrize(("one", "other"), APART, ids=str)
def test_values_that_a_file_tells_apart_are_not_equal(one, other):
    assert FrozenDict(a=one) != FrozenDict(a=other) and not FrozenDict(a=one) == FrozenDict(a=other)
    assert FrozenDict(a=one) == FrozenDict(a=one) and hash(FrozenDict(a=one)) == hash(FrozenDict(a=one))


def test_the_order_of_names_is_no_difference_and_another_type_is_one():
    assert FrozenDict(a=1, b=2) == FrozenDict(b=2, a=1) == {"a": 1, "b": 2} and FrozenDict(a=1) != FrozenDict(b=1)
    assert FrozenDict() != () and FrozenDict(a=1) != [("a", 1)]


@pytest.mark.parametrize(("wrong", "right"), [(1, True), (0, False)])
def test_a_number_where_a_yes_or_no_belongs_can_be_mended(wrong, right):
    brick = {"id": "conv1", "kind": "Conv2d", "params": {"bias": wrong}}
    history = History(project([IMAGE, brick], [{"source": "image", "target": "conv1"}]))
    mended = history.apply({"op": "set", "id": "conv1", "params": {"bias": right}})
    assert mended.project.network.node("conv1").params["bias"] is right and len(mended.past) == 1
    assert "bias" in {problem.field for problem in check(history.project).problems}
    assert "bias" not in {problem.field for problem in check(mended.project).problems}


def test_ten_epochs_written_as_a_fraction_are_mended_by_the_fix():
    history = History(project([], [], training={"epochs": 10.0}))
    (problem,) = [problem for problem in check(history.project).problems if problem.field == "training.epochs"]
    mended = history.apply(problem.fixes[0].edit)
    assert mended is not history and not any(problem.field == "training.epochs" for problem in check(mended.project).problems)


def test_a_number_of_thousands_of_digits_is_refused_or_said_in_short():
    brick = {"id": "conv1", "kind": "Conv2d", "params": {"out_channels": 10**300}}
    assert all(len(str(problem)) < 200 for problem in check(project([brick], [])).problems)
    with pytest.raises(DocumentError, match="bits"):
        freeze(10**5000)
    text = dumps(project([brick], []))
    with pytest.raises(DocumentError, match="too many digits"):
        loads(text.replace("1" + "0" * 300, "1" + "0" * 5000))


def test_a_brick_that_stays_is_not_joined_to_itself():
    circle = Network((Node("add1", "Add"), Node("relu1", "ReLU")), (Edge("add1", "relu1"), Edge("relu1", "add1")))
    left = apply(Project(networks=FrozenDict({"network": circle})), {"op": "remove", "ids": ["relu1"], "rejoin": True}).network
    assert left == Network((Node("add1", "Add"),))


def test_a_network_grows_to_its_limit_and_no_further():
    full = Network(tuple(Node(f"add{i}", "Add") for i in range(MAX_NODES)), tuple(Edge("add0", "add1", port) for port in range(MAX_EDGES)))
    whole = Project(networks=FrozenDict({"network": full}))
    with pytest.raises(EditError, match="5,000 bricks"):
        apply(whole, {"op": "add", "node": {"kind": "ReLU"}})
    fewer = Project(networks=FrozenDict({"network": Network(full.nodes[:9], full.edges)}))
    for edit in ({"op": "connect", "source": "add0", "target": "add2", "port": 0},
                 {"op": "insert", "node": {"kind": "ReLU"}, "edge": {"source": "add0", "target": "add1"}}):
        with pytest.raises(EditError, match="20,000 wires"):
            apply(fewer, edit)


def wide(count: int) -> Project:
    """`count` bricks side by side between an Input and an Add."""
    bricks = [{"id": f"relu{i}", "kind": "ReLU"} for i in range(count)]
    wires = [{"source": "image", "target": brick["id"]} for brick in bricks]
    joined = [{"source": brick["id"], "target": "add1", "port": i} for i, brick in enumerate(bricks)]
    return project([IMAGE, *bricks, {"id": "add1", "kind": "Add"}], [*wires, *joined])


@pytest.mark.parametrize("shape", ["wide", "ring"])
def test_the_largest_drawings_are_checked(shape):
    drawing = wide(MAX_NODES - 2)
    if shape == "ring":
        nodes = drawing.network.nodes[1:-1]
        ring = tuple(Edge(a.id, b.id) for a, b in zip(nodes, (*nodes[1:], nodes[0]), strict=True))
        drawing = Project(networks=FrozenDict({"network": Network(nodes, ring)}))
    report = check(drawing)
    assert len(report.analysis.placed) == len(drawing.network.nodes)
    assert any(problem.code == "cycle" for problem in report.errors) == (shape == "ring")


def test_bricks_run_in_the_order_in_which_they_were_drawn_where_wires_leave_the_choice():
    drawing = wide(4).network
    assert [node.id for node in order(drawing)[0]] == ["image", "relu0", "relu1", "relu2", "relu3", "add1"]
    backwards = Network(tuple(reversed(drawing.nodes)), drawing.edges)
    assert [node.id for node in order(backwards)[0]] == ["image", "relu3", "relu2", "relu1", "relu0", "add1"]


def test_every_edit_can_be_undone_and_the_nearest_are_named():
    history = History(project([IMAGE], []))
    for i in range(NAMED + 50):
        history = history.apply({"op": "move", "at": {"image": [i + 1, 0]}})
    assert len(history.past) == history.revision == NAMED + 50 and len(history.names()["undo"]) == NAMED
    while history.past:
        history = history.undo()
    assert history.project.network.node("image").at is None and len(history.future) == NAMED + 50


def test_enormous_texts_are_said_in_short():
    brick = {"id": "conv1", "kind": "Conv2d", "params": {"out_channels": "9" * 100_000, "x" * 100_000: 1}}
    report = check(project([IMAGE, brick], [{"source": "image", "target": "conv1"}]))
    placed = report.analysis.placed["conv1"]
    assert all(len(str(problem)) < 300 for problem in report.problems) and len(placed.layer.key(placed.node.params)) < 100
