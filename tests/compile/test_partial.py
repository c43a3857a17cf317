"""Every value of a drawing, whole or broken, against the network that is trained."""

from __future__ import annotations

import pytest
import torch

from builder import api
from builder.catalogue import with_batch
from builder.compile.module import load
from builder.compile.partial import partial
from builder.graph import Project, apply
from builder.inspect.preview import run
from tests.compile.block_drawings import BLOCK_DRAWINGS
from tests.first_networks import FIRST


def values(project: Project, x: torch.Tensor) -> dict[str, torch.Tensor]:
    part = partial(api.check(project).analysis, project.name)
    torch.manual_seed(0)
    table = run(load(part.text), dict.fromkeys(part.entries, x), part.results)
    return {name: table[value] for name, value in part.values.items()}


def edited(project: Project, *edits: dict) -> Project:
    for edit in edits:
        project = apply(project, edit)
    return project


@pytest.mark.parametrize("name", FIRST)
def test_its_values_are_those_of_the_network_that_is_trained_with_the_same_weights(name):
    project = FIRST[name].project
    torch.manual_seed(0)
    network = load(api.source(project)).eval()
    shape = next(iter(partial(api.check(project).analysis).entries.values()))
    x = torch.randn(1, *shape[1:])
    seen = values(project, x)
    assert list(seen) == list(api.check(project).analysis.placed)
    with torch.no_grad():
        assert torch.equal(seen["output"], network(x))
        hooked = {}
        for child, module in network.named_children():
            module.register_forward_hook(lambda module, inputs, output, child=child: hooked.__setitem__(child, output.clone()))
        network(x)
    assert hooked and all(torch.equal(seen[child], output) for child, output in hooked.items())


def test_a_drawing_with_an_error_further_down_gives_all_values_before_it():
    project = edited(FIRST["mnist-cnn"].project, {"op": "set", "id": "conv2", "params": {"kernel_size": 15}})
    seen = values(project, torch.randn(1, 1, 28, 28))
    assert list(seen) == ["image", "conv1", "pool1", "relu1"]


def test_loose_ends_have_values_and_change_nobodys_weights():
    whole = FIRST["mnist-cnn"].project
    project = edited(whole, {"op": "add", "node": {"id": "side", "kind": "Conv2d"}}, {"op": "connect", "source": "image", "target": "side"})
    x = torch.randn(1, 1, 28, 28)
    seen = values(project, x)
    assert seen["side"].shape == (1, 32, 26, 26)
    assert torch.equal(seen["output"], values(whole, x)["output"])


def test_bricks_without_an_input_unknown_ones_and_loops_have_none():
    nodes = [{"id": "image", "kind": "Input"}, {"id": "alone", "kind": "ReLU"}, {"id": "odd", "kind": "Mystery"}, {"id": "a", "kind": "ReLU"}, {"id": "b", "kind": "Tanh"},
             {"id": "after", "kind": "ReLU"}]
    edges = [{"source": "image", "target": "odd"}, {"source": "odd", "target": "after"}, {"source": "a", "target": "b"}, {"source": "b", "target": "a"}]
    project = api.from_json({"type": "brickwork/project", "version": 1, "name": "x", "networks": {"network": {"nodes": nodes, "edges": edges}}})
    part = partial(api.check(project).analysis)
    assert list(part.values) == ["image"] and part.params == 0


def test_its_costs_are_known_without_building_anything():
    project = edited(FIRST["fashion-mlp"].project, {"op": "set", "id": "fc1", "params": {"out_features": 1_000_000}})
    assert partial(api.check(project).analysis).params > 700_000_000


def test_names_and_texts_of_a_document_are_only_ever_names_and_texts():
    project = edited(FIRST["mnist-cnn"].project, {"op": "name", "value": 'x"""; import os\\'}, {"op": "rename", "id": "conv1", "to": "x"})
    text = partial(api.check(project).analysis, project.name).text
    compile(text, "<text>", "exec")
    assert text.startswith('"""x; import os, drawn in Brickwork."""')


@pytest.mark.parametrize("name", BLOCK_DRAWINGS)
def test_values_of_blocks_are_those_of_the_network_that_is_trained_with_the_same_weights(name):
    project = BLOCK_DRAWINGS[name]
    part = partial(api.check(project).analysis, project.name)
    placed = api.check(project).analysis.placed
    inputs = {name: torch.randn(2, *shape[1:]) for name, shape in part.entries.items()}
    torch.manual_seed(0)
    network = load(api.source(project)).eval()
    torch.manual_seed(0)
    table = run(load(part.text), inputs, part.results)
    assert list(part.values) == list(placed)
    assert all(tuple(table[value].shape) == with_batch(placed[brick].shape, 2) for brick, value in part.values.items())
    with torch.no_grad():
        answers = network(*inputs.values())
    ends = [node.id for node in project.network.nodes if node.kind == "Output"]
    for end, answer in zip(ends, answers if isinstance(answers, tuple) else (answers,), strict=True):
        assert torch.equal(table[part.values[end]], answer)


def test_a_muted_brick_has_the_value_that_it_passes_on():
    seen = values(BLOCK_DRAWINGS["block_muted"], torch.randn(1, 1, 28, 28))
    assert torch.equal(seen["relu1"], seen["conv1"]) and torch.equal(seen["add"], seen["unit"])


def test_a_block_with_a_mistake_inside_has_no_value_and_nothing_behind_it():
    project = edited(BLOCK_DRAWINGS["block_nested"], {"op": "set", "in": "Unit", "id": "conv", "params": {"groups": 5}})
    assert list(partial(api.check(project).analysis).values) == ["image"]
