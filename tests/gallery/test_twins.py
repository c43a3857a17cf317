"""Ready-made networks against torchvision's and timm's own: with the same weights, in the order of both, the same answers."""

from __future__ import annotations

from functools import partial

import pytest
import timm
import torch
import torchvision.models as zoo
from torch import nn
from torchvision.models.segmentation import fcn_resnet50

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


# Theirs by our name, and the side of an image that is small enough to be quick.
TWINS = {
    "alexnet": (zoo.alexnet, 80), "vgg16": (zoo.vgg16, 40), "googlenet": (partial(zoo.googlenet, init_weights=False), 64),
    "inception-v3": (partial(zoo.inception_v3, init_weights=False), 80), "fcn-resnet50": (partial(fcn_resnet50, aux_loss=True, weights_backbone=None), 40), "resnet18": (zoo.resnet18, 64), "resnet34": (zoo.resnet34, 40),
    "resnet50": (zoo.resnet50, 64), "resnet152": (zoo.resnet152, 40),
    "se-resnet18": (lambda: timm.create_model("seresnet18"), 64), "se-resnet50": (lambda: timm.create_model("seresnet50"), 64),
}


def listed(answer) -> list[torch.Tensor]:
    """What a network gives, one answer or several."""
    return [answer] if isinstance(answer, torch.Tensor) else list(answer.values() if isinstance(answer, dict) else answer)


def pair(name: str) -> tuple[nn.Module, nn.Module]:
    """A published network and ours, with the same weights."""
    with torch.device("meta"):
        theirs, ours = TWINS[name][0](), load(api.source(ENTRIES[name].project))
    theirs = filled(theirs, 1)
    table = dict(zip(ours.state_dict(), theirs.state_dict().values(), strict=True))
    assert {key: value.shape for key, value in table.items()} == {key: value.shape for key, value in ours.state_dict().items()}
    # Copies: in training both keep running statistics of their own.
    ours.load_state_dict({key: value.clone() for key, value in table.items()}, assign=True)
    return theirs, ours


@pytest.mark.parametrize("name", TWINS)
@torch.no_grad()
def test_a_network_answers_as_its_published_twin_with_the_same_weights(name):
    side = TWINS[name][1]
    theirs, ours = pair(name)
    x = torch.randn(2, 3, side, side, generator=torch.Generator().manual_seed(0))
    for answer, expected in zip(listed(ours.eval()(x)), listed(theirs.eval()(x)), strict=True):
        assert expected.std() > 0 and torch.allclose(answer, expected, rtol=1e-5, atol=1e-5 * float(expected.abs().max()))


@pytest.mark.parametrize(("name", "side"), [("googlenet", 64), ("inception-v3", 299)])
@torch.no_grad()
def test_auxiliary_heads_answer_in_training_and_in_torchvisions_order(name, side):
    theirs, ours = pair(name)
    for module in (*theirs.modules(), *ours.modules()):
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    x = torch.randn(2, 3, side, side, generator=torch.Generator().manual_seed(0))
    answers, expected = listed(ours.train()(x)), listed(theirs.train()(x))
    assert len(answers) == len(ENTRIES[name].outputs) and len(listed(ours.eval()(x))) == 1
    for answer, wanted in zip(answers, expected, strict=True):
        assert torch.allclose(answer, wanted, rtol=1e-4, atol=1e-4 * float(wanted.abs().max()))


def test_the_vision_transformer_of_bricks_is_torchvisions_with_its_weights():
    theirs = zoo.VisionTransformer(image_size=32, patch_size=4, num_layers=9, num_heads=12, hidden_dim=192, mlp_dim=384, num_classes=10)
    nn.init.normal_(theirs.heads.head.weight)
    ours = api.module(ENTRIES["vit-tiny-cifar"].project)
    names = {"conv_proj": "patches.conv_proj", "class_token": "tokens.class_token", "encoder.pos_embedding": "position.pos_embedding", "encoder.ln": "ln",
             "heads.head": "head", "encoder.layers.encoder_layer_": "layers.", "mlp.0": "mlp.fc1", "mlp.3": "mlp.fc2"}
    table = {}
    for key, value in theirs.state_dict().items():
        for name, other in names.items():
            key = key.replace(name, other)
        table[key] = value
    ours.load_state_dict(table)
    x = torch.randn(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    for training in (True, False):
        assert torch.equal(ours.train(training)(x), theirs.train(training)(x))
