"""How large a step's gradients are, layer by layer: where they vanish or explode is seen while it happens."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor, nn

from .events import GradientNorms
from .watch import Pace

# Networks of more layers are measured more seldom: so many numbers are kept in a second, whatever their depth.
LAYERS = 32


class Norms:
    """Measures the gradients of some steps, as many as a share of the time allows, where they lie; they are read with the next report.

    A layer is what has weights of two or more dimensions, with its bias; scales and shifts alone (of a normalisation) count in the total only. `due` says that the
    next step is to be measured.
    """

    def __init__(self, model: nn.Module, every: float):
        self.trained = [weights for weights in model.parameters() if weights.requires_grad]
        own = {name: [weights for weights in module.parameters(recurse=False) if weights.requires_grad] for name, module in model.named_modules()}
        matrices = {name: weights for name, weights in own.items() if any(one.ndim > 1 for one in weights)}
        places = {id(weights): place for place, weights in enumerate(self.trained)}
        chosen = matrices or {name: weights for name, weights in own.items() if weights}
        self.layers = tuple(chosen)
        self._places = [[places[id(one)] for one in weights] for weights in chosen.values()]
        self._pace = Pace(every * max(1.0, len(self.layers) / LAYERS), 60.0)
        self.due = bool(self.trained)
        self._measured: tuple[int, Tensor] | None = None

    def measure(self, step: int, norms: Callable[[], Tensor]) -> None:
        """Takes the norms of the `trained` weights' gradients at a step, without waiting for the device."""
        began = time.perf_counter()
        self._measured, self.due = (step, norms()), False
        self._pace.looked(began, time.perf_counter())

    def told(self, epoch: int) -> Iterator[GradientNorms]:
        """What was measured since this was last asked; waits for the device. The next step is measured where it is time."""
        if self._measured is not None:
            (step, measured), self._measured = self._measured, None
            squares = [norm * norm for norm in measured.tolist()]
            yield GradientNorms(step, epoch, _root(squares), tuple(_root([squares[place] for place in places]) for places in self._places))
        self.due = bool(self.trained) and self._pace.due(time.perf_counter())

    def never(self) -> None:
        """Another process measures."""
        self.trained, self.due = [], False


def norms_of(gradients: Sequence[Tensor | None]) -> Tensor:
    """The Euclidean norm of each gradient, on its device; 0 for a weight without one."""
    some = next(gradient for gradient in gradients if gradient is not None)
    zero = some.new_zeros((), dtype=torch.float32)
    return torch.stack([zero if gradient is None else torch.linalg.vector_norm(gradient.detach(), dtype=torch.float32) for gradient in gradients])


def _root(squares: list[float]) -> float | None:
    """The root of their sum to four digits, which is what a picture can show; None where it is not finite."""
    total = math.fsum(squares) if all(map(math.isfinite, squares)) else math.inf
    return float(f"{math.sqrt(total):.4g}") if math.isfinite(total) else None
