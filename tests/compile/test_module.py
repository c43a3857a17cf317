"""The text that is shown is the network that runs: shapes, counts, gradients, unused bricks."""

from __future__ import annotations

import traceback

import pytest
import torch
from hypothesis import given
from hypothesis import settings as profile

from builder.catalogue import with_batch
from builder.compile.module import load
from builder.compile.share import CLASS
from builder.compile.source import source
from builder.compile.trace import Step, Trace, trace
from builder.graph import apply, check
from tests.compile.random_blocks import is_all_read, random_project
from tests.compile.test_source import DRAWINGS
from tests.graph.drawings import legal_project, randoms


def copies(step: Step, module: torch.nn.Module) -> list[tuple[Trace, torch.nn.Module]]:
    """What is inside each copy of a block, with the module that it became."""
    inner = [flow for flow, count in step.runs for _ in range(count)]
    return list(zip(inner, module if len(inner) > 1 else [module], strict=True))


def expected(flow: Trace, network: torch.nn.Module) -> dict[torch.nn.Module, tuple[tuple[int, ...], ...]]:
    """The shapes that every layer and block should give, at every depth."""
    shapes = {}
    for step in flow.steps:
        if step.layer.module or step.runs:
            module = network.get_submodule(step.name)
            shapes[module] = tuple(with_batch(shape, 2) for shape in step.shapes)
            for inner, copy in copies(step, module) if step.runs else ():
                shapes |= expected(inner, copy) | {copy: tuple(with_batch(shape, 2) for shape in inner.result_shapes)}
    return shapes


def as_tuple(answer: object) -> tuple[torch.Tensor, ...]:
    return answer if isinstance(answer, tuple) else (answer,)


def run(network: torch.nn.Module, flow: Trace) -> tuple[tuple[torch.Tensor, ...], dict[torch.nn.Module, tuple[tuple[int, ...], ...]]]:
    """The answers to random samples, and the shapes that every module gave."""
    seen: dict[torch.nn.Module, tuple[tuple[int, ...], ...]] = {}
    hooks = [
        module.register_forward_hook(lambda own, _i, out: seen.__setitem__(own, tuple(tuple(value.shape) for value in as_tuple(out))))
        for module in network.modules()
        if module is not network
    ]
    answers = as_tuple(network(*(torch.randn(with_batch(shape, 2)) for shape in flow.entry_shapes)))
    for hook in hooks:
        hook.remove()
    return answers, seen


# No gradient passes these, or not to the input of which they read only the shape.
STOPS = {"Detach", "ArgMax", "Compare", "Cast", "ExpandBatch", "ResizeAs", "CropAs", "Noise", "Step", "Where", "MaskedFill", "Gather", "TakeAt"}


def stopped(analysis) -> bool:
    return any(placed.node.kind in STOPS or placed.body and any(stopped(inner) for inner, _ in placed.body.runs) for placed in analysis.placed.values())


def runs_as_analysed(project) -> None:
    report, flow = check(project), trace(project)
    torch.manual_seed(0)
    network = load(source(project))
    answers, seen = run(network, flow)
    assert tuple(tuple(answer.shape) for answer in answers) == tuple(with_batch(shape, 2) for shape in flow.result_shapes)
    assert seen == expected(flow, network)
    assert sum(parameter.numel() for parameter in network.parameters()) == report.params
    for name, layer in network.named_children():
        assert sum(parameter.numel() for parameter in layer.parameters()) == report.analysis.placed[name].cost[0]
    if report.params and is_all_read(flow) and not stopped(report.analysis):
        sum(answer.sum() for answer in answers).backward()
        assert not [name for name, parameter in network.named_parameters() if parameter.grad is None]


@pytest.mark.parametrize("name", DRAWINGS)
def test_every_shape_and_count_is_what_the_check_said_and_every_parameter_learns(name):
    runs_as_analysed(DRAWINGS[name])


@given(randoms)
@profile(max_examples=80)
def test_any_legal_drawing_runs_as_it_was_analysed(random):
    runs_as_analysed(legal_project(random))


@given(randoms)
@profile(max_examples=150, deadline=None)
def test_any_legal_drawing_with_blocks_runs_as_it_was_analysed(random):
    project = random_project(random)
    if not check(project).errors:
        runs_as_analysed(project)


def test_unused_bricks_are_left_out():
    network = load(source(DRAWINGS["unused_left_out"]))
    assert [name for name, _ in network.named_children()] == ["flatten", "fc"]


def test_a_chain_is_a_sequential_whose_layers_have_the_bricks_names():
    network = load(source(DRAWINGS["mnist-cnn"]))
    assert isinstance(network, torch.nn.Sequential) and list(network.state_dict())[:2] == ["conv1.weight", "conv1.bias"]


def test_a_traceback_shows_the_line_of_the_source():
    network = load(source(DRAWINGS["residual_add"]))
    with pytest.raises(RuntimeError) as caught:
        network(torch.zeros(2, 5, 28, 28))
    shown = "".join(traceback.format_exception(caught.value))
    assert "x = self.conv1(x)" in shown and "<network " in shown


def test_a_network_does_not_see_the_app_that_made_it():
    scope = type(load(source(DRAWINGS["residual_add"]))).forward.__globals__
    assert {name for name in scope if not name.startswith("__")} == {"nn", CLASS}


def test_branches_compute_what_they_say():
    network = load(source(DRAWINGS["residual_add"])).eval()
    x = torch.randn(3, 1, 28, 28)
    kept = network.relu1(network.bn1(network.conv1(x)))
    expected = network.fc(network.flatten(network.gap1(network.conv2(kept) + kept)))
    assert torch.equal(network(x), expected)
    network = load(source(DRAWINGS["concat_branches"]))
    assert torch.equal(network(x), network.fc(network.flatten(torch.cat([network.narrow(x), network.wide(x), network.pool(x)], dim=1))))
    network = load(source(DRAWINGS["multiply_gate"]))
    y = network.conv1(x)
    assert torch.equal(network(x), network.fc(network.flatten(y * network.gate(network.squeeze(network.gap1(y))))))
    network = load(source(DRAWINGS["one_value_twice"]))
    assert torch.equal(network(x), 2 * network.fc(network.flatten(x)))


@pytest.mark.parametrize(
    "name",
    [
        "exec",
        "print",
        "super",
        "OrderedDict",
        "Network",
        "object",
        "property",
        "int",
        "input",
        "id",
        "hash",
        "x",
        "h",
        "value",
        "x0",
        "add",
        "Conv2d",
        "a" * 60,
        "A",
        "weight",
        "bias",
        "dict",
        "keys",
        "items",
        "values",
        "update",
        "name",
        "device",
        "dtype",
    ],
)
def test_a_brick_may_have_any_name_that_is_no_attribute_of_a_network(name):
    for drawing, old in (("one_value_twice", "image"), ("one_value_twice", "fc"), ("one_value_twice", "add1"), ("fashion-mlp", "fc1")):
        runs_as_analysed(apply(DRAWINGS[drawing], {"op": "rename", "id": old, "to": name}))


def test_the_order_of_a_concat_is_the_order_of_its_inputs():
    project = DRAWINGS["concat_branches"]
    swapped = apply(
        project,
        {
            "op": "batch",
            "edits": [
                {"op": "connect", "source": "wide", "target": "concat1", "port": 0},
                {"op": "connect", "source": "narrow", "target": "concat1", "port": 1},
            ],
        },
    )
    assert "torch.cat([narrow, wide, x], dim=1)" in source(project) and "torch.cat([wide, narrow, x], dim=1)" in source(swapped)
