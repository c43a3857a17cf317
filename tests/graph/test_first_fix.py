"""The first fix that is offered is the one an expert would take, and one mistake is one problem."""

from __future__ import annotations

import pytest

from builder.gallery import ENTRIES
from builder.graph import Project, apply, check, fix_all
from tests.graph.test_breaking import NETWORKS, NORM, OUTPUT, RELU, change, cut, network, put, remove, swap
from tests.graph.test_breaking import conv as window
from tests.graph.test_check import SCORES, brick, column
from tests.graph.test_lint import conv, linear, relu, residual, unet

LENET = ENTRIES["lenet-cifar"].project
IDENTITY = network(
    {"image": ("Input", {"shape": [16, 28, 28]}), "stem": window(16, 3, padding=1), "r0": RELU, "conv1": window(16, 3, padding=1, bias=False), "bn1": NORM,
     "r1": RELU, "conv2": window(16, 3, padding=1, bias=False), "bn2": NORM, "add1": ("Add", {}), "r2": RELU, "output": OUTPUT},
    "image>stem stem>r0 r0>conv1 conv1>bn1 bn1>r1 r1>conv2 conv2>bn2 bn2>add1 r0>add1:1 add1>r2 r2>output")
TAIL = ("Flatten", SCORES)

# (drawing, code, label of the first fix)
FIRST = {
    "a stride that ate the image": (apply(LENET, change("conv1", stride=9)), "window", "Set stride of conv1 to 2"),
    "a stride of 4": (apply(LENET, change("conv1", stride=4)), "window", "Set stride of conv1 to 2"),
    "a stride with gaps, and bricks below": (apply(LENET, change("conv1", stride=40)), "gaps", "Set stride of conv1 to 2"),
    "pooling of single pixels": (column(*[part for i in range(6) for part in (conv(f"c{i}", padding=1), relu(f"r{i}"), brick(f"p{i}", "MaxPool2d"))], *TAIL),
                                 "window", "Remove p4 and p5"),
    "a branch's stride": (apply(NETWORKS["residual"], change("proj", stride=1)), "spatial", "Set stride of proj to 2"),
    "the second stride": (apply(NETWORKS["residual"], change("conv2", stride=2)), "spatial", "Set stride of conv2 to 1"),
    "the width that most have": (apply(NETWORKS["residual"], change("proj", out_channels=64)), "channels", "Set out_channels of proj to 128"),
    "the width before a shortcut": (apply(IDENTITY, change("stem", out_channels=3)), "channels", "Set out_channels of stem to 16"),
    "Add for Concat": (apply(NETWORKS["inception"], swap("cat", "Add")), "channels", "Replace cat by Concat"),
    "pooling lost on the way down": (apply(NETWORKS["unet"], remove("p2")), "spatial", "Insert MaxPool2d after d2"),
    "no way up": (apply(NETWORKS["unet"], remove("u1")), "spatial", "Insert ConvTranspose2d after d3: 16×16 becomes 32×32"),
    "a kernel on the way up": (apply(NETWORKS["unet"], change("u1", kernel_size=3)), "spatial", "Set padding of u1 to 1, output_padding to 1"),
    "padding on the way down": (apply(unet(), change("b1", padding=0)), "spatial", "Set padding of b1 to 1"),
    "samples that do not halve twice": (apply(NETWORKS["unet"], change("image", shape=[1, 50, 63])), "spatial", "Set shape of image to 1×52×64"),
    "a stride where the sizes part": (apply(NETWORKS["unet"], change("p1", stride=3)), "spatial", "Set stride of p1 to 2"),
    "a shortcut cut": (apply(IDENTITY, cut("r0", "add1", 1)), "unconnected", "Connect r0 to add1"),
    "a projection removed": (apply(residual(), {"op": "remove", "ids": ["short"]}), "unconnected", "Connect r0 to add through a 1×1 Conv2d"),
    "a branch of Inception cut": (apply(NETWORKS["inception"], cut("c5", "cat", 2)), "unused", "Connect c5 to cat"),
    "the first brick of a branch": (apply(NETWORKS["inception"], remove("pool", rejoin=False)), "unconnected", "Connect image to c6"),
    "no last Linear": (apply(LENET, remove("fc3")), "classes", "Insert a Linear with 10 outputs after relu4"),
    "a convolution behind a Linear": (column("Flatten", linear("fc1", 100), "ReLU", conv("c"), relu("r2"), brick("f2", "Flatten"), SCORES), "rank",
                                      "Move c and r2 before flatten"),
    "a Linear on pixels": (column(linear("fc1", 100), "ReLU", conv("c"), relu("r2"), *TAIL), "image", "Replace fc1 by a 1×1 Conv2d with 100 channels"),
    "an activation before the first layer": (column("ReLU", conv("c"), *TAIL), "activation first", "Move relu behind c"),
    "pooling before the first layer": (column("MaxPool2d", conv("c"), "ReLU", *TAIL), "pooling first", "Move maxpool2d behind relu"),
    "a muted Flatten": (apply(column(conv("c"), "ReLU", *TAIL), {"op": "mute", "ids": ["flatten"], "value": True}), "image", "Take flatten in again"),
    "a muted activation": (apply(column("Flatten", linear("a", 50), "ReLU", SCORES), {"op": "mute", "ids": ["relu"], "value": True}), "no activation",
                           "Take relu in again"),
    "a pair as text": (column(brick("c", "Conv2d", out_channels=8, kernel_size="3x5"), "ReLU", *TAIL), "value", "Set kernel_size of c to 3×5"),
    "a comma": (column("Flatten", brick("d", "Dropout", p="0,3"), SCORES), "value", "Set p of d to 0.3"),
    "the Input of another data set": (apply(LENET, change("image", shape=[1, 28, 28])), "data", "Set shape of image to 3×32×32"),
    "a shortcut that would be repeated": (network({"image": ("Input", {"shape": [1, 28, 28]}), "c": window(8, 3, padding=1), "add": ("Add", {}), "output": OUTPUT},
                                                  "image>c c>add add>output"), "unconnected", "Connect image to add through a 1×1 Conv2d"),
    "rows of features beside an image": (network({"image": ("Input", {"shape": [1, 28, 28]}), "c": window(8, 3), "f": ("Flatten", {}), "cat": ("Concat", {}),
                                                  "output": OUTPUT}, "image>c c>cat c>f f>cat:1 cat>output"), "rank", "Insert Flatten after c"),
    "a Dropout without wires": (apply(LENET, {"op": "add", "node": {"id": "d", "kind": "Dropout", "at": [300, 1000]}}), "unconnected",
                                "Put d between relu4 and fc3"),
    "a pooling without wires": (apply(column(conv("c"), "ReLU", *TAIL), {"op": "add", "node": {"id": "p", "kind": "MaxPool2d"}}), "unconnected",
                                "Put p between relu and flatten"),
    "Softmax beside an activation": (apply(residual(), put("Softmax", "r0", "c1")), "softmax inside", "Remove new"),
}


@pytest.mark.parametrize("name", FIRST)
def test_the_first_fix_is_what_an_expert_does_and_leaves_no_error(name):
    project, code, label = FIRST[name]
    problem = next(problem for problem in check(project).problems if problem.code == code)
    assert problem.fixes[0].label == label, [fix.label for fix in problem.fixes]
    assert not check(apply(project, problem.fixes[0].edit)).errors


def broken(project: Project, *edits: dict) -> list[str]:
    for edit in edits:
        project = apply(project, edit)
    return [problem.code for problem in check(project).problems]


def test_one_mistake_is_one_problem():
    assert broken(LENET, cut("flatten", "fc1")) == ["unconnected"]
    assert broken(NETWORKS["residual"], remove("image", rejoin=False)) == ["ends"]
    assert broken(NETWORKS["residual"], change("conv1", groups=3)) == ["groups"]
    assert broken(LENET, put("BatchNorm1d", "fc3", "output")) == ["normalisation last"]
    assert broken(LENET, remove("fc3")) == ["classes"]
    assert broken(LENET, change("image", shape=[32, 32, 3])) == ["data"] == broken(LENET, change("image", shape=[3, 32]))
    assert broken(LENET, {"op": "add", "node": {"id": "x", "kind": "Conv2d"}}, {"op": "connect", "source": "conv1", "target": "x"}) == ["unused"]
    assert broken(LENET, {"op": "add", "node": {"id": "x", "kind": "Output"}}, {"op": "connect", "source": "conv1", "target": "x"}) == ["ends"]


def test_mending_all_keeps_the_activation_of_a_hidden_layer():
    project = column(conv("c"), "ReLU")
    mended = apply(project, fix_all(project))
    assert not check(mended).problems and "relu" in {node.id for node in mended.network.nodes}


def test_a_list_of_one_number_is_refused_with_words():
    for name in ("kernel_size", "stride", "padding"):
        project = column(brick("c", "Conv2d", **{name: [3]}), "ReLU", *TAIL)
        (problem,) = check(project).errors
        assert problem.field == name and "2 of them" in problem.says and problem.sure


def test_the_sizes_at_a_merge_are_told_by_the_names_of_the_bricks():
    (problem,) = check(apply(NETWORKS["inception"], change("c5", padding=0))).errors
    assert problem.because == "c1, c3 and c6 have 28×28 pixels; c5 has 24×24 pixels"


def test_of_several_fixes_at_most_one_is_sure():
    for project, _, _ in FIRST.values():
        for problem in check(project).problems:
            assert sum(fix.sure for fix in problem.fixes) <= 1
