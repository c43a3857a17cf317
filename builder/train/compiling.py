"""The fastest way to make a network's steps: as it is, as a CUDA graph, by kernels that torch.compile writes for it, or by these as a CUDA graph."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from builder import paths

from .device import Device
from .graphs import RecordedStep

OFF, AUTO, ON = "off", "auto", "on"
# Steps before a measurement, while memory and caches settle, and steps of it.
WARM, MEASURED = 5, 15
# Recording and compiling take about so long (seconds); what would be done by then gains nothing.
RECORDING, COMPILING = 2.0, 60.0
# What another way must save to be taken: less is within the noise of so few.
GAIN = 0.03
# A name for torch.compile; "eager" runs what was traced without compiling it.
BACKEND = "inductor"


class CompileError(ValueError):
    """torch.compile cannot compile a network; the message is for people."""


@dataclass(frozen=True)
class Way:
    """How steps are made."""

    compiled: bool = False
    graph: bool = False

    def __str__(self) -> str:
        return {(False, False): "as it is", (False, True): "as a CUDA graph", (True, False): "compiled", (True, True): "compiled and as a CUDA graph"}[self.compiled, self.graph]


PLAIN, GRAPH, COMPILED, BOTH = Way(), Way(graph=True), Way(compiled=True), Way(compiled=True, graph=True)
# In the order of trying, each with what it costs (seconds).
COSTS = {GRAPH: RECORDING, COMPILED: COMPILING, BOTH: RECORDING}


class Forward:
    """The network as training calls it, and whole steps where they are recorded. Batches of any other size than whole ones are left to the network as it is.

    "auto" measures on an accelerator: some steps as they are, then, where what is left is worth it, some of every other way, and the fastest is taken. All of
    them are steps of the training. On the processor it leaves the network as it is: its results would not be the same bits. `record` makes what records a
    step, where the device can.
    """

    def __init__(self, model: nn.Module, wanted: str, device: Device, batch_size: int, record: Callable[[], RecordedStep] | None = None,
                 clock: Callable[[], float] = time.perf_counter):
        self._model, self._wanted, self._device, self._size, self._record, self._clock = model, wanted, device, batch_size, record, clock
        self._decided: Way | None = {OFF: PLAIN, ON: COMPILED}.get(wanted, PLAIN if device.kind == "cpu" else None)
        self._compiled: Callable[[Tensor], Tensor] | None = None
        self._recorded: dict[Way, RecordedStep] = {}
        self._times: dict[Way, list[float]] = {PLAIN: []}
        self._trying, self._settling, self._trouble = PLAIN, WARM, ""

    @property
    def decided(self) -> dict[str, bool | None]:
        """What a run that goes on must know, for a checkpoint's position: None while it is measured."""
        return {"compiled": self._decided and self._decided.compiled, "graph": self._decided and self._decided.graph}

    def goes_on(self, compiled: bool | None, graph: bool | None) -> None:
        """Takes what was decided before a run was interrupted; where nothing was, it is measured again."""
        if compiled is not None:
            self._decided = Way(compiled, bool(graph) and self._record is not None)

    @property
    def way(self) -> Way:
        """How steps are made now."""
        return self._decided or self._trying

    @property
    def compiling(self) -> bool:
        """Whether the network is compiled first in its next step."""
        return self.way.compiled and not self.way.graph and self._compiled is None

    def forget(self) -> None:
        """Compile it anew in its next step: the compiler was broken off."""
        self._compiled = None
        torch.compiler.reset()

    def __call__(self, inputs: Tensor) -> Tensor:
        """The network's outputs; raises CompileError where it was to be compiled and cannot be."""
        if not self.way.compiled or len(inputs) != self._size:
            return self._model(inputs)
        try:
            self._compiled = self._compiled or compiled(self._model, self._device)
            return self._compiled(inputs)
        except Exception as error:
            if not type(error).__module__.startswith(("torch._dynamo", "torch._inductor")):
                raise
            if self._wanted == ON:
                raise CompileError(f"torch.compile cannot compile this network: {_reason(error)}. Train it with compile off.") from None
            self._failed(f"torch.compile cannot compile this network ({_reason(error)})", Way(graph=self.way.graph))
            return self._model(inputs)

    def played(self, inputs: Tensor, targets: Tensor) -> tuple[Tensor, Tensor] | None:
        """A whole step played back, with its loss, which the next one overwrites, and outputs; None where it is to be made operation by operation."""
        way = self.way
        if not way.graph or len(inputs) != self._size:
            return None
        if way not in self._recorded:
            self._recorded[way] = self._record()
        try:
            return self._recorded[way](inputs, targets)
        # Whatever a recording refuses (an operation that waits for the device, memory): the same step was made without one before.
        except Exception as error:
            del self._recorded[way]
            self._failed(f"The step cannot be recorded as a CUDA graph ({_reason(_first(error))})", Way(way.compiled))
            return None

    def norms(self, trained: Sequence[nn.Parameter]) -> Tensor:
        """The norms of these weights' gradients in the step that was played back last."""
        return self._recorded[self.way].norms(trained)

    def _failed(self, trouble: str, instead: Way) -> None:
        """Goes on in another way, and says so after the step."""
        self._trouble = trouble
        if self._decided:
            self._decided = instead
        else:
            self._times[self._trying], self._trying = [], PLAIN

    def began(self) -> str:
        """What is to be said before the first step, empty for nothing."""
        if self._wanted == AUTO and self._device.kind == "cpu":
            return "Compile is on auto, which leaves the network as it is on the processor: compiled, its results would have other last bits."
        return "The network is compiled at its first step, which takes from 10 seconds to a minute." if self._decided and self._decided.compiled else ""

    def step_began(self) -> None:
        """Before a step, while it is measured."""
        if self._decided is None:
            self._since = self._now()

    def step_ended(self, left: int) -> str:
        """After a step with so many left; what was decided with it in a sentence, else empty."""
        if self._trouble:
            trouble, self._trouble = self._trouble, ""
            return f"{trouble}: it goes on without." if self._decided else f"{trouble}. {self._next(left)}".strip()
        if self._decided:
            return ""
        if self._settling:
            self._settling -= 1
            return ""
        times = self._times[self._trying]
        times.append(self._now() - self._since)
        return "" if len(times) < MEASURED else self._next(left)

    def _next(self, left: int) -> str:
        """Tries the next way that is worth it; where there is none, decides and says so."""
        medians = {way: statistics.median(times) for way, times in self._times.items() if times}
        best = min(medians, key=medians.get)
        for way, cost in COSTS.items():
            possible = way not in self._times and (self._record is not None or not way.graph)
            if possible and (way != BOTH or {GRAPH, COMPILED} <= medians.keys()) and medians[best] * left > cost:
                self._times[way], self._trying, self._settling = [], way, WARM
                return ""
        self._decided = best if medians[best] < medians[PLAIN] * (1 - GAIN) else PLAIN
        self._recorded = {way: step for way, step in self._recorded.items() if way == self._decided}
        if len(medians) == 1:
            left_over = f", and the {left:,} left take less than {self._worth():.0f} seconds" if len(self._times) == 1 else ""
            return f"A step takes {medians[PLAIN] * 1000:.2f} ms{left_over}: it goes on as it is."
        told = ", ".join(f"{median * 1000:.2f} ms {way}" for way, median in medians.items())
        return f"A step takes {told}: it goes on {self._decided}."

    def _worth(self) -> float:
        """Seconds that must be left for another way to be tried."""
        return RECORDING if self._record is not None else COMPILING

    def _now(self) -> float:
        if self._device.kind == "cuda":
            torch.cuda.synchronize(self._device.torch_name)
        return self._clock()


def _reason(error: BaseException) -> str:
    """The first line of what an exception says."""
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)[:300].rstrip(".")


def _first(error: Exception) -> BaseException:
    """What an exception followed from: a recording that is broken off cannot be ended either, and it is the end that complains last."""
    while error.__context__ is not None and not error.__suppress_context__:
        error = error.__context__
    return error


def compiled(model: nn.Module, device: Device) -> Callable[[Tensor], Tensor]:
    """The network compiled for one size of batch; what is written for it is kept under $BRICKWORK_HOME."""
    # Read when torch's compiler is imported. The usual place is a folder for temporary files that others can write to.
    os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", str(paths.home() / "compiled"))
    if device.kind == "cpu":
        # Nothing is gained by processes that compile beside this one, and they would outlive one that is killed.
        os.environ.setdefault("TORCHINDUCTOR_COMPILE_THREADS", "1")
    return torch.compile(model, dynamic=False, backend=BACKEND)
