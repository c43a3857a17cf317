"""One training shared by several processes: each computes its part of every batch, and all make the same step by the sum of their gradients.

The first process decides, reports and saves; the others follow it step by step. Losses are those of one process with the same batches, within float error: a batch is
dealt out sample by sample, the loss is weighed by what each part counts, BatchNorm takes its means over all parts, and what Dropout drops is drawn for the whole batch.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import torch
import torch.distributed as dist
from torch import Tensor, nn

from builder.catalogue.datasets import IGNORED
from builder.tasks.task import LossFunction, Task

from .batches import epoch_seed
from .checkpoint import set_random_states
from .control import CHECKPOINT, PAUSE, RATE, RESUME, STOP, Control, Request
from .device import Device, DeviceError, choose_device
from .evaluate import Seen
from .events import Event, RunStarted
from .loop import Run
from .settings import Settings
from .shared_gradients import Gradients
from .shared_layers import Part, own_statistics, share_chance, share_statistics
from .watch import Meter, Pace, Sums

COMMANDS = (STOP, PAUSE, RESUME, CHECKPOINT, RATE)
# A pause may last; a process that is gone is noticed by its closed connection.
PATIENCE = timedelta(days=30)
# Between the seeds of two processes: 2^64 over the golden ratio, so that no few of them come near each other.
APART = 0x9E3779B97F4A7C15
# What each process has added up, in a checkpoint: loss@0, loss@1.
LOSS = "loss@"


@dataclass(frozen=True)
class Place:
    """Which of how many processes this one is, from 0, and the file through which they find each other."""

    rank: int
    size: int
    meet: str


class Group:
    """The processes that share a training, as one of them sees them."""

    def __init__(self, rank: int, size: int):
        self.rank, self.size = rank, size

    def first(self, *numbers: float) -> list[float]:
        """The numbers that the first process gave."""
        told = torch.tensor(numbers, dtype=torch.float64)
        dist.broadcast(told, 0)
        return told.tolist()

    def sums(self, *numbers: float) -> list[float]:
        """The numbers added up over all processes."""
        told = torch.tensor(numbers, dtype=torch.float64)
        dist.all_reduce(told)
        return told.tolist()

    def least(self, number: int) -> int:
        """The smallest of the processes' numbers."""
        told = torch.tensor(number, dtype=torch.int64)
        dist.all_reduce(told, dist.ReduceOp.MIN)
        return int(told)

    def all(self, tensor: Tensor) -> list[Tensor]:
        """Every process's tensor, on the CPU, by rank."""
        told = [torch.empty_like(tensor) for _ in range(self.size)]
        dist.all_gather(told, tensor)
        return told


class Alone(Group):
    """The first of the processes, when the others have gone."""

    def __init__(self) -> None:
        super().__init__(0, 1)

    def first(self, *numbers: float) -> list[float]:
        """The numbers."""
        return list(numbers)

    def sums(self, *numbers: float) -> list[float]:
        """The numbers."""
        return list(numbers)

    def least(self, number: int) -> int:
        """The number."""
        return number

    def all(self, tensor: Tensor) -> list[Tensor]:
        """The tensor."""
        return [tensor]


@contextmanager
def joined(place: Place, device: Device) -> Iterator[Group]:
    """Meets the other processes, on this machine alone, and leaves them in the end."""
    loopback = next((name for name in ("lo", "lo0") if Path("/sys/class/net", name).exists()), None)
    for name in ("GLOO_SOCKET_IFNAME", "NCCL_SOCKET_IFNAME") if loopback else ():
        os.environ.setdefault(name, loopback)
    if device.kind == "cuda":
        torch.cuda.set_device(device.torch_name)
    dist.init_process_group("cpu:gloo,cuda:nccl" if device.kind == "cuda" else "gloo", init_method=f"file://{place.meet}", rank=place.rank, world_size=place.size,
                            timeout=PATIENCE)
    try:
        yield Group(place.rank, place.size)
    finally:
        dist.destroy_process_group()


@contextmanager
def kind_of_run(place: Place | None, device: Device) -> Iterator[Callable[..., Run] | None]:
    """What makes the run of a process at its place, the others being there; None for a run of one process."""
    if place is None:
        yield None
        return
    with joined(place, device) as group:
        yield partial(SharedRun, group)


def device_of(name: str | None, place: Place) -> Device:
    """The device of one of the processes: a GPU each, or the processor for all; raises DeviceError where there are fewer GPUs."""
    device = choose_device(name)
    if device.kind == "cuda":
        count = torch.cuda.device_count()
        if count < place.size:
            raise DeviceError(f"There {'is 1 GPU' if count == 1 else f'are {count} GPUs'} here, and {place.size} were asked for: each process takes one of its own.")
        return choose_device(f"cuda:{place.rank}")
    if device.kind != "cpu":
        raise DeviceError(f"Several processes train on CUDA GPUs or on the processor, not on {device.name}.")
    return device


class SharedRun(Run):
    """One process's part of a run."""

    def __init__(self, group: Group, model: nn.Module, tensors: object, settings: Settings, optimizer: torch.optim.Optimizer, loss_fn: LossFunction, task: Task,
                 device: Device, control: Control, checkpoints: Path | None):
        if settings.batch_size < group.size:
            raise DeviceError(f"Batches of {settings.batch_size} cannot be shared by {group.size} processes: each needs a sample at least.")
        control, settings = SharedControl(group, control), replace(settings, compile="off")
        self.whole = SharedTask(task, group)
        super().__init__(model, tensors, settings, optimizer, loss_fn, self.whole, device, control, checkpoints)
        self.group, self.leads, self.part = group, group.rank == 0, None
        # A loss that is not finite is told with the next report: it may be in one part of the batch only.
        self.checked, self.searched = False, self.leads
        self.reports = control.paced(self.reports)
        if not self.leads:
            self.copies = _Never()
            self.norms.never()
        # Every process must have a sample of the last batch too.
        if len(self.bounds) > 1 and self.bounds[-1][1] - self.bounds[-1][0] < group.size:
            self.bounds[-2:] = [(self.bounds[-2][0], self.bounds[-1][1])]

    def _settle_in(self) -> None:
        share_statistics(self.model)
        super()._settle_in()
        self.train_part.scattered, self.added = True, Gradients(self.trained)
        if self.device.kind == "cpu":
            self.part = Part(self.group.rank, self.group.size)
            share_chance(self.model, self.part)
        if not self.leads:
            self.watched = None

    def _started(self) -> RunStarted:
        started = super()._started()
        return replace(started, device_name=f"{self.group.size} × {started.device_name}", processes=self.group.size)

    def begin_epoch(self) -> Tensor:
        """The same in every process but for torch's random numbers, which are each process's own."""
        order = super().begin_epoch()
        own = {kind.partition("@")[0]: state for kind, state in (self.random or {}).items() if kind.endswith(f"@{self.group.rank}")}
        if self.at.batches and own:
            set_random_states(own, self.device.torch_name)
        elif not self.leads:
            torch.manual_seed((epoch_seed(self.settings.seed, self.at.epoch) + self.group.rank * APART) % 2 ** 63)
        if self.part is not None:
            self.part.begin(epoch_seed(self.settings.seed, self.at.epoch), len(order))
            if self.at.batches and self.random is not None:
                self.part.random.set_state(self.random["cpu"])
        return order

    def own(self, numbers: Tensor) -> Tensor:
        """Sample by sample it is another process's turn."""
        return numbers[self.group.rank::self.group.size]

    def batch(self, numbers: Tensor, feed: Iterator[tuple[Tensor, Tensor]] | None = None) -> tuple[Tensor, Tensor]:
        """This process's part, and what share of the whole it is."""
        self.whole.samples, self.share = len(numbers), len(self.own(numbers)) / len(numbers)
        if self.part is not None:
            self.part.samples = len(numbers)
        return super().batch(numbers, feed)

    def share_gradients(self) -> None:
        """Gives every process the gradients of the whole batch, which are the sums of those of its parts."""
        self.added.add_up()

    def make_meter(self, start: Sums) -> Meter:
        """Adds up this process's part; what is read off it is everybody's."""
        return SharedMeter(self.group, start, self._own_loss(), self.device, self.task)

    def _own_loss(self) -> float | None:
        """What this process had added up of the epoch that is gone on with; None where that is not known of all of them."""
        known = [name for name in self.random or {} if name.startswith(LOSS)] if self.at.batches else []
        return float(self.random[f"{LOSS}{self.group.rank}"]) if len(known) == self.group.size else None

    def evaluated(self, work: Iterator[Seen | None]) -> Seen | None:
        """The first process evaluates; the others learn loss, accuracy and the figures that decide how the run goes on, or that something was asked for."""
        seen = super().evaluated(work) if self.leads else None
        accuracy = None if seen is None else seen.accuracy
        names = sorted({one.watched.figure for one in (self.settings.plateau, self.settings.stopping) if one})
        told = [0.0] * len(names) if seen is None else [seen.figures.get(name, 0.0) for name in names]
        there, loss, known, right, *told = self.group.first(seen is not None, 0 if seen is None else seen.loss, accuracy is not None, accuracy or 0, *told)
        # What is called a figure is never the loss or the accuracy, which have places of their own.
        return seen if self.leads or not there else Seen(loss, right if known else None, (), {name: number for name, number in zip(names, told, strict=True) if name not in ("loss", "accuracy")})

    def random_here(self) -> dict[str, Tensor]:
        """torch's random states of this process by kind and rank, and as a run of one process has them: on the processor those that all draw alike."""
        own = super().random_here()
        here = own if self.part is None else own | {"cpu": self.part.random.get_state()}
        return here | {f"{kind}@{self.group.rank}": state for kind, state in own.items()}

    def random_now(self) -> dict[str, Tensor]:
        """The same of all processes, and what each has added up of the epoch: sums of other parts would have other last bits."""
        own, here = super().random_here(), self.random_here()
        told = {f"{kind}@{rank}": state for kind, one in own.items() for rank, state in enumerate(self.group.all(one))}
        losses = self.group.all(torch.tensor(self.meter.own_loss(), dtype=torch.float64))
        return here | told | {f"{LOSS}{rank}": loss for rank, loss in enumerate(losses)}

    def alone(self) -> None:
        """The first process does what is done again by itself, with whole batches, as a run of one process; the others have gone."""
        self.group = self.whole.group = Alone()
        self.train_part.scattered = False
        self.added.alone()
        own_statistics(self.model)
        if self.part is not None:
            self.part.size = 1

    def _save(self, *names: str) -> Iterator[Event]:
        if self.leads:
            yield from super()._save(*names)
        elif names and self.folder is not None:
            self.random_now()


class SharedControl(Control):
    """What the first process is asked, which all processes do; and when it wants to look."""

    def __init__(self, group: Group, asked: Control):
        super().__init__()
        self._group, self._asked, self._pace, self.due = group, asked, None, True

    def paced(self, pace: Pace) -> Pace:
        """The pace of the first process for all."""
        self._pace = pace
        return _Together(self, pace)

    def ask(self, command: str, value: object = None) -> None:
        """Asks the first process's training."""
        self._asked.ask(command, value)

    def asked(self) -> bool:
        """Whether the first process was asked for anything; only it asks this."""
        return self._asked.asked()

    def waiting(self) -> bool:
        """Whether there is anything to take out, told to all before every step; so is whether a report is due after it."""
        waiting, due = self._group.first(self._asked.waiting(), self._pace.due(time.perf_counter()))
        self.due = bool(due)
        return bool(waiting)

    def take(self, wait: bool = False) -> Request | None:
        """What the first process takes out."""
        request = self._asked.take(wait) if self._group.rank == 0 else None
        known, value = self._group.first(*((COMMANDS.index(request.command) + 1, float(request.value or 0)) if request else (0, 0)))
        return Request(COMMANDS[int(known) - 1], value) if known else None


class _Together(Pace):
    """Due in all processes when it was in the first, before the step."""

    def __init__(self, control: SharedControl, own: Pace):
        super().__init__(own.every, own.longest)
        self._control, self._own = control, own

    def due(self, now: float) -> bool:
        """What the first process said."""
        return self._control.due

    def looked(self, began: float, ended: float) -> None:
        """Note a look."""
        self._own.looked(began, ended)


class _Never(Pace):
    """Never due: for what the first process alone looks at."""

    def __init__(self) -> None:
        super().__init__(0.0, 0.0)

    def due(self, now: float) -> bool:
        """No."""
        return False


class SharedMeter(Meter):
    """Adds up this process's part of an epoch; what is read off it, by all processes at once, is the whole."""

    def __init__(self, group: Group, start: Sums, own_loss: float | None, *rest: object):
        # What was done before is counted once; of the loss by each its own part, where that is known.
        counted = start if group.rank == 0 else Sums()
        super().__init__(*rest, counted if own_loss is None else replace(counted, loss=own_loss))
        self._group, self._seen = group, start

    def own_loss(self) -> float:
        """What this process has added up of the epoch's loss."""
        return float(self._loss)

    def add(self, loss: Tensor, outputs: Tensor, targets: Tensor) -> None:
        """One step's, of this process; on the processor the loss is known at once."""
        super().add(loss.item() if loss.device.type == "cpu" else loss, outputs, targets)

    def whole(self) -> Sums:
        """The epoch so far, of all."""
        own = super().whole()
        loss, correct, samples, answers = self._group.sums(own.loss, own.correct, own.samples, own.answers)
        return Sums(loss, int(correct), int(samples), self._group.least(own.bad_step), int(answers))


class SharedTask:
    """A task whose loss of a part of a batch is weighed so that the mean over all samples is the loss of the whole batch."""

    def __init__(self, task: Task, group: Group):
        self._task, self.group, self.samples = task, group, 0

    def __getattr__(self, name: str) -> object:
        return getattr(self._task, name)

    def loss(self, loss_fn: LossFunction, outputs: Tensor, targets: Tensor) -> Tensor:
        """The loss that this part adds, times the parts' number of samples over its own; while nothing is learned, the task's own."""
        own = None if not torch.is_grad_enabled() else _counted(loss_fn, targets)
        if own is None:
            return self._task.loss(loss_fn, outputs, targets)
        (whole,) = self.group.sums(own)
        if not own:
            return 0 * outputs.sum()
        return self._task.loss(loss_fn, outputs, targets) * (own / whole * self.samples / len(targets))


def _counted(loss_fn: LossFunction, targets: Tensor) -> float | None:
    """What a mean loss divides by, where that is not the number of samples: classes have weights, or pixels have none."""
    weight = getattr(loss_fn, "weight", None)
    # With shares of the classes torch divides by the number of samples, whatever their weights.
    if targets.is_floating_point() or weight is None and targets.dtype != torch.uint8:
        return None
    known = targets[targets != IGNORED] if targets.dtype == torch.uint8 else targets
    return float(known.numel() if weight is None else weight[known.long()].sum())
