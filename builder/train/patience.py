"""Watching one number a run is judged by, epoch after epoch: how long it has stood still."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from builder.catalogue.schedules import MONITORS, Watched

if TYPE_CHECKING:
    from .checkpoint import Position


@dataclass(frozen=True)
class Patience:
    """How long to wait for progress: of `monitor`, one of the catalogue's MONITORS, over `patience` epochs, by more than `threshold`."""

    monitor: str
    patience: int
    threshold: float

    @property
    def watched(self) -> Watched:
        """What the number is."""
        return MONITORS[self.monitor]

    def cost(self, train_loss: float, loss: float, accuracy: float | None, figures: Mapping[str, float] = MappingProxyType({})) -> float:
        """The watched number, turned so that less is better; loss, accuracy and figures are those of the part that the run is watched on. What could not be told counts as 0."""
        if self.monitor == "train_loss":
            return train_loss
        number = {"loss": loss, "accuracy": accuracy or 0.0, **figures}.get(self.watched.figure, 0.0)
        return -number if self.watched.rises else number


@dataclass(frozen=True)
class Waited:
    """The best cost so far, None before the first epoch, and the epochs since."""

    best: float | None = None
    epochs: int = 0

    def after(self, cost: float, patience: Patience) -> Waited:
        """The same an epoch later."""
        better = self.best is None or cost < self.best - patience.threshold
        return Waited(cost, 0) if better else Waited(self.best, self.epochs + 1)


def after_epoch(at: Position, plateau: Patience | None, stopping: Patience | None, seen: tuple[float, float, float | None, Mapping[str, float]]) -> dict[str, object]:
    """What a schedule and a stop that watch a run make of an epoch with these losses, this accuracy and these figures, as fields of the position after it."""
    found: dict[str, object] = {}
    if plateau:
        waited = Waited(at.plateau_best, at.plateau_epochs).after(plateau.cost(*seen), plateau)
        over = waited.epochs > plateau.patience
        found |= {"plateau_best": waited.best, "plateau_epochs": 0 if over else waited.epochs, "reductions": at.reductions + over}
    if stopping:
        waited = Waited(at.stopping_best, at.stopping_epochs).after(stopping.cost(*seen), stopping)
        best_epoch = at.stopping_best_epoch if waited.epochs else at.epoch
        found |= {"stopping_best": waited.best, "stopping_epochs": waited.epochs, "stopping_best_epoch": best_epoch}
    return found
