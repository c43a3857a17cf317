"""Steps that are recorded and played back: the same bits as steps that are made, and nothing of the recording left. A tape stands in for CUDA's graphs."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from builder import api
from builder.catalogue import SCHEDULES
from builder.catalogue.schedules import rate_of
from builder.train import compiling, learning, loop
from builder.train.compiling import GRAPH, Forward
from builder.train.device import Device, choose_device, devices
from builder.train.graphs import CudaRecorder, RecordedStep
from builder.train.optimizer import plain
from builder.train.settings import Settings
from tests.train.small import AS_IF_REMOTE, Small, of, same_weights, small_cnn

GPUS = [device for device in devices() if device.kind == "cuda"]
SETTINGS = Settings(epochs=3, batch_size=8, report_every=0, snapshot_every=1000, compile="auto")
# A recording reads learning rates of 32 bits: the Adams' are such that these hold them.
OPTIMIZERS = {
    "SGD": lambda parameters: plain(torch.optim.SGD)(parameters, lr=0.05, fused=True),
    "momentum": lambda parameters: plain(torch.optim.SGD)(parameters, lr=0.05, momentum=0.9, fused=True),
    "Adam": lambda parameters: plain(torch.optim.Adam)(parameters, lr=2 ** -7, fused=True),
    "AdamW": lambda parameters: plain(torch.optim.AdamW)(parameters, lr=2 ** -7, fused=True),
    # Their steps are made after the playback.
    "RMSprop": lambda parameters: plain(torch.optim.RMSprop)(parameters, lr=0.001, momentum=0.5),
    "Adagrad": lambda parameters: plain(torch.optim.Adagrad)(parameters, lr=0.01, lr_decay=0.1),
}


class Tape:
    """Records by keeping a step with the optimiser's numbers of then, and plays it back with these, into the gradients that it had then."""

    def __init__(self, optimizer: torch.optim.Optimizer):
        self.optimizer, self.played = optimizer, 0

    def warm(self, step: Callable[[], None]) -> None:
        step()
        step()

    def record(self, step: Callable[[], None]) -> Callable[[], None]:
        step()
        recorded = [dict(group) for group in self.optimizer.param_groups]
        gradients = [(weights, weights.grad) for group in recorded for weights in group["params"]]

        def play() -> None:
            self.played += 1
            now = [dict(group) for group in self.optimizer.param_groups]
            for group, then in zip(self.optimizer.param_groups, recorded, strict=True):
                group.update(then)
            step()
            for group, then in zip(self.optimizer.param_groups, now, strict=True):
                group.update(then)
            for weights, gradient in gradients:
                gradient.copy_(weights.grad)
                weights.grad = None

        return play


@pytest.fixture
def tapes(monkeypatch: pytest.MonkeyPatch) -> list[Tape]:
    """Has runs record their steps from the third on, by a clock to which those are the faster ones; the tapes of the runs, in their order."""
    made: list[Tape] = []

    def now(self: Forward) -> float:
        self.ticks = getattr(self, "ticks", 0.0) + (0.1 if self.way.graph else 1.0)
        return self.ticks

    def tape(run: loop.Run) -> Tape:
        made.append(Tape(run.optimizer))
        return made[-1]

    monkeypatch.setattr(compiling, "WARM", 0)
    monkeypatch.setattr(compiling, "MEASURED", 2)
    monkeypatch.setattr(Forward, "_now", now)
    settle_in = loop.Run._settle_in
    monkeypatch.setattr(loop.Run, "_settle_in", lambda run: (monkeypatch.setattr(learning, "recorder", lambda device: tape(run)), settle_in(run)))
    return made


def small(settings: Settings = SETTINGS, optimizer: str = "momentum", device: Device = AS_IF_REMOTE) -> Small:
    return Small(settings, OPTIMIZERS[optimizer], device=device)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_recorded_run_has_the_bits_of_one_that_is_not(tapes: list[Tape], optimizer: str):
    recorded, made = small(optimizer=optimizer), small(replace(SETTINGS, compile="off"), optimizer)
    events, others = recorded.run(), made.run()
    assert [event.says for event in of(events, "Noted")] == ["A step takes 1000.00 ms as it is, 100.00 ms as a CUDA graph: it goes on as a CUDA graph."]
    assert tapes[0].played == 10, "of twelve whole batches all but two, and none of the three that are left over"
    assert same_weights(recorded.weights(), made.weights())
    assert [event.loss for event in of(events, "StepEnded")] == [event.loss for event in of(others, "StepEnded")]
    assert of(events, "GradientNorms") == of(others, "GradientNorms") and len(of(events, "GradientNorms")) == 15
    assert [(event.accuracy, event.loss) for event in of(events, "EpochEnded")] == [(event.accuracy, event.loss) for event in of(others, "EpochEnded")]


def test_a_recording_follows_schedule_clipping_l1_and_average(tapes: list[Tape]):
    settings = replace(SETTINGS, rate=rate_of(SCHEDULES["OneCycleLR"], {}, 0.0), clip=functools.partial(nn.utils.clip_grad_norm_, max_norm=0.1), l1=0.01, average=0.9, precision="bfloat16")
    recorded, made = small(settings), small(replace(settings, compile="off"))
    events, others = recorded.run(), made.run()
    assert tapes[0].played == 10 and len({event.lr for event in of(events, "StepEnded")}) > 10
    assert same_weights(recorded.weights(), made.weights())
    assert [event.loss for event in of(events, "Evaluated")] == [event.loss for event in of(others, "Evaluated")]
    assert of(events, "GradientNorms") == of(others, "GradientNorms") and max(event.total for event in of(events, "GradientNorms")) > 0.2, "before they are clipped"


def test_a_recorded_run_that_is_stopped_goes_on_recorded_to_the_same_bits(tapes: list[Tape], tmp_path: Path):
    whole, rest = small(optimizer="Adam"), small(optimizer="Adam")
    whole.run()
    small(optimizer="Adam").stopped_after(8, checkpoints=tmp_path)
    events = rest.run(checkpoints=tmp_path, resume=True)
    assert events[0].resumed_at == 8 and not of(events, "Noted")
    assert [tape.played for tape in tapes] == [10, 5, 5]
    assert same_weights(rest.weights(), whole.weights())


def test_the_layer_of_a_bad_number_is_found_though_the_step_was_recorded(tapes: list[Tape]):
    """The recording has no layers to look at: the last steps are done again without it."""
    too_fast = SimpleNamespace(at=lambda lr, step, *_: lr if step < 7 else 1e30)
    ended = small(replace(SETTINGS, rate=too_fast, report_every=1000)).run()[-1]
    assert ended.reason == "diverged" and ended.brick and "Where it began" in ended.says
    assert tapes[0].played > 4


def test_weights_optimiser_and_random_numbers_are_after_a_recording_what_they_were_before():
    model = small_cnn()
    optimizer = OPTIMIZERS["Adam"](model.parameters())
    inputs, targets = torch.rand(8, 1, 8, 8), torch.arange(8) % 3

    def gradients(inputs: torch.Tensor, targets: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, None]:
        optimizer.zero_grad()
        outputs = model(inputs)
        loss = nn.functional.cross_entropy(outputs, targets)
        loss.backward()
        return loss.detach(), outputs.detach(), None

    before, random = {name: value.clone() for name, value in model.state_dict().items()}, torch.get_rng_state()
    tape = Tape(optimizer)
    tape.play, record = lambda: None, tape.record
    tape.record = lambda step: (record(step), tape.play)[1]
    step = RecordedStep(gradients, model, optimizer, choose_device("cpu"), tape)
    loss, outputs = step(inputs, targets)
    assert loss.ndim == 0 and outputs.shape == (8, 3)
    assert same_weights(before, dict(model.state_dict())) and torch.equal(random, torch.get_rng_state())
    assert all(not value.any() for state in optimizer.state.values() for value in state.values()), "it began with nothing"
    assert optimizer.param_groups[0]["lr"] == 2 ** -7 and optimizer.param_groups[0]["capturable"] is False


def test_a_recording_that_is_broken_off_is_explained_by_what_broke_it_off(tapes: list[Tape], monkeypatch: pytest.MonkeyPatch):
    def record(self: Tape, step: Callable[[], None]) -> None:
        try:
            raise RuntimeError("operation not permitted when stream is capturing")
        finally:
            # As torch.cuda.graph does when its block is left.
            raise RuntimeError("operation failed due to a previous error during capture")

    monkeypatch.setattr(Tape, "record", record)
    run, made = small(), small(replace(SETTINGS, compile="off"))
    said = [event.says for event in of(run.run(), "Noted")]
    made.run()
    assert said[0].startswith("The step cannot be recorded as a CUDA graph (operation not permitted when stream is capturing).")
    assert same_weights(run.weights(), made.weights())


def test_steps_before_a_recording_are_waited_for_even_when_one_breaks_off(monkeypatch: pytest.MonkeyPatch):
    """What they have begun would else write over the numbers that are put back."""
    log: list[str] = []

    class Stream:
        def __init__(self, name: str):
            self.name = name

        def wait_stream(self, other: Stream) -> None:
            log.append(f"{self.name} waits for {other.name}")

    @contextmanager
    def on(stream: Stream) -> Iterator[None]:
        log.append(f"on {stream.name}")
        yield

    monkeypatch.setattr(torch.cuda, "Stream", lambda device: Stream("side"))
    monkeypatch.setattr(torch.cuda, "current_stream", lambda device: Stream("main"))
    monkeypatch.setattr(torch.cuda, "stream", on)
    with pytest.raises(RuntimeError, match="out of memory"):
        CudaRecorder("cuda:0").warm(out_of_memory)
    assert log == ["side waits for main", "on side", "main waits for side"]


def out_of_memory() -> None:
    raise RuntimeError("out of memory")


@pytest.mark.gpu
@pytest.mark.parametrize("gpu", GPUS, ids=lambda gpu: gpu.torch_name)
def test_on_a_gpu_a_step_that_waits_for_the_device_goes_on_unrecorded(monkeypatch: pytest.MonkeyPatch, gpu: Device):
    """Reading a number off the device breaks a recording off; streams, random numbers and memory are afterwards as if there had been none."""
    monkeypatch.setitem(compiling.COSTS, GRAPH, -1.0)
    monkeypatch.setattr(compiling, "MEASURED", 2)
    before = torch.cuda.current_stream(gpu.torch_name)
    run = Small(replace(SETTINGS, epochs=6), OPTIMIZERS["momentum"], device=gpu, loss_fn=lambda outputs, targets: nn.functional.cross_entropy(outputs, targets) * (outputs.sum().item() * 0 + 1))
    events = run.run()
    assert events[-1].reason == "completed" and "cannot be recorded as a CUDA graph" in of(events, "Noted")[0].says
    assert torch.cuda.current_stream(gpu.torch_name) == before


@pytest.mark.gpu
@pytest.mark.parametrize("gpu", GPUS, ids=lambda gpu: gpu.torch_name)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_on_a_gpu_a_recorded_step_gives_what_made_ones_give(monkeypatch: pytest.MonkeyPatch, optimizer: str, gpu: Device):
    monkeypatch.setitem(compiling.COSTS, GRAPH, -1.0)
    monkeypatch.setattr(compiling, "MEASURED", 2)
    settings = replace(SETTINGS, epochs=6)
    recorded, made = small(settings, optimizer, gpu), small(replace(settings, compile="off"), optimizer, gpu)
    events, others = recorded.run(), made.run()
    said = [event.says for event in of(events, "Noted")]
    assert len(said) == 1 and "ms as a CUDA graph" in said[0]
    found, expected = ([event.total for event in of(told, "GradientNorms")] for told in (events, others))
    assert found == pytest.approx(expected, rel=0.2, abs=0.02), "of the step that was played back, not of one that was made before"
    assert all(torch.allclose(value, made.weights()[name], rtol=1e-3, atol=1e-4) for name, value in recorded.weights().items())


@pytest.mark.gpu
@pytest.mark.parametrize("gpu", GPUS, ids=lambda gpu: gpu.torch_name)
def test_on_a_gpu_the_lectures_network_trains_recorded(tmp_path: Path, gpu: Device):
    project = api.with_settings(api.gallery("mnist-cnn"), {"training.compile": "auto", "training.epochs": 60})
    events = list(api.train(project, device=gpu.torch_name, folder=tmp_path))
    assert events[-1].reason == "completed" and any("as a CUDA graph" in event.says for event in of(events, "Noted"))
    assert of(events, "Evaluated")[-1].accuracy > 0.95
