"""Composites of generators and discriminators, against the same written by hand."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from tests.compile.test_composites import answers_as


@pytest.mark.parametrize("pieces", [1, 2, 5])
def test_a_maxout_is_the_largest_of_several_layers(pieces):
    theirs = nn.Linear(9, 4 * pieces)

    def largest(x):
        weight, bias = theirs.weight.view(4, pieces, 9), theirs.bias.view(4, pieces)
        return torch.stack([x @ weight[:, k].T + bias[:, k] for k in range(pieces)]).amax(dim=0)

    answers_as(theirs, "Maxout", {"out_features": 4, "pieces": pieces}, (2, 9), joined=largest, close=1e-5)


@pytest.mark.parametrize(("padding", "size"), [(1, (8, 12)), (0, (7, 11))])
def test_a_step_of_a_generator_doubles_the_image_or_leaves_its_last_line_out(padding, size):
    theirs = nn.Sequential(nn.ConvTranspose2d(6, 4, 5, stride=2, padding=2, output_padding=padding), nn.BatchNorm2d(4), nn.ReLU())
    answers_as(theirs, "DCGANUp", {"out_channels": 4, "output_padding": padding}, (2, 6, 4, 6))
    assert theirs(torch.randn(2, 6, 4, 6)).shape[2:] == size


def test_a_step_of_a_discriminator():
    theirs = nn.Sequential(nn.Conv2d(3, 8, 5, stride=2, padding=2, bias=False), nn.BatchNorm2d(8), nn.LeakyReLU(0.2))
    answers_as(theirs, "DCGANDown", {"out_channels": 8}, (2, 3, 12, 9))
