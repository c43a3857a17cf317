"""Stopping and going on: bit for bit the run that was never stopped, on the CPU."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

from builder.train.checkpoint import read_place
from builder.train.settings import Settings
from tests.train.small import CLASSES, Small, kinds, of, same_weights, stripes

OPTIMIZERS = {
    "SGD with momentum": lambda parameters: torch.optim.SGD(parameters, lr=0.05, momentum=0.9, nesterov=True),
    "SGD": lambda parameters: torch.optim.SGD(parameters, lr=0.05),
    "Adam": lambda parameters: torch.optim.Adam(parameters, lr=0.01),
    "AdamW": lambda parameters: torch.optim.AdamW(parameters, lr=0.01),
    "RMSprop": lambda parameters: torch.optim.RMSprop(parameters, lr=0.01, momentum=0.5),
    "Adagrad": lambda parameters: torch.optim.Adagrad(parameters, lr=0.05),
}
SETTINGS = Settings(epochs=3, batch_size=8, report_every=0, snapshot_every=1000)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("step", [2, 5, 8])
def test_a_run_stopped_in_or_between_epochs_goes_on_to_the_same_bits(tmp_path: Path, optimizer: str, step: int):
    whole = Small(SETTINGS, OPTIMIZERS[optimizer])
    straight = whole.run()
    stopped = Small(SETTINGS, OPTIMIZERS[optimizer])
    before = stopped.stopped_after(step, checkpoints=tmp_path)
    torch.rand(100)
    resumed = Small(SETTINGS, OPTIMIZERS[optimizer])
    after = resumed.run(checkpoints=tmp_path, resume=True)
    assert before[-1].reason == "stopped" and after[0].resumed_at == step and after[-1].reason == "completed"
    assert same_weights(resumed.weights(), whole.weights())
    for kind in ("StepEnded", "EpochEnded", "Evaluated"):
        assert [(event.step, event.epoch, event.loss, event.accuracy) for event in of(before, kind) + of(after, kind)] == \
            [(event.step, event.epoch, event.loss, event.accuracy) for event in of(straight, kind)]


def test_a_run_stopped_after_every_single_step_ends_with_the_same_bits(tmp_path: Path):
    whole = Small(SETTINGS, OPTIMIZERS["Adam"])
    whole.run()
    reasons = []
    for step in range(1, 20):
        part = Small(SETTINGS, OPTIMIZERS["Adam"])
        reasons.append(part.stopped_after(step, checkpoints=tmp_path, resume=True)[-1].reason)
        if reasons[-1] == "completed":
            break
    assert reasons == ["stopped"] * 15 + ["completed"] and same_weights(part.weights(), whole.weights())


def test_a_run_that_was_killed_goes_on_from_its_last_epoch_to_the_same_bits(tmp_path: Path):
    whole = Small(SETTINGS)
    whole.run()
    killed = Small(SETTINGS)
    for event in killed.events(checkpoints=tmp_path):
        if type(event).__name__ == "StepEnded" and event.step == 13:
            break
    resumed = Small(SETTINGS)
    after = resumed.run(checkpoints=tmp_path, resume=True)
    assert after[0].resumed_at == 10 and same_weights(resumed.weights(), whole.weights())


def test_a_stop_during_the_evaluation_goes_on_with_the_evaluation(tmp_path: Path):
    asked = iter([False] * 6 + [True])
    settings = replace(SETTINGS, evaluation_batch=4)
    Small(settings).run(checkpoints=tmp_path, stop=lambda: next(asked))
    resumed, whole = Small(settings), Small(settings)
    after, straight = resumed.run(checkpoints=tmp_path, resume=True), whole.run()
    assert of(after, "EpochEnded")[0].loss == of(straight, "EpochEnded")[0].loss and len(of(after, "EpochEnded")) == 3
    assert after[0].resumed_at == 5 and same_weights(resumed.weights(), whole.weights())


def test_resuming_without_a_checkpoint_starts_at_the_beginning(tmp_path: Path):
    fresh, whole = Small(SETTINGS), Small(SETTINGS)
    events = fresh.run(checkpoints=tmp_path / "none yet", resume=True)
    whole.run()
    assert events[0].resumed_at == 0 and same_weights(fresh.weights(), whole.weights())


def test_a_finished_run_resumed_ends_at_once_and_with_more_epochs_goes_on(tmp_path: Path):
    Small(SETTINGS).run(checkpoints=tmp_path)
    assert kinds(Small(SETTINGS).run(checkpoints=tmp_path, resume=True)) == ["RunStarted", "Snapshot", "RunEnded"]
    longer, whole = Small(replace(SETTINGS, epochs=5)), Small(replace(SETTINGS, epochs=5))
    longer.run(checkpoints=tmp_path, resume=True)
    whole.run()
    assert same_weights(longer.weights(), whole.weights())


def test_the_clock_of_a_resumed_run_goes_on(tmp_path: Path):
    before = Small(SETTINGS).stopped_after(7, checkpoints=tmp_path)
    after = Small(SETTINGS).run(checkpoints=tmp_path, resume=True)
    assert of(after, "StepEnded")[0].seconds > of(before, "StepEnded")[-1].seconds


def test_another_network_another_optimiser_and_another_seed_are_refused_by_name(tmp_path: Path):
    Small(SETTINGS, OPTIMIZERS["Adam"]).stopped_after(3, checkpoints=tmp_path)
    other = nn.Sequential(nn.Flatten(), nn.Linear(64, CLASSES))
    for small, says in ((Small(SETTINGS, model=other), "another network: 1.bias has the shape none there, and (3,) here"),
                        (Small(replace(SETTINGS, seed=4), OPTIMIZERS["Adam"]), "seed 0, and this run's is 4")):
        events = small.run(checkpoints=tmp_path, resume=True)
        assert kinds(events) == ["RunEnded"] and events[0].reason == "failed" and says in events[0].says


def test_the_best_checkpoint_is_the_epoch_of_highest_test_accuracy_also_across_a_stop(tmp_path: Path):
    settings = replace(SETTINGS, epochs=6)
    small = Small(settings, tensors=stripes(test=30))
    events = small.stopped_after(12, checkpoints=tmp_path) + Small(settings, tensors=stripes(test=30)).run(checkpoints=tmp_path, resume=True)
    best, marked = -1.0, []
    for event in of(events, "Evaluated"):
        if event.accuracy > best:
            best, marked = event.accuracy, [*marked, event.epoch]
    assert [event.epoch for event in of(events, "CheckpointSaved") if event.name == "best.safetensors"] == marked


def test_a_run_goes_on_with_the_threads_that_it_began_with(tmp_path: Path):
    torch.set_num_threads(3)
    whole = Small(SETTINGS)
    assert of(whole.run(), "RunStarted")[0].threads == 3
    Small(SETTINGS).stopped_after(7, checkpoints=tmp_path)
    torch.set_num_threads(1)
    resumed = Small(SETTINGS)
    after = resumed.run(checkpoints=tmp_path, resume=True)
    assert after[0].threads == torch.get_num_threads() == 3 and same_weights(resumed.weights(), whole.weights())
    assert "goes on with 3 threads, as it began" in of(after, "Noted")[0].says and "would take 1 here" in of(after, "Noted")[0].says


def test_the_best_checkpoint_goes_by_the_loss_where_that_is_asked_also_across_a_stop(tmp_path: Path):
    settings = replace(SETTINGS, epochs=4, best="-loss")
    seen = of(Small(settings, lambda weights: torch.optim.SGD(weights, lr=0.5, momentum=0.9)).run(), "Evaluated")
    wanted = min(seen, key=lambda event: event.loss)
    Small(settings, lambda weights: torch.optim.SGD(weights, lr=0.5, momentum=0.9)).stopped_after(7, checkpoints=tmp_path)
    resumed = Small(settings, lambda weights: torch.optim.SGD(weights, lr=0.5, momentum=0.9))
    resumed.run(checkpoints=tmp_path, resume=True)
    assert [event.score for event in seen] == [-event.loss for event in seen] and wanted == max(seen, key=lambda event: event.score)
    assert read_place(tmp_path / "best.safetensors")[0].step == wanted.step and read_place(tmp_path / "last.safetensors")[0].best == -wanted.loss
