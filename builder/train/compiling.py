"""A network's steps by kernels that torch.compile writes for it, where somebody wants that or where measuring shows that it pays."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable

import torch
from torch import Tensor, nn

from builder import paths

from .device import Device

OFF, AUTO, ON = "off", "auto", "on"
# Steps before a measurement, while memory and caches settle, and steps of it.
WARM, MEASURED = 5, 15
# Compiling takes about so long (seconds); what would be done by then gains nothing.
WORTH = 60.0
# What compiled steps must save to be kept: less is within the noise of so few.
GAIN = 0.03
# A name for torch.compile; "eager" runs what was traced without compiling it.
BACKEND = "inductor"


class CompileError(ValueError):
    """torch.compile cannot compile a network; the message is for people."""


class Forward:
    """The network as training calls it: as it is, or compiled. Batches of any other size than whole ones are left to the network as it is, for each size is compiled anew.

    "auto" measures on an accelerator: some steps as they are and, when what is left is worth it, some compiled. On the processor it leaves the network
    as it is: its results would not be the same bits. `decided` is what a run that goes on must know: None while it is measured.
    """

    def __init__(self, model: nn.Module, wanted: str, device: Device, batch_size: int, clock: Callable[[], float] = time.perf_counter):
        self._model, self._wanted, self._device, self._size, self._clock = model, wanted, device, batch_size, clock
        self.decided: bool | None = {OFF: False, ON: True}.get(wanted, False if device.kind == "cpu" else None)
        self._compiled: Callable[[Tensor], Tensor] | None = None
        self._plain, self._fast = [], []
        self._trying, self._settling, self._trouble = False, WARM, ""

    def __call__(self, inputs: Tensor) -> Tensor:
        """The network's outputs; raises CompileError where it was to be compiled and cannot be."""
        if not (self.decided or self._trying) or len(inputs) != self._size:
            return self._model(inputs)
        try:
            self._compiled = self._compiled or compiled(self._model, self._device)
            return self._compiled(inputs)
        except Exception as error:
            if not type(error).__module__.startswith(("torch._dynamo", "torch._inductor")):
                raise
            reason = next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)[:300].rstrip(".")
            if self._wanted == ON:
                raise CompileError(f"torch.compile cannot compile this network: {reason}. Train it with compile off.") from None
            self.decided, self._trying, self._trouble = False, False, reason
            return self._model(inputs)

    def began(self) -> str:
        """What is to be said before the first step, empty for nothing."""
        if self._wanted == AUTO and self._device.kind == "cpu":
            return "Compile is on auto, which leaves the network as it is on the processor: compiled, its results would have other last bits."
        return "The network is compiled at its first step, which takes from 10 seconds to a minute." if self.decided else ""

    def step_began(self) -> None:
        """Before a step, while it is measured."""
        if self.decided is None:
            self._since = self._now()

    def step_ended(self, left: int) -> str:
        """After a step with so many left; what was decided with it in a sentence, else empty."""
        if self._trouble:
            says, self._trouble = f"torch.compile cannot compile this network ({self._trouble}): it goes on as it is.", ""
            return says
        if self.decided is not None:
            return ""
        if self._settling:
            self._settling -= 1
            return ""
        times = self._fast if self._trying else self._plain
        times.append(self._now() - self._since)
        return "" if len(times) < MEASURED else self._judged() if self._trying else self._worth(left)

    def _worth(self, left: int) -> str:
        """Whether to try: by how long the rest takes."""
        plain = statistics.median(self._plain)
        if plain * left > WORTH:
            self._trying, self._settling = True, WARM
            return ""
        self.decided = False
        return f"The network is not compiled: a step takes {plain * 1000:.2f} ms, and the {left:,} left take less than {WORTH:.0f} seconds."

    def _judged(self) -> str:
        plain, fast = statistics.median(self._plain), statistics.median(self._fast)
        self.decided, self._trying = fast < plain * (1 - GAIN), False
        return f"A step takes {plain * 1000:.2f} ms, and {fast * 1000:.2f} ms compiled: the network {'stays compiled' if self.decided else 'goes on as it is'}."

    def _now(self) -> float:
        if self._device.kind == "cuda":
            torch.cuda.synchronize(self._device.torch_name)
        return self._clock()


def compiled(model: nn.Module, device: Device) -> Callable[[Tensor], Tensor]:
    """The network compiled for one size of batch; what is written for it is kept under $BRICKWORK_HOME."""
    # Read when torch's compiler is imported. The usual place is a folder for temporary files that others can write to.
    os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", str(paths.home() / "compiled"))
    if device.kind == "cpu":
        # Nothing is gained by processes that compile beside this one, and they would outlive one that is killed.
        os.environ.setdefault("TORCHINDUCTOR_COMPILE_THREADS", "1")
    return torch.compile(model, dynamic=False, backend=BACKEND)
