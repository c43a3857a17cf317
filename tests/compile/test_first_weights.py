"""First weights that a brick is given, in the text and in the network that the text makes."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from builder import api
from builder.catalogue import INITIALIZERS, LAYERS
from builder.compile.module import load, started
from builder.compile.resolve import resolve
from builder.compile.source import source
from builder.graph import check
from builder.graph.document import freeze
from tests.compile.block_drawings import block, project


def linear(out_features: int, **params):
    """A drawing of one Linear on 5 numbers."""
    return project("One", [("x", "Input", {"shape": [5]}), ("fc", "Linear", {"out_features": out_features, **params}), ("output", "Output")],
                   "x>fc fc>output", task="none")


@pytest.mark.parametrize(("out_features", "rows", "columns"), [(4, 2, 2), (6, 2, 3), (9, 3, 3), (12, 3, 4), (64, 8, 8), (1, 1, 1), (2, 1, 2)])
def test_a_linear_may_begin_as_a_transform_that_changes_nothing(out_features, rows, columns):
    network = load(source(linear(out_features, init="identity")))
    assert torch.equal(network(torch.randn(3, 5)).view(3, rows, columns), torch.eye(rows, columns).expand(3, -1, -1))
    network(torch.randn(3, 5)).sum().backward()
    assert network.fc.weight.grad.any() and network.fc.bias.grad.any()


def test_a_linear_may_begin_at_zero_with_and_without_an_offset():
    for bias in (True, False):
        assert not load(source(linear(7, init="zeros", bias=bias)))(torch.randn(3, 5)).any()
    assert load(source(linear(7)))(torch.randn(3, 5)).all() and "nn.init" not in source(linear(7))


@pytest.mark.parametrize(("params", "says"), [
    ({"out_features": 7}, "7 numbers are no identity: it has n·n or n·(n + 1) of them, as the 6 of an affine map"),
    ({"out_features": 8}, "8 numbers are no identity: it has n·n or n·(n + 1) of them, as the 6 of an affine map"),
    ({"out_features": 6, "bias": False}, "the identity stands in the bias, and there is none")])
def test_what_cannot_begin_as_the_identity_is_said(params, says):
    assert [problem.says for problem in check(linear(**params, init="identity")).errors] == [says]


def test_the_projects_initialiser_leaves_a_chosen_start_alone():
    drawing = project("Two", [("x", "Input", {"shape": [5]}), ("fc1", "Linear", {"out_features": 8}), ("relu", "ReLU"),
                              ("fc2", "Linear", {"out_features": 6, "init": "identity"}), ("output", "Output")],
                      "x>fc1 fc1>relu relu>fc2 fc2>output", task="none")
    network = api.module(replace(drawing, training=freeze({"initializer": {"kind": "Normal", "std": 1.0}})))
    assert not network.fc2.weight.any() and 0.5 < network.fc1.weight.std() < 1.5


def test_blocks_that_begin_differently_are_classes_of_their_own():
    head = block([("x", "BlockInput"), ("fc", "Linear", {"out_features": 6}), ("out", "BlockOutput")], "x>fc fc>out",
                 {"start": "fc.init", "width": "fc.out_features"})
    heads = [("a", {"start": "identity"}), ("b", {}), ("c", {"start": "identity", "width": 12}), ("d", {"width": 12})]
    bricks = [("x", "Input", {"shape": [5]}), *((name, "Head", params) for name, params in heads), ("cat", "Concat"), ("output", "Output")]
    wires = " ".join(f"x>{name} {name}>cat.{i}" for i, (name, _) in enumerate(heads))
    network = load(source(project("Heads", bricks, f"{wires} cat>output", blocks={"Head": head}, task="none")))
    answer = network(torch.zeros(1, 5))[0]
    assert torch.equal(answer[:6], torch.eye(2, 3).flatten()) and torch.equal(answer[12:24], torch.eye(3, 4).flatten())
    assert answer[6:12].all() and answer[24:].all()


@pytest.mark.parametrize(("init", "wanted"), [("constant", torch.full((2, 3), 0.25)), ("zeros", torch.zeros(2, 3)), ("ones", torch.ones(2, 3))])
def test_a_parameter_begins_as_it_says(init, wanted):
    drawing = project("P", [("x", "Input", {"shape": [2, 3]}), ("p", "Parameter", {"shape": [2, 3], "init": init, "value": 0.25}), ("mul", "Multiply"),
                            ("output", "Output")], "x>mul.0 p>mul.1 mul>output", task="none")
    assert torch.equal(load(source(drawing))(torch.ones(1, 2, 3))[0], wanted)


LAYERS_WITH_A_START = [kind for kind, layer in LAYERS.items() if any(param.name == "init" and "Orthogonal" in getattr(param, "choices", ()) for param in layer.params)]


def test_convolutions_and_linear_layers_have_a_start_of_their_own():
    assert sorted(LAYERS_WITH_A_START) == sorted([*(f"Conv{way}{dims}d" for way in ("", "Transpose") for dims in (1, 2, 3)), "Linear"])


@pytest.mark.parametrize("kind", LAYERS_WITH_A_START)
@pytest.mark.parametrize(("init", "given"), [*((kind, {}) for kind, record in INITIALIZERS.items() if record.module), ("XavierUniform", {"gain": 2.5}), ("Orthogonal", {"gain": 0.5}),
                                             ("KaimingUniform", {"mode": "fan_out", "nonlinearity": "tanh"}), ("KaimingNormal", {"a": 0.3}), ("Normal", {"std": 2.0}),
                                             ("TruncNormal", {"std": 0.5, "a": -0.1, "b": 0.7}), ("Uniform", {"a": 0.0, "b": 3.0})])
def test_a_brick_begins_by_the_rule_of_torch_that_it_names(kind, init, given):
    shape = {"1": [3, 9], "2": [3, 9, 9], "3": [3, 9, 9, 9]}.get(kind[-2], [5])
    width = {"out_features": 6} if kind == "Linear" else {"out_channels": 6, "kernel_size": 3}
    drawing = project("One", [("x", "Input", {"shape": shape}), ("brick", kind, {**width, "init": init, **{f"init_{name}": value for name, value in given.items()}}), ("output", "Output")], "x>brick brick>output", task="none")
    made = api.module(replace(drawing, training=freeze({"seed": 5}))).brick
    record = INITIALIZERS[init]
    torch.manual_seed(5)
    wanted = type(made)(*([5, 6] if kind == "Linear" else [3, 6, 3]))
    resolve(record.module)(wanted.weight, **record.arguments(given))
    assert torch.equal(made.weight, wanted.weight) and torch.equal(made.bias, wanted.bias)
    with torch.device("meta"):
        assert load(source(drawing)).brick.weight.is_meta


def test_the_projects_initialiser_leaves_bricks_with_a_rule_of_their_own_alone_in_every_copy_of_a_block():
    stage = block([("x", "BlockInput"), ("a", "Linear", {"out_features": 8, "init": "XavierUniform"}), ("b", "Linear", {"out_features": 8}), ("out", "BlockOutput")], "x>a a>b b>out", {})
    drawing = project("Copies", [("x", "Input", {"shape": [8]}), ("one", "Stage", {"repeat": 2}), ("fc", "Linear", {"out_features": 8, "init": "Orthogonal"}), ("output", "Output")],
                      "x>one one>fc fc>output", blocks={"Stage": stage}, task="none")
    network = api.module(replace(drawing, training=freeze({"initializer": {"kind": "Normal", "std": 100.0}})))
    own = started(source(drawing), network)
    assert set(own) == {"one.0.a", "one.1.a", "fc"}
    weights = {name: layer.weight for name, layer in network.named_modules() if isinstance(layer, torch.nn.Linear)}
    assert all((weight.abs().max() <= 1) == (name in own) for name, weight in weights.items()) and len(weights) == 5
    assert not torch.equal(weights["one.0.a"], weights["one.1.a"])


def test_a_rule_of_its_own_stands_in_the_source_and_one_that_there_is_not_is_an_error():
    assert "nn.init.orthogonal_(self.fc.weight)" in source(linear(7, init="Orthogonal")) and "nn.init.normal_(self.fc.weight, std=0.01)" in source(linear(7, init="Normal"))
    assert [problem.says for problem in check(linear(7, init="He")).errors] == [
        "init must be one of default, XavierUniform, XavierNormal, KaimingUniform, KaimingNormal, Orthogonal, Normal, TruncNormal, Uniform, zeros, identity, received 'He'"]
    assert "nn.init.kaiming_normal_(self.fc.weight, mode='fan_out', nonlinearity='relu')" in source(linear(7, init="KaimingNormal", init_mode="fan_out", init_nonlinearity="relu", init_gain=3.0))
    assert "nn.init.trunc_normal_(self.fc.weight, std=0.02, a=0.0, b=0.04)" in source(linear(7, init="TruncNormal", init_a=0.0))
    assert [problem.says for problem in check(linear(7, init="Uniform", init_a=0.05)).errors] == ["Uniform draws weights between init_a and init_b, so init_a must be below init_b"]
    assert [problem.says for problem in check(linear(7, init="Normal", init_std=-1.0)).errors] == ["init_std must be at least 1e-09, received -1.0"]
