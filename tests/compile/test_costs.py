"""Parameters, multiply-adds, activation bytes and what is kept for the backward pass: from the catalogue, and as torch counts them."""

from __future__ import annotations

from functools import cache

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from builder import api
from builder.catalogue import COMPOSITES, LAYERS
from builder.compile.module import load
from builder.gallery import ENTRIES
from builder.graph import Project, Report, check
from builder.graph.memory import activations
from builder.graph.reference import example
from builder.graph.rows import flat

SAMPLES = 2
# What a BatchNorm keeps for every channel of a batch should not count for much beside its samples.
MANY = 16
# Above this a network is not run here; counts and shapes are compared for all, on torch's meta device, where nothing is computed.
MOST_MACS, MOST_PARAMS = 2_500_000_000, 70_000_000


@cache
def checked(name: str) -> tuple[Project, Report]:
    project = ENTRIES[name].project
    return project, check(project)


def batch(project: Project, device: str = "cpu", samples: int = SAMPLES) -> list[torch.Tensor]:
    """Samples for every Input, in its type."""
    made = []
    for node in project.network.nodes:
        if node.kind == "Input":
            shape = (samples, *node.params["shape"])
            whole = node.params.get("dtype") == "int64"
            made.append(torch.zeros(shape, dtype=torch.int64, device=device) if whole else torch.rand(shape, device=device))
    return made


def on_meta(project: Project) -> torch.nn.Module:
    """The network without numbers."""
    with torch.device("meta"):
        return load(api.source(project)).train()


@pytest.mark.parametrize("name", list(ENTRIES))
def test_parameters_and_multiply_adds_of_a_ready_made_network_are_those_that_torch_counts(name: str):
    project, report = checked(name)
    network = on_meta(project)
    assert sum(weight.numel() for weight in network.parameters()) == report.params
    # A batch that is held against itself, as in CLIP, costs the square of its size.
    assert flops(network, project) == pytest.approx(2 * SAMPLES * report.macs, rel=1e-4)


def flops(network: torch.nn.Module, project: Project) -> int:
    """Operations of the forward pass as torch counts them: two a multiply-add."""
    counter = FlopCounterMode(display=False)
    with counter:
        network(*batch(project, "meta"))
    return counter.get_total_flops()


@pytest.mark.parametrize("kind", list(COMPOSITES))
def test_parameters_and_multiply_adds_of_a_block_are_those_that_torch_counts(kind: str):
    found = example(kind)
    network = on_meta(found.project)
    assert sum(weight.numel() for weight in network.parameters()) == found.placed.cost[0]
    assert flops(network, found.project) == 2 * SAMPLES * found.placed.cost[1]


@pytest.mark.parametrize("name", list(ENTRIES))
def test_activation_bytes_are_those_of_the_tensors_that_leave_the_modules(name: str):
    project, report = checked(name)
    network = on_meta(project)
    rows = {row["id"]: row["activation_bytes"] for _, row in flat(report.layers) if "N" in row["output"]}
    found: dict[str, int] = {}
    for path, module in network.named_modules():
        if path in rows:
            # Shared weights run again elsewhere; a hook must return nothing, or that takes the output's place.
            module.register_forward_hook(lambda _module, _inputs, output, path=path: found.update({path: found.get(path, held(output))}))
    network(*batch(project, "meta"))
    assert found and {path: rows[path] for path in found} == {path: size // SAMPLES for path, size in found.items()}


def held(output: object) -> int:
    """Bytes of a module's output."""
    if isinstance(output, torch.Tensor):
        return output.numel() * output.element_size()
    return 0 if output is None else sum(map(held, output))


def kept_by_torch(project: Project, count: int = SAMPLES) -> int:
    """Bytes of one sample that torch keeps for the backward pass: each piece of memory once, weights and what is kept for every weight left out."""
    torch.manual_seed(0)
    network = api.module(project).train()
    samples = [sample.requires_grad_() if sample.is_floating_point() else sample for sample in batch(project, samples=count)]
    weights = {value.untyped_storage().data_ptr() for value in (*network.parameters(), *network.buffers())}
    without = 0  # a loss of what has no gradient is not worked out, but is counted by the estimate
    pieces: dict[int, torch.UntypedStorage] = {}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in weights:
            pieces[storage.data_ptr()] = storage
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        answer = network(*samples)
        for one in answer if isinstance(answer, tuple) else (answer,):
            if one.requires_grad:
                one.log_softmax(-1).sum()
            else:
                without += one.numel() * torch.float32.itemsize
    for sample in samples:
        pieces[sample.untyped_storage().data_ptr()] = sample.untyped_storage()
    return (without + sum(storage.nbytes() for storage in pieces.values())) // count


SMALL = [name for name in ENTRIES if checked(name)[1].macs < MOST_MACS and checked(name)[1].params < MOST_PARAMS]


@pytest.mark.parametrize("name", SMALL)
def test_the_estimate_of_what_is_kept_is_within_an_eighth_of_what_torch_keeps(name: str):
    project, report = checked(name)
    assert activations(report.analysis).bytes == pytest.approx(kept_by_torch(project), rel=0.125, abs=64)


TRIED = [kind for kind, layer in LAYERS.items() if layer.inputs[1] != 0 and layer.outputs]


@pytest.mark.parametrize("kind", TRIED)
def test_what_a_layer_keeps_is_what_was_declared(kind: str):
    found = example(kind)
    assert found and not found.troubles
    said, measured = activations(check(found.project).analysis).bytes, kept_by_torch(found.project, MANY)
    # Means and deviations that a normalisation keeps a channel or a position, and lengths, are not declared.
    assert measured / 1.35 <= said <= measured * 1.35
