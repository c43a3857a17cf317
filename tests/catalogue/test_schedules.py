"""Learning-rate schedules: every formula against torch's own scheduler, and its text as Python against itself."""

from __future__ import annotations

import math

import pytest
import torch

from builder.catalogue import SCHEDULES
from builder.catalogue.schedules import Rate, rate_of, steps_per_epoch
from builder.train.batches import batch_bounds
from builder.train.patience import Patience, Waited

EPOCHS, EACH, LR = 12, 7, 0.3
STEPS = EPOCHS * EACH
# Parameters that are not torch's defaults, and the scheduler of torch that gives the same, with the steps that it counts in.
CASES = {
    "Constant": ({}, lambda o: torch.optim.lr_scheduler.LambdaLR(o, lambda _: 1.0), "step"),
    "StepLR": ({"step_size": 5, "gamma": 0.3}, lambda o: torch.optim.lr_scheduler.StepLR(o, 5, 0.3), "epoch"),
    "ExponentialLR": ({"gamma": 0.8}, lambda o: torch.optim.lr_scheduler.ExponentialLR(o, 0.8), "epoch"),
    "PolynomialLR": ({"power": 2.0}, lambda o: torch.optim.lr_scheduler.PolynomialLR(o, STEPS, 2.0), "step"),
    "CosineAnnealingLR": ({"eta_min": 0.01}, lambda o: torch.optim.lr_scheduler.CosineAnnealingLR(o, STEPS, 0.01), "step"),
    "CosineAnnealingWarmRestarts": ({"T_0": 5, "eta_min": 0.02}, lambda o: torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(o, 5 * EACH, eta_min=0.02), "step"),
    "OneCycleLR": ({"pct_start": 0.4, "div_factor": 10.0, "final_div_factor": 100.0}, lambda o: torch.optim.lr_scheduler.OneCycleLR(
        o, LR, STEPS, pct_start=0.4, div_factor=10, final_div_factor=100, cycle_momentum=False), "step"),
}


def ours(rate: Rate, reductions: int = 0) -> list[float]:
    return [rate.at(LR, step, STEPS, EPOCHS, reductions) for step in range(STEPS)]


def test_every_schedule_has_a_case_or_watches_the_run():
    assert set(SCHEDULES) == {*CASES, "ReduceLROnPlateau"}


@pytest.mark.parametrize("kind", CASES)
def test_every_step_has_the_rate_of_torchs_own_scheduler(kind: str):
    given, make, counts = CASES[kind]
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=LR)
    scheduler, wanted = make(optimizer), []
    for step in range(STEPS):
        wanted.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        if counts == "step" or (step + 1) % EACH == 0:
            scheduler.step()
    assert ours(rate_of(SCHEDULES[kind], given, 0.0)) == pytest.approx(wanted, rel=1e-9, abs=1e-12)


def test_a_plateau_is_seen_in_the_epochs_in_which_torchs_scheduler_sees_it():
    losses = [3.0, 2.0, 2.0, 1.9999, 1.5, 1.6, 1.7, 1.55, 1.5, 1.4, 1.4, 1.4, 1.4, 1.4, 1.4, 1.4, 1.2]
    for patience in (0, 1, 2, 3):
        optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=LR)
        scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.5, patience=patience, threshold=0.0002, threshold_mode="abs", min_lr=0.05)
        rate = rate_of(SCHEDULES["ReduceLROnPlateau"], {"factor": 0.5, "patience": patience, "min_lr": 0.05}, 0.0)
        asked, waited, reductions = Patience("validation_loss", patience, 0.0002), Waited(), 0
        for loss in losses:
            scheduler.step(loss)
            waited = waited.after(asked.cost(9.0, loss, 0.5), asked)
            if waited.epochs > patience:
                waited, reductions = Waited(waited.best), reductions + 1
            assert rate.at(LR, 0, STEPS, EPOCHS, reductions) == pytest.approx(optimizer.param_groups[0]["lr"], rel=1e-12)


def test_progress_of_an_accuracy_is_upwards():
    asked = Patience("validation_accuracy", 1, 0.01)
    waited = Waited()
    for accuracy, epochs in ((0.5, 0), (0.505, 1), (0.52, 0), (0.4, 1)):
        waited = waited.after(asked.cost(0.0, 0.0, accuracy), asked)
        assert waited.epochs == epochs
    assert Patience("train_loss", 1, 0.0).cost(1.0, 2.0, 3.0) == 1.0


def test_what_a_task_tells_besides_can_be_watched_each_in_its_direction():
    told = {"map": 0.4, "r2": -0.2, "mae": 3.0}
    costs = {name: Patience(f"validation_{name}", 1, 0.0).cost(1.0, 2.0, None, told) for name in (*told, "dice", "accuracy", "loss")}
    assert costs == {"map": -0.4, "r2": 0.2, "mae": 3.0, "dice": 0.0, "accuracy": 0.0, "loss": 2.0}
    waited = Waited()
    for error, epochs in ((3.0, 0), (2.95, 1), (2.0, 0)):
        waited = waited.after(Patience("validation_mae", 1, 0.1).cost(9.0, 9.0, None, {"mae": error}), Patience("validation_mae", 1, 0.1))
        assert waited.epochs == epochs


@pytest.mark.parametrize("warmup", [0.0, 2.5])
@pytest.mark.parametrize("kind", SCHEDULES)
def test_the_text_of_a_schedule_gives_its_very_rates(kind: str, warmup: float):
    rate = rate_of(SCHEDULES[kind], CASES[kind][0] if kind in CASES else {"factor": 0.3}, warmup)
    space = {"math": math}
    body = "\n".join(f"    {line}" for line in rate.in_python(LR).splitlines())
    exec(f"def learning_rate(step, steps, epochs, reductions):\n{body}", space)
    for reductions in (0, 2):
        assert [space["learning_rate"](step, STEPS, EPOCHS, reductions) for step in range(STEPS)] == ours(rate, reductions)


def test_the_rate_rises_in_a_straight_line_over_the_epochs_of_the_warm_up_and_is_the_schedules_from_then_on():
    plain, warm = (ours(rate_of(SCHEDULES["CosineAnnealingLR"], {}, warmup)) for warmup in (0.0, 2.0))
    assert warm[14:] == plain[14:]
    assert [a / b for a, b in zip(warm[:14], plain, strict=False)] == pytest.approx([(step + 1) / 14 for step in range(14)])


def test_rates_are_legal_at_the_ends_of_what_the_parameters_allow():
    for record in SCHEDULES.values():
        for param in record.params:
            for value in (getattr(param, "min", None), getattr(param, "max", None)):
                given = {} if value is None else {param.name: param.normal(type(param.default)(value))}
                assert record.check(given) == []
                for epochs, steps in ((1, 1), (2, 2), (3, 33)):
                    assert all(math.isfinite(rate_of(record, given, 0.0).at(LR, step, steps, epochs)) for step in range(steps))


def test_the_number_of_steps_is_that_of_the_batches():
    for samples in range(1, 40):
        for size in range(1, 45):
            assert steps_per_epoch(samples, size) == len(batch_bounds(samples, size))
