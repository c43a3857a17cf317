"""Composites that work on coordinates, against the same written by hand."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from builder.compile.module import load
from builder.compile.source import source
from tests.compile.test_composites import answers_as, drawn


class Transformer(nn.Sequential):
    """The localisation network of the PyTorch tutorial, and what it is for."""

    def __init__(self):
        super().__init__(nn.Conv2d(1, 8, 7), nn.MaxPool2d(2), nn.ReLU(), nn.Conv2d(8, 10, 5), nn.MaxPool2d(2), nn.ReLU(), nn.Flatten(),
                         nn.Linear(90, 32), nn.ReLU(), nn.Linear(32, 6))

    def forward(self, x):
        return F.grid_sample(x, F.affine_grid(super().forward(x).view(-1, 2, 3), x.size(), align_corners=False), align_corners=False)


def test_a_spatial_transformer():
    answers_as(Transformer(), "SpatialTransformer", {}, (2, 1, 28, 28))


def test_a_spatial_transformer_begins_by_changing_nothing():
    network = load(source(drawn("SpatialTransformer", {}, ((2, 3, 30, 28),))))
    x = torch.randn(2, 3, 30, 28)
    assert torch.allclose(network(x), x, atol=1e-5)
    network(x).square().sum().backward()
    assert all(parameter.grad is not None for parameter in network.parameters()) and network.made.loc_fc2.bias.grad.abs().sum() > 0


def unit(into: int, out: int, activation: bool = True) -> nn.Sequential:
    return nn.Sequential(nn.Conv1d(into, out, 1), nn.BatchNorm1d(out), *([nn.ReLU()] if activation else []))


def test_a_layer_that_all_points_share():
    for activation in (True, False):
        answers_as(unit(3, 8, activation), "PointUnit", {"out_channels": 8, "activation": activation}, (2, 3, 20))


class TNet(nn.Module):
    """The T-Net of PointNet."""

    def __init__(self, size: int):
        super().__init__()
        self.size = size
        self.points = nn.Sequential(unit(size, 64), unit(64, 128), unit(128, 1024))
        self.whole = nn.Sequential(nn.Linear(1024, 512), nn.BatchNorm1d(512), nn.ReLU(), nn.Linear(512, 256), nn.BatchNorm1d(256), nn.ReLU(),
                                   nn.Linear(256, size * size))
        self.register_buffer("identity", torch.eye(size)[None])

    def forward(self, x):
        return self.whole(self.points(x).max(dim=2)[0]).view(-1, self.size, self.size) + self.identity


def test_a_t_net_and_what_it_does_to_the_points():
    answers_as(TNet(3), "TNet", {}, (2, 3, 20), close=1e-4)
    theirs = TNet(5)
    answers_as(theirs, "AlignPoints", {}, (2, 5, 16), close=1e-4, joined=lambda x: torch.bmm(x.transpose(1, 2), theirs(x)).transpose(1, 2))


def test_the_correlation_of_two_images_has_a_channel_for_every_place_of_the_first():
    network = load(source(drawn("Correlation", {}, ((2, 6, 3, 4), (2, 6, 3, 4)))))
    a, b = torch.randn(2, 6, 3, 4), torch.randn(2, 6, 3, 4)
    likeness = torch.einsum("nchw,ncij->nwhij", a, b).reshape(2, 12, 3, 4).relu()
    assert torch.allclose(network(a, b), F.normalize(likeness, dim=1), atol=1e-5)
