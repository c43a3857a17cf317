"""Four networks broken in many ways by one edit each: every mistake is said with its numbers, and the fixes that are offered lead back to
a network that can be built."""

from __future__ import annotations

import re
from functools import partial

import pytest

from builder.gallery import ENTRIES
from builder.graph import Project, apply, check, from_json


def network(bricks: dict[str, tuple[str, dict]], wires: str) -> Project:
    """A project that only draws, of bricks and of wires written "source>target" or "source>target:port"."""
    nodes = [{"id": name, "kind": kind, "params": params, "at": [0, 84 * i]} for i, (name, (kind, params)) in enumerate(bricks.items())]
    edges = [{"source": source, "target": target, "port": int(port or 0)} for source, target, port in re.findall(r"(\w+)>(\w+)(?::(\d))?", wires)]
    return from_json({"type": "brickwork/project", "version": 1, "name": "T", "networks": {"network": {"nodes": nodes, "edges": edges}},
                      "task": {"kind": "none"}})


def conv(out_channels: int, kernel_size: int, **params: object) -> tuple[str, dict]:
    return "Conv2d", {"out_channels": out_channels, "kernel_size": kernel_size, **params}


def up(out_channels: int) -> tuple[str, dict]:
    return "ConvTranspose2d", {"out_channels": out_channels, "kernel_size": 2, "stride": 2}


RELU, NORM, OUTPUT = ("ReLU", {}), ("BatchNorm2d", {}), ("Output", {})
NETWORKS = {
    "lenet": ENTRIES["lenet-cifar"].project,
    "residual": network(
        {"image": ("Input", {"shape": [64, 56, 56]}), "conv1": conv(128, 3, stride=2, padding=1, bias=False), "bn1": NORM, "relu1": RELU,
         "conv2": conv(128, 3, padding=1, bias=False), "bn2": NORM, "proj": conv(128, 1, stride=2, bias=False), "bn3": NORM, "add1": ("Add", {}),
         "relu2": RELU, "output": OUTPUT},
        "image>conv1 conv1>bn1 bn1>relu1 relu1>conv2 conv2>bn2 image>proj proj>bn3 bn2>add1 bn3>add1:1 add1>relu2 relu2>output"),
    "inception": network(
        {"image": ("Input", {"shape": [192, 28, 28]}), "c1": conv(64, 1), "c2": conv(96, 1), "r2": RELU, "c3": conv(128, 3, padding=1),
         "c4": conv(16, 1), "r4": RELU, "c5": conv(32, 5, padding=2), "pool": ("MaxPool2d", {"kernel_size": 3, "stride": 1, "padding": 1}),
         "c6": conv(32, 1), "cat": ("Concat", {}), "output": OUTPUT},
        "image>c1 image>c2 c2>r2 r2>c3 image>c4 c4>r4 r4>c5 image>pool pool>c6 c1>cat c3>cat:1 c5>cat:2 c6>cat:3 cat>output"),
    "unet": network(
        {"image": ("Input", {"shape": [1, 64, 64]}), "d1": ("DoubleConv", {"out_channels": 16}), "p1": ("MaxPool2d", {}),
         "d2": ("DoubleConv", {"out_channels": 32}), "p2": ("MaxPool2d", {}), "d3": ("DoubleConv", {"out_channels": 64}), "u1": up(32),
         "k1": ("Concat", {}), "d4": ("DoubleConv", {"out_channels": 32}), "u2": up(16), "k2": ("Concat", {}),
         "d5": ("DoubleConv", {"out_channels": 16}), "head": conv(2, 1), "output": OUTPUT},
        "image>d1 d1>p1 p1>d2 d2>p2 p2>d3 d3>u1 u1>k1 d2>k1:1 k1>d4 d4>u2 u2>k2 d1>k2:1 k2>d5 d5>head head>output"),
}


def change(name: str, **params: object) -> dict:
    return {"op": "set", "id": name, "params": params}


def remove(name: str, rejoin: bool = True) -> dict:
    return {"op": "remove", "ids": [name], "rejoin": rejoin}


def cut(source: str, target: str, port: int = 0) -> dict:
    return {"op": "disconnect", "source": source, "target": target, "port": port}


def put(kind: str, source: str, target: str, port: int = 0) -> dict:
    return {"op": "insert", "node": {"id": "new", "kind": kind}, "edge": {"source": source, "target": target, "port": port}}


def swap(name: str, kind: str) -> dict:
    return {"op": "replace", "id": name, "kind": kind}


LAST = partial(put, source="fc3", target="output")
MISTAKES = {
    "lenet": [remove("flatten"), change("conv1", kernel_size=40), change("conv2", kernel_size=20), change("conv1", stride=9), LAST("Softmax"),
              LAST("BatchNorm1d"), LAST("Dropout"), LAST("Sigmoid"), LAST("ReLU"), remove("relu3"), change("fc3", out_features=7),
              cut("flatten", "fc1"), remove("output"), remove("image"), remove("fc1", rejoin=False), swap("flatten", "ReLU"),
              change("image", shape=[1, 28, 28]), put("Flatten", "conv1", "relu1"), cut("fc3", "output")],
    "residual": [remove("proj"), change("proj", stride=1), change("proj", out_channels=64), change("conv2", out_channels=64),
                 change("conv1", stride=1), cut("bn3", "add1", 1), remove("bn2", rejoin=False), change("conv2", padding=0),
                 swap("bn1", "BatchNorm1d"), change("conv1", groups=3), change("conv2", stride=2), remove("relu1"),
                 change("conv1", kernel_size=99), put("Flatten", "relu1", "conv2"), remove("image", rejoin=False)],
    "inception": [change("c3", padding=0), change("c5", padding=0), change("pool", stride=2), change("pool", padding=0), cut("c5", "cat", 2),
                  remove("c3", rejoin=False), change("c3", kernel_size=64), change("c5", stride=2), swap("cat", "Add"), change("cat", dim=2),
                  remove("pool", rejoin=False), put("Flatten", "c1", "cat"), change("cat", dim=7), remove("image", rejoin=False),
                  change("c2", groups=5)],
    "unet": [cut("d2", "k1", 1), cut("d1", "k2", 1), change("u1", stride=1), change("u1", kernel_size=3), change("p1", stride=3), remove("u1"),
             remove("p2"), change("image", shape=[1, 63, 63]), change("image", shape=[1, 3, 3]), change("u2", stride=4),
             remove("d3", rejoin=False), change("head", kernel_size=99), put("Flatten", "p2", "d3"), remove("k1", rejoin=False),
             change("p1", kernel_size=100)],
}


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_as_it_should_be_has_nothing_said_of_it(name):
    assert [str(problem) for problem in check(NETWORKS[name]).problems] == []


@pytest.mark.parametrize(("name", "edit"), [(name, edit) for name, edits in MISTAKES.items() for edit in edits], ids=str)
def test_a_mistake_is_said_and_the_fixes_that_are_offered_mend_it(name, edit):
    project = apply(NETWORKS[name], edit)
    first = check(project).problems[0]
    assert first.says and first.fixes, str(first)
    for _ in range(5):
        # Errors first; a warning may leave advice behind, which is a matter of taste.
        problems = [problem for problem in check(project).problems if problem.severity != "advice"]
        if not problems:
            break
        offered = next((problem for problem in problems if problem.fixes), None)
        assert offered is not None, [str(problem) for problem in problems]
        project = apply(project, (offered.sure or offered.fixes[0]).edit)
    assert [str(problem) for problem in check(project).errors] == []


def test_the_fix_of_a_branch_that_differs_is_the_one_that_a_person_means():
    labels = {
        ("residual", "proj", "stride", 1): "Set stride of proj to 2", ("residual", "conv2", "stride", 2): "Set stride of conv2 to 1",
        ("inception", "pool", "stride", 2): "Set stride of pool to 1", ("inception", "pool", "padding", 0): "Set padding of pool to 1",
        ("inception", "c5", "padding", 0): "Set padding of c5 to 2", ("unet", "u1", "stride", 1): "Set stride of u1 to 2",
        ("inception", "cat", "dim", 2): "Set dim of cat back to 1",
    }
    for (name, brick, param, value), label in labels.items():
        (problem,) = check(apply(NETWORKS[name], change(brick, **{param: value}))).errors
        assert label in [fix.label for fix in problem.fixes], (brick, param, [fix.label for fix in problem.fixes])
