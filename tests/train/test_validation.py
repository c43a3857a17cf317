"""A run with a validation part is watched on it alone: schedules, stopping and the best checkpoint go by it, and the test part is not touched."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import torch

from builder.data.validation import with_validation
from builder.train.patience import Patience
from builder.train.settings import Settings
from tests.train.small import Small, of, same_weights, stripes

PLAIN = Settings(epochs=3, batch_size=8, report_every=0, snapshot_every=1000)


def parted():
    """Stripes with a validation part of seven, and a test part that nobody can compute with."""
    tensors = with_validation(stripes(), 0.2)
    return replace(tensors, test_x=torch.full_like(tensors.test_x, 255), test_y=torch.full_like(tensors.test_y, 10 ** 6))


def test_every_epoch_is_evaluated_on_the_validation_part_and_the_test_part_is_not_touched():
    events = Small(PLAIN, tensors=parted()).run()
    started, seen = of(events, "RunStarted")[0], of(events, "Evaluated")
    assert (started.train_samples, started.validation_samples, started.test_samples) == (30, 7, 20)
    assert [(event.split, sum(map(sum, event.confusion))) for event in seen] == [("validation", 7)] * 3
    assert events[-1].reason == "completed" and "% of the validation samples are right" in events[-1].says


def test_the_weights_are_those_of_a_run_that_never_had_the_samples_that_were_held_out():
    tensors = parted()
    one, other = Small(PLAIN, tensors=tensors), Small(PLAIN, tensors=replace(tensors, valid_x=None, valid_y=None, test_x=tensors.train_x, test_y=tensors.train_y))
    one.run(), other.run()
    assert same_weights(one.weights(), other.weights())


def test_stopping_and_best_go_by_the_validation_part_and_a_resumed_run_has_the_same_bits(tmp_path: Path):
    settings = replace(PLAIN, epochs=6, stopping=Patience("validation_accuracy", 1, 2.0))
    whole, events = Small(settings, tensors=parted()), []
    straight = whole.run()
    assert "the validation accuracy has not risen by more than 2 for 1 epoch" in straight[-1].says
    for step in range(1, 20):
        part = Small(settings, tensors=parted())
        events += part.stopped_after(step, checkpoints=tmp_path, resume=True)
        if events[-1].reason == "completed":
            break
    assert same_weights(part.weights(), whole.weights())
    told = [[(event.epoch, event.loss, event.accuracy) for event in of(run, "Evaluated")] for run in (straight, events)]
    assert told[0] == told[1]
    assert [event.name for event in of(events, "CheckpointSaved")].count("best.safetensors") == len({max(accuracy for _, _, accuracy in told[0][:n]) for n in (1, 2)})
