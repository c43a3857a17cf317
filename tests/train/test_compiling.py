"""The compiled network: when it is taken, what a run says of it, and that such a run goes on to the same bits."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

from builder import api
from builder.train import compiling
from builder.train.compiling import MEASURED, WARM, CompileError, Forward
from builder.train.device import choose_device
from builder.train.settings import Settings
from tests.train.small import AS_IF_REMOTE, Small, of, same_weights

CPU = choose_device("cpu")
SETTINGS = Settings(epochs=2, batch_size=8, report_every=0, snapshot_every=1000, compile="on")
WHOLE = torch.zeros(8, 3)


class Traced:
    """A stand-in for torch.compile that notes the batches it is given."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch):
        self.sizes: list[int] = []
        monkeypatch.setattr(compiling, "compiled", lambda model, device: lambda inputs: self.sizes.append(len(inputs)) or model(inputs))


@pytest.fixture
def traced(monkeypatch: pytest.MonkeyPatch) -> Traced:
    return Traced(monkeypatch)


def measured(plain: float, fast: float, left: int) -> tuple[Forward, list[str]]:
    """A choice on an accelerator whose steps take so long, and what it said after each."""
    now = [0.0]
    forward, said = Forward(nn.Linear(3, 2), "auto", AS_IF_REMOTE, 8, lambda: now[0]), []
    for step in range(2 * (WARM + MEASURED) + 5):
        forward.step_began()
        forward(WHOLE)
        now[0] += fast if forward._trying else plain
        said.append(forward.step_ended(left - step))
    return forward, [says for says in said if says]


def test_every_whole_batch_is_computed_by_the_compiled_network_and_tests_are_not(traced: Traced):
    small = Small(SETTINGS)
    events = small.run()
    assert traced.sizes == [8] * 8, "37 samples are four batches of 8 and one of 5 an epoch"
    assert [event.says for event in of(events, "Noted")] == ["The network is compiled at its first step, which takes from 10 seconds to a minute."]


def test_the_network_stays_compiled_where_that_is_faster(traced: Traced):
    forward, said = measured(0.010, 0.007, 100_000)
    assert forward.decided is True and said == ["A step takes 10.00 ms, and 7.00 ms compiled: the network stays compiled."]
    assert len(traced.sizes) == WARM + MEASURED + 5


def test_the_network_goes_on_as_it_is_where_compiling_gains_nothing(traced: Traced):
    forward, said = measured(0.010, 0.0099, 100_000)
    assert forward.decided is False and said == ["A step takes 10.00 ms, and 9.90 ms compiled: the network goes on as it is."]
    assert len(traced.sizes) == WARM + MEASURED


def test_nothing_is_compiled_for_a_run_that_is_over_before(traced: Traced):
    forward, said = measured(0.010, 0.001, 5_000)
    assert forward.decided is False and not traced.sizes
    assert said == [f"The network is not compiled: a step takes 10.00 ms, and the {5_000 - WARM - MEASURED + 1:,} left take less than 60 seconds."]


def test_auto_leaves_the_processor_alone_and_says_so(traced: Traced):
    auto, off = Small(replace(SETTINGS, compile="auto")), Small(replace(SETTINGS, compile="off"))
    events = auto.run()
    off.run()
    assert not traced.sizes and same_weights(auto.weights(), off.weights())
    assert "leaves the network as it is on the processor" in of(events, "Noted")[0].says


def test_what_was_measured_is_not_measured_again_by_a_run_that_goes_on(traced: Traced, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(compiling, "WARM", 0)
    monkeypatch.setattr(compiling, "MEASURED", 1)
    monkeypatch.setattr(compiling, "WORTH", -1.0)
    monkeypatch.setattr(compiling, "GAIN", -1e9)
    settings = replace(SETTINGS, compile="auto")
    part = Small(settings, device=AS_IF_REMOTE)
    assert "stays compiled" in of(part.stopped_after(4, checkpoints=tmp_path), "Noted")[0].says
    before = len(traced.sizes)
    rest = Small(settings, device=AS_IF_REMOTE)
    events = rest.run(checkpoints=tmp_path, resume=True)
    assert events[0].resumed_at == 4 and len(traced.sizes) - before == 4
    assert [event.says for event in of(events, "Noted")] == ["The network is compiled at its first step, which takes from 10 seconds to a minute."]


def refusing(_model: nn.Module, _device: object):
    class Unsupported(RuntimeError):
        __module__ = "torch._dynamo.exc"

    def call(_inputs: torch.Tensor) -> torch.Tensor:
        raise Unsupported("call_function tan\n  lots of advice")

    return call


def test_a_network_that_cannot_be_compiled_says_so_or_goes_on_as_it_is(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(compiling, "compiled", refusing)
    with pytest.raises(CompileError, match="cannot compile this network: call_function tan. Train it with compile off."):
        Forward(nn.Linear(3, 2), "on", CPU, 8)(WHOLE)
    ended = Small(SETTINGS).run()[-1]
    assert ended.reason == "failed" and "Train it with compile off" in ended.says
    forward, said = measured(0.010, 0.010, 100_000)
    assert forward.decided is False and said == ["torch.compile cannot compile this network (call_function tan): it goes on as it is."]


def test_an_exception_of_the_network_itself_passes_through(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(compiling, "compiled", lambda model, device: model)
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"):
        Forward(nn.Linear(4, 2), "on", CPU, 8)(WHOLE)


def test_a_run_of_a_traced_network_is_stopped_and_goes_on_to_the_same_bits(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setattr(compiling, "BACKEND", "eager")
    whole = Small(SETTINGS)
    whole.run()
    Small(SETTINGS).stopped_after(3, checkpoints=tmp_path)
    rest = Small(SETTINGS)
    assert rest.run(checkpoints=tmp_path, resume=True)[0].resumed_at == 3
    assert same_weights(rest.weights(), whole.weights())


def test_a_script_compiles_what_the_run_compiles():
    project = api.with_settings(api.gallery("mnist-cnn"), {"training.compile": "on", "training.batch_size": 50})
    text = api.export(project, "script").content.decode()
    assert "compiled = torch.compile(network, dynamic=False)" in text and "(compiled if len(batch) == 50 else network)(inputs)" in text
    for setting in ("off", "auto"):
        assert b"compile(" not in api.export(api.with_settings(project, {"training.compile": setting}), "script").content
