"""`rates`: the learning rate before training."""

from __future__ import annotations

import pytest


def test_every_epoch_has_its_rate(brickwork):
    answer = brickwork("rates", "mnist-cnn", "--set", "training.schedule.gamma=0.5", "--set", "training.schedule=StepLR", "--set", "training.schedule.step_size=2",
                       "--set", "training.epochs=5", "--set", "training.lr=0.4")
    rows = [line.split() for line in answer.out.splitlines()[3:]]
    assert answer.status == 0 and rows == [["1", "0.4"], ["2", "0.4"], ["3", "0.2"], ["4", "0.2"], ["5", "0.1"], ["end", "0.1"]]


def test_the_points_of_the_curve_come_as_json(brickwork):
    answer = brickwork("rates", "mnist-cnn", "--set", "training.schedule=PolynomialLR", "--set", "training.warmup=1", "--set", "training.epochs=2", "--json").json
    assert answer["schedule"] == {"kind": "PolynomialLR", "power": 1.0} and len(answer["rates"]) == 324
    assert answer["rates"][162] == {"epoch": 1.0, "lr": pytest.approx(0.025)} and answer["rates"][0]["lr"] == pytest.approx(0.05 / 162)


def test_a_schedule_that_is_not_there_is_named(brickwork):
    answer = brickwork("rates", "mnist-cnn", "--set", "training.schedule=Cosine")
    assert answer.status == 2 and "there is no schedule called 'Cosine'; there are Constant, StepLR" in answer.err
    assert "warmup must be at least 0" in brickwork("rates", "mnist-cnn", "--set", "training.warmup=-1").err
