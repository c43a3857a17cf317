"""Every ready-made network run by torch, forwards and backwards: its shapes are torch's, and no parameter is left out of the answer."""

from __future__ import annotations

import math

import pytest
import torch

from builder import api
from builder.compile.module import load
from builder.gallery import ENTRIES, Entry

SMALL = [name for name, entry in ENTRIES.items() if entry.parameters < 1_500_000 and sum(math.prod(shape) for shape in entry.inputs) < 20_000]


def run(entry: Entry, network: torch.nn.Module, device: str) -> list[torch.Tensor]:
    """What a network in training gives for two samples."""
    kinds = {node.id: node.params.get("dtype") for node in entry.project.network.nodes if node.kind == "Input"}
    sizes = [(2, *shape) for shape in entry.inputs]
    samples = [torch.ones(size, dtype=torch.int64, device=device) if kind == "int64" else torch.randn(size, device=device)
               for size, kind in zip(sizes, kinds.values(), strict=True)]
    answer = network.train()(*samples)
    return list(answer) if isinstance(answer, tuple) else [answer]


@pytest.mark.parametrize("name", ENTRIES)
def test_torch_gives_the_declared_shapes_and_a_gradient_for_every_parameter(name):
    entry = ENTRIES[name]
    # Without memory or arithmetic: torch works out shapes and which parameters a result depends on.
    with torch.device("meta"):
        network = load(api.source(entry.project))
        answers = run(entry, network, "meta")
    assert [tuple(answer.shape) for answer in answers] == [(2, *(2 if size == "N" else size for size in shape)) for shape in entry.outputs]
    sum(answer.sum() for answer in answers if answer.is_floating_point()).backward()
    assert not [key for key, parameter in network.named_parameters() if parameter.requires_grad and parameter.grad is None]


@pytest.mark.parametrize("name", SMALL)
def test_a_small_network_learns_on_the_cpu(name):
    entry = ENTRIES[name]
    network = api.module(entry.project)
    torch.manual_seed(0)
    answers = run(entry, network, "cpu")
    sum((answer * torch.randn_like(answer)).sum() for answer in answers).backward()
    gradients = {key: parameter.grad for key, parameter in network.named_parameters() if parameter.requires_grad}
    assert all(gradient is not None and torch.isfinite(gradient).all() for gradient in gradients.values())
    # A gate of one or two numbers may be closed for these two samples, and what begins at zero passes no gradient to what is before it yet.
    moved = sum(bool(gradient.abs().sum() > 0) for gradient in gradients.values())
    assert moved > (0.5 if "nn.init.zeros_" in api.source(entry.project) else 0.8) * len(gradients)
