"""The training loop: which events come for which way of ending, and that it computes what plain torch computes."""

from __future__ import annotations

import base64
import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.metrics import confusion_matrix
from torch import nn

from builder.data import load
from builder.tasks.classification import Classification
from builder.train import watch
from builder.train.batches import epoch_seed, seed_everything
from builder.train.device import choose_device
from builder.train.events import from_record, to_record
from builder.train.loop import train
from builder.train.settings import Settings
from tests.train.small import AS_IF_REMOTE, CLASSES, Small, kinds, of, same_weights, small_cnn, stripes

QUIET = Settings(epochs=2, batch_size=8, report_every=1000, snapshot_every=1000)


# The order of events

def test_a_completed_run_reports_every_epoch_in_order_and_ends_once(tmp_path: Path):
    events = Small(QUIET).run(checkpoints=tmp_path)
    first = ["RunStarted", "Snapshot", "StepEnded", "GradientNorms", "StepEnded", "EpochEnded", "Evaluated", "Snapshot", "CheckpointSaved", "CheckpointSaved"]
    assert kinds(events)[:10] == first
    assert kinds(events)[10:14] == ["StepEnded", "EpochEnded", "Evaluated", "Snapshot"]
    assert set(kinds(events)[14:-1]) == {"CheckpointSaved"} and kinds(events).count("RunEnded") == 1
    assert events[-1].reason == "completed" and events[-1].step == 10 and "All 2 epochs are done" in events[-1].says


def test_the_first_event_holds_the_runs_constants():
    started = Small(QUIET).run()[0]
    assert (started.device, started.parameters, started.train_samples, started.test_samples) == ("cpu", 371, 37, 20)
    assert (started.steps_per_epoch, started.epochs, started.batch_size, started.classes) == (5, 2, 8, ("a", "b", "c"))
    assert (started.threads, started.torch, started.resumed_at) == (torch.get_num_threads(), torch.__version__, 0)


def test_reports_cover_every_step_once_and_their_means_make_the_epochs():
    events = Small(Settings(epochs=2, batch_size=8, report_every=0)).run()
    steps, epochs = of(events, "StepEnded"), of(events, "EpochEnded")
    assert [event.step for event in steps] == list(range(1, 11)) and [event.epoch for event in steps] == [1] * 5 + [2] * 5
    sizes = [8, 8, 8, 8, 5]
    for epoch, part in zip(epochs, (steps[:5], steps[5:]), strict=True):
        assert epoch.loss == pytest.approx(sum(event.loss * size for event, size in zip(part, sizes, strict=True)) / 37)
        assert epoch.accuracy == pytest.approx(sum(event.accuracy * size for event, size in zip(part, sizes, strict=True)) / 37)
    assert all(one.seconds <= other.seconds for one, other in zip(steps, steps[1:], strict=False))


def test_reports_come_at_a_pace_and_not_at_every_step():
    events = Small(Settings(epochs=30, batch_size=2, report_every=0.05)).run()
    assert len(of(events, "StepEnded")) < 30 * 19 / 3


def test_every_event_survives_json():
    for event in Small(QUIET).run():
        assert from_record(json.loads(json.dumps(to_record(event), allow_nan=False))) == event


def test_a_stop_is_obeyed_before_the_next_step_and_saved(tmp_path: Path):
    events = Small().stopped_after(7, checkpoints=tmp_path)
    assert of(events, "StepEnded")[-1].step == 7 and of(events, "Evaluated")[-1].epoch == 1
    assert kinds(events)[-2:] == ["CheckpointSaved", "RunEnded"] and events[-2].name == "last.safetensors"
    assert events[-1].reason == "stopped" and events[-1].step == 7 and "after step 7, in epoch 2 of 3; the run can go on" in events[-1].says


def test_a_stop_before_the_first_step_ends_the_run_at_step_zero():
    events = Small().run(stop=lambda: True)
    assert kinds(events) == ["RunStarted", "Snapshot", "RunEnded"] and events[-1].reason == "stopped" and events[-1].step == 0


def test_a_stop_during_the_evaluation_leaves_the_epoch_unfinished():
    small = Small(replace(QUIET, evaluation_batch=4))
    asked = iter([False] * 5 + [False, True])
    events = small.run(stop=lambda: next(asked))
    assert not of(events, "EpochEnded") and not of(events, "Evaluated") and events[-1].reason == "stopped" and events[-1].step == 5


def test_a_diverging_run_says_step_and_rate_and_keeps_the_weights_of_before():
    small = Small(make_optimizer=lambda parameters: torch.optim.SGD(parameters, lr=0.05), loss_fn=nn.CrossEntropyLoss())
    calls = []

    def loss_fn(outputs, targets):
        calls.append(small.weights())
        return nn.functional.cross_entropy(outputs, targets) * (math.nan if len(calls) == 4 else 1)

    small.loss_fn = loss_fn
    events = small.run()
    assert kinds(events)[-1] == "RunEnded" and of(events, "StepEnded")[-1].step == 3
    assert (events[-1].reason, events[-1].step) == ("diverged", 3)
    for part in ("step 4", "learning rate of 0.05", "Try a learning rate of 0.005", "weights of step 3"):
        assert part in events[-1].says
    # BatchNorm's running means have seen the fourth batch; what is learned has not.
    assert all(torch.equal(value, calls[3][name]) for name, value in small.model.named_parameters())


@pytest.mark.parametrize("device", [choose_device("cpu"), AS_IF_REMOTE])
def test_a_real_divergence_leaves_finite_weights_on_every_kind_of_device(device):
    small = Small(Settings(epochs=3, batch_size=8, report_every=0.001), lambda parameters: torch.optim.SGD(parameters, lr=1e30), device=device)
    events = small.run()
    assert events[-1].reason == "diverged" and all(torch.isfinite(value).all() for value in small.weights().values())
    assert all(math.isfinite(event.loss) for event in of(events, "StepEnded"))


def test_a_loss_that_grows_beyond_every_bound_but_stays_finite_is_a_divergence_too():
    small = Small(Settings(epochs=3, batch_size=8, report_every=0), loss_fn=lambda outputs, targets: nn.functional.cross_entropy(outputs, targets))
    calls = []

    def loss_fn(outputs, targets):
        calls.append(small.weights())
        return nn.functional.cross_entropy(outputs, targets) * (1e9 if len(calls) == 4 else 1)

    small.loss_fn = loss_fn
    events = small.run()
    assert events[-1].reason == "diverged" and events[-1].says.startswith("The loss had grown from ") and "at step 4" in events[-1].says
    kept = calls[events[-1].step]
    assert all(torch.equal(value, kept[name]) for name, value in small.model.named_parameters())


def test_where_waiting_costs_the_bad_step_is_still_named_exactly_and_the_weights_are_from_before():
    small = Small(Settings(epochs=3, batch_size=8, report_every=1000), device=AS_IF_REMOTE)
    calls, before = [], {}

    def loss_fn(outputs, targets):
        calls.append(1)
        if len(calls) == 2:
            before.update(small.weights())
        return nn.functional.cross_entropy(outputs, targets) * (math.inf if len(calls) == 3 else 1)

    small.loss_fn = loss_fn
    events = small.run()
    # Looked at after step 1 and again only at the end of the epoch.
    assert (events[-1].reason, events[-1].step) == ("diverged", 1) and "at step 3" in events[-1].says and "weights of step 1" in events[-1].says
    assert same_weights({name: value for name, value in small.weights().items() if name in dict(small.model.named_parameters())},
                        {name: value for name, value in before.items() if name in dict(small.model.named_parameters())})


def test_weights_that_a_finite_loss_has_spoiled_are_put_back():
    small = Small(Settings(epochs=1, batch_size=8, report_every=0))
    step = small.optimizer.step

    def spoil():
        step()
        if len(of(seen, "StepEnded")) == 3:
            with torch.no_grad():
                small.model.fc2.weight[0, 0] = math.nan

    small.optimizer.step, seen = spoil, []
    for event in small.events():
        seen.append(event)
    assert (seen[-1].reason, seen[-1].step) == ("diverged", 3) and "A weight" in seen[-1].says
    assert all(torch.isfinite(value).all() for value in small.weights().values())


class Fails(nn.Module):
    """Raises at its n-th batch."""

    def __init__(self, error: Exception, batch: int):
        super().__init__()
        self.error, self.batch, self.seen = error, batch, 0

    def forward(self, x):
        self.seen += 1
        if self.seen == self.batch:
            raise self.error
        return x


def _failing(error: Exception, batch: int = 3) -> list:
    model = small_cnn()
    model.relu2 = Fails(error, batch)
    return Small(model=model).run()


@pytest.mark.parametrize("error", [
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB"), MemoryError(),
    RuntimeError("[enforce fail at alloc_cpu.cpp:124] err == 0. DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes."),
    RuntimeError("MPS backend out of memory (MPS allocated: 18 GB)"),
    RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`")])
def test_memory_that_runs_out_is_named_with_the_batch_size_and_advice(error: Exception):
    events = _failing(error)
    assert events[-1].reason == "out_of_memory" and events[-1].step == 2 and kinds(events).count("RunEnded") == 1
    assert "at step 3 with batches of 8 samples. Try batches of 4" in events[-1].says


def test_what_has_no_deterministic_algorithm_is_told_with_what_to_do():
    ended = _failing(RuntimeError("adaptive_avg_pool2d_backward_cuda does not have a deterministic implementation, but you set 'torch.use_deterministic_algorithms(True)'."))[-1]
    assert ended.says.startswith("Step 3 failed in Fails 'relu2': torch has no deterministic algorithm for adaptive_avg_pool2d_backward_cuda on ")
    assert ended.says.endswith("Train with deterministic off, or without what needs it.")


def test_an_exception_is_named_with_its_layer_and_logged(caplog: pytest.LogCaptureFixture):
    events = _failing(ValueError("no such thing\nas this"))
    assert events[-1].reason == "failed" and events[-1].step == 2
    assert events[-1].says == "Step 3 failed in Fails 'relu2': no such thing (ValueError)."
    assert "as this" in caplog.text


def test_a_layer_that_does_not_fit_is_named():
    model = small_cnn()
    model.fc1 = nn.Linear(35, 8)
    events = Small(model=model).run()
    assert events[-1].reason == "failed" and "Linear 'fc1'" in events[-1].says and "8x36 and 35x8" in events[-1].says


def test_outputs_that_do_not_match_the_classes_are_refused_in_plain_words():
    model = small_cnn()
    model.fc2 = nn.Linear(8, 5)
    events = Small(model=model).run()
    assert events[-1].reason == "failed" and events[-1].says.startswith("The network gives N×5, and the data has 3 classes")


def test_a_consumer_that_leaves_ends_the_generator_without_another_event():
    events = Small().events()
    next(events)
    events.close()
    assert list(events) == []


# What it computes

@pytest.mark.parametrize("channels", [1, 3])
def test_weights_are_bit_for_bit_those_of_a_plain_torch_loop_and_losses_to_a_millionth(channels: int):
    tensors, settings = stripes(channels=channels), Settings(epochs=2, batch_size=9, seed=5, report_every=0)
    small = Small(settings, model=None, tensors=tensors) if channels == 1 else Small(settings, model=_seeded_cnn(5, 3), tensors=tensors)
    ours = small.run()

    model = _seeded_cnn(5, channels).to(memory_format=torch.channels_last)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    mean, std = (torch.tensor(numbers)[:, None, None] for numbers in (tensors.mean, tensors.std))
    losses, epochs = [], []
    for epoch in (1, 2):
        torch.manual_seed(epoch_seed(5, epoch))
        # 37 = 4 * 9 + 1: the last batch has ten.
        parts = torch.randperm(37).split([9, 9, 9, 10])
        model.train()
        for part in parts:
            x = ((tensors.train_x[part].float() / 255 - mean) / std).contiguous(memory_format=torch.channels_last)
            loss = nn.functional.cross_entropy(model(x), tensors.train_y[part])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        epochs.append(sum(loss * len(part) for loss, part in zip(losses[-4:], parts, strict=True)) / 37)
    assert [event.loss for event in of(ours, "StepEnded")] == pytest.approx(losses, abs=1e-6)
    assert [event.loss for event in of(ours, "EpochEnded")] == pytest.approx(epochs, abs=1e-6)
    for name, value in model.state_dict().items():
        assert torch.equal(value, small.model.state_dict()[name]), name


def _seeded_cnn(seed: int, channels: int) -> nn.Sequential:
    seed_everything(seed)
    return small_cnn(channels)


def test_the_confusion_matrix_and_the_test_figures_are_scikit_learns():
    small = Small(Settings(epochs=1, batch_size=8, evaluation_batch=7))
    evaluated = of(small.run(), "Evaluated")[0]
    data = small.tensors
    x = (data.test_x.float() / 255 - data.mean[0]) / data.std[0]
    with torch.no_grad():
        outputs = small.model.eval()(x)
    assert np.array_equal(confusion_matrix(data.test_y, outputs.argmax(1), labels=range(CLASSES)), evaluated.confusion)
    assert evaluated.accuracy == (outputs.argmax(1) == data.test_y).double().mean().item() and evaluated.split == "test"
    assert evaluated.loss == pytest.approx(nn.functional.cross_entropy(outputs, data.test_y).item(), abs=1e-6)


def test_snapshots_decode_to_the_filters():
    small = Small(Settings(epochs=1, batch_size=8, report_every=1000, snapshot_every=1000))
    snapshot = of(small.run(), "Snapshot")[-1]
    weights = small.model.conv1.weight.detach().numpy()
    decoded = np.frombuffer(base64.b64decode(snapshot.data), np.uint8).reshape(snapshot.shape) / 255 * (snapshot.high - snapshot.low) + snapshot.low
    assert snapshot.layer == "conv1" and snapshot.shape == (4, 1, 3, 3) and (snapshot.low, snapshot.high) == (weights.min(), weights.max())
    assert np.abs(decoded - weights).max() <= (snapshot.high - snapshot.low) / 255 * 0.51


def test_the_same_seed_gives_the_same_run_and_another_seed_another():
    losses = [[event.loss for event in of(Small(replace(QUIET, seed=seed)).run(), "EpochEnded")] for seed in (0, 0, 1)]
    assert losses[0] == losses[1] != losses[2]


def test_what_is_drawn_between_the_events_changes_nothing():
    first = Small()
    for _ in first.events():
        pass
    second = Small()
    for event in second.events():
        if type(event).__name__ in ("RunStarted", "EpochEnded", "CheckpointSaved"):
            torch.rand(17)
    assert same_weights(first.weights(), second.weights())


def test_reporting_more_often_changes_no_bit():
    often, seldom = Small(Settings(epochs=2, batch_size=8, report_every=0, snapshot_every=0)), Small(QUIET)
    one, other = often.run(), seldom.run()
    assert same_weights(often.weights(), seldom.weights())
    assert [event.loss for event in of(one, "EpochEnded")] == [event.loss for event in of(other, "EpochEnded")]


def test_a_last_batch_of_one_sample_does_not_break_batch_norm():
    small = Small(Settings(epochs=1, batch_size=12), tensors=stripes(train=25), model=nn.Sequential(
        nn.Flatten(), nn.Linear(64, 8), nn.BatchNorm1d(8), nn.Linear(8, CLASSES)))
    events = small.run()
    assert events[-1].reason == "completed" and events[-1].step == events[0].steps_per_epoch == 2


def test_a_network_without_a_picture_of_its_weights_trains_without_snapshots():
    model = nn.Sequential(nn.AvgPool2d(2), nn.Flatten(), nn.Linear(16, CLASSES))
    assert not of(Small(QUIET, model=model).run(), "Snapshot")


def test_the_digits_recipe_learns_to_95_percent_with_the_lectures_network():
    seed_everything(0)
    model = nn.Sequential(nn.Conv2d(1, 10, 5), nn.MaxPool2d(2), nn.ReLU(), nn.Conv2d(10, 20, 5), nn.MaxPool2d(2), nn.ReLU(), nn.Flatten(),
                          nn.Linear(320, 50), nn.ReLU(), nn.Linear(50, 10))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    events = list(train(model, load("digits", []), Settings(epochs=15, batch_size=32), optimizer=optimizer, loss_fn=nn.CrossEntropyLoss(),
                        task=Classification(10), device=choose_device("cpu")))
    assert events[0].parameters == 21_840 and of(events, "Evaluated")[-1].accuracy >= 0.95


def test_a_watched_run_looks_less_often_where_looking_is_slow():
    pace = watch.Pace(0.25, 60.0)
    assert pace.due(0.0)
    pace.looked(10.0, 10.001)
    assert not pace.due(10.25) and pace.due(10.2511)
    pace.looked(10.0, 10.1)
    assert not pace.due(30.0) and pace.due(30.2)
    pace.looked(0.0, 10.0)
    assert pace.due(70.1)
