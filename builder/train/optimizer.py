"""torch's optimisers as a run needs them: the same arithmetic, without the second that torch.compile takes to import."""

from __future__ import annotations

import functools
import inspect

import torch
from torch.optim import Optimizer

WRAPPED = ("add_param_group", "state_dict", "load_state_dict")


@functools.cache
def plain(kind: type[Optimizer]) -> type[Optimizer]:
    """The same optimiser, whose methods are torch's own without their wrappers for torch.compile and for the profiler.

    The former import torch.compile's machinery, about a second, when the optimiser is made and at its first step; nothing here is compiled. The
    latter open a range of torch's profiler at every step, which takes as long as the steps of a small network themselves.
    """
    step = torch.no_grad()(inspect.unwrap(kind.step))
    step.hooked = True  # torch's own mark of a step that has its profiler range
    methods = {name: inspect.unwrap(getattr(kind, name)) for name in WRAPPED}
    return type(kind.__name__, (kind,), {**methods, "step": step, "zero_grad": _forget_gradients, "__doc__": kind.__doc__})


def _forget_gradients(self: Optimizer) -> None:
    for group in self.param_groups:
        for weights in group["params"]:
            weights.grad = None
