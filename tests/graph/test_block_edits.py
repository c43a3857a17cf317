"""Blocks in a document: made, opened, shared, taken apart; what a file may say of them and what it may not."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builder.catalogue import BATCH, COMPOSITES
from builder.gallery import ENTRIES
from builder.graph import DocumentError, EditError, History, Project, apply, check, dumps, from_json, loads, to_json
from builder.graph.analysis import MOST_WORK, analyse, opened
from builder.graph.document import MAX_NESTING
from builder.graph.kinds import kinds_of

MNIST = ENTRIES["mnist-cnn"].project


def network(nodes: list[dict], edges: list[tuple], **more: object) -> Project:
    """A project that only draws, of nodes as in a file and wires (source, target, port, output)."""
    wires = [dict(zip(("source", "target", "port", "output"), edge, strict=False)) for edge in edges]
    record = {"type": "brickwork/project", "version": 1, "name": "T", "networks": {"network": {"nodes": nodes, "edges": wires}}, "task": {"kind": "none"}}
    return from_json(record | more)


def residual() -> Project:
    """image -> conv1 -> bn1 -> relu1 -> conv2 -> add1 (+ image) -> output."""
    kinds = {"image": "Input", "conv1": "Conv2d", "bn1": "BatchNorm2d", "relu1": "ReLU", "conv2": "Conv2d", "add1": "Add", "output": "Output"}
    params = {"image": {"shape": [8, 16, 16]}, "conv1": {"out_channels": 8, "padding": 1}, "conv2": {"out_channels": 8, "padding": 1}}
    nodes = [{"id": name, "kind": kind, "params": params.get(name, {}), "at": [0, 84 * i]} for i, (name, kind) in enumerate(kinds.items())]
    return network(nodes, [("image", "conv1"), ("conv1", "bn1"), ("bn1", "relu1"), ("relu1", "conv2"), ("conv2", "add1"), ("image", "add1", 1),
                           ("add1", "output")])


BRICKS = ["conv1", "bn1", "relu1", "conv2", "add1"]


def made() -> Project:
    return apply(residual(), {"op": "make_block", "ids": BRICKS, "name": "Residual"})


def test_a_block_of_chosen_bricks_takes_their_place():
    before, project = check(residual()), made()
    report = check(project)
    assert [node.kind for node in project.network.nodes] == ["Input", "Residual", "Output"]
    assert project.blocks["Residual"].ports("BlockInput") == ("x",) and project.blocks["Residual"].ports("BlockOutput") == ("out",)
    assert (report.params, report.macs) == (before.params, before.macs) and not report.errors
    assert report.analysis.placed["residual1"].shape == before.analysis.placed["add1"].shape
    assert loads(dumps(project)) == project and dumps(loads(dumps(project))) == dumps(project)


def test_the_value_that_two_bricks_read_enters_once():
    inside = made().blocks["Residual"].network
    assert {(edge.target, edge.port) for edge in inside.out_of("x")} == {("conv1", 0), ("add1", 1)}


def test_the_ends_of_a_block_and_what_it_held_stand_in_the_way_its_wires_run():
    down = made().blocks["Residual"].network
    assert (down.node("x").at, down.node("out").at) == ((0, 0), (0, 504))
    row = residual()
    row = row.with_network(replace(row.network, nodes=tuple(replace(node, at=(368 * i, 0)) for i, node in enumerate(row.network.nodes))))
    across = apply(row, {"op": "make_block", "ids": BRICKS, "name": "Residual"})
    inside = across.blocks["Residual"].network
    assert (inside.node("x").at, inside.node("out").at) == ((0, 0), (2208, 0))
    closed = apply(across, {"op": "move", "at": {"output": [736, 0]}})
    taken_apart = apply(closed, {"op": "unpack", "id": "residual1"}).network
    assert [taken_apart.node(name).at for name in (*BRICKS, "output")] == [(368 * i, 0) for i in range(1, 7)]


def test_a_part_of_it_has_an_input_for_every_value_that_enters():
    project = apply(residual(), {"op": "make_block", "ids": ["conv2", "add1"], "name": "Tail"})
    assert project.blocks["Tail"].ports("BlockInput") == ("x", "x1")
    assert [(edge.source, edge.port) for edge in project.network.into("tail1")] == [("relu1", 0), ("image", 1)]
    assert not check(project).errors


def test_several_values_may_leave():
    project = apply(residual(), {"op": "make_block", "ids": ["conv1", "bn1"], "name": "Head"})
    project = apply(project, {"op": "add", "node": {"id": "aux", "kind": "Output"}})
    block = project.blocks["Head"]
    assert block.ports("BlockOutput") == ("out",)
    both = apply(residual(), {"op": "add", "node": {"id": "aux", "kind": "Output"}})
    both = apply(both, {"op": "connect", "source": "conv1", "target": "aux"})
    both = apply(both, {"op": "make_block", "ids": ["conv1", "bn1"], "name": "Head"})
    assert both.blocks["Head"].ports("BlockOutput") == ("out", "out1")
    wires = {(edge.target, edge.output) for edge in both.network.out_of("head1")}
    assert wires == {("aux", 0), ("relu1", 1)} and not check(both).errors
    assert check(both).analysis.placed["head1"].gives(1) == (BATCH, 8, 16, 16)


@pytest.mark.parametrize(("edit", "says"), [
    ({"op": "make_block", "ids": ["image", "conv1"]}, "begins or ends"),
    ({"op": "make_block", "ids": []}, "choose the bricks"),
    ({"op": "make_block", "ids": ["conv1", "conv2"]}, "choose what is in between too"),
    ({"op": "make_block", "ids": ["conv1"], "name": "Conv2d"}, "layer of the catalogue"),
    ({"op": "make_block", "ids": ["conv1"], "name": "block"}, "capital letter"),
    ({"op": "make_block", "ids": ["conv1"], "name": "Network"}, "something else"),
    ({"op": "make_block", "ids": ["conv1"], "name": "A b"}, "letters, digits"),
    ({"op": "make_block", "ids": ["gone"]}, "no brick called"),
    ({"op": "make_block", "ids": ["conv1"], "node": "image"}, "already a brick"),
    ({"op": "unpack", "id": "conv1"}, "is no block"),
    ({"op": "add", "node": {"kind": "BlockInput"}}, "no place outside a block"),
    ({"op": "add", "in": "Nothing", "node": {"kind": "ReLU"}}, "no block called"),
    ({"op": "add", "in": "BasicBlock", "node": {"kind": "ReLU"}}, "belongs to the catalogue"),
    ({"op": "delete_block", "block": "Nothing"}, "no block called"),
])
def test_what_cannot_be_is_refused_in_words(edit, says):
    with pytest.raises(EditError, match=says):
        apply(residual(), edit)


def test_an_edit_inside_changes_every_instance():
    project = apply(made(), {"op": "insert", "node": {"id": "second", "kind": "Residual"}, "edge": {"source": "residual1", "target": "output"}})
    before = check(project).params
    project = apply(project, {"op": "set", "in": "Residual", "id": "conv1", "params": {"kernel_size": 5, "padding": 2}})
    assert check(project).params == before + 2 * 8 * 8 * (25 - 9)


def test_a_block_never_holds_itself():
    project = made()
    with pytest.raises(EditError, match="cannot hold itself: Residual → Residual"):
        apply(project, {"op": "add", "in": "Residual", "node": {"kind": "Residual"}})
    outer = apply(project, {"op": "make_block", "ids": ["residual1"], "name": "Outer"})
    with pytest.raises(EditError, match="cannot hold itself"):
        apply(outer, {"op": "add", "in": "Residual", "node": {"kind": "Outer"}})


def test_promoted_parameters_are_the_instances_own():
    project = made()
    for brick in ("conv1", "conv2"):
        project = apply(project, {"op": "promote", "block": "Residual", "node": brick, "param": "out_channels", "name": "channels"})
    (promoted,) = project.blocks["Residual"].params
    assert promoted.of == (("conv1", "out_channels"), ("conv2", "out_channels"))
    layer = kinds_of(project.blocks).get("Residual")
    assert [param.name for param in layer.params] == ["channels", "repeat"] and layer.param("channels").default == 8
    wrong = apply(project, {"op": "set", "id": "residual1", "params": {"channels": 12}})
    (problem,) = [p for p in check(wrong).errors if p.path]
    assert problem.node == "add1" and problem.path == ("residual1",) and all(_scopes(fix.edit) == {"Residual"} for fix in problem.fixes)
    tied = apply(project, {"op": "set", "in": "Residual", "id": "conv2", "params": {"out_channels": 4}})
    assert {node.params["out_channels"] for node in tied.blocks["Residual"].network.nodes if node.kind == "Conv2d"} == {4}
    back = apply(wrong, {"op": "demote", "block": "Residual", "name": "channels"})
    assert back.network.node("residual1").params == {} and not check(back).errors


def _scopes(edit: dict) -> set:
    return set().union(*map(_scopes, edit["edits"])) if edit["op"] == "batch" else {edit.get("in")}


def test_a_parameter_goes_with_its_last_brick_and_follows_a_new_name():
    project = apply(made(), {"op": "promote", "block": "Residual", "node": "conv1", "param": "kernel_size"})
    project = apply(project, {"op": "set", "id": "residual1", "params": {"kernel_size": 3}})
    named = apply(project, {"op": "rename", "in": "Residual", "id": "conv1", "to": "first"})
    assert named.blocks["Residual"].params[0].of == (("first", "kernel_size"),)
    gone = apply(named, {"op": "remove", "in": "Residual", "ids": ["first"], "rejoin": True})
    assert gone.blocks["Residual"].params == () and gone.network.node("residual1").params == {} and not check(gone).errors


def test_wires_of_all_instances_follow_the_inputs():
    project = apply(residual(), {"op": "make_block", "ids": ["conv2", "add1"], "name": "Tail"})
    project = apply(project, {"op": "remove", "in": "Tail", "ids": ["x"]})
    assert [(edge.source, edge.port) for edge in project.network.into("tail1")] == [("image", 0)]
    wider = apply(project, {"op": "add", "in": "Tail", "node": {"id": "skip", "kind": "BlockInput"}})
    assert check(wider).analysis.placed["tail1"].missing == (1,)


def test_repeat_makes_copies_with_weights_of_their_own():
    one = check(made())
    three = check(apply(made(), {"op": "set", "id": "residual1", "params": {"repeat": 3}}))
    assert three.params == 3 * one.params and three.macs == 3 * one.macs and not three.errors
    assert three.analysis.placed["residual1"].body.bricks == 3 * one.analysis.placed["residual1"].body.bricks


@pytest.mark.parametrize("value", [0, -1, 2.5, "three", 10**9, True])
def test_a_number_of_copies_is_a_whole_number_in_bounds(value):
    record = to_json(made())
    record["networks"]["network"]["nodes"][1]["params"] = {"repeat": value}
    (problem,) = [p for p in check(from_json(record)).errors if p.node == "residual1"]
    assert "repeat" in problem.says and problem.fixes


@pytest.mark.parametrize("repeat", [1, 3])
def test_taking_apart_gives_the_same_network(repeat):
    project = apply(made(), {"op": "set", "id": "residual1", "params": {"repeat": repeat}})
    flat = apply(project, {"op": "unpack", "id": "residual1"})
    before, after = check(project), check(flat)
    assert (after.params, after.macs) == (before.params, before.macs) and not after.errors
    assert not any(placed.body for placed in after.analysis.placed.values())
    if repeat == 1:
        assert {node.id for node in flat.network.nodes} == {node.id for node in residual().network.nodes}
        assert set(flat.network.edges) == set(residual().network.edges)


@pytest.mark.parametrize("kind", COMPOSITES)
def test_composites_open_unlink_and_come_apart(kind):
    composite = COMPOSITES[kind]
    nodes = [{"id": f"in{i}", "kind": "Input", "params": {"shape": list(shape[1:])}} for i, shape in enumerate(composite.example)]
    ends = [{"id": f"end{i}", "kind": "Output"} for i in range(composite.outputs)]
    wires = [*((f"in{i}", "b", i) for i in range(len(nodes))), *(("b", f"end{i}", 0, i) for i in range(len(ends)))]
    project = network([*nodes, {"id": "b", "kind": kind}, *ends], wires)
    report = check(project)
    assert not report.errors and report.params == report.analysis.placed["b"].body.cost[0]
    assert opened(report.analysis, ["b"])[0] == ("b",)
    for op in ("unlink", "unpack"):
        changed = check(apply(project, {"op": op, "id": "b"}))
        assert (changed.params, changed.macs) == (report.params, report.macs) and not changed.errors, op
    mine = apply(project, {"op": "unlink", "id": "b", "name": "Mine"})
    assert mine.network.node("b").kind == "Mine" and loads(dumps(mine)) == mine


def test_unlinking_leaves_the_others_as_they_are():
    project = apply(made(), {"op": "insert", "node": {"id": "second", "kind": "Residual"}, "edge": {"source": "residual1", "target": "output"}})
    project = apply(project, {"op": "unlink", "id": "second"})
    assert [node.kind for node in project.network.nodes] == ["Input", "Residual", "Output", "Residual2"]
    assert project.blocks["Residual2"] == project.blocks["Residual"]


def test_a_block_is_renamed_everywhere_and_deleted_when_nothing_uses_it():
    project = apply(apply(made(), {"op": "make_block", "ids": ["residual1"], "name": "Outer"}), {"op": "rename_block", "block": "Residual", "to": "Skip"})
    assert project.blocks["Outer"].network.node("residual1").kind == "Skip" and not check(project).errors
    with pytest.raises(EditError, match="used once"):
        apply(project, {"op": "delete_block", "block": "Skip"})
    project = apply(project, {"op": "remove", "ids": ["outer1"]})
    project = apply(apply(project, {"op": "delete_block", "block": "Outer"}), {"op": "delete_block", "block": "Skip"})
    assert project.blocks == {}


def test_a_definition_is_taken_once():
    definition = to_json(made())["blocks"]["Residual"]
    project = apply(residual(), {"op": "define", "name": "Residual", "block": definition})
    assert apply(project, {"op": "define", "name": "Residual", "block": definition}) is project
    with pytest.raises(EditError, match="already a block"):
        apply(project, {"op": "define", "name": "Residual", "block": {"nodes": [], "edges": []}})


def test_a_muted_brick_costs_nothing_and_passes_its_input_on():
    project = apply(MNIST, {"op": "mute", "ids": ["conv2"], "value": True})
    report = check(project)
    placed = report.analysis.placed["conv2"]
    assert placed.shape == placed.inputs[0] and placed.cost == (0, 0)
    assert loads(dumps(project)) == project
    assert apply(project, {"op": "mute", "ids": ["conv2"], "value": False}) == MNIST
    with pytest.raises(EditError, match="cannot be muted"):
        apply(MNIST, {"op": "mute", "ids": ["output"], "value": True})


def test_nothing_else_reads_what_a_muted_sum_leaves_out():
    project = apply(residual(), {"op": "mute", "ids": ["add1"], "value": True})
    project = apply(project, {"op": "disconnect", "source": "image", "target": "add1", "port": 1})
    assert not check(project).errors


@pytest.mark.parametrize(("blocks", "says"), [
    ({"A": {"nodes": [{"id": "a", "kind": "A"}]}}, "cannot hold itself"),
    ({"A": {"nodes": [{"id": "b", "kind": "B"}]}, "B": {"nodes": [{"id": "a", "kind": "A"}]}}, "cannot hold itself"),
    ({f"B{i}": {"nodes": [{"id": "n", "kind": f"B{i + 1}"}]} for i in range(MAX_NESTING + 1)} | {f"B{MAX_NESTING + 1}": {}}, "levels deep"),
    ({"import": {}}, "something else in Python"), ({"lower": {}}, "capital letter"), ({"A": []}, "must be a table"),
    ({"A": {"params": [{"name": "p", "of": [["gone", "kernel_size"]]}]}}, "no brick called 'gone'"),
    ({"A": {"params": [{"name": "repeat", "of": []}]}}, "name of its own"),
    ({"A": {"params": [{"name": "p", "of": [["x"]]}]}}, "a brick and a parameter"),
    ({"A": {"params": [{"name": "p", "of": []}, {"name": "p", "of": []}]}}, "name of its own"),
    ({f"B{i}": {} for i in range(201)}, "200 blocks"), ({"A": {"summary": 3}}, "text"),
])
def test_a_file_with_impossible_blocks_is_refused_in_words(blocks, says):
    with pytest.raises(DocumentError, match=says):
        network([], [], blocks=blocks)


def test_repeats_in_repeats_do_not_run_away():
    """Ten levels of a hundred copies are 100^8 bricks: said, not worked out."""
    ends = [{"id": "x", "kind": "BlockInput"}, {"id": "out", "kind": "BlockOutput"}]
    blocks = {f"B{i}": {"nodes": [*ends, {"id": "n", "kind": f"B{i + 1}", "params": {"repeat": 100}}],
                        "edges": [{"source": "x", "target": "n"}, {"source": "n", "target": "out"}]} for i in range(MAX_NESTING - 1)}
    blocks[f"B{MAX_NESTING - 1}"] = {"nodes": [*ends, {"id": "n", "kind": "ReLU"}], "edges": [{"source": "x", "target": "n"}, {"source": "n", "target": "out"}]}
    project = network([{"id": "image", "kind": "Input"}, {"id": "b", "kind": "B0", "params": {"repeat": 100}}, {"id": "output", "kind": "Output"}],
                      [("image", "b"), ("b", "output")], blocks=blocks)
    assert any(problem.code == "size" for problem in check(project).errors)
    assert check(project).analysis.kinds.spent < MOST_WORK


def test_copies_that_all_differ_are_worked_out_up_to_a_limit():
    """Each copy doubles what it gets, so that no two have the same shape."""
    ends = [{"id": "x", "kind": "BlockInput"}, {"id": "out", "kind": "BlockOutput"}]
    grow = {"nodes": [*ends, {"id": "n", "kind": "Concat"}], "edges": [{"source": "x", "target": "n"}, {"source": "x", "target": "n", "port": 1},
                                                                     {"source": "n", "target": "out"}]}
    project = network([{"id": "image", "kind": "Input"}, {"id": "b", "kind": "Grow", "params": {"repeat": 100}}, {"id": "output", "kind": "Output"}],
                      [("image", "b"), ("b", "output")], blocks={"Grow": grow})
    assert check(project).errors


def test_a_muted_block_without_a_way_in_is_offered_no_wire():
    closed = {"nodes": [{"id": "out", "kind": "BlockOutput"}], "edges": []}
    project = network([{"id": "b", "kind": "Closed", "muted": True}, {"id": "output", "kind": "Output"}], [("b", "output")], blocks={"Closed": closed})
    problems = check(project).problems
    assert problems and all(_applies(project, fix.edit) for problem in problems for fix in problem.fixes)


def random_block_edit(random: Random, project: Project) -> dict:
    """An edit such as a person makes of blocks; now and then one that does not fit."""
    scope = random.choice([None, *project.blocks])
    inside = project.scope(scope)
    names = [node.id for node in inside.nodes] or ["none"]
    some = lambda: sorted({random.choice(names) for _ in range(random.randint(1, 4))})  # noqa: E731
    block = random.choice([*project.blocks, "None"])
    edit = random.choice([
        {"op": "make_block", "ids": some()}, {"op": "make_block", "ids": some(), "name": f"Made{random.randint(1, 9)}"},
        {"op": "unpack", "id": random.choice(names)}, {"op": "unlink", "id": random.choice(names)},
        {"op": "remove", "ids": some(), "rejoin": random.random() < 0.7}, {"op": "mute", "ids": some(), "value": random.random() < 0.7},
        {"op": "rename", "id": random.choice(names), "to": f"n{random.randint(1, 99)}"},
        {"op": "add", "node": {"kind": random.choice([*project.blocks, "ReLU", "BlockInput", "BlockOutput", "BasicBlock", "UNetUp"])}},
        {"op": "connect", "source": random.choice(names), "target": random.choice(names), "port": random.randint(0, 2), "output": random.choice([0, 0, 1])},
        {"op": "set", "id": random.choice(names), "params": {"repeat": random.randint(1, 4)}},
        {"op": "set", "id": random.choice(names), "params": {"out_channels": random.choice([4, 8, None])}},
        {"op": "replace", "id": random.choice(names), "kind": random.choice([*project.blocks, "ReLU", "Add"])},
        {"op": "promote", "block": scope or block, "node": random.choice(names), "param": random.choice(["out_channels", "kernel_size", "repeat"]),
         "name": random.choice(["", "width"])},
        {"op": "demote", "block": block, "name": random.choice(["width", "out_channels"])},
        {"op": "rename_block", "block": block, "to": f"Named{random.randint(1, 9)}"}, {"op": "delete_block", "block": block},
    ])
    return edit if scope is None or edit["op"] in ("promote", "demote", "rename_block", "delete_block") else {**edit, "in": scope}


@settings(max_examples=60, deadline=None)
@given(st.randoms(use_true_random=False))
def test_no_row_of_edits_makes_a_document_that_cannot_be_saved_checked_or_undone(random):
    """Every document on the way can be written, read and checked; undoing all gives the first one, redoing all the last."""
    history = History(random.choice([residual(), made(), MNIST]))
    first = dumps(history.project)
    for _ in range(25):
        try:
            history = history.apply(random_block_edit(random, history.project))
        except EditError as error:
            assert str(error)
            continue
        text = dumps(history.project)
        assert loads(text) == history.project and dumps(loads(text)) == text
        report = check(history.project)
        assert all(_applies(history.project, fix.edit) for problem in report.problems for fix in problem.fixes)
    last = dumps(history.project)
    steps = len(history.past)
    back = history.apply({"op": "undo", "steps": steps}) if steps else history
    assert dumps(back.project) == first
    assert dumps(back.apply({"op": "redo", "steps": steps}).project if steps else back.project) == last


def _applies(project: Project, edit: dict) -> bool:
    apply(project, edit)
    return True


def test_opening_what_is_not_there_goes_as_far_as_it_can():
    project = apply(made(), {"op": "make_block", "ids": ["residual1"], "name": "Outer"})
    analysis = analyse(project.network, kinds_of(project.blocks))
    assert opened(analysis, ["outer1", "residual1", "conv1"])[0] == ("outer1", "residual1")
    assert opened(analysis, ["gone"])[0] == ()
    assert opened(analysis, ["outer1", "residual1"])[1].placed["conv1"].shape == (BATCH, 8, 16, 16)


def test_an_input_that_fitted_the_data_fits_the_new_data_and_one_of_another_shape_stays():
    project = apply(MNIST, {"op": "choose_data", "source": "cifar10"})
    assert project.network.node("image").params["shape"] == (3, 32, 32) and not check(project).errors
    assert apply(project, {"op": "choose_data", "source": "digits"}).network == MNIST.network
    own = apply(MNIST, {"op": "set", "id": "image", "params": {"shape": [4, 40, 40]}})
    assert apply(own, {"op": "choose_data", "source": "cifar10"}).network == own.network
