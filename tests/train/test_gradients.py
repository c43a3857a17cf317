"""The length of the gradients, of all weights and brick by brick: told with the steps, and of what the optimiser saw."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace

import pytest
import torch
from torch import nn

from builder.train.gradients import MOST_BRICKS, GradientNorms
from builder.train.settings import Settings
from tests.train.small import Small, of, same_weights, small_cnn

EVERY_STEP = Settings(epochs=1, batch_size=8, report_every=0, snapshot_every=0)


def plain(parameters) -> torch.optim.Optimizer:
    return torch.optim.SGD(parameters, lr=0.5)


def moved(before: dict[str, torch.Tensor], after: dict[str, torch.Tensor], brick: str = "") -> float:
    """How far the weights have moved, in steps of SGD's rate: the length of their gradient."""
    return float(torch.cat([(before[name] - after[name]).flatten() for name in before if name.startswith(brick)]).norm()) / 0.5


def test_every_report_tells_how_long_the_gradient_of_its_step_was():
    small = Small(EVERY_STEP, plain)
    weights, told = [dict(small.model.named_parameters())], []
    before = {name: value.detach().clone() for name, value in weights[0].items()}
    for event in small.events():
        if type(event).__name__ in ("StepEnded", "Gradients") and event.step:
            after = {name: value.detach().clone() for name, value in small.model.named_parameters()}
            told.append(event)
            if type(event).__name__ == "StepEnded":
                length, bricks = moved(before, after), {brick: moved(before, after, brick) for brick in ("conv1", "norm1", "fc1", "fc2")}
                assert event.gradient == pytest.approx(length, rel=1e-4)
                before = after
            else:
                assert event.norms == pytest.approx(bricks, rel=1e-4) and list(event.norms) == ["conv1", "norm1", "fc1", "fc2"] and event.of == 0
    assert len(of(told, "StepEnded")) == 5 and len(of(told, "Gradients")) >= 5


def test_what_is_told_is_behind_the_clipping():
    clipped = replace(EVERY_STEP, clip=lambda weights: nn.utils.clip_grad_norm_(weights, 0.01))
    assert all(event.gradient == pytest.approx(0.01, rel=1e-3) for event in of(Small(clipped, plain).run(), "StepEnded"))


def test_reading_changes_neither_weights_nor_gradients_and_frozen_bricks_are_left_out():
    model = small_cnn()
    model.conv1.requires_grad_(False)
    norms = GradientNorms(model)
    assert norms.read() == (None, {}) and norms.bricks == ["norm1", "fc1", "fc2"]
    model(torch.rand(4, 1, 8, 8)).square().sum().backward()
    before = {name: value.grad.clone() for name, value in model.named_parameters() if value.grad is not None}
    whole, bricks = norms.read()
    # torch's own sum over the same gradients.
    assert whole == pytest.approx(float(nn.utils.get_total_norm(before.values())), rel=1e-5)
    assert bricks["fc2"] == pytest.approx(float(nn.utils.get_total_norm([before["fc2.weight"], before["fc2.bias"]])), rel=1e-5)
    assert same_weights(before, {name: value.grad for name, value in model.named_parameters() if value.grad is not None})


def test_a_gradient_that_is_not_finite_is_told_as_none_of_its_brick_alone():
    model = small_cnn()
    model(torch.rand(4, 1, 8, 8)).sum().backward()
    model.fc1.weight.grad[0, 0] = torch.inf
    whole, bricks = GradientNorms(model).read()
    assert whole is None and bricks["fc1"] is None and bricks["fc2"] > 0


def test_of_very_many_bricks_some_are_told_from_the_first_on_and_how_many_there_are():
    deep = nn.Sequential(OrderedDict((f"fc{i}", nn.Linear(2, 2)) for i in range(3 * MOST_BRICKS)))
    deep(torch.rand(3, 2)).sum().backward()
    norms = GradientNorms(deep)
    _, told = norms.read()
    assert len(told) == MOST_BRICKS and next(iter(told)) == "fc0" and len(norms.bricks) == 3 * MOST_BRICKS
