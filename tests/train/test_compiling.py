"""The compiled network: when it is taken, what a run says of it, and that such a run goes on to the same bits."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest
import torch
from torch import nn

from builder import api
from builder.train import compiling
from builder.train.compiling import BOTH, COMPILED, GRAPH, MEASURED, PLAIN, WARM, CompileError, Forward, Way
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


class Played:
    """A stand-in for a recorded step that notes in which way it was made."""

    def __init__(self, made: list[str]):
        self._made = made

    def __call__(self, inputs: torch.Tensor, targets: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        self._made.append("played")
        return torch.zeros(()), inputs


def measured(seconds: dict[Way, float], left: int, record=None) -> tuple[Forward, list[str]]:
    """A choice on an accelerator whose steps take so long in every way, and what it said after each."""
    now = [0.0]
    forward, said = Forward(nn.Linear(3, 2), "auto", AS_IF_REMOTE, 8, record, lambda: now[0]), []
    for step in range(4 * (WARM + MEASURED) + 5):
        forward.step_began()
        if forward.played(WHOLE, WHOLE) is None:
            forward(WHOLE)
        now[0] += seconds[forward.way]
        said.append(forward.step_ended(left - step))
    return forward, [says for says in said if says]


def test_every_whole_batch_is_computed_by_the_compiled_network_and_tests_are_not(traced: Traced):
    small = Small(SETTINGS)
    events = small.run()
    assert traced.sizes == [8] * 8, "37 samples are four batches of 8 and one of 5 an epoch"
    assert [event.says for event in of(events, "Noted")] == ["The network is compiled at its first step, which takes from 10 seconds to a minute."]


def test_the_network_stays_compiled_where_that_is_faster(traced: Traced):
    forward, said = measured({PLAIN: 0.010, COMPILED: 0.007}, 100_000)
    assert forward.way == COMPILED and said == ["A step takes 10.00 ms as it is, 7.00 ms compiled: it goes on compiled."]
    assert len(traced.sizes) == 3 * (WARM + MEASURED) + 5


def test_the_network_goes_on_as_it_is_where_compiling_gains_nothing(traced: Traced):
    forward, said = measured({PLAIN: 0.010, COMPILED: 0.0099}, 100_000)
    assert forward.way == PLAIN and said == ["A step takes 10.00 ms as it is, 9.90 ms compiled: it goes on as it is."]
    assert len(traced.sizes) == WARM + MEASURED


def test_nothing_is_compiled_for_a_run_that_is_over_before(traced: Traced):
    forward, said = measured({PLAIN: 0.010}, 5_000)
    assert forward.way == PLAIN and not traced.sizes
    assert said == [f"A step takes 10.00 ms, and the {5_000 - WARM - MEASURED + 1:,} left take less than 60 seconds: it goes on as it is."]


def test_nothing_is_recorded_for_a_run_that_is_over_before(traced: Traced):
    made: list[str] = []
    forward, said = measured({PLAIN: 0.010}, 200, lambda: Played(made))
    assert forward.way == PLAIN and not made
    assert said == [f"A step takes 10.00 ms, and the {200 - WARM - MEASURED + 1:,} left take less than 2 seconds: it goes on as it is."]


@pytest.mark.parametrize(("seconds", "taken"), [((0.010, 0.004, 0.007, 0.003), BOTH), ((0.010, 0.004, 0.007, 0.0045), GRAPH), ((0.010, 0.0099, 0.007, 0.0072), COMPILED),
                                                ((0.010, 0.0099, 0.0098, 0.0097), PLAIN)])
def test_every_way_is_measured_and_the_fastest_taken(traced: Traced, seconds: tuple[float, ...], taken: Way):
    made: list[str] = []
    costs = dict(zip((PLAIN, GRAPH, COMPILED, BOTH), seconds, strict=True))
    forward, said = measured(costs, 1_000_000, lambda: Played(made))
    told = ", ".join(f"{1000 * cost:.2f} ms {way}" for way, cost in costs.items())
    assert forward.way == taken and said == [f"A step takes {told}: it goes on {taken}."]
    assert len(made) == 2 * (WARM + MEASURED) + 5 * taken.graph and len(traced.sizes) == WARM + MEASURED + 5 * (taken == COMPILED)


def test_a_run_that_is_long_for_a_recording_and_short_for_the_compiler_is_recorded_only(traced: Traced):
    made: list[str] = []
    forward, said = measured({PLAIN: 0.010, GRAPH: 0.004}, 5_000, lambda: Played(made))
    assert forward.way == GRAPH and not traced.sizes and said == ["A step takes 10.00 ms as it is, 4.00 ms as a CUDA graph: it goes on as a CUDA graph."]


def test_a_step_that_cannot_be_recorded_says_why_and_the_other_ways_are_tried(traced: Traced):
    def refuse(_inputs: torch.Tensor, _targets: torch.Tensor):
        raise RuntimeError("CUDA error: operation not permitted when stream is capturing\nCUDA kernel errors might be ...")

    forward, said = measured({PLAIN: 0.010, COMPILED: 0.007}, 100_000, lambda: refuse)
    assert said == ["The step cannot be recorded as a CUDA graph (CUDA error: operation not permitted when stream is capturing).",
                    "A step takes 10.00 ms as it is, 7.00 ms compiled: it goes on compiled."]
    assert forward.way == COMPILED and forward.decided == {"compiled": True, "graph": False}
    forward.goes_on(False, True)
    assert forward.played(WHOLE, WHOLE) is None and "it goes on without" in forward.step_ended(1) and forward.way == PLAIN


def test_where_nothing_records_a_recorded_run_goes_on_operation_by_operation():
    forward = Forward(nn.Linear(3, 2), "auto", AS_IF_REMOTE, 8)
    forward.goes_on(None, None)
    assert forward.decided == {"compiled": None, "graph": None}
    forward.goes_on(True, True)
    assert forward.way == COMPILED


def test_auto_leaves_the_processor_alone_and_says_so(traced: Traced):
    auto, off = Small(replace(SETTINGS, compile="auto")), Small(replace(SETTINGS, compile="off"))
    events = auto.run()
    off.run()
    assert not traced.sizes and same_weights(auto.weights(), off.weights())
    assert "leaves the network as it is on the processor" in of(events, "Noted")[0].says


def test_what_was_measured_is_not_measured_again_by_a_run_that_goes_on(traced: Traced, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(compiling, "WARM", 0)
    monkeypatch.setattr(compiling, "MEASURED", 1)
    monkeypatch.setitem(compiling.COSTS, COMPILED, -1.0)
    ticks = count()
    # Half a second for each compiled step, a whole one for the others.
    monkeypatch.setattr(Forward, "_now", lambda self: next(ticks) / (1 + self.way.compiled))
    settings = replace(SETTINGS, compile="auto")
    part = Small(settings, device=AS_IF_REMOTE)
    assert "as it is," in of(part.stopped_after(4, checkpoints=tmp_path), "Noted")[0].says
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
    forward, said = measured({PLAIN: 0.010, COMPILED: 0.010}, 100_000)
    assert forward.way == PLAIN and said == ["torch.compile cannot compile this network (call_function tan). A step takes 10.00 ms: it goes on as it is."]


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
