"""A network, a data set and a run so small that a test can take many."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator

import torch
from torch import nn

from builder.data.load import statistics
from builder.data.records import Tensors
from builder.tasks.classification import Classification
from builder.tasks.task import Task
from builder.train.batches import seed_everything
from builder.train.control import Control
from builder.train.device import Device, choose_device
from builder.train.events import Event
from builder.train.loop import train
from builder.train.settings import Settings

CLASSES = 3
# Asks for nothing that another device has not: makes the loop take the path without a wait at every step.
AS_IF_REMOTE = Device("remote", "a pretended accelerator", "cpu")


def stripes(train: int = 37, test: int = 20, channels: int = 1, side: int = 8) -> Tensors:
    """Images whose class is where their bright stripe lies."""
    random = torch.Generator().manual_seed(0)
    y = torch.arange(train + test) % CLASSES
    x = torch.randint(0, 120, (train + test, channels, side, side), dtype=torch.uint8, generator=random)
    for image, label in zip(x, y, strict=True):
        image[:, 1 + 2 * int(label)] = 250
    return Tensors("stripes", x[:train], y[:train], x[train:], y[train:], ("a", "b", "c"), *statistics(x[:train]))


def small_cnn(channels: int = 1, dropout: float = 0.3) -> nn.Sequential:
    """Convolution, BatchNorm, dropout and two Linear layers."""
    return nn.Sequential(OrderedDict(
        conv1=nn.Conv2d(channels, 4, 3), norm1=nn.BatchNorm2d(4), relu1=nn.ReLU(), pool1=nn.MaxPool2d(2), flatten=nn.Flatten(),
        drop1=nn.Dropout(dropout), fc1=nn.Linear(4 * 3 * 3, 8), relu2=nn.ReLU(), fc2=nn.Linear(8, CLASSES)))


class Stopping(Control):
    """Stops a run as soon as `stop` says so."""

    def __init__(self, stop: Callable[[], bool]):
        super().__init__()
        self._stop = stop

    def asked(self) -> bool:
        if self._stop():
            self.ask("stop")
        return super().asked()


class Small:
    """One run of the small network; keeps its parts so that a test can look at them afterwards."""

    def __init__(self, settings: Settings | None = None, make_optimizer=None, model: nn.Module | None = None, tensors: Tensors | None = None,
                 device: Device | None = None, loss_fn=None, task: Task | None = None):
        self.settings = settings or Settings(epochs=3, batch_size=8, report_every=0, snapshot_every=1000)
        self.tensors = tensors or stripes()
        seed_everything(self.settings.seed)
        self.model = model or small_cnn()
        self.optimizer = (make_optimizer or (lambda parameters: torch.optim.SGD(parameters, lr=0.05, momentum=0.9)))(self.model.parameters())
        self.loss_fn, self.device = loss_fn or nn.CrossEntropyLoss(), device or choose_device("cpu")
        self.task = task or Classification(CLASSES)

    def events(self, stop: Callable[[], bool] = lambda: False, control: Control | None = None, **options: object) -> Iterator[Event]:
        """The run's events, as they come; `stop` is asked wherever the loop asks whether to stop."""
        return train(self.model, self.tensors, self.settings, optimizer=self.optimizer, loss_fn=self.loss_fn, task=self.task,
                     device=self.device, control=control or Stopping(stop), **options)

    def run(self, **options: object) -> list[Event]:
        """All of the run's events."""
        return list(self.events(**options))

    def stopped_after(self, step: int, **options: object) -> list[Event]:
        """The events of a run that is asked to stop when `step` steps are done."""
        seen: list[Event] = []
        for event in self.events(stop=lambda: bool(of(seen, "StepEnded")) and of(seen, "StepEnded")[-1].step >= step, **options):
            seen.append(event)
        return seen

    def weights(self) -> dict[str, torch.Tensor]:
        """A copy of the network's state."""
        return {name: value.clone() for name, value in self.model.state_dict().items()}


def of(events: list[Event], kind: str) -> list:
    """The events of one kind."""
    return [event for event in events if type(event).__name__ == kind]


def kinds(events: list[Event]) -> list[str]:
    """Their names, in order."""
    return [type(event).__name__ for event in events]


def same_weights(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    """Whether every tensor has the very same bits."""
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)
