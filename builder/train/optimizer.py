"""torch's optimisers as a run needs them: the same arithmetic, without the second that torch.compile takes to import."""

from __future__ import annotations

import functools
import inspect

import torch
from torch.optim import Optimizer

WRAPPED = ("add_param_group", "zero_grad", "state_dict", "load_state_dict")


@functools.cache
def plain(kind: type[Optimizer]) -> type[Optimizer]:
    """The same optimiser, whose methods are torch's own without their wrappers for torch.compile.

    Those import torch.compile's machinery, about a second, when the optimiser is made and at its first step; nothing here is compiled.
    """
    methods = {name: inspect.unwrap(getattr(kind, name)) for name in WRAPPED}
    return type(kind.__name__, (kind,), {**methods, "step": torch.no_grad()(inspect.unwrap(kind.step)), "__doc__": kind.__doc__})
