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
    if precision != "bfloat16":
        return model(inputs)
    with torch.autocast(inputs.device.type, torch.bfloat16):
        outputs = model(inputs)
    return outputs.float() if isinstance(outputs, Tensor) else outputs


@contextmanager
def arithmetic(precision: str, wanted: bool, device: Device) -> Iterator[None]:
    """How torch computes while a network is trained or tested: with "medium" it multiplies matrices of float32 in 16 bits and adds the products up in 32; with
    `wanted` only by deterministic algorithms. Afterwards as before."""
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("medium" if precision == "medium" else before)
    try:
        with _deterministic(wanted, device):
            yield
    finally:
        torch.set_float32_matmul_precision(before)


@contextmanager
def _deterministic(wanted: bool, device: Device) -> Iterator[None]:
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
