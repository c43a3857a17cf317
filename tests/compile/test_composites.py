"""Composites against torchvision's own blocks: equally many parameters, and with its weights its answers."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
import torchvision.models as zoo
from torch import nn
from torchvision.models.densenet import _DenseLayer
from torchvision.models.googlenet import BasicConv2d, Inception
from torchvision.models.mobilenetv2 import InvertedResidual
from torchvision.models.resnet import BasicBlock, Bottleneck, conv1x1
from torchvision.ops.misc import Conv2dNormActivation, SqueezeExcitation

from builder.catalogue import BATCH, with_batch
from builder.catalogue.blocks import COMPOSITES
from builder.compile.module import load
from builder.compile.source import source
from builder.graph import check
from tests.compile.block_drawings import project


def drawn(kind: str, params: dict, shapes: tuple[tuple[int, ...], ...]):
    """A drawing of one composite between Inputs and an Output."""
    inputs = [(f"input{i}", "Input", {"shape": list(shape[1:])}) for i, shape in enumerate(shapes)]
    wires = " ".join(f"input{i}>made.{i}" for i in range(len(shapes)))
    return project(kind, [*inputs, ("made", kind, params), ("output", "Output")], f"{wires} made>output", task="none")


def answers_as(theirs: nn.Module, kind: str, params: dict, *shapes: tuple[int, ...], joined=None, close: float = 0.0) -> None:
    """Fill our block with the weights of theirs, which stand in the same order, and compare what both make of random samples.

    Where sums are added up in another order, `close` is how far the answers may lie apart.
    """
    drawing = drawn(kind, params, shapes)
    torch.manual_seed(0)
    ours = load(source(drawing))
    count = sum(parameter.numel() for parameter in theirs.parameters())
    assert sum(parameter.numel() for parameter in ours.parameters()) == count == check(drawing).params
    for parameter in theirs.state_dict().values():
        if parameter.dtype.is_floating_point:
            parameter.copy_(torch.rand_like(parameter) * 0.5 + 0.1)
    ours.load_state_dict(dict(zip(ours.state_dict(), theirs.state_dict().values(), strict=True)))
    inputs = [torch.randn(shape) for shape in shapes]
    for training in (False, True):
        theirs.train(training)
        answer, expected = ours.train(training)(*inputs), (joined or theirs)(*inputs)
        shape = with_batch(check(drawing).analysis.placed["made"].shape, 2)
        assert torch.allclose(answer, expected, rtol=close, atol=close) and answer.shape == shape


def projected(block: type, out: int, stride: int, width: int, into: int) -> nn.Module:
    """torchvision's residual block with the shortcut that its ResNet gives it."""
    shortcut = None if stride == 1 and into == out else nn.Sequential(conv1x1(into, out, stride), nn.BatchNorm2d(out))
    return block(into, width, stride, shortcut)


@pytest.mark.parametrize(("into", "out", "stride"), [(16, 16, 1), (16, 32, 1), (16, 16, 2), (16, 24, 2), (3, 8, 3)])
def test_residual_blocks(into, out, stride):
    shape, params = (2, into, 14, 10), {"out_channels": out, "stride": stride}
    answers_as(projected(BasicBlock, out, stride, out, into), "BasicBlock", params, shape)
    answers_as(projected(Bottleneck, out, stride, out // 4, into), "Bottleneck", params, shape)


def test_a_bottleneck_of_resnext():
    theirs = Bottleneck(256, 64, 1, None, groups=32, base_width=4)
    answers_as(theirs, "Bottleneck", {"out_channels": 256, "width": 128, "groups": 32}, (2, 256, 7, 7))


@pytest.mark.parametrize(("into", "out", "stride", "ratio"), [(8, 8, 1, 6), (8, 12, 1, 6), (8, 8, 2, 4), (8, 8, 1, 1), (8, 4, 2, 1)])
def test_inverted_residuals(into, out, stride, ratio):
    params = {"out_channels": out, "stride": stride, "expand_ratio": ratio}
    answers_as(InvertedResidual(into, out, stride, ratio), "InvertedResidual", params, (2, into, 9, 12))


@pytest.mark.parametrize("widths", [(64, 96, 128, 16, 32, 32), (5, 3, 4, 2, 6, 7)])
def test_inception_modules(widths):
    theirs = Inception(24, *widths)
    # torchvision's third branch has a 3×3 window where the paper has 5×5, as its own comment says; the eps of its norms is not torch's.
    theirs.branch3[1] = BasicConv2d(widths[3], widths[4], kernel_size=5, padding=2)
    for module in theirs.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eps = 1e-5
    names = ("ch1x1", "ch3x3red", "ch3x3", "ch5x5red", "ch5x5", "pool_proj")
    answers_as(theirs, "InceptionModule", dict(zip(names, widths, strict=True)) | {"batch_norm": True}, (2, 24, 12, 9))


def test_the_first_inception_module_has_the_weights_of_table_1():
    drawing = drawn("InceptionModule", {}, ((2, 192, 28, 28),))
    assert check(drawing).params == sum((
        192 * 64 + 64, 192 * 96 + 96, 96 * 9 * 128 + 128, 192 * 16 + 16, 16 * 25 * 32 + 32, 192 * 32 + 32)) == 163_696
    assert check(drawing).analysis.placed["made"].shape == (BATCH, 256, 28, 28)


@pytest.mark.parametrize(("channels", "reduction"), [(32, 16), (24, 4), (8, 16)])
def test_squeeze_and_excite(channels, reduction):
    answers_as(SqueezeExcitation(channels, max(1, channels // reduction)), "SqueezeExcite", {"reduction": reduction}, (2, channels, 7, 5))


def test_a_dense_layer_lays_new_channels_beside_the_old():
    theirs = _DenseLayer(16, 8, 4, 0.0)
    answers_as(theirs, "DenseLayer", {"growth_rate": 8}, (2, 16, 9, 9), joined=lambda x: torch.cat([x, theirs(x)], 1))


@pytest.mark.parametrize(("activation", "layer"), [("ReLU", nn.ReLU), ("ReLU6", nn.ReLU6), ("LeakyReLU", nn.LeakyReLU), ("SiLU", nn.SiLU)])
@pytest.mark.parametrize(("kernel", "stride", "groups"), [(1, 1, 1), (3, 2, 4), (5, 1, 2), (4, 2, 1)])
def test_units_of_convolution_norm_and_activation(activation, layer, kernel, stride, groups):
    theirs = Conv2dNormActivation(8, 12, kernel, stride, groups=groups, activation_layer=layer)
    params = {"out_channels": 12, "kernel_size": kernel, "stride": stride, "groups": groups, "activation": activation}
    answers_as(theirs, "ConvNormAct", params, (2, 8, 11, 9))


def twice(into: int, out: int, norm: bool) -> nn.Sequential:
    layers = []
    for channels in (into, out):
        layers += [nn.Conv2d(channels, out, 3, padding=1, bias=not norm), *([nn.BatchNorm2d(out)] if norm else []), nn.ReLU()]
    return nn.Sequential(*layers)


@pytest.mark.parametrize("norm", [True, False])
@pytest.mark.parametrize("size", [(8, 8), (9, 8), (13, 11)])
def test_the_parts_of_a_u_net(norm, size):
    params = {"out_channels": 6, "batch_norm": norm}
    answers_as(twice(4, 6, norm), "DoubleConv", params, (2, 4, *size))
    answers_as(nn.Sequential(nn.MaxPool2d(2), *twice(4, 6, norm)), "UNetDown", params, (2, 4, *size))
    up = nn.ConvTranspose2d(10, 5, 2, stride=2, output_padding=(size[0] % 2, size[1] % 2))
    rest = twice(4 + 5, 6, norm)
    answers_as(nn.Sequential(up, rest), "UNetUp", params, (2, 10, size[0] // 2, size[1] // 2), (2, 4, *size),
               joined=lambda x, across: rest(torch.cat([across, up(x)], 1)))


def test_every_composite_is_compared():
    text = "".join(file.read_text(encoding="utf-8") for file in Path(__file__).parent.glob("test_*.py"))
    assert not [kind for kind in COMPOSITES if f'"{kind}"' not in text]


def test_a_resnet_18_of_bricks_answers_as_torchvisions():
    theirs = zoo.resnet18(num_classes=10).eval()
    bricks = [("image", "Input", {"shape": [3, 64, 64]}), ("conv1", "Conv2d", {"out_channels": 64, "kernel_size": 7, "stride": 2, "padding": 3, "bias": False}),
              ("bn1", "BatchNorm2d"), ("relu", "ReLU"), ("maxpool", "MaxPool2d", {"kernel_size": 3, "stride": 2, "padding": 1})]
    for layer, channels in enumerate((64, 128, 256, 512), 1):
        bricks += [(f"layer{layer}_{i}", "BasicBlock", {"out_channels": channels, "stride": 2 if layer > 1 and i == 0 else 1}) for i in range(2)]
    bricks += [("avgpool", "AdaptiveAvgPool2d"), ("flatten", "Flatten"), ("fc", "Linear", {"out_features": 10}), ("output", "Output")]
    drawing = project("ResNet-18", bricks, " ".join(f"{a[0]}>{b[0]}" for a, b in zip(bricks, bricks[1:], strict=False)), task="none")
    ours = load(source(drawing)).eval()
    ours.load_state_dict(dict(zip(ours.state_dict(), theirs.state_dict().values(), strict=True)))
    x = torch.randn(2, 3, 64, 64)
    assert torch.equal(ours(x), theirs(x))
    assert source(drawing).count("class BasicBlock") == 2
