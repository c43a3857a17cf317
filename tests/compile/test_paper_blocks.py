"""Composites of the networks in the gallery against the blocks of torchvision and timm that they are named after."""

from __future__ import annotations

from functools import partial

import pytest
from timm.layers import SEModule
from timm.models.resnet import BasicBlock, Bottleneck
from torch import nn
from torchvision.models import inception
from torchvision.models.googlenet import Inception
from torchvision.models.googlenet import InceptionAux as GoogLeNetAux
from torchvision.models.vgg import make_layers

from builder.graph import check
from tests.compile.test_composites import answers_as, drawn

EPS = {"eps": 1e-3}


@pytest.mark.parametrize(("kind", "theirs", "shape", "params"), [
    ("InceptionA", partial(inception.InceptionA, 20, 8), (2, 20, 7, 6), {"pool_features": 8}),
    ("InceptionB", partial(inception.InceptionB, 20), (2, 20, 7, 6), {}),
    ("InceptionC", partial(inception.InceptionC, 20, 12), (2, 20, 5, 8), {"channels_7x7": 12}),
    ("InceptionD", partial(inception.InceptionD, 20), (2, 20, 7, 6), {}),
    ("InceptionE", partial(inception.InceptionE, 20), (2, 20, 5, 4), {}),
    ("InceptionAux", partial(inception.InceptionAux, 20, 7), (2, 20, 17, 17), {"classes": 7}),
    ("GoogLeNetAux", partial(GoogLeNetAux, 20, 7, dropout=0.0), (2, 20, 9, 14), {"classes": 7, "form": "torchvision", "dropout": 0.0}),
])
def test_blocks_of_inception(kind, theirs, shape, params):
    answers_as(theirs(), kind, params | EPS, shape)


def test_an_inception_module_as_torchvision_has_it():
    params = {"ch1x1": 5, "ch3x3red": 3, "ch3x3": 4, "ch5x5red": 2, "ch5x5": 6, "pool_proj": 7}
    answers_as(Inception(24, *params.values()), "InceptionModule", params | EPS | {"batch_norm": True, "largest": 3}, (2, 24, 9, 8))


@pytest.mark.parametrize("norm", [False, True])
def test_a_stage_of_vgg(norm):
    # make_layers is what torchvision builds the features of every VGG with.
    params = {"out_channels": 12, "convolutions": 2, "batch_norm": norm}
    answers_as(make_layers([12, 12, "M"], norm), "VGGStage", params, (2, 3, 9, 8))
    answers_as(nn.Sequential(*make_layers([12, 12], norm), nn.MaxPool2d(2, ceil_mode=True)), "VGGStage", params | {"ceil_mode": True}, (2, 3, 9, 8))


@pytest.mark.parametrize("stride", [1, 2])
def test_residual_blocks_with_gates(stride):
    down = nn.Sequential(nn.Conv2d(16, 32, 1, stride, bias=False), nn.BatchNorm2d(32))
    theirs = BasicBlock(16, 32, stride, down, attn_layer=partial(SEModule, rd_ratio=1 / 16, rd_divisor=8))
    answers_as(theirs, "SEBasicBlock", {"out_channels": 32, "stride": stride, "divisor": 8}, (2, 16, 9, 8))
    theirs = Bottleneck(16, 8, stride, down, attn_layer=partial(SEModule, rd_ratio=1 / 4, rd_divisor=1, bias=False))
    answers_as(theirs, "SEBottleneck", {"out_channels": 32, "stride": stride, "reduction": 4, "bias": False}, (2, 16, 9, 8))


@pytest.mark.parametrize(("into", "out", "stride"), [(16, 32, 2), (15, 28, 1), (16, 16, 2)])
def test_a_shortcut_of_zeros_takes_every_second_pixel_and_learns_nothing(into, out, stride):
    def across(x):
        more = out - into
        return nn.functional.pad(x[:, :, ::stride, ::stride], (0, 0, 0, 0, more // 2, more - more // 2))

    theirs = nn.Sequential(nn.Conv2d(into, out, 3, stride, 1, bias=False), nn.BatchNorm2d(out), nn.ReLU(), nn.Conv2d(out, out, 3, 1, 1, bias=False),
                           nn.BatchNorm2d(out))
    params = {"out_channels": out, "stride": stride, "shortcut": "zeros"}
    answers_as(theirs, "BasicBlock", params, (2, into, 9, 8), joined=lambda x: nn.functional.relu(theirs(x) + across(x)))
    gate = SEModule(out, rd_ratio=1 / 4, rd_divisor=1)
    answers_as(nn.Sequential(theirs, gate), "SEBasicBlock", params | {"reduction": 4}, (2, into, 9, 8),
               joined=lambda x: nn.functional.relu(gate(theirs(x)) + across(x)))


def test_a_dilated_bottleneck_sees_wider_without_shrinking():
    drawing = drawn("Bottleneck", {"out_channels": 64, "dilation": 2}, ((2, 64, 9, 9),))
    assert check(drawing).analysis.placed["made"].shape[1:] == (64, 9, 9)
    answers_as(Bottleneck(64, 16, dilation=2, first_dilation=2), "Bottleneck", {"out_channels": 64, "dilation": 2}, (2, 64, 9, 9))
