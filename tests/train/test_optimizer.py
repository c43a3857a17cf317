"""Optimisers without their wrappers: the same numbers, a lighter start."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch
from torch.optim import Optimizer

from builder.catalogue import OPTIMIZERS
from builder.compile.resolve import resolve
from builder.train.batches import seed_everything
from builder.train.optimizer import plain
from tests.train.small import small_cnn

HEAVY = ("torch._dynamo", "sklearn", "scipy", "pandas", "sympy", "torchvision", "streamlit", "plotly")
WORKER = """
import sys
from builder import api
project = api.with_settings(api.gallery("mnist-cnn"), {"training.epochs": 1, "training.optimizer": sys.argv[1]})
events = api.train(project)
print(next(event for event in events if type(event).__name__ == "StepEnded").step, *(name for name in sys.argv[2:] if name in sys.modules))
"""


def stepped(kind: type[Optimizer], params: dict[str, object]) -> tuple[list[torch.Tensor], dict]:
    """Weights and optimiser state after five steps of a small network."""
    seed_everything(0)
    model = small_cnn()
    optimizer = kind(model.parameters(), **params)
    for _ in range(5):
        optimizer.zero_grad()
        model(torch.rand(4, 1, 8, 8)).square().mean().backward()
        optimizer.step()
    return list(model.parameters()), optimizer.state_dict()


@pytest.mark.parametrize("kind", OPTIMIZERS)
def test_every_optimiser_takes_the_very_steps_of_torchs_own(kind: str):
    torchs, params = resolve(OPTIMIZERS[kind].module), OPTIMIZERS[kind].arguments({})
    weights, state = stepped(torchs, params)
    ours, our_state = stepped(plain(torchs), params)
    assert all(torch.equal(one, other) for one, other in zip(weights, ours, strict=True))
    assert our_state["param_groups"] == state["param_groups"] and our_state["state"].keys() == state["state"].keys()
    for number, values in state["state"].items():
        assert all(torch.equal(torch.as_tensor(value), torch.as_tensor(our_state["state"][number][name])) for name, value in values.items() if value is not None)


@pytest.mark.parametrize("kind", [kind for kind, record in OPTIMIZERS.items() if record.fused])
def test_a_step_in_one_pass_goes_where_torchs_own_step_goes(kind: str):
    record, given = OPTIMIZERS[kind], {"momentum": 0.9} if kind == "SGD" else {}
    assert record.numbers(given), "a step without numbers of its own gains nothing by one pass"
    weights, _ = stepped(resolve(record.module), record.arguments(given))
    ours, _ = stepped(plain(resolve(record.module)), record.arguments(given) | {"fused": True})
    for one, other in zip(weights, ours, strict=True):
        torch.testing.assert_close(other, one, rtol=1e-5, atol=1e-6)


def test_a_step_opens_no_range_of_the_profiler():
    weight = torch.nn.Parameter(torch.ones(2))
    with torch.autograd.profiler.profile() as seen:
        for kind in (torch.optim.SGD, plain(torch.optim.SGD)):
            weight.sum().backward()
            optimizer = kind([weight], lr=0.5)
            optimizer.step()
            optimizer.zero_grad()
            assert weight.grad is None
    assert [event.name for event in seen.function_events if "Optimizer" in event.name] == ["Optimizer.step#SGD.step", "Optimizer.zero_grad#SGD.zero_grad"]


def test_steps_leave_no_gradient_graph_behind():
    kind = plain(torch.optim.SGD)
    weight = torch.nn.Parameter(torch.ones(2))
    weight.sum().backward()
    kind([weight], lr=0.5).step()
    assert weight.tolist() == [0.5, 0.5] and weight.grad_fn is None and torch.is_grad_enabled()


@pytest.mark.parametrize("kind", ["SGD", "Adam"])
def test_a_run_reaches_its_first_step_without_the_libraries_that_would_delay_it(kind: str, root):
    done = subprocess.run([sys.executable, "-c", WORKER, kind, *HEAVY], cwd=root, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[1:] == [], "imported before the first step"
