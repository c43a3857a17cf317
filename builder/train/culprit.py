"""Where a number that is not finite came from: steps are done again, with an eye on every operation of torch."""

from __future__ import annotations

import linecache
import logging
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from builder.tasks.task import LossFunction, Task

LOG = logging.getLogger(__name__)
# How long a run that has ended may be looked into.
MOST_SECONDS = 30.0


@dataclass(frozen=True)
class Culprit:
    """Where the first number that is not finite appeared, in words, and the path of that layer in the network; empty where it was in none."""

    brick: str
    says: str


@dataclass(frozen=True)
class _Place:
    """Where an operation stands: the path of its layer, empty outside of any, and words for it."""

    brick: str
    words: str


@dataclass(frozen=True)
class _Trace:
    """An operation whose result is not finite; `before` is the one that gave it such a number, None where it was the first."""

    place: _Place
    before: _Trace | None
    counted: str

    def culprit(self) -> Culprit:
        """The first of the chain, in words."""
        first = self
        while first.before is not None:
            first = first.before
        return Culprit(first.place.brick, first.counted)


def found(model: nn.Module, steps: Iterable[Callable[[Task], object]], task: Task) -> Culprit | None:
    """What `find` finds, None too where looking fails: the run has ended already, and says so without."""
    try:
        return find(model, steps, task)
    except Exception as error:
        LOG.warning("Where the first number that is not finite came from could not be found.", exc_info=error)
        return None


def find(model: nn.Module, steps: Iterable[Callable[[Task], object]], task: Task) -> Culprit | None:
    """Does the steps, each with a task to be judged by, until a number is not finite: in the weights, the forward pass, the backward pass or the update.

    None when all numbers that count were finite to the end. A -inf that a softmax takes out again, as in a mask, does not count.
    """
    began = time.monotonic()
    for step in steps:
        if time.monotonic() - began > MOST_SECONDS:
            return None
        if spoiled := _spoiled(model):
            return Culprit(_layer(spoiled), f"{_named(model, spoiled)} is infinite or undefined already")
        seen = _Seen(task)
        with _Eye(model) as eye:
            step(seen)
        if seen.last is not None and not _finite(seen.last):
            return eye.forward(seen.last)
        if (spoiled := _spoiled(model)) is not None:
            return eye.backward() or Culprit(_layer(spoiled), f"the gradients were finite, and the step itself made {_named(model, spoiled)} infinite or undefined")
    return None


class _Seen:
    """A task that remembers the loss that it gave last."""

    def __init__(self, task: Task):
        self._task, self.last = task, None

    def __getattr__(self, name: str) -> object:
        return getattr(self._task, name)

    def loss(self, loss_fn: LossFunction, outputs: Tensor, targets: Tensor) -> Tensor:
        """The task's own."""
        self.last = self._task.loss(loss_fn, outputs, targets)
        return self.last


class _Eye(TorchFunctionMode):
    """Sees the results of every operation, and what is passed back to them."""

    def __init__(self, model: nn.Module):
        super().__init__()
        self._model = model
        self._names = {id(module): name for name, module in model.named_modules()}
        self._weights = {id(weight) for weight in model.parameters()}
        self._traces: dict[int, _Trace] = {}
        # Kept, so that no other tensor gets the number of one that is gone.
        self._kept: list[Tensor] = []
        self._readers: dict[int, _Place] = {}
        self._passed_back: list[int] = []

    def __torch_function__(self, function: Callable[..., object], types: object, args: tuple = (), kwargs: dict | None = None) -> object:
        """The function's result, looked at."""
        result = function(*args, **(kwargs or {}))
        if getattr(function, "__name__", "__get__") not in ("__get__", "__set__", "backward", "item", "isfinite"):
            self._look(function, list(_tensors(args, kwargs or {})), list(_tensors(result)))
        return result

    def forward(self, loss: Tensor) -> Culprit | None:
        """Where the chain that ends in this loss begins."""
        trace = self._traces.get(id(loss))
        return trace and trace.culprit()

    def backward(self) -> Culprit | None:
        """The operation that was passed finite gradients and passed back others."""
        place = self._readers.get(self._passed_back[0]) if self._passed_back else None
        return place and Culprit(place.brick, f"the forward pass was finite, and the gradients that {place.words} passes back are infinite or undefined")

    def _look(self, function: Callable[..., object], read: list[Tensor], made: list[Tensor]) -> None:
        place = None
        for tensor in made:
            if not _finite(tensor):
                place = place or self._place(function)
                self._traces[id(tensor)] = self._traced(place, tensor, read)
            else:
                self._traces.pop(id(tensor), None)
            if tensor.requires_grad:
                self._attend(tensor)
            self._kept.append(tensor)
        for tensor in read:
            if tensor.requires_grad and any(one.requires_grad for one in made):
                place = place or self._place(function)
                self._readers[id(tensor)] = place
                if id(tensor) in self._weights:
                    self._weights.discard(id(tensor))
                    self._attend(tensor)

    def _traced(self, place: _Place, made: Tensor, read: list[Tensor]) -> _Trace:
        spoiled = [one for one in read if not _finite(one)]
        before = next((self._traces[id(one)] for one in spoiled if id(one) in self._traces), None)
        if spoiled and before is None:
            return _Trace(_Place("", ""), None, f"{_bad(spoiled[0])} of the samples themselves are infinite or undefined")
        largest = max((float(one.detach().abs().max()) for one in read if _finite(one)), default=None)
        went_in = "" if largest is None else f", while the largest that went in is {largest:.3g}"
        return _Trace(place, before, f"{_bad(made)} that come out of {place.words} are infinite or undefined{went_in}")

    def _attend(self, tensor: Tensor) -> None:
        number = id(tensor)
        tensor.register_hook(lambda gradient: None if _finite(gradient) else self._passed_back.append(number))

    def _place(self, function: Callable[..., object]) -> _Place:
        """The innermost module whose code is being run: itself where it has no others inside, else the line of its code."""
        name, frame = getattr(function, "__name__", "a function"), sys._getframe(3)
        while frame is not None:
            module = frame.f_locals.get("self")
            if id(module) in self._names:
                path = self._names[id(module)]
                if path and not any(True for _ in module.children()):
                    return _Place(path, f"{type(module).__name__} {path!r}")
                line = linecache.getline(frame.f_code.co_filename, frame.f_lineno).strip()
                inside = f" of {path!r}" if path else ""
                return _Place(path, f"{name} in the code{inside} (`{line}`)" if line and name in line else f"{name}{inside}")
            frame = frame.f_back
        return _Place("", "the loss")


def _tensors(*values: object) -> Iterator[Tensor]:
    """The tensors of numbers with a point among arguments or results, however deep they lie."""
    for value in values:
        if isinstance(value, Tensor):
            if value.is_floating_point() and value.numel():
                yield value
        elif isinstance(value, list | tuple):
            yield from _tensors(*value)
        elif isinstance(value, dict):
            yield from _tensors(*value.values())


def _bad(tensor: Tensor) -> str:
    return f"{int((~torch.isfinite(tensor)).sum()):,} of the {tensor.numel():,} numbers"


def _finite(tensor: Tensor) -> bool:
    return bool(torch.isfinite(tensor).all())


def _spoiled(model: nn.Module) -> str | None:
    """The first weight or running mean that is not finite."""
    return next((name for name, value in model.state_dict().items() if value.is_floating_point() and not _finite(value)), None)


def _layer(tensor: str) -> str:
    return tensor.rpartition(".")[0]


def _named(model: nn.Module, tensor: str) -> str:
    """A tensor of the state in words: "weight of Linear 'fc1'"."""
    path, _, name = tensor.rpartition(".")
    return f"the {name.replace('_', ' ')} of {type(model.get_submodule(path)).__name__} {path!r}" if path else f"{name!r}"
