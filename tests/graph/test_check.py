"""Problems: every mistake of a beginner is named with its brick and its numbers, and a fix that is offered mends it."""

from __future__ import annotations

import dataclasses
import json
import time

import pytest
from hypothesis import given
from hypothesis import settings as profile

from builder.catalogue import LAYERS
from builder.gallery import ENTRIES
from builder.graph import EditError, Problem, Project, apply, check, dumps, from_json, loads, to_json
from builder.graph.analysis import analyse
from tests.graph.drawings import ODD, legal_project, messy_project, randoms

MNIST = ENTRIES["mnist-cnn"].project
SCORES = {"id": "fc", "kind": "Linear", "params": {"out_features": 10}}


def column(
    *bricks: dict | str, shape: tuple[int, ...] = (1, 28, 28), data: str = "digits", extra: tuple = (), wires: tuple = (), **more: object
) -> Project:
    """A project from an Input through `bricks` to an Output; a brick is a record, or a kind whose name is the kind in small letters."""
    records = [brick if isinstance(brick, dict) else {"id": brick.lower(), "kind": brick} for brick in bricks]
    nodes = [{"id": "image", "kind": "Input", "params": {"shape": list(shape)}}, *records, {"id": "output", "kind": "Output"}]
    edges = [{"source": a["id"], "target": b["id"]} for a, b in zip(nodes, nodes[1:], strict=False)]
    extra_edges = [dict(zip(("source", "target", "port"), wire, strict=False)) for wire in wires]
    kept = [edge for edge in edges if not any((edge["target"], 0) == (new["target"], new.get("port", 0)) for new in extra_edges)]
    return from_json(
        {
            "type": "brickwork/project",
            "version": 1,
            "name": "Column",
            "data": {"source": data},
            "networks": {"network": {"nodes": [*nodes, *extra], "edges": kept + extra_edges}},
        }
        | more
    )


def brick(name: str, kind: str, **params: object) -> dict:
    return {"id": name, "kind": kind, "params": params}


def one(project: Project, node: str | None, code: str) -> Problem:
    """The only problem of that code at that brick."""
    found = [problem for problem in check(project).problems if (problem.node, problem.code) == (node, code)]
    assert len(found) == 1, [str(problem) for problem in check(project).problems]
    return found[0]


def same(a: Problem, b: Problem) -> bool:
    return (a.node, a.code, a.says) == (b.node, b.code, b.says)


def mended(project: Project, problem: Problem, label: str) -> Project:
    """The project after the fix of that label, which takes the problem away."""
    fix = next(fix for fix in problem.fixes if fix.label == label)
    project = apply(project, json.loads(json.dumps(fix.edit)))
    assert not any(same(problem, after) for after in check(project).problems)
    return project


def whole(project: Project) -> None:
    """Nothing is wrong with the project; what it might do better is `test_lint`'s matter."""
    wrong = [str(problem) for problem in check(project).problems if problem.severity == "error" or problem.code in ("unused", "loss", "dropout last")]
    assert not wrong, wrong


def test_a_linear_on_an_image_wants_a_flatten_and_says_how_wide_it_then_is():
    project = column(SCORES)
    problem = one(project, "fc", "image")
    assert (
        problem.severity == "error"
        and problem.field == "in_features"
        and "N×1×28×28" in problem.says
        and "1·28·28 = 784" in problem.because
    )
    assert [other.node for other in check(project).problems] == ["fc"]
    project = mended(project, problem, "Insert Flatten before fc")
    whole(project)
    assert check(project).params == 784 * 10 + 10


@pytest.mark.parametrize("kind", ["Conv2d", "MaxPool2d", "AvgPool2d"])
def test_a_window_larger_than_its_input_names_both_and_offers_a_smaller_one(kind):
    project = column(brick("window", kind, kernel_size=11), "Flatten", SCORES, shape=(1, 8, 8))
    problem = one(project, "window", "window")
    assert (
        problem.field == "kernel_size"
        and "11" in problem.says
        and "8" in problem.says
        and "H and W" in problem.says
        and "8 + 2 * 0" in problem.because
    )
    project = mended(project, problem, "Set kernel_size of window to 8")
    assert [other.code for other in check(project).errors] == ["data"]
    padded = mended(
        column(brick("window", kind, kernel_size=11), "Flatten", SCORES, shape=(1, 8, 8)), problem, "Set padding of window to 2"
    )
    assert [other.code for other in check(padded).errors] == ["data"]


def test_a_window_too_tall_along_one_axis_is_mended_along_that_axis():
    project = column(brick("conv", "Conv2d", kernel_size=[9, 3]), "Flatten", SCORES, shape=(1, 4, 28))
    problem = one(project, "conv", "window")
    assert "along H" in problem.says and "and W" not in problem.says
    assert {fix.label for fix in problem.fixes} == {"Set kernel_size of conv to 3", "Set padding of conv to 3×0", "Set kernel_size of conv to 4×3"}
    for fix in problem.fixes:
        mended(project, problem, fix.label)


def test_the_mnist_cnn_on_an_image_of_8_by_8_names_the_second_convolution_with_its_formula():
    project = apply(MNIST, {"op": "set", "id": "image", "params": {"shape": [1, 8, 8]}})
    problem = one(project, "conv2", "window")
    assert "(L" not in problem.because and "2 + 2 * 0" in problem.because and problem.fixes
    assert one(project, "image", "data").fixes[0].label == "Set shape of image to 1×28×28"
    mended(project, one(project, "image", "data"), "Set shape of image to 1×28×28")


def branch(kind: str, *, channels: int = 8, stride: int = 1) -> Project:
    return column(
        brick("stem", "Conv2d", out_channels=4, kernel_size=3, padding=1),
        brick("conv", "Conv2d", out_channels=channels, kernel_size=3, padding=1, stride=stride),
        brick("join", kind),
        "Flatten",
        SCORES,
        wires=(("stem", "join", 1),),
    )


@pytest.mark.parametrize("kind", ["Add", "Multiply"])
@pytest.mark.parametrize(
    "channels, stride, label",
    [(8, 1, "Project stem to 8 channels with a 1×1 Conv2d"), (8, 2, "Project stem to 8 channels with a 1×1 Conv2d, stride 2")],
)
def test_branches_of_other_channels_get_a_projection_on_the_shortcut(kind, channels, stride, label):
    project = branch(kind, channels=channels, stride=stride)
    problem = one(project, "join", "channels")
    assert "N×8" in problem.says and "N×4" in problem.says and problem.because.startswith("conv has 8 channels") and "stem has 4 channels" in problem.because
    project = mended(project, problem, label)
    whole(project)
    assert project.network.into("join")[1].source.startswith("conv") and project.network.into("join")[0].source == "conv"


@pytest.mark.parametrize("kind", ["Add", "Concat", "Multiply"])
def test_branches_of_other_sizes_get_a_projection_with_a_stride(kind):
    project = branch(kind, channels=4, stride=2)
    problem = one(project, "join", "spatial")
    assert "14" in problem.says and "28" in problem.says
    whole(mended(project, problem, "Project stem to 4 channels with a 1×1 Conv2d, stride 2"))


def test_a_branch_that_no_stride_brings_to_size_is_resized():
    project = column(
        brick("conv", "Conv2d", out_channels=1, kernel_size=11), brick("join", "Add"), "Flatten", SCORES, wires=(("image", "join", 1),)
    )
    whole(mended(project, one(project, "join", "spatial"), "Resize image to 18×18"))


def test_rows_of_other_lengths_get_a_linear():
    project = column("Flatten", brick("wide", "Linear", out_features=20), brick("join", "Add"), SCORES, wires=(("flatten", "join", 1),))
    whole(mended(project, one(project, "join", "channels"), "Project flatten to 20 features with a Linear"))


@pytest.mark.parametrize("kind", ["Add", "Concat", "Multiply"])
def test_an_image_and_a_row_cannot_be_merged_and_the_message_says_so(kind):
    project = column("Flatten", brick("join", kind), SCORES, wires=(("image", "join", 1),))
    (problem,) = [problem for problem in check(project).errors if problem.node == "join"]
    assert "N×784" in problem.says and "N×1×28×28" in problem.says


def test_a_wrong_number_of_scores_is_set_on_the_last_linear_even_through_activations():
    project = column("Flatten", brick("fc", "Linear", out_features=12), "ReLU")
    problem = one(project, "output", "classes")
    assert "10 classes" in problem.says and "N×12" in problem.says and "here 12" in problem.because
    whole(mended(project, problem, "Set out_features of fc to 10"))


def test_an_answer_that_is_an_image_gets_the_layers_that_are_missing():
    whole(mended(column("ReLU"), one(column("ReLU"), "output", "classes"), "Insert Flatten and a Linear with 10 outputs before output"))
    small = column(brick("conv", "Conv2d", out_channels=10, kernel_size=28))
    whole(mended(small, one(small, "output", "classes"), "Insert Flatten before output"))
    flat = column("Flatten")
    whole(mended(flat, one(flat, "output", "classes"), "Insert a Linear with 10 outputs before output"))


def test_a_loose_brick_is_offered_the_nearest_output_that_fits():
    project = column(brick("conv", "Conv2d", out_channels=4), "ReLU", "Flatten", SCORES)
    cut = apply(project, {"op": "disconnect", "source": "conv", "target": "relu"})
    problem = one(cut, "relu", "unconnected")
    assert "its input is not connected" in problem.says and "needs 1, here 0" in problem.because
    assert (
        apply(cut, problem.fixes[0].edit) == project
        or mended(cut, problem, "Connect conv to relu").network.into("relu")[0].source == "conv"
    )
    # The loose end above is the same mistake, and is not said again.
    assert [other.code for other in check(cut).problems] == ["unconnected"]


def test_a_merge_with_one_branch_says_which_input_is_missing():
    project = column(brick("conv", "Conv2d", out_channels=1, padding=1), brick("join", "Add"), "Flatten", SCORES)
    problem = one(project, "join", "unconnected")
    assert problem.says.startswith("input 2") and "Add needs 2, here 1" in problem.because
    whole(mended(project, problem, problem.fixes[0].label))


def test_a_drawing_without_ends_says_so_and_gets_them():
    bare = apply(column("Flatten", SCORES), {"op": "remove", "ids": ["image", "output"]})
    assert "needs 1 Input, here 0" in [problem.because for problem in check(bare).problems]
    outputs = [problem for problem in check(bare).problems if problem.node is None and "Output" in problem.says]
    assert len(outputs) == 1
    headless = apply(column("Flatten", SCORES), {"op": "remove", "ids": ["output"]})
    whole(mended(headless, one(headless, "fc", "ends"), "Add an Output after fc"))
    tailless = apply(column("Flatten", SCORES), {"op": "remove", "ids": ["image"]})
    whole(mended(tailless, one(tailless, "flatten", "ends"), "Add an Input before flatten"))


def test_an_empty_drawing_has_problems_and_no_error():
    empty = from_json({"type": "brickwork/project", "version": 1, "name": "Empty", "networks": {"network": {}}})
    assert [problem.code for problem in check(empty).errors] == ["ends", "ends"] and check(empty).params == 0


@pytest.mark.parametrize("kind", ["Input", "Output"])
def test_a_second_end_is_named_and_removed(kind):
    project = column("Flatten", SCORES, extra=({"id": "second", "kind": kind},), wires=(() if kind == "Input" else (("fc", "second"),)))
    problem = one(project, "second", "ends")
    assert f"second {kind}" in problem.says and "here 2" in problem.because
    whole(mended(project, problem, "Remove second"))


def test_a_circle_in_a_file_is_named_brick_by_brick_and_cut_where_it_was_closed():
    project = column(brick("join", "Add"), "ReLU", "Flatten", SCORES, wires=(("relu", "join", 1), ("relu", "join", 2)))
    problem = one(project, "join", "cycle")
    assert "join → relu → join" in problem.says or "relu → join → relu" in problem.says
    after = mended(project, problem, "Cut the wire from relu to join")
    assert not after.network.out_of("relu") or all(edge.target != "join" for edge in after.network.out_of("relu"))


def test_wires_that_have_no_place_on_a_brick_are_named_and_cut():
    project = column("Flatten", SCORES, wires=(("image", "flatten", 1), ("image", "fc", 7)))
    assert "input 2, which Flatten does not have" in one(project, "flatten", "wires").says
    for node in ("flatten", "fc"):
        project = mended(project, one(project, node, "wires"), "Cut the wire from image")
    whole(project)
    after_end = column("Flatten", SCORES, extra=({"id": "more", "kind": "ReLU"},), wires=(("output", "more"),))
    assert "where the network ends" in one(after_end, "output", "wires").says
    into_input = column("Flatten", SCORES, wires=(("image", "image"),))
    assert check(into_input).errors


@pytest.mark.parametrize(
    "bad, field, label",
    [
        (brick("b", "Conv2d", out_channels=8, groups=3), "groups", "Set groups of b to 2"),
        (brick("b", "GroupNorm", num_groups=5), "num_groups", "Set num_groups of b to 4"),
    ],
)
def test_groups_that_do_not_divide_the_channels_are_set_to_the_largest_that_do(bad, field, label):
    project = column(brick("conv", "Conv2d", out_channels=4), bad, "Flatten", SCORES)
    problem = next(problem for problem in check(project).problems if problem.node == "b")
    assert problem.field == field and "4" in problem.says and problem.code == "groups"
    whole(mended(project, problem, label))


def test_batch_normalisation_of_the_other_rank_is_swapped():
    image = column("BatchNorm1d", "Flatten", SCORES)
    assert "4 axes" in one(image, "batchnorm1d", "rank").says
    whole(mended(image, one(image, "batchnorm1d", "rank"), "Replace batchnorm1d by BatchNorm2d"))
    rows = column("Flatten", "BatchNorm2d", SCORES)
    assert "N×784" in one(rows, "batchnorm2d", "rank").says
    whole(mended(rows, one(rows, "batchnorm2d", "rank"), "Replace batchnorm2d by BatchNorm1d"))


def test_a_convolution_after_flatten_is_offered_to_flatten_behind_it():
    project = column("Flatten", brick("conv", "Conv2d", out_channels=4), SCORES)
    problem = one(project, "conv", "rank")
    assert "4 axes" in problem.says and "N×784" in problem.says
    assert problem.because == "flatten made N×784 of N×1×28×28: height and width are gone"
    assert [fix.label for fix in problem.fixes][0] == "Move flatten down to fc" and "Remove flatten" not in [fix.label for fix in problem.fixes]
    whole(mended(project, problem, "Move flatten down to fc"))


@pytest.mark.parametrize("kind", ["Softmax", "Sigmoid"])
def test_softmax_or_sigmoid_before_cross_entropy_is_a_warning_and_goes(kind):
    project = column("Flatten", SCORES, kind)
    problem = one(project, kind.lower(), "loss")
    assert problem.severity == "warning" and "CrossEntropyLoss" in problem.says and not check(project).errors
    whole(mended(project, problem, f"Remove {kind.lower()}"))


def test_nll_loss_without_log_softmax_is_a_warning():
    project = column("Flatten", SCORES, training={"loss": {"kind": "NLLLoss"}})
    whole(mended(project, one(project, "fc", "loss"), "Use CrossEntropyLoss"))
    whole(column("Flatten", SCORES, "LogSoftmax", training={"loss": {"kind": "NLLLoss"}}))


@pytest.mark.parametrize("kind", ["Dropout"])
def test_dropout_right_before_the_output_is_a_warning(kind):
    project = column("Flatten", SCORES, kind)
    whole(mended(project, one(project, "dropout", "dropout last"), "Remove dropout"))


@pytest.mark.parametrize("value", ["3", True, 0, -1, 2.5, None, [], [1, 2, 3], [3, "3"], {}, 10**9, 10**40], ids=repr)
@pytest.mark.parametrize("connected", [True, False])
def test_a_value_that_is_not_allowed_is_named_with_the_value_and_goes_back_to_the_default(value, connected):
    project = column(brick("conv", "Conv2d", kernel_size=value), "Flatten", SCORES)
    if not connected:
        project = apply(project, {"op": "disconnect", "source": "image", "target": "conv"})
    problem = one(project, "conv", "value")
    assert problem.field == "kernel_size" and problem.says.startswith("kernel_size must be") and len(problem.says) < 200
    project = mended(project, problem, "Set kernel_size of conv back to 3")
    assert "kernel_size" not in project.network.node("conv").params


def test_1_and_true_and_1_point_0_are_three_different_values():
    values = (1, True, 1.0, [1, 1], [1, True])
    for given_first in values:
        for value in (given_first, *values):
            project = column(
                brick("conv", "Conv2d", out_channels=value if not isinstance(value, list) else 1, kernel_size=value), "Flatten", SCORES
            )
            legal = (
                value in (1, [1, 1])
                and type(value) is not bool
                and type(value) is not float
                and not any(type(v) is bool for v in (value if isinstance(value, list) else []))
            )
            assert bool(check(project).errors) != legal, value
    assert (
        check(column(brick("conv", "Conv2d", bias=1), "Flatten", SCORES)).errors
        and not check(column(brick("conv", "Conv2d", bias=True), "Flatten", SCORES)).errors
    )


def test_an_unknown_parameter_is_named_and_can_be_removed():
    project = column(brick("conv", "Conv2d", kernel=3), "Flatten", SCORES)
    problem = one(project, "conv", "unknown")
    assert "'kernel'" in problem.says
    whole(mended(project, problem, "Remove kernel from conv"))


def test_start_after_end_is_not_offered_a_default_that_does_not_help():
    project = column(brick("flat", "Flatten", start_dim=1, end_dim=0), SCORES)
    problem = one(project, "flat", "dim")
    assert "comes after" in problem.says and not problem.fixes


def test_an_input_that_is_not_the_datas_shape_says_both_and_is_set():
    project = column("Flatten", SCORES, shape=(3, 32, 32))
    problem = one(project, "image", "data")
    assert "1×28×28" in problem.says and "N×3×32×32" in problem.says
    whole(mended(project, problem, "Set shape of image to 1×28×28"))


def test_data_and_tasks_that_do_not_exist_are_named_with_those_that_do():
    project = column("Flatten", SCORES, data="imagenet")
    problem = one(project, None, "data")
    assert "'imagenet'" in problem.says and "mnist" in problem.because
    whole(mended(project, problem, "Use digits"))
    other = column("Flatten", SCORES, task={"kind": "dreaming"})
    whole(mended(other, one(other, None, "task"), "Use classification"))


@pytest.mark.parametrize(
    "training, field, part",
    [
        ({"epochs": 0}, "epochs", "at least 1"),
        ({"epochs": "ten"}, "epochs", "whole number"),
        ({"batch_size": -4}, "batch_size", "at least 1"),
        ({"batch_size": True}, "batch_size", "whole number"),
        ({"seed": 2**31}, "seed", "at most"),
        ({"optimizer": {"kind": "Lion"}}, "optimizer", "SGD, Adagrad"),
        ({"optimizer": {"kind": "SGD", "lr": "0.1"}}, "optimizer.lr", "must be a number"),
        ({"optimizer": {"kind": "SGD", "lr": -1}}, "optimizer.lr", "at least 0"),
        ({"optimizer": {"kind": "SGD", "nesterov": True}}, "optimizer.nesterov", "momentum must be above 0"),
        ({"optimizer": {"kind": "Adam", "momentum": 0.9}}, "optimizer.momentum", "no parameter"),
        ({"loss": {"kind": "Hinge"}}, "loss", "CrossEntropyLoss"),
        ({"loss": 3}, "loss", "CrossEntropyLoss"),
        ({"initializer": {"kind": "Normal", "std": -1}}, "initializer.std", "at least 0"),
    ],
)
def test_a_training_setting_that_is_not_allowed_is_named_and_mended(training, field, part):
    project = column("Flatten", SCORES, training=training)
    (problem,) = check(project).problems
    assert problem.node is None and problem.field == f"training.{field}" and part in problem.says and problem.severity == "error"
    whole(mended(project, problem, problem.fixes[0].label))


@pytest.mark.parametrize(
    "more, field",
    [
        ({"training": {"epoch": 3}}, "training.epoch"),
        ({"data": {"source": "digits", "sorce": "mnist"}}, "data.sorce"),
        ({"task": {"kind": "classification", "knd": 1}}, "task.knd"),
    ],
)
def test_a_setting_that_does_not_exist_is_named(more, field):
    (problem,) = check(from_json(to_json(column("Flatten", SCORES)) | more)).problems
    assert problem.field == field and repr(field.partition(".")[2]) in problem.says


def test_sizes_that_no_machine_holds_are_refused_before_anything_is_built():
    heavy = column("Flatten", brick("a", "Linear", out_features=1_000_000), brick("b", "Linear", out_features=1_000_000), SCORES)
    problem = one(heavy, "b", "size")
    assert "1,000,001,000,000" in problem.says and "20,000,000,000" in problem.because
    large = column(brick("up", "ConvTranspose2d", out_channels=1000, kernel_size=4000, stride=4000), "Flatten", SCORES)
    assert "GB" in one(large, "up", "size").says


@pytest.mark.parametrize("odd", [value for value in ODD if value is not None], ids=repr)
@pytest.mark.parametrize("kind", ["Input", "Conv2d", "MaxPool2d", "Softmax", "Flatten", "LayerNorm", "Concat", "Dropout", "GroupNorm"])
def test_any_value_for_every_parameter_gives_problems_and_never_raises(kind, odd):
    for param in LAYERS[kind].params:
        project = column(brick("odd", kind, **{param.name: odd}), "Flatten", SCORES, wires=(("image", "odd", 0), ("image", "odd", 1)))
        json.dumps(check(project).to_json())


@given(randoms)
@profile(max_examples=500)
def test_no_fix_raises_and_none_leaves_its_problem_behind(random):
    project = messy_project(random)
    for problem in check(project).problems:
        for fix in problem.fixes:
            after = check(apply(project, json.loads(json.dumps(fix.edit))))
            assert not any(same(problem, other) for other in after.problems), f"{fix.label!r} leaves {problem}"


@given(randoms)
@profile(max_examples=150)
def test_every_problem_is_a_sentence_for_people_and_json(random):
    for problem in check(messy_project(random)).problems:
        assert (
            problem.says
            and "\n" not in problem.says
            and len(problem.says) < 400
            and problem.severity in ("error", "warning", "advice")
            and problem.code
        )
        assert json.loads(json.dumps(problem.to_json())) == problem.to_json()
        assert all(fix.label for fix in problem.fixes) and len({fix.label for fix in problem.fixes}) == len(problem.fixes)


@given(randoms)
@profile(max_examples=100)
def test_errors_come_first_and_then_in_the_order_the_bricks_run(random):
    report = check(messy_project(random))
    ranks = [("error", "warning", "advice").index(problem.severity) for problem in report.problems]
    assert ranks == sorted(ranks)
    place = {None: -1} | {name: i for i, name in enumerate(report.analysis.placed)}
    errors = [place[problem.node] for problem in report.errors]
    assert errors == sorted(errors)


@given(randoms)
@profile(max_examples=100)
def test_a_legal_drawing_has_no_errors_and_totals_count_just_what_leads_to_the_output(random):
    project = legal_project(random)
    report = check(project)
    assert not report.errors
    pruned = (
        apply(project, {"op": "remove", "ids": unused})
        if (unused := [n.id for n in project.network.nodes if n.id not in report.analysis.used])
        else project
    )
    assert (check(pruned).params, check(pruned).macs) == (report.params, report.macs) and report.bytes == 4 * report.params


def test_checking_an_edited_drawing_gives_what_checking_it_afresh_gives():
    project = apply(MNIST, {"op": "set", "id": "conv1", "params": {"padding": 2}})
    assert check(project).to_json() == check(loads(dumps(project))).to_json()


def loose(nodes: list, edges: list) -> Project:
    return from_json({"type": "brickwork/project", "version": 1, "name": "Big", "networks": {"network": {"nodes": nodes, "edges": edges}}})


@pytest.mark.parametrize("drawing", ["loose", "unused", "misfits", "ring", "parallel"])
def test_the_largest_drawing_that_a_file_may_hold_is_checked_in_seconds(drawing):
    count = 4_900
    image = {"id": "i", "kind": "Input"}
    project = {
        "loose": lambda: loose([image, *({"id": f"r{k}", "kind": "ReLU"} for k in range(count))], []),
        "unused": lambda: loose(
            [image, {"id": "o", "kind": "Output"}, *({"id": f"r{k}", "kind": "ReLU"} for k in range(count))],
            [{"source": "i", "target": "o"}, *({"source": "i", "target": f"r{k}"} for k in range(count))],
        ),
        "misfits": lambda: loose(
            [{"id": f"i{k}", "kind": "Input", "params": {"shape": [5]}} for k in range(count // 2)]
            + [{"id": f"c{k}", "kind": "Conv2d"} for k in range(count // 2)],
            [],
        ),
        "ring": lambda: loose(
            [{"id": f"a{k}", "kind": "Add"} for k in range(count)],
            [{"source": f"a{k}", "target": f"a{(k + 1) % count}"} for k in range(count)],
        ),
        "parallel": lambda: loose(
            [image, {"id": "a", "kind": "Add"}, {"id": "b", "kind": "Add"}],
            [{"source": s, "target": t, "port": k} for k in range(2 * count) for s, t in (("a", "b"), ("b", "a"))],
        ),
    }[drawing]()
    started = time.process_time()
    assert check(project).errors
    assert time.process_time() - started < 15


def test_fixes_never_touch_the_project_they_are_offered_for():
    project = column(SCORES)
    before = dataclasses.replace(project)
    for problem in check(project).problems:
        for fix in problem.fixes:
            apply(project, fix.edit)
    assert project == before and analyse(project.network).placed.keys() == analyse(before.network).placed.keys()
    with pytest.raises(EditError):
        apply(apply(project, check(project).problems[0].fixes[0].edit), check(project).problems[0].fixes[0].edit)
