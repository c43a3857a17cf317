"""What a run does besides plain steps: on at once, stopped anywhere and resumed, it has the bits of the run that was never stopped."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from builder.catalogue import SCHEDULES
from builder.catalogue.schedules import rate_of
from builder.train.patience import Patience
from builder.train.settings import Settings
from tests.train.small import Small, of, same_weights

PLAIN = Settings(epochs=3, batch_size=8, report_every=0, snapshot_every=1000)
LR, STEPS = 0.05, 15


def scheduled(kind: str, warmup: float = 0.0, **given: object) -> Settings:
    return replace(PLAIN, rate=rate_of(SCHEDULES[kind], given, warmup))


RECIPES = {
    "one cycle": scheduled("OneCycleLR"),
    "warm-up and cosine": scheduled("CosineAnnealingLR", 1.5),
    # No change is that large: the learning rate falls after every epoch but the first.
    "plateau": replace(scheduled("ReduceLROnPlateau", factor=0.5), plateau=Patience("test_loss", 0, 100.0)),
}


def small(settings: Settings) -> Small:
    return Small(settings, lambda parameters: torch.optim.Adam(parameters, lr=LR))


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_run_stopped_after_every_single_step_ends_with_the_same_bits(tmp_path: Path, recipe: str):
    whole, events = small(RECIPES[recipe]), []
    straight = whole.run()
    for step in range(1, 20):
        part = small(RECIPES[recipe])
        events += part.stopped_after(step, checkpoints=tmp_path, resume=True)
        if events[-1].reason == "completed":
            break
    assert same_weights(part.weights(), whole.weights())
    for kind in ("StepEnded", "EpochEnded", "Evaluated"):
        assert [(event.step, event.loss, event.accuracy) for event in of(events, kind)] == [(event.step, event.loss, event.accuracy) for event in of(straight, kind)]
    assert [event.lr for event in of(events, "StepEnded")] == [event.lr for event in of(straight, "StepEnded")]


def test_every_step_is_taken_with_the_rate_of_the_schedule():
    rate = RECIPES["warm-up and cosine"].rate
    assert [event.lr for event in of(small(RECIPES["warm-up and cosine"]).run(), "StepEnded")] == [rate.at(LR, step, STEPS, 3) for step in range(STEPS)]


def test_a_schedule_changes_what_is_learned_and_none_keeps_the_rate():
    plain, cycled = small(PLAIN), small(RECIPES["one cycle"])
    assert {event.lr for event in of(plain.run(), "StepEnded")} == {LR}
    cycled.run()
    assert not same_weights(plain.weights(), cycled.weights())


def test_a_plateau_lowers_the_rate_of_the_epochs_behind_it():
    rates = [event.lr for event in of(small(RECIPES["plateau"]).run(), "StepEnded")]
    assert rates == [LR] * 10 + [LR / 2] * 5
