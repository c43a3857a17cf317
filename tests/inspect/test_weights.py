"""Trained weights in a network that has changed since."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from builder.inspect import weights as module
from builder.inspect.weights import Fitted, fit_weights
from builder.train.checkpoint import CheckpointError, Position, save_checkpoint


@pytest.fixture
def saved(tmp_path):
    network = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
    path = tmp_path / "last.safetensors"
    save_checkpoint(path, network, torch.optim.SGD(network.parameters(), 0.1), Position())
    return network, path


def test_everything_fits_the_same_network(saved):
    network, path = saved
    other = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
    assert fit_weights(other, path) == Fitted(7, 7)
    assert all(torch.equal(value, network.state_dict()[name]) for name, value in other.state_dict().items())


def test_what_has_another_name_or_shape_stays_as_it_was_made(saved):
    _, path = saved
    other = nn.Sequential(nn.Linear(3, 5), nn.BatchNorm1d(4), nn.Linear(4, 2))
    before = other[0].weight.clone()
    assert fit_weights(other, path) == Fitted(5, 9)
    assert torch.equal(other[0].weight, before)


def test_the_weights_of_a_part_are_found_behind_its_name(saved):
    network, path = saved
    inner = nn.Sequential()
    inner.add_module("weightless", nn.ReLU())
    assert fit_weights(inner, path, "0.") == Fitted(0, 0)
    linear = nn.Linear(3, 4)
    assert fit_weights(linear, path, "0.") == Fitted(2, 2) and torch.equal(linear.weight, network[0].weight)


def test_a_missing_damaged_or_huge_checkpoint_is_refused_in_words(saved, tmp_path, monkeypatch):
    network, path = saved
    with pytest.raises(CheckpointError, match="cannot be read"):
        fit_weights(network, tmp_path / "none.safetensors")
    (tmp_path / "bad.safetensors").write_bytes(b"\xff" * 100)
    with pytest.raises(CheckpointError, match="not a whole checkpoint"):
        fit_weights(network, tmp_path / "bad.safetensors")
    monkeypatch.setattr(module, "MOST_BYTES", 10)
    with pytest.raises(CheckpointError, match="too large"):
        fit_weights(network, path)
