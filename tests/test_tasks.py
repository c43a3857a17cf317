"""Regression and segmentation from the drawing to the figures: what check says, what a run tells, and that it goes on to the same bits."""

from __future__ import annotations

import base64
from dataclasses import replace

import numpy as np
import pytest

import builder
from builder import api
from builder.catalogue.schedules import MONITORS
from builder.graph import apply
from builder.train.control import STOP, Control
from builder.train.events import Answered, CheckpointSaved, EpochEnded, Evaluated, StepEnded
from builder.ui.settings import inside
from tests.export.trained import project

TINY = {"numbers": ("curve", {"source": "curve", "optimizer": {"kind": "Adam", "lr": 0.02}, "epochs": 3}),
        "masks": ("pixels", {"source": "shapes", "batch_size": 100, "epochs": 2}),
        "boxes": ("grid", {"source": "shapes-detection", "optimizer": {"kind": "Adam", "lr": 0.01}, "augmentation": [{"kind": "RandomHorizontalFlip"}], "epochs": 2})}
MADE = {name: project(network, **settings) for name, (network, settings) in TINY.items()}


@pytest.fixture(scope="module")
def told() -> dict[str, list]:
    return {name: list(builder.train(made, device="cpu")) for name, made in MADE.items()}


def of(events, kind) -> list:
    return [event for event in events if isinstance(event, kind)]


def test_numbers_have_errors_and_no_accuracy(told):
    events = told["numbers"]
    assert events[0].task == "regression" and events[0].targets == ("y",) and events[0].classes == ()
    assert all(event.accuracy is None for event in events if isinstance(event, StepEnded | EpochEnded | Evaluated))
    seen = of(events, Evaluated)
    assert seen[-1].figures["mse"] == pytest.approx(seen[-1].loss, rel=1e-5) and seen[-1].figures["r2"] > seen[0].figures["r2"]
    assert f"R² of the validation samples is {seen[-1].figures['r2']:.3f}" in events[-1].says


def test_masks_have_overlap_and_the_share_of_right_pixels(told):
    seen = of(told["masks"], Evaluated)[-1]
    confusion = np.array(seen.confusion)
    assert confusion.sum() == 80 * 64 * 64 and seen.accuracy == confusion.trace() / confusion.sum()
    both = confusion.diagonal()
    there = (union := confusion.sum(0) + confusion.sum(1) - both) > 0
    assert seen.figures["mean_iou"] == pytest.approx((both[there] / union[there]).mean())
    assert "of the validation pixels are right" in told["masks"][-1].says


def test_boxes_have_precision_the_parts_of_their_loss_and_the_best_checkpoint_by_precision(told, tmp_path):
    events = told["boxes"]
    assert events[0].task == "detection" and events[0].classes == ("circle", "square", "triangle")
    assert all(event.accuracy is None for event in events if isinstance(event, StepEnded | EpochEnded | Evaluated))
    seen = of(events, Evaluated)
    assert seen[-1].loss < seen[0].loss and sum(seen[-1].figures[f"loss_{part}"] for part in ("box", "objectness", "class")) == pytest.approx(seen[-1].loss, rel=1e-5)
    assert {"map", "map_50", "recall", "map/0", "map_50/2", "boxes/1"} <= set(seen[-1].figures) and seen[-1].score == seen[-1].figures["map"]
    assert f"the mean average precision on the validation part is {seen[-1].figures['map']:.3f}" in events[-1].says
    # Two epochs find next to nothing: which of them is best is not to depend on that.
    control, saved = Control(), []
    for event in builder.train(MADE["boxes"], device="cpu", folder=tmp_path, control=control):
        saved += [event.epoch] if isinstance(event, CheckpointSaved) and event.name.startswith("best") else []
    best = [event.epoch for number, event in enumerate(seen) if all(event.score > before.score for before in seen[:number])]
    assert saved == best


@pytest.mark.parametrize(("name", "kind", "shape"), [("numbers", np.float32, (50, 1)), ("masks", np.uint8, (8, 64, 64)), ("boxes", np.float32, (12, 20, 6))])
def test_the_first_answers_are_told_after_the_last_epoch(told, name, kind, shape):
    last = of(told[name], Answered)[-1]
    assert (last.epoch, last.split, last.shape) == (MADE[name].training["epochs"], "validation", shape)
    values = np.frombuffer(base64.b64decode(last.data), kind).reshape(shape)
    x, y = api.first_samples(MADE[name], last.split, shape[0])
    assert len(x) == len(y) == shape[0]
    if name == "numbers":
        assert np.square(values - y).mean() == pytest.approx(of(told[name], Evaluated)[-1].loss, rel=1e-5)
    elif name == "masks":
        assert set(np.unique(values)) <= {0, 1, 2, 3}
    else:
        assert y.shape == (12, 5, 5) and set(np.unique(values[..., 4])) <= {-1, 0, 1, 2}


@pytest.mark.parametrize("name", TINY)
def test_a_run_that_was_stopped_goes_on_to_the_same_bits(told, name, tmp_path):
    control, before = Control(), []
    for event in builder.train(MADE[name], device="cpu", control=control, folder=tmp_path):
        before.append(event)
        if isinstance(event, EpochEnded):
            control.ask(STOP)
    assert before[-1].reason == "stopped"
    after = list(builder.train(MADE[name], device="cpu", folder=tmp_path, resume=True))
    ended = {event.epoch: (event.loss, event.accuracy) for event in of(before, EpochEnded) + of(after, EpochEnded)}
    assert ended == {event.epoch: (event.loss, event.accuracy) for event in of(told[name], EpochEnded)}
    assert of(after, Evaluated)[-1] == of(told[name], Evaluated)[-1]


def test_a_network_that_gives_other_shapes_is_mended_by_its_fixes():
    wide = apply(MADE["numbers"], {"op": "set", "id": "fc", "params": {"out_features": 3}})
    [problem] = [one for one in builder.check(wide).problems if one.severity == "error"]
    assert "Curve (generated) has 1 target, so the answer should be N×1; it is N×3" in str(problem)
    assert not builder.check(apply(wide, problem.fixes[0].edit)).errors
    few = apply(MADE["masks"], {"op": "set", "id": "conv2", "params": {"out_channels": 2}})
    [problem] = builder.check(few).errors
    assert "masks of 4 classes, so the answer should be N×4×64×64; it is N×2×64×64" in str(problem)
    assert not builder.check(apply(few, problem.fixes[0].edit)).errors
    thin = apply(MADE["boxes"], {"op": "set", "id": "cells", "params": {"out_channels": 9}})
    [problem] = builder.check(thin).errors
    assert "has boxes of 3 classes, so the answer should be N×8×H×W; it is N×9×8×8" in str(problem) and "3 for its class: 8, here 9" in str(problem)
    assert not builder.check(apply(thin, problem.fixes[0].edit)).errors
    head = apply(builder.gallery("yolox-one-scale"), {"op": "set", "id": "head", "params": {"classes": 80}})
    [problem] = builder.check(head).errors
    assert not builder.check(apply(head, problem.fixes[0].edit)).errors and problem.fixes[0].label == "Set classes of head to 3"
    small = apply(MADE["masks"], {"op": "set", "id": "up1", "params": {"scale_factor": 2.0}})
    [problem] = builder.check(small).errors
    assert not builder.check(apply(small, problem.fixes[0].edit)).errors


def test_choosing_data_chooses_the_task_and_drops_a_loss_of_another():
    made = apply(project("perceptron", loss={"kind": "NLLLoss"}), {"op": "choose_data", "source": "curve"})
    assert made.task["kind"] == "regression" and "loss" not in made.training
    with pytest.raises(ValueError, match="CrossEntropyLoss is no loss for regression; there are MSELoss, L1Loss, SmoothL1Loss, HuberLoss"):
        builder.with_settings(MADE["numbers"], {"training.loss": "CrossEntropyLoss"})
    lying = replace(MADE["numbers"], task=MADE["masks"].task)
    [problem] = [one for one in builder.check(lying).errors if one.code == "task"]
    assert "Curve (generated) is for regression, and the project's task is segmentation" in str(problem)
    assert apply(lying, problem.fixes[0].edit).task["kind"] == "regression"


@pytest.mark.parametrize("name", ["numbers", "boxes"])
def test_the_accuracy_of_numbers_and_of_boxes_cannot_be_watched(name):
    watching = apply(MADE[name], {"op": "settings", "path": "training.stopping", "value": {"kind": "EarlyStopping", "monitor": "validation_accuracy"}})
    [problem] = builder.check(watching).errors
    assert f"EarlyStopping watches the accuracy, and {name} have none" in str(problem)
    mended = apply(watching, problem.fixes[0].edit)
    assert not builder.check(mended).errors and mended.training["stopping"]["monitor"] == "validation_loss"


@pytest.mark.parametrize(("name", "own", "other"), [("masks", "validation_mean_iou", "validation_map"), ("numbers", "validation_mae", "validation_dice"), ("boxes", "validation_map_50", "validation_r2")])
def test_a_training_is_watched_by_the_figures_of_its_own_task_and_is_offered_these(name, own, other):
    watching = [apply(MADE[name], {"op": "settings", "path": "training.stopping", "value": {"kind": "EarlyStopping", "monitor": monitor}}) for monitor in (own, other)]
    assert not builder.check(watching[0]).errors
    [problem] = builder.check(watching[1]).errors
    assert f"EarlyStopping watches the {MONITORS[other].title}, and {name} have none" in str(problem) and problem.fixes[0].sure
    [offered] = [field.param.choices for field in inside(watching[0], "stopping") if field.param.name == "monitor"]
    assert own in offered and other not in offered and {"validation_loss", "train_loss"} <= {*offered}


@pytest.mark.parametrize(("name", "own", "other"), [("masks", "validation_dice", "validation_map"), ("numbers", "validation_mae", "validation_accuracy"), ("boxes", "validation_loss", "validation_r2")])
def test_the_best_checkpoint_goes_by_the_figure_that_is_declared(name, own, other, tmp_path):
    [problem] = builder.check(apply(MADE[name], {"op": "settings", "path": "training.best", "value": other})).errors
    assert f"the best checkpoint is to go by the {MONITORS[other].title}, and {name} have none" in str(problem)
    made = apply(MADE[name], {"op": "settings", "path": "training.best", "value": own})
    events = list(api.train(made, device="cpu", folder=tmp_path))
    seen, watched = of(events, Evaluated), MONITORS[own]
    numbers = [{"loss": one.loss, **one.figures}[watched.figure] for one in seen]
    assert [one.score for one in seen] == [number if watched.rises else -number for number in numbers]
    wanted = seen[numbers.index(max(numbers) if watched.rises else min(numbers))]
    assert [event.epoch for event in of(events, CheckpointSaved) if event.name == "best.safetensors"][-1] == wanted.epoch == max(seen, key=lambda one: one.score).epoch


def test_what_stands_behind_a_grid_of_boxes_is_told_and_taken_away():
    made = MADE["boxes"]
    bent = apply(made, {"op": "insert", "edge": {"source": "cells", "target": "output"}, "node": {"id": "sigmoid", "kind": "Sigmoid"}})
    [problem] = [one for one in builder.check(bent).problems if one.node == "sigmoid"]
    assert (problem.severity, problem.code) == ("warning", "loss") and "they take exp and sigmoid themselves" in str(problem)
    assert apply(bent, problem.fixes[0].edit).network == made.network
    flat = apply(made, {"op": "insert", "edge": {"source": "cells", "target": "output"}, "node": {"id": "flatten", "kind": "Flatten"}})
    [problem] = builder.check(flat).errors
    assert "the answer should be N×8×H×W; it is N×512" in str(problem) and "cannot say where something is" in str(problem)
    one = apply(made, {"op": "set", "id": "pool1", "params": {"kernel_size": 16}})
    [problem] = [found for found in builder.check(one).problems if found.node == "output"]
    assert problem.code == "one cell" and problem.severity == "warning"
    fine = builder.with_settings(made, {"data.source": "shapes-detection"})
    for name, params in (("conv1", {"stride": 1}), ("pool1", {"kernel_size": 1})):
        fine = apply(fine, {"op": "set", "id": name, "params": params})
    assert not builder.check(fine).errors
    finer = apply(fine, {"op": "set", "id": "conv1", "params": {"padding": 4}})
    [problem] = builder.check(finer).errors
    assert "the grid of 68×68 cells is finer than the picture of 64×64 pixels" in str(problem)


def test_a_head_for_boxes_and_classical_baselines_are_refused_in_words():
    with pytest.raises(ValueError, match="is for detection: a backbone gets a head that gives one answer a sample"):
        apply(builder.gallery("mnist-cnn"), {"op": "backbone", "source": "shapes-detection"})
    with pytest.raises(ValueError, match="there is none to compare it with"):
        list(api.baselines(MADE["boxes"]))
