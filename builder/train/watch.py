"""Watching a run without slowing it: sums that stay on the device, a pace for looking at them, and a copy of the last sound weights."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from builder.tasks.task import Task

from .checkpoint import Position, lay_out_state
from .device import Device

NEVER = 2 ** 62
# Share of the time that each kind of watching may take: reports, pictures, copies of sound weights.
SHARE = 0.005
# So many steps, or numbers of a network's outputs, are kept until their right answers are counted at once.
MOST_STEPS, MOST_VALUES = 64, 2 ** 16


class Pace:
    """When to look again: `every` seconds after the last look, later where looking is slow, but at most `longest` seconds later."""

    def __init__(self, every: float, longest: float):
        self.every, self.longest, self._next = every, longest, 0.0

    def due(self, now: float) -> bool:
        """Whether it is time; always at first."""
        return now >= self._next

    def looked(self, began: float, ended: float) -> None:
        """Note a look that took from `began` to `ended`."""
        self._next = ended + max(self.every, min(self.longest, (ended - began) / SHARE)) if self.every else 0.0


@dataclass(frozen=True)
class Sums:
    """Sums over samples: of the loss, of right answers, and their number; `bad_step` is the first step whose loss was not finite.

    `answers` counts what could be right: samples, or pixels; 0 where nothing is right or wrong.
    """

    loss: float = 0.0
    correct: int = 0
    samples: int = 0
    bad_step: int = NEVER
    answers: int = 0

    def __sub__(self, other: Sums) -> Sums:
        return Sums(self.loss - other.loss, self.correct - other.correct, self.samples - other.samples, self.bad_step, self.answers - other.answers)

    @property
    def mean_loss(self) -> float:
        """Mean loss of a sample."""
        return self.loss / self.samples

    @property
    def accuracy(self) -> float | None:
        """Share of right answers; None where there are none to count."""
        return self.correct / self.answers if self.answers else None


class Meter:
    """Adds up an epoch's losses and right answers on the device; reading them waits for the device, adding does not.

    Sums are in float64 and run over the whole epoch, so that they do not depend on when they are read (float32 on Apple's GPU, which has no float64).
    Right answers are whole numbers: those of many small steps are counted at once, which costs what one of them does.
    """

    def __init__(self, device: Device, task: Task, start: Sums):
        precise = torch.float32 if device.kind == "mps" else torch.float64
        self._task, self._left, self._values = task, [], 0
        # On the processor a loss is a plain number already, and so is the sum: the same bits for a fraction of the time.
        self._loss = start.loss if device.kind == "cpu" else torch.tensor(start.loss, dtype=precise, device=device.torch_name)
        self._correct, self._answers = start.correct, start.answers
        self._bad = torch.tensor(NEVER, dtype=torch.int64, device=device.torch_name)
        self._samples = start.samples
        self._seen = start

    def add(self, loss: Tensor | float, outputs: Tensor, targets: Tensor) -> None:
        """One step's mean loss, on the processor as a number, and what the network gave and should have given."""
        samples = targets.shape[0]  # len() of a tensor takes longer than all of the rest
        if isinstance(self._loss, float):
            self._loss += loss * samples
        else:
            self._loss.add_(loss, alpha=samples)
        self._samples += samples
        self._left.append((outputs, targets))
        self._values += outputs.numel()
        if len(self._left) == MOST_STEPS or self._values >= MOST_VALUES:
            self._count()

    def _count(self) -> None:
        """Counts the right answers that were put off."""
        if self._left:
            outputs, targets = (torch.cat(parts) if len(parts) > 1 else parts[0] for parts in zip(*self._left, strict=True))
            self._correct = self._correct + self._task.correct(outputs, targets)
            self._answers = self._answers + self._task.answers(targets)
            self._left, self._values = [], 0

    def mark_if_bad(self, loss: Tensor, step: int) -> None:
        """Notes on the device, without waiting, that this step's loss is not finite."""
        self._bad = torch.where(torch.isfinite(loss), self._bad, self._bad.clamp(max=step))

    def whole(self) -> Sums:
        """The epoch so far."""
        self._count()
        return Sums(float(self._loss), int(self._correct), self._samples, int(self._bad.item()), int(self._answers))

    def window(self) -> Sums:
        """What was added since this was last asked."""
        whole = self.whole()
        window, self._seen = whole - self._seen, whole
        return window


class SoundWeights:
    """A copy of the network as it last was with finite numbers only, on its own device, and in main memory what it takes to do the steps from there again."""

    def __init__(self, model: nn.Module, optimizer: torch.optim.Optimizer, random: Callable[[], dict[str, Tensor]]):
        self._model, self._optimizer, self._random_now = model, optimizer, random
        self.at: Position | None = None
        self._copy: dict[str, Tensor] = {}

    @property
    def step(self) -> int:
        """The step that the copy was made after."""
        return self.at.step if self.at else 0

    def keep(self, at: Position) -> bool:
        """Copies the weights unless one is not finite; says whether all were. Waits for the device."""
        if not self.finite():
            return False
        state = self._model.state_dict()
        if self._copy:
            for name, value in state.items():
                self._copy[name].copy_(value)
        else:
            self._copy = {name: value.detach().clone() for name, value in state.items()}
        self.at, self._random = at, self._random_now()
        self._kept = _elsewhere(self._optimizer.state_dict())
        return True

    def finite(self) -> bool:
        """Whether every number of the network is finite, BatchNorm's running means included."""
        state = [value for value in self._model.state_dict().values() if value.is_floating_point() and value.numel()]
        norms = [value.abs().amax() for value in state]
        return not norms or bool(torch.isfinite(torch.stack(norms)).all())

    def put_back(self) -> int:
        """Gives the network the copied weights; returns the step they are from."""
        self._model.load_state_dict(self._copy)
        return self.step

    def go_back(self) -> dict[str, Tensor]:
        """Gives the optimiser too what it had then; returns the random states of then."""
        self.put_back()
        self._optimizer.load_state_dict(self._kept)
        lay_out_state(self._optimizer)
        return self._random


def _elsewhere(value: object) -> object:
    """A state with copies of its tensors in main memory."""
    if isinstance(value, Tensor):
        return value.detach().to("cpu", copy=True)
    if isinstance(value, dict):
        return {key: _elsewhere(one) for key, one in value.items()}
    return [_elsewhere(one) for one in value] if isinstance(value, list) else value
