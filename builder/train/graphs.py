"""A whole step of training as a CUDA graph: recorded once, then played back with one launch instead of one for every operation."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

import torch
from torch import Tensor, nn

from .checkpoint import random_states, set_random_states
from .device import Device
from .norms import norms_of

# Of a batch the mean loss, the network's outputs and, where gradients are changed before the step, their norms before; gradients are in the weights afterwards.
Gradients = Callable[[Tensor, Tensor], tuple[Tensor, Tensor, Tensor | None]]
# Steps before a recording, in which libraries choose their algorithms and take their memory.
WARM = 3
# Their fused kernels read the learning rate from the device, so that a recording follows it; the others' steps are made after the playback.
RECORDED = (torch.optim.SGD, torch.optim.Adam, torch.optim.AdamW)


class Recorder(Protocol):
    """What a device does for a recording; a test has one of its own."""

    def warm(self, step: Callable[[], None]) -> None:
        """Makes the step some times, away from what the device is busy with."""

    def record(self, step: Callable[[], None]) -> Callable[[], None]:
        """Notes what the step does on the device, without doing it; returns what does it."""


class CudaRecorder:
    """CUDA graphs: https://docs.pytorch.org/docs/stable/notes/cuda.html#cuda-graphs."""

    def __init__(self, device: str):
        self._device = device

    def warm(self, step: Callable[[], None]) -> None:
        stream, now = torch.cuda.Stream(self._device), torch.cuda.current_stream(self._device)
        stream.wait_stream(now)
        try:
            with torch.cuda.stream(stream):
                for _ in range(WARM):
                    step()
        finally:
            # What a step has begun that broke off is to be over before its numbers are put back.
            now.wait_stream(stream)

    def record(self, step: Callable[[], None]) -> Callable[[], None]:
        graph, now = torch.cuda.CUDAGraph(), torch.cuda.current_stream(self._device)
        # torch's own stream for this is of the GPU that was the first to record in this process.
        stream = torch.cuda.Stream(self._device)
        # Threads that bring samples to the device meanwhile do nothing that matters to the recording. Where one breaks off, older versions of torch would stay
        # on its stream: the outer block does not.
        with torch.cuda.device(self._device), torch.cuda.stream(now), torch.cuda.graph(graph, stream=stream, capture_error_mode="thread_local"):
            step()
        return graph.replay


def recorder(device: Device) -> Recorder | None:
    """What records steps on a device; None where nothing does."""
    return CudaRecorder(device.torch_name) if device.kind == "cuda" else None


class RecordedStep:
    """The step of one size of batch. Its first call records it, and leaves weights, optimiser and random numbers as they were before; every call makes one.

    What is played back reads and writes the memory that it had when it was recorded: a batch is copied there, and so is the learning rate.
    """

    def __init__(self, gradients: Gradients, model: nn.Module, optimizer: torch.optim.Optimizer, device: Device, records: Recorder):
        self._gradients, self._model, self._optimizer, self._device, self._records = gradients, model, optimizer, device.torch_name, records
        # Those of the Adams count their steps on the device where they are fused from the beginning.
        self._whole = isinstance(optimizer, torch.optim.SGD) or isinstance(optimizer, RECORDED) and all(group["fused"] for group in optimizer.param_groups)
        self._play: Callable[[], None] | None = None

    def __call__(self, inputs: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """Makes the step with a batch; its loss, which the next step overwrites, and outputs."""
        if self._play is None:
            self._record(inputs, targets)
        self._inputs.copy_(inputs)
        self._targets.copy_(targets)
        for group, rate in zip(self._optimizer.param_groups, self._rates, strict=True):
            # A launch of its own, therefore only when it changes.
            if group["lr"] != rate[0]:
                rate[0] = group["lr"]
                rate[1].fill_(rate[0])
        self._play()
        if not self._whole:
            for weights, gradient in self._written:
                weights.grad = gradient
            self._optimizer.step()
        return self._loss, self._outputs.clone()

    def norms(self, trained: Sequence[nn.Parameter]) -> Tensor:
        """The norms of these weights' gradients in the step that was made last."""
        if self._norms is not None:
            return self._norms.clone()
        written = {id(weights): gradient for weights, gradient in self._written}
        return norms_of([written[id(weights)] for weights in trained])

    def _record(self, inputs: Tensor, targets: Tensor) -> None:
        self._inputs, self._targets = inputs.clone(), targets.clone()
        self._rates = [[group["lr"], torch.tensor(float(group["lr"]), device=self._device)] for group in self._optimizer.param_groups]
        with self._as_recorded(), self._left_as_it_was(), warnings.catch_warnings():
            # The steps before a recording are made without one, which torch warns of.
            warnings.filterwarnings("ignore", "This instance was constructed with capturable")
            self._records.warm(self._step)
            play = self._records.record(self._step)
            self._written = [(weights, weights.grad) for group in self._optimizer.param_groups for weights in group["params"]]
        self._play = play

    def _step(self) -> None:
        self._loss, self._outputs, self._norms = self._gradients(self._inputs, self._targets)
        if self._whole:
            self._optimizer.step()

    @contextmanager
    def _as_recorded(self) -> Iterator[None]:
        """The optimiser as its step can be recorded; afterwards as it was, so that checkpoints and other steps know nothing of it."""
        groups = self._optimizer.param_groups
        before = [{name: group[name] for name in ("lr", "fused", "foreach", "capturable") if name in group} for group in groups]
        for group, (_, rate) in zip(groups if self._whole else (), self._rates, strict=False):
            group.update({name: value for name, value in (("lr", rate), ("fused", True), ("foreach", False), ("capturable", True)) if name in group})
        try:
            yield
        finally:
            for group, values in zip(groups, before, strict=True):
                group.update(values)

    @contextmanager
    def _left_as_it_was(self) -> Iterator[None]:
        """Puts numbers back in place, where what was recorded finds them."""
        random, kept = random_states(self._device), {id(value): value.detach().clone() for value in self._numbers()}
        try:
            yield
        finally:
            with torch.no_grad():
                # What the optimiser began to keep meanwhile it would have begun with zeros.
                for value in self._numbers():
                    value.copy_(kept[id(value)]) if id(value) in kept else value.zero_()
            set_random_states(random, self._device)

    def _numbers(self) -> list[Tensor]:
        """Everything that a step changes."""
        state = [value for entry in self._optimizer.state.values() for value in entry.values() if isinstance(value, Tensor)]
        return [*self._model.parameters(), *self._model.buffers(), *state]
