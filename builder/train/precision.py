"""In how many bits a network computes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

from .device import Device


def computed(model: Callable[[Tensor], Tensor], inputs: Tensor, precision: str) -> Tensor:
    """The network's outputs in float32; with "bfloat16" its layers compute in 16 bits where torch's autocast holds that safe."""
    if precision == "float32":
        return model(inputs)
    with torch.autocast(inputs.device.type, torch.bfloat16):
        outputs = model(inputs)
    return outputs.float() if isinstance(outputs, Tensor) else outputs


@contextmanager
def deterministic(wanted: bool, device: Device) -> Iterator[None]:
    """Only algorithms of torch that give the same bits every time, when wanted; afterwards what was before."""
    if not wanted:
        yield
        return
    if device.kind == "cuda":
        # Without it cuBLAS refuses: https://docs.nvidia.com/cuda/cublas/#results-reproducibility
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    before = torch.are_deterministic_algorithms_enabled()
    torch.use_deterministic_algorithms(True)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before)
