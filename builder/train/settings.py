"""How long, in what portions, at which learning rates and from which seed to train."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from builder.catalogue.schedules import Rate

from .augment import Augment
from .patience import Patience

# Leaves room for every epoch's own seed: see `batches.epoch_seed`.
MOST_SEED = 2 ** 40


@dataclass(frozen=True)
class Settings:
    """One run's numbers; report_every and snapshot_every are in seconds, and 0 reports every step.

    `rate` is the schedule of the learning rate, None where it stays, and `plateau` what a schedule that watches the run waits for.
    `resident` is how many bytes of samples may lie on the device, None for any, and `workers` how many threads bring the others there ahead of their use.
    `stopping` is what ends a run early. `clip` shortens the gradients of the weights it is given, `l1` is the share of the sum of the weights' sizes that is
    minimised too, `average` is the decay of the moving average of the weights (None for none), `precision` "float32", "bfloat16" or "medium",
    `compile` "off", "auto" or "on". `augment` changes
    the training images by chance. `best` is the figure that decides about the best checkpoint, as `events.score` takes it.

    Raises ValueError naming the field that is out of range.
    """

    epochs: int = 10
    batch_size: int = 100
    seed: int = 0
    report_every: float = 0.25
    snapshot_every: float = 1.0
    evaluation_batch: int = 500
    rate: Rate | None = None
    plateau: Patience | None = None
    stopping: Patience | None = None
    clip: Callable[[list[Tensor]], object] | None = None
    l1: float = 0.0
    average: float | None = None
    precision: str = "float32"
    resident: int | None = None
    workers: int = 2
    compile: str = "off"
    deterministic: bool = False
    augment: Augment | None = None
    best: str = ""

    def __post_init__(self) -> None:
        for name, low in (("epochs", 1), ("batch_size", 1), ("evaluation_batch", 1), ("report_every", 0), ("snapshot_every", 0), ("workers", 0)):
            if not getattr(self, name) >= low:
                raise ValueError(f"{name} must be at least {low}, and is {getattr(self, name)}")
        if not 0 <= self.seed < MOST_SEED:
            raise ValueError(f"seed must be from 0 to {MOST_SEED - 1:,}, and is {self.seed}")
