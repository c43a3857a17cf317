"""Distorted digits: torch's own resampling as the oracle, the same bits everywhere, and no test digit in the training part."""

from __future__ import annotations

import hashlib
import math
from random import Random

import pytest
import torch
from torch.nn.functional import affine_grid, grid_sample

from builder.catalogue import DATASETS
from builder.data import load
from builder.data.digits import read_digits
from builder.data.distorted import TIMES, distorted


@pytest.fixture(scope="module")
def digits():
    return read_digits()


def test_every_pixel_is_what_torch_resamples_to_within_one_level(digits):
    images, random, ways = digits[0][:20], Random(7), []
    for _ in range(40):
        turn, slant, wide, high, across, along = (2 * random.random() - 1 for _ in range(6))
        turn, slant, scale = math.radians(20 * turn), 0.2 * slant, torch.tensor([[1 + 0.2 * wide], [1 + 0.2 * high]], dtype=torch.float64)
        turned = torch.tensor([[math.cos(turn), math.sin(turn)], [-math.sin(turn), math.cos(turn)]], dtype=torch.float64)
        linear = turned @ torch.tensor([[1, slant], [0, 1]], dtype=torch.float64) / scale
        ways.append(torch.cat([linear, torch.tensor([[3 * across / 14], [3 * along / 14]], dtype=torch.float64)], 1))
    grid = affine_grid(torch.stack(ways), (40, 1, 28, 28), align_corners=False)
    wanted = grid_sample(images.double().repeat(2, 1, 1, 1), grid, align_corners=False)
    assert (distorted(images, 2, 7).double() - wanted).abs().max() < 0.55


def test_they_are_the_same_bits_on_every_machine():
    made = torch.arange(5 * 784).reshape(5, 1, 28, 28).mul(37).remainder(256).to(torch.uint8)
    assert hashlib.sha256(distorted(made, 3, 0).numpy().tobytes()).hexdigest()[:16] == "ef83b42f0d64fc8b"


def test_the_set_is_what_the_catalogue_says_and_its_parts_come_from_those_of_the_digits(digits):
    tensors, dataset = load("distorted-digits", []), DATASETS["distorted-digits"]
    assert (len(tensors.train_x), len(tensors.test_x), tensors.shape) == (dataset.train, dataset.test, dataset.shape)
    assert torch.equal(tensors.train_y, digits[1].repeat(TIMES)) and torch.equal(tensors.test_y, digits[3].repeat(TIMES))
    # The first time over is enough: the chances follow one another.
    assert torch.equal(tensors.train_x[:1437], distorted(digits[0], 1, 0)) and torch.equal(tensors.test_x[:360], distorted(digits[2], 1, 1))
    assert not (tensors.train_x[:1437] == tensors.train_x[1437:2874]).flatten(1).all(1).any()
