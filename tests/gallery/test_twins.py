"""Ready-made networks against torchvision's and timm's own: with the same weights, in the order of both, the same answers."""

from __future__ import annotations

import pytest
import timm
import torch
import torchvision.models as zoo
from torch import nn

from builder import api
from builder.compile.module import load
from builder.gallery import ENTRIES


def filled(network: nn.Module, seed: int) -> nn.Module:
    """A network made without memory, with weights at which every layer passes something on."""
    network = network.to_empty(device="cpu")
    generator = torch.Generator().manual_seed(seed)
    for name, value in network.state_dict().items():
        if not value.dtype.is_floating_point:
            value.zero_()
        elif name.endswith("running_var") or value.dim() == 1:
            value.uniform_(0.5, 1.0, generator=generator)
        else:
            bound = (3 / value[0].numel()) ** 0.5
            value.uniform_(-bound, bound, generator=generator)
    return network


# Ours, theirs, the side of an image small enough to be quick, and whether training is compared too.
TWINS = {
    "alexnet": (zoo.alexnet, 80), "vgg16": (zoo.vgg16, 40), "resnet18": (zoo.resnet18, 64), "resnet34": (zoo.resnet34, 40),
    "resnet50": (zoo.resnet50, 64), "resnet101": (zoo.resnet101, 40), "resnet152": (zoo.resnet152, 40),
    "se-resnet18": (lambda: timm.create_model("seresnet18"), 64), "se-resnet50": (lambda: timm.create_model("seresnet50"), 64),
}


@pytest.mark.parametrize("name", TWINS)
@torch.no_grad()
def test_a_network_answers_as_its_published_twin_with_the_same_weights(name):
    make, side = TWINS[name]
    with torch.device("meta"):
        theirs, ours = make(), load(api.source(ENTRIES[name].project))
    theirs = filled(theirs, 1)
    table = dict(zip(ours.state_dict(), theirs.state_dict().values(), strict=True))
    assert {key: value.shape for key, value in table.items()} == {key: value.shape for key, value in ours.state_dict().items()}
    ours.load_state_dict(table, assign=True)
    x = torch.randn(2, 3, side, side, generator=torch.Generator().manual_seed(0))
    expected, answer = theirs.eval()(x), ours.eval()(x)
    assert expected.std() > 0 and torch.allclose(answer, expected, rtol=1e-5, atol=1e-5 * float(expected.abs().max()))
