"""The gradient norms that a run tells: torch's own, before clipping, and nothing of the run changed by them."""

from __future__ import annotations

import math
from collections import OrderedDict

import pytest
import torch
from torch import Tensor, nn

from builder.train.norms import Norms, norms_of
from builder.train.settings import Settings
from tests.train.small import Small, of, same_weights, small_cnn


def settings(**more: object) -> Settings:
    return Settings(**({"epochs": 2, "batch_size": 8, "report_every": 0, "snapshot_every": 1000} | more))


def test_every_layers_norm_is_that_of_its_weight_and_bias_before_they_are_clipped():
    small, seen = Small(settings()), []

    def clip(weights: list[Tensor]) -> None:
        seen.append({name: value.grad.clone() for name, value in small.model.named_parameters()})
        nn.utils.clip_grad_norm_(weights, 0.01)

    small.settings = settings(clip=clip)
    events = small.run()
    layers, told = events[0].layers, of(events, "GradientNorms")
    assert layers == tuple(name for name, layer in small_cnn().named_modules() if isinstance(layer, nn.Conv2d | nn.Linear))
    assert [event.step for event in told] == list(range(1, 11)) and [event.epoch for event in told] == [1] * 5 + [2] * 5
    for event, gradients in zip(told, seen, strict=True):
        assert event.total == pytest.approx(math.sqrt(sum(float(value.norm()) ** 2 for value in gradients.values())), rel=1e-3) and event.total > 0.01
        for layer, norm in zip(layers, event.norms, strict=True):
            assert norm == pytest.approx(math.hypot(float(gradients[f"{layer}.weight"].norm()), float(gradients[f"{layer}.bias"].norm())), rel=1e-3)


def test_measuring_changes_no_bit_and_keeps_to_the_pace_of_reports():
    watched, alone = Small(settings()), Small(settings(report_every=1000))
    watched.run()
    assert [event.step for event in of(alone.run(), "GradientNorms")] == [1]
    assert same_weights(watched.weights(), alone.weights())


def test_frozen_layers_are_none_and_unused_ones_have_none():
    model = nn.Sequential(OrderedDict(frozen=nn.Linear(4, 4), norm=nn.BatchNorm1d(4), used=nn.Linear(4, 4, bias=False), unused=nn.Linear(4, 4)))
    model.frozen.requires_grad_(False)
    model.used(torch.ones(2, 4)).sum().backward()
    measured = Norms(model, 0.0)
    assert measured.layers == ("used", "unused") and measured.due
    measured.measure(1, lambda: norms_of([weights.grad for weights in measured.trained]))
    [told] = measured.told(1)
    assert told.norms == (8.0, 0.0) and told.total == 8.0 and not list(measured.told(1))


def test_numbers_that_are_not_finite_are_told_as_none():
    model = nn.Sequential(OrderedDict(good=nn.Linear(2, 2), bad=nn.Linear(2, 2)))
    for value in model.parameters():
        value.grad = torch.ones_like(value)
    model.bad.weight.grad[0, 0] = math.inf
    measured = Norms(model, 0.0)
    measured.measure(3, lambda: norms_of([weights.grad for weights in measured.trained]))
    [told] = measured.told(2)
    assert (told.step, told.epoch, told.total, told.norms) == (3, 2, None, (2.449, None))


def test_a_network_of_nothing_but_scales_has_them_as_its_layers_and_a_deep_one_is_measured_less_often():
    assert Norms(nn.Sequential(nn.BatchNorm1d(4), nn.ReLU(), nn.PReLU()), 1.0).layers == ("0", "2")
    assert not Norms(nn.Sequential(nn.ReLU()), 1.0).due
    deep = Norms(nn.Sequential(*(nn.Linear(1, 1) for _ in range(320))), 1.0)
    assert deep._pace.every == 10.0
