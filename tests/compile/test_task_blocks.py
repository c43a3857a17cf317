"""Composites for segmentation, detection, image-to-image and Fourier networks against torchvision's, or against the same written by hand in torch."""

from __future__ import annotations

from functools import partial

import pytest
import torch
from torch import nn
from torchvision.models.segmentation.fcn import FCNHead
from torchvision.ops import FeaturePyramidNetwork
from torchvision.ops.misc import Conv2dNormActivation

from builder.compile.module import load
from builder.compile.source import source
from builder.graph import Project
from tests.compile.block_drawings import project
from tests.compile.test_composites import answers_as, twice

unit = partial(Conv2dNormActivation, activation_layer=nn.SiLU, norm_layer=partial(nn.BatchNorm2d, eps=1e-3), inplace=False)


def separable(into: int, out: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(unit(into, into, 3, stride, groups=into), unit(into, out, 1))


def window(into: int, out: int, depthwise: bool, stride: int = 1) -> nn.Sequential:
    return separable(into, out, stride) if depthwise else unit(into, out, 3, stride)


def several(kind: str, params: dict, shapes: list[tuple[int, ...]], outputs: int) -> Project:
    """A drawing of one composite with all its outputs."""
    bricks = [*((f"in{i}", "Input", {"shape": list(shape[1:])}) for i, shape in enumerate(shapes)), ("made", kind, params),
              *((f"out{i}", "Output") for i in range(outputs))]
    wires = [*(f"in{i}>made.{i}" for i in range(len(shapes))), *(f"made.{i}>out{i}" for i in range(outputs))]
    return project(kind, bricks, " ".join(wires), task="none")


@pytest.mark.parametrize("stride", [1, 2])
def test_steps_of_convolutions(stride):
    answers_as(separable(8, 12, stride), "DepthwiseSeparable", {"out_channels": 12, "stride": stride, "activation": "SiLU", "eps": 1e-3}, (2, 8, 9, 7))
    theirs = nn.Sequential(nn.ConvTranspose2d(8, 6, 3, stride, 1, output_padding=stride - 1, bias=False), nn.BatchNorm2d(6), nn.ReLU())
    params = {"out_channels": 6, "kernel_size": 3, "stride": stride, "output_padding": stride - 1}
    answers_as(theirs, "DeconvNormAct", params, (2, 8, 5, 7))


def test_a_sub_pixel_step():
    theirs = nn.Sequential(nn.Conv2d(8, 6 * 9, 3, padding=1), nn.PixelShuffle(3), nn.BatchNorm2d(6), nn.ReLU())
    answers_as(theirs, "SubPixelUp", {"out_channels": 6, "factor": 3}, (2, 8, 5, 4))


def test_a_unit_with_an_offset_a_window_of_two_sides_and_a_padding_of_its_own():
    theirs = nn.Sequential(nn.Conv2d(4, 6, (1, 7), padding=(0, 3)), nn.BatchNorm2d(6, eps=0.01), nn.ReLU())
    answers_as(theirs, "ConvNormAct", {"out_channels": 6, "kernel_size": [1, 7], "bias": True, "eps": 0.01}, (2, 4, 8, 9))
    answers_as(Conv2dNormActivation(4, 6, 3, 2, 0), "ConvNormAct", {"out_channels": 6, "stride": 2, "padding": 0}, (2, 4, 8, 9))


# ---- Segmentation ----

def test_the_unpadded_parts_of_a_u_net():
    def tight(into: int, out: int) -> nn.Sequential:
        return nn.Sequential(nn.Conv2d(into, out, 3), nn.ReLU(), nn.Conv2d(out, out, 3), nn.ReLU())

    params = {"out_channels": 6, "batch_norm": False, "padded": False}
    answers_as(tight(4, 6), "DoubleConv", params, (2, 4, 12, 11))
    answers_as(nn.Sequential(nn.MaxPool2d(2), *tight(4, 6)), "UNetDown", params, (2, 4, 16, 13))
    up, rest = nn.ConvTranspose2d(10, 5, 2, stride=2), tight(4 + 5, 6)
    # The skip is 20×18, what meets it 12×14: 4 and 2 pixels go on each side.
    answers_as(nn.Sequential(up, rest), "UNetUp", params, (2, 10, 6, 7), (2, 4, 20, 18),
               joined=lambda x, across: rest(torch.cat([across[:, :, 4:16, 2:16], up(x)], 1)))


def test_a_step_up_a_u_net_by_blending():
    rest = twice(4 + 10, 6, True)
    answers_as(rest, "UNetUp", {"out_channels": 6, "enlarge": "bilinear"}, (2, 10, 4, 5), (2, 4, 8, 10), joined=lambda x, across: rest(
        torch.cat([across, nn.functional.interpolate(x, scale_factor=2, mode="bilinear", align_corners=True)], 1)))


def test_the_head_of_a_fully_convolutional_network():
    theirs = FCNHead(16, 5)
    theirs[3].p = 0.0
    answers_as(theirs, "FCNHead", {"out_channels": 5, "dropout": 0.0}, (2, 16, 7, 6))


def test_scores_fused_with_a_finer_layer_and_cut_to_size():
    up, score = nn.ConvTranspose2d(5, 5, 4, 2, bias=False), nn.Conv2d(8, 5, 1)
    answers_as(nn.Sequential(up, score), "FCNFuse", {"offset": 3}, (2, 5, 4, 3), (2, 8, 14, 15),
               joined=lambda x, finer: up(x) + score(finer)[:, :, 3:13, 3:11])
    answers_as(nn.Identity(), "CropAt", {"offset": 2}, (2, 3, 9, 8), (2, 1, 5, 4), joined=lambda x, like: x[:, :, 2:7, 2:6])


# ---- Detection ----

def test_focus_loses_nothing():
    conv = unit(12, 6, 3)
    answers_as(conv, "Focus", {"out_channels": 6}, (2, 3, 8, 6), joined=lambda x: conv(torch.cat(
        [x[..., ::2, ::2], x[..., 1::2, ::2], x[..., ::2, 1::2], x[..., 1::2, 1::2]], 1)))


class Bottlenecks(nn.Module):
    """Bottlenecks in a row, of equal channels."""

    def __init__(self, channels: int, depth: int, shortcut: bool, depthwise: bool):
        super().__init__()
        self.parts, self.shortcut = nn.ModuleList(nn.Sequential(unit(channels, channels, 1), window(channels, channels, depthwise)) for _ in range(depth)), shortcut

    def forward(self, x):
        for part in self.parts:
            x = part(x) + x if self.shortcut else part(x)
        return x


class Csp(nn.Module):
    """Half of the channels through bottlenecks, half past them."""

    def __init__(self, into: int, out: int, depth: int, shortcut: bool, depthwise: bool):
        super().__init__()
        self.one, self.row, self.two = unit(into, out // 2, 1), Bottlenecks(out // 2, depth, shortcut, depthwise), unit(into, out // 2, 1)
        self.join = unit(out // 2 * 2, out, 1)

    def forward(self, x):
        return self.join(torch.cat([self.row(self.one(x)), self.two(x)], 1))


@pytest.mark.parametrize("depthwise", [False, True])
@pytest.mark.parametrize("shortcut", [False, True])
def test_cross_stage_layers(depthwise, shortcut):
    apart = {"shortcut": shortcut, "depthwise": depthwise}
    answers_as(Bottlenecks(6, 1, shortcut, depthwise), "DarknetBottleneck", apart, (2, 6, 7, 5))
    answers_as(Csp(6, 8, 2, shortcut, depthwise), "CSPLayer", {"out_channels": 8, "depth": 2, **apart}, (2, 6, 7, 5))


def test_pooling_in_three_windows_at_once():
    first, last = unit(8, 4, 1), unit(16, 6, 1)
    pools = [nn.MaxPool2d(side, 1, side // 2) for side in (5, 9, 13)]

    def joined(x):
        y = first(x)
        return last(torch.cat([y, *(pool(y) for pool in pools)], 1))

    answers_as(nn.Sequential(first, last), "SPPBottleneck", {"out_channels": 6}, (2, 8, 15, 14), joined=joined)


def compared(theirs: nn.Module, expected, kind: str, params: dict, *shapes: tuple[int, ...]) -> None:
    """Fill a composite of three outputs with the weights of theirs and compare what both give."""
    torch.manual_seed(0)
    ours = load(source(several(kind, params, list(shapes), 3)))
    ours.load_state_dict(dict(zip(ours.state_dict(), theirs.state_dict().values(), strict=True)))
    inputs = [torch.randn(shape) for shape in shapes]
    for training in (True, False):
        theirs.train(training), ours.train(training)
        for answer, wanted in zip(ours(*inputs), expected(*inputs), strict=True):
            assert torch.equal(answer, wanted)
        ours.load_state_dict(dict(zip(ours.state_dict(), theirs.state_dict().values(), strict=True)))


SCALES = ((2, 8, 16, 12), (2, 12, 8, 6), (2, 16, 4, 3))


def test_a_feature_pyramid():
    theirs = FeaturePyramidNetwork([8, 12, 16], 10)
    compared(theirs, lambda *levels: theirs(dict(zip("abc", levels, strict=True))).values(), "FPN", {"out_channels": 10}, *SCALES)


@pytest.mark.parametrize("depthwise", [False, True])
def test_a_pyramid_that_goes_down_and_up_again(depthwise):
    parts = nn.ModuleDict({
        "lateral": unit(16, 12, 1), "csp4": Csp(24, 12, 2, False, depthwise), "reduce": unit(12, 8, 1), "out3": Csp(16, 8, 2, False, depthwise),
        "down4": window(8, 8, depthwise, 2), "out4": Csp(16, 12, 2, False, depthwise), "down5": window(12, 12, depthwise, 2),
        "out5": Csp(24, 16, 2, False, depthwise)})
    double = nn.Upsample(scale_factor=2)

    def expected(c3, c4, c5):
        lateral = parts["lateral"](c5)
        reduced = parts["reduce"](parts["csp4"](torch.cat([double(lateral), c4], 1)))
        p3 = parts["out3"](torch.cat([double(reduced), c3], 1))
        p4 = parts["out4"](torch.cat([parts["down4"](p3), reduced], 1))
        return p3, p4, parts["out5"](torch.cat([parts["down5"](p4), lateral], 1))

    compared(parts, expected, "PAFPN", {"depth": 2, "depthwise": depthwise}, *SCALES)


@pytest.mark.parametrize("depthwise", [False, True])
def test_a_head_that_works_out_what_and_where_apart(depthwise):
    parts = nn.ModuleDict({
        "stem": unit(8, 6, 1), "cls": nn.Sequential(*(window(6, 6, depthwise) for _ in range(2))), "cls_pred": nn.Conv2d(6, 3, 1),
        "reg": nn.Sequential(*(window(6, 6, depthwise) for _ in range(2))), "box": nn.Conv2d(6, 4, 1), "thing": nn.Conv2d(6, 1, 1)})

    def joined(x):
        y = parts["stem"](x)
        where = parts["reg"](y)
        return torch.cat([parts["box"](where), parts["thing"](where), parts["cls_pred"](parts["cls"](y))], 1)

    answers_as(parts, "DecoupledHead", {"classes": 3, "width": 6, "depthwise": depthwise}, (2, 8, 5, 4), joined=joined)


def test_boxes_in_pixels():
    theirs = nn.Module()
    for name, count in (("row", 5), ("column", 4)):
        theirs.register_buffer(name, torch.arange(count))

    def joined(x):
        y = x.flatten(2).transpose(1, 2)
        rows, columns = torch.meshgrid(torch.arange(5), torch.arange(4), indexing="ij")
        grid = torch.stack([columns, rows], -1).reshape(1, -1, 2)
        return torch.cat([(y[..., :2] + grid) * 8, y[..., 2:4].exp() * 8, y[..., 4:].sigmoid()], -1)

    answers_as(theirs, "BoxDecode", {"stride": 8}, (2, 7, 5, 4), joined=joined)


# ---- Image to image, Fourier ----

@pytest.mark.parametrize("norm", [False, True])
def test_stages_of_pix2pix(norm):
    kept = [nn.BatchNorm2d(6)] if norm else []
    answers_as(nn.Sequential(nn.LeakyReLU(0.2), nn.Conv2d(4, 6, 4, 2, 1, bias=False), *kept), "Pix2PixDown", {"out_channels": 6, "batch_norm": norm}, (2, 4, 8, 6))
    for stride in (1, 2):
        theirs = nn.Sequential(nn.Conv2d(4, 6, 4, stride, 1, bias=not norm), *kept, nn.LeakyReLU(0.2))
        answers_as(theirs, "PatchStage", {"out_channels": 6, "stride": stride, "batch_norm": norm}, (2, 4, 8, 6))
    up = nn.Sequential(nn.ReLU(), nn.ConvTranspose2d(4, 6, 4, 2, 1, bias=False), nn.BatchNorm2d(6))
    answers_as(up, "Pix2PixUp", {"out_channels": 6}, (2, 4, 4, 3), (2, 5, 8, 6), joined=lambda x, across: torch.cat([across, up(x)], 1))


def test_dropout_on_the_way_up_is_there_in_training_only():
    drawing = several("Pix2PixUp", {"out_channels": 6, "dropout": True}, [(2, 4, 4, 3), (2, 5, 8, 6)], 1)
    network, inputs = load(source(drawing)), (torch.randn(2, 4, 4, 3), torch.randn(2, 5, 8, 6))
    assert 0.3 < float((network.train()(*inputs)[:, 5:] == 0).float().mean()) < 0.7
    assert float((network.eval()(*inputs)[:, 5:] == 0).float().mean()) < 0.1


def test_a_fourier_layer_is_a_complex_layer_on_the_frequencies_of_squares():
    real, imaginary = nn.Linear(2 * 4 * 4, 6), nn.Linear(2 * 4 * 4, 6)
    conv, norm = nn.Conv2d(6, 6, 3, padding=1, groups=6), nn.BatchNorm2d(6)

    def joined(x):
        rows = [torch.stack([x[n, :, i:i + 4, j:j + 4].permute(1, 2, 0).flatten() for i in (0, 4, 8) for j in (0, 4)]) for n in range(2)]
        z = torch.fft.fft(torch.stack(rows))
        mixed = torch.complex(real(z.real) - imaginary(z.imag), imaginary(z.real) + real(z.imag))
        y = norm(conv(torch.fft.ifft(mixed).real.transpose(1, 2).reshape(2, 6, 3, 2)))
        return nn.functional.interpolate(y, size=(6, 4))

    theirs = nn.ModuleList([real, imaginary, conv, norm])
    drawing = several("FourierLayer", {"out_channels": 6, "patch": 4, "shrink": 2}, [(2, 2, 12, 8)], 1)
    torch.manual_seed(0)
    ours, x = load(source(drawing)), torch.randn(2, 2, 12, 8)
    ours.load_state_dict(dict(zip(ours.state_dict(), theirs.state_dict().values(), strict=True)))
    assert torch.allclose(ours(x), joined(x), atol=1e-5)
