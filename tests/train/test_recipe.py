"""What a run does besides plain steps: on at once, stopped anywhere and resumed, it has the bits of the run that was never stopped."""

from __future__ import annotations

import functools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.utils.class_weight import compute_class_weight
from torch import nn

from builder import api, recipe
from builder.catalogue import SCHEDULES
from builder.catalogue.schedules import rate_of
from builder.gallery import ENTRIES
from builder.graph.memory import batch_size, evaluation_batch, memory
from builder.tasks.classification import balanced
from builder.train import endings
from builder.train.batches import epoch_seed
from builder.train.checkpoint import LAST, Position, read_weights
from builder.train.device import choose_device
from builder.train.patience import Patience
from builder.train.precision import arithmetic, computed
from builder.train.settings import Settings
from tests.train.small import Small, kinds, of, same_weights, small_cnn

PLAIN = Settings(epochs=3, batch_size=8, report_every=0, snapshot_every=1000)
LR, STEPS = 0.05, 15


def scheduled(kind: str, warmup: float = 0.0, **given: object) -> Settings:
    return replace(PLAIN, rate=rate_of(SCHEDULES[kind], given, warmup))


RECIPES = {
    "one cycle": scheduled("OneCycleLR"),
    "warm-up and cosine": scheduled("CosineAnnealingLR", 1.5),
    # No change is that large: the learning rate falls after every epoch but the first.
    "clipping, L1 and an average": replace(PLAIN, clip=functools.partial(nn.utils.clip_grad_norm_, max_norm=0.1), l1=0.01, average=0.9),
    "sixteen bits": replace(PLAIN, precision="bfloat16", clip=functools.partial(nn.utils.clip_grad_value_, clip_value=0.001), deterministic=True),
    "medium": replace(PLAIN, precision="medium"),
    "early stopping": replace(PLAIN, epochs=9, stopping=Patience("train_loss", 2, 100.0)),
    "plateau": replace(scheduled("ReduceLROnPlateau", factor=0.5), plateau=Patience("validation_loss", 0, 100.0)),
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


@pytest.mark.parametrize("optimizer", [functools.partial(torch.optim.SGD, momentum=0.9, nesterov=True), torch.optim.AdamW])
def test_a_run_whose_steps_take_one_pass_ends_with_the_same_bits_wherever_it_was_stopped(tmp_path: Path, optimizer):
    def run() -> Small:
        return Small(PLAIN, lambda parameters: optimizer(parameters, lr=0.01, fused=True))

    whole = run()
    whole.run()
    for step in (1, 4, 5, 9):
        run().stopped_after(step, checkpoints=tmp_path, resume=True)
    last = run()
    assert last.run(checkpoints=tmp_path, resume=True)[0].resumed_at == 9
    assert same_weights(last.weights(), whole.weights())


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


def test_clipping_l1_and_the_average_are_those_of_a_loop_written_by_hand(tmp_path: Path):
    run = small(replace(PLAIN, epochs=1, seed=3, clip=functools.partial(nn.utils.clip_grad_norm_, max_norm=0.05), l1=0.02, average=0.9))
    events = run.run(checkpoints=tmp_path)

    torch.manual_seed(3)
    model = small_cnn().to(memory_format=torch.channels_last)
    optimizer, data = torch.optim.Adam(model.parameters(), lr=LR), run.tensors
    torch.manual_seed(epoch_seed(3, 1))
    average, losses = None, []
    for part in torch.randperm(37).split(8):
        x = ((data.train_x[part].float() / 255 - data.mean[0]) / data.std[0]).contiguous(memory_format=torch.channels_last)
        loss = nn.functional.cross_entropy(model(x), data.train_y[part])
        optimizer.zero_grad()
        loss.backward()
        for weights in model.parameters():
            weights.grad += 0.02 * weights.detach().sign()
        norm = torch.stack([weights.grad.norm() for weights in model.parameters()]).norm()
        for weights in model.parameters():
            weights.grad *= min(1.0, 0.05 / (norm + 1e-6))
        optimizer.step()
        state = {name: value.detach().clone() for name, value in model.named_parameters()}
        average = state if average is None else {name: 0.9 * average[name] + 0.1 * value for name, value in state.items()}
        losses.append(loss.item())
    assert [event.loss for event in of(events, "StepEnded")] == pytest.approx(losses, abs=1e-5)
    kept = read_weights(tmp_path / LAST)
    assert kept.keys() == model.state_dict().keys()
    for name, value in average.items():
        assert torch.allclose(kept[name], value, atol=1e-5), name
        assert not torch.allclose(kept[name], state[name], atol=1e-5), name
    # What is tested is the average.
    with torch.no_grad():
        model.load_state_dict(kept)
        outputs = model.eval()((data.test_x.float() / 255 - data.mean[0]) / data.std[0])
    assert of(events, "Evaluated")[0].accuracy == (outputs.argmax(1) == data.test_y).double().mean().item()


def test_a_checkpoint_without_the_average_that_is_asked_for_is_refused(tmp_path: Path):
    small(PLAIN).stopped_after(3, checkpoints=tmp_path)
    events = small(replace(PLAIN, average=0.9)).run(checkpoints=tmp_path, resume=True)
    assert kinds(events) == ["RunEnded"] and "holds no average of the weights" in events[0].says


def test_a_run_that_stands_still_ends_early_and_says_when_it_was_best(tmp_path: Path):
    events = small(RECIPES["early stopping"]).run(checkpoints=tmp_path)
    first = of(events, "EpochEnded")[0].loss
    assert [event.epoch for event in of(events, "EpochEnded")] == [1, 2, 3] and events[-1].reason == "completed"
    assert events[-1].says.startswith("Stopped early after epoch 3 of 9: the training loss has not fallen by more than 100 for 2 epochs; "
                                      f"its best was {first:.4g}, in epoch 1. ")
    # Killed before it could say so, it does not go on.
    assert kinds(small(RECIPES["early stopping"]).run(checkpoints=tmp_path, resume=True)) == ["RunStarted", "Snapshot", "RunEnded"]
    # Given more epochs, it waits again.
    more = small(replace(RECIPES["early stopping"], epochs=12)).run(checkpoints=tmp_path, resume=True)
    assert [event.epoch for event in of(more, "EpochEnded")] == [4, 5] and more[-1].says.startswith("Stopped early after epoch 5 of 12") and "in epoch 1." in more[-1].says
    accuracy = small(replace(PLAIN, stopping=Patience("validation_accuracy", 1, 2.0))).run()
    assert "the test accuracy has not risen by more than 2 for 1 epoch; its best was " in accuracy[-1].says and accuracy[-1].says.count(" %") == 2


@pytest.mark.parametrize(("monitor", "best", "says"), [
    ("validation_map", -0.4, "the validation mAP has not risen by more than 0.01 for 2 epochs; its best was 0.4, in epoch 1."),
    ("validation_r2", 0.25, "the validation R² has not risen by more than 0.01 for 2 epochs; its best was -0.25, in epoch 1."),
    ("validation_mae", 3.5, "the validation mean absolute error has not fallen by more than 0.01 for 2 epochs; its best was 3.5, in epoch 1."),
    ("validation_accuracy", -0.5, "the validation accuracy has not risen by more than 0.01 for 2 epochs; its best was 50.0 %, in epoch 1.")])
def test_what_was_watched_is_told_by_its_name_and_in_its_direction(monitor, best, says):
    at = Position(epoch=4, stopping_best=best, stopping_epochs=2, stopping_best_epoch=1)
    assert endings.early(at, 9, Patience(monitor, 2, 0.01), None, "validation").says == f"Stopped early after epoch 3 of 9: {says}"


def test_sixteen_bits_are_autocasts_and_the_loss_is_taken_in_thirty_two():
    linear = nn.Linear(64, 64)
    x = torch.rand(8, 64)
    with torch.autocast("cpu", torch.bfloat16):
        wanted = linear(x)
    half, full = computed(linear, x, "bfloat16"), computed(linear, x, "float32")
    assert half.dtype == torch.float32 and torch.equal(half, wanted.float()) and not torch.equal(half, full) and torch.equal(full, linear(x))


def test_deterministic_algorithms_are_asked_for_during_the_run_only():
    seen = []
    for event in small(RECIPES["sixteen bits"]).events():
        seen.append((type(event).__name__, torch.are_deterministic_algorithms_enabled()))
    assert {on for _, on in seen} == {True} and not torch.are_deterministic_algorithms_enabled()
    with arithmetic("float32", False, choose_device("cpu")):
        assert not torch.are_deterministic_algorithms_enabled()


def test_products_are_of_sixteen_bits_during_the_run_only():
    seen = {torch.get_float32_matmul_precision() for _ in small(RECIPES["medium"]).events()}
    assert seen == {"medium"} and torch.get_float32_matmul_precision() == "highest"


def test_balanced_weights_are_scikit_learns():
    labels = torch.tensor([0] * 50 + [1] * 7 + [2] * 20)
    wanted = compute_class_weight("balanced", classes=np.arange(3), y=labels.numpy())
    found = balanced(labels.bincount(minlength=3))
    assert found.tolist() == pytest.approx(wanted) and found.dtype == torch.float32


def test_a_class_without_a_sample_weighs_no_more_than_another_where_labels_are_smoothed():
    weights = balanced(torch.tensor([500, 500, 0]))
    assert weights.tolist() == pytest.approx([2 / 3, 2 / 3, 1])
    outputs, targets = torch.zeros(4, 3), torch.tensor([0, 1, 0, 1])
    assert torch.nn.functional.cross_entropy(outputs, targets, weights, label_smoothing=0.1) < 2


@pytest.mark.parametrize(("name", "change", "size"), [
    ("mnist-cnn", {}, 500), ("unet-small", {}, 170), ("unet-small", {"training.batch_size": 200}, 200), ("mnist-cnn", {"training.batch_size": 900}, 500)])
def test_large_pictures_are_evaluated_fewer_at_a_time_in_the_script_too(name: str, change: dict[str, object], size: int):
    """500 pictures of 128×128 in 64 channels would take 4 GB where a step of training takes a few megabytes."""
    project = api.with_settings(api.gallery(name), change)
    assert recipe.settings(project, choose_device("cpu")).evaluation_batch == size
    assert f"[first:first + {size}]" in api.export(project, "script").content.decode()


def test_no_evaluation_takes_more_than_a_step_of_training_and_a_little():
    for entry in ENTRIES.values():
        project, report = entry.project, api.check(entry.project)
        need = memory(project, report)
        size = min(evaluation_batch(project, report), need.samples)
        assert size * need.working <= max(need.moving(batch_size(project)), 128 << 20), entry.name
