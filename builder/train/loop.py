"""The training loop: a generator of events. It draws nothing, stores nothing but checkpoints, and knows no graph."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor, nn

from builder.data.records import Tensors
from builder.tasks.task import LossFunction, Task

from . import endings
from .again import steps_again, tests_again
from .answered import Answering
from .checkpoint import (
    BEST,
    LAST,
    CheckpointError,
    Position,
    load_checkpoint,
    save_checkpoint,
)
from .control import CHECKPOINT, PAUSE, RATE, RESUME, STOP, Control
from .culprit import found
from .device import Device, go_on_with_threads
from .evaluate import Seen
from .events import (
    CheckpointSaved,
    Continued,
    EpochEnded,
    Evaluated,
    Event,
    Noted,
    Paused,
    RateChanged,
    RunEnded,
    RunStarted,
    StepEnded,
)
from .interrupt import Interrupted, interruptible, way_back
from .learning import Learning
from .patience import after_epoch
from .precision import arithmetic
from .settings import Settings
from .snapshot import take_snapshot, watched_layer
from .watch import NEVER, Pace, Sums

# Two reports a second, however slow the one who listens.
LONGEST_PAUSE = 0.5
# A mean loss so many times the first one (or 1, where that is more) is as lost as one that is not finite: dead units keep it finite.
BLOWN_UP = 1e6
Ending = Generator[Event, None, RunEnded | None]


def train(model: nn.Module, tensors: Tensors, settings: Settings, *, optimizer: torch.optim.Optimizer, loss_fn: LossFunction, task: Task,
          device: Device, control: Control | None = None, checkpoints: Path | None = None, resume: bool = False, kind: Callable[..., Run] | None = None) -> Iterator[Event]:
    """Trains in place, yielding events; RunEnded is last, exactly once, for every way of ending (table in `events`).

    `control` is asked before every step and before every batch of the evaluation. With `checkpoints`, the folder gets `last` after every
    epoch, when stopped, paused or asked to, and `best` by the figure that the settings name, else by the accuracy on the part that the run is watched on (validation, or test where there is no
    validation part), by its loss where nothing is right or wrong; `resume` goes on from `last` where there is one. On the CPU a run that was paused or
    resumed has the very bits of one that never was. `kind` makes the run where it is not one process's own.
    """
    run = (kind or Run)(model, tensors, settings, optimizer, loss_fn, task, device, control or Control(), checkpoints)
    with arithmetic(settings.precision, settings.deterministic, device):
        try:
            ending = yield from run.events(resume)
        except Exception as error:
            ending = endings.broken(error, model, run.step, settings.batch_size, device.name)
        yield ending


class Run(Learning):
    """One run; its methods are the stages of `train`."""

    def __init__(self, model: nn.Module, tensors: Tensors, settings: Settings, optimizer: torch.optim.Optimizer, loss_fn: LossFunction, task: Task,
                 device: Device, control: Control, checkpoints: Path | None):
        super().__init__(model, tensors, settings, optimizer, loss_fn, task, device)
        self.control, self.folder = control, checkpoints
        self.seconds_before, self.seen, self.searched, self.pinned = 0.0, None, True, ""
        self.first_loss, self.blown_up = None, ""
        self.watched = watched_layer(model, tensors.shape)
        self.reports = Pace(settings.report_every, LONGEST_PAUSE)
        self.snapshots = Pace(settings.snapshot_every, 60.0)
        self.answering = Answering(settings.snapshot_every)
        self.copies = Pace(settings.report_every, 60.0)

    def events(self, resume: bool) -> Generator[Event, None, RunEnded]:
        """Everything but the last event, which is returned."""
        self._settle_in()
        self.began = self.window_began = time.perf_counter()
        if resume and self.folder is not None and (self.folder / LAST).exists():
            self._go_on_from(self.folder / LAST)
        if self.at.epoch <= self.settings.epochs:
            self.set_rate()
        yield self._started()
        for says in (self.pinned, self.train_part.says(self.settings.workers), self.forward.began()):
            yield from [Noted(self.step, says)] if says else []
        yield from self._snapshot()
        while self.at.epoch <= self.settings.epochs:
            if (stopping := self.settings.stopping) is not None and self.at.stopping_epochs >= stopping.patience:
                return endings.early(self.at, self.settings.epochs, stopping, self.seen, self.tensors.watched_name)
            ending = (yield from self._steps()) or (yield from self._epoch_end())
            if ending is not None:
                return ending
        return endings.completed(self.step, self.settings.epochs, self.seen, self.tensors.watched_name)

    def _go_on_from(self, path: Path) -> None:
        """Network and optimiser as they were at the checkpoint."""
        self.at, self.random = load_checkpoint(path, self.model, self.optimizer, self.average)
        if self.at.seed != self.settings.seed:
            raise CheckpointError(f"{path} is of a run with seed {self.at.seed}, and this run's is {self.settings.seed}: the order of samples would differ.")
        self.pinned = go_on_with_threads(self.at.threads) if self.device.torch_name == "cpu" else ""
        # A run that was given more epochs than it had is not to end for what it waited before.
        if self.at.epochs < self.settings.epochs:
            self.at = replace(self.at, epochs=self.settings.epochs, stopping_epochs=0)
        self.step, self.seconds_before = self.at.step, self.at.seconds
        self.forward.goes_on(self.at.compiled, self.at.graph)

    def _started(self) -> RunStarted:
        settings, data = self.settings, self.tensors
        return RunStarted(self.device.kind, self.device.name, sum(weights.numel() for weights in self.model.parameters()), len(data.train_x),
                          len(data.test_x), len(self.bounds), settings.epochs, settings.batch_size, data.classes, settings.seed,
                          torch.get_num_threads(), torch.__version__, self.step, self._rate(), data.task, data.targets,
                          0 if data.valid_x is None else len(data.valid_x), layers=self.norms.layers)

    # Stages of an epoch. Each returns the ending when the run ends there, else None.

    def _steps(self) -> Ending:
        """The epoch's steps from where it stands."""
        order = self.begin_epoch()
        answers = self.at.samples if self.at.answers is None else self.at.answers
        self.meter = self.make_meter(Sums(self.at.loss, self.at.correct, self.at.samples, answers=answers))
        self.epoch_began = self.window_began = time.perf_counter()
        self.batches = self.at.batches
        if self.sound.at is None:
            self.sound.keep(self.at)
        left = self.bounds[self.batches:]
        feed = self.train_part.batches((self.own(order[first:end]) for first, end in left), self.settings.workers)
        for first, end in left:
            if self.control.waiting() and (ending := (yield from self._obey())):
                return ending
            self.set_rate()
            self.forward.step_began()
            batch = self.batch(order[first:end], feed)
            while (made := self._made(*batch)) is None:
                if (ending := (yield from self._obey())) is not None:
                    return ending
            if not made:
                yield from self._report()
                return self._diverged(self.step + 1)
            self.step, self.batches = self.step + 1, self.batches + 1
            if says := self.forward.step_ended(len(self.bounds) * self.settings.epochs - self.step):
                yield Noted(self.step, says)
            if self.reports.due(time.perf_counter()) and (ending := (yield from self._look())):
                return ending
        return (yield from self._look())

    def _made(self, inputs: Tensor, targets: Tensor) -> bool | None:
        """A step, as `do_step` makes it; None where it was broken off while the network was compiled, with everything as it was before.

        Compiling takes up to a minute: who asks to stop or to pause meanwhile does not wait for its end.
        """
        if not self.forward.compiling:
            return self.do_step(inputs, targets)
        put_back, before, self.around = way_back(self.model, self.device.torch_name), self.around, interruptible(self.control)
        try:
            return self.do_step(inputs, targets)
        except Interrupted:
            self.forward.forget()
            put_back()
            return None
        finally:
            self.around = before

    def _epoch_end(self) -> Ending:
        """Evaluation, records, pictures and checkpoints of an epoch whose steps are done."""
        sums, seconds = self.meter.whole(), self._epoch_seconds()
        judged = self.model if self.average is None else self.average.module
        work = self.evaluation(judged)
        while (seen := self.evaluated(work)) is None:
            if (ending := (yield from self._obey())) is not None:
                return ending
        if not math.isfinite(seen.loss):
            return self._diverged(self.step, f"The loss of the {self.tensors.watched_name} samples was no longer a finite number", judged)
        epoch, self.seen = self.at.epoch, seen
        yield EpochEnded(epoch, self.step, sums.mean_loss, sums.accuracy, seconds, sums.samples / seconds)
        yield Evaluated(epoch, self.step, self.tensors.watched_name, seen.loss, seen.accuracy, seen.confusion, seen.figures, by=self.settings.best)
        yield from self.answering.of(seen, self.step, epoch, self.tensors.watched_name, epoch == self.settings.epochs)
        yield from self._snapshot()
        reached = seen.score(self.settings.best)
        better = self.at.best is None or reached > self.at.best
        self.at = Position(epoch + 1, 0, self.step, self.settings.seed, seconds=self._seconds(), best=reached if better else self.at.best, epochs=self.settings.epochs, threads=torch.get_num_threads(), **self.forward.decided,
                           **after_epoch(self.at, self.settings.plateau, self.settings.stopping, (sums.mean_loss, seen.loss, seen.accuracy, seen.figures)))
        yield from self._save(*((BEST, LAST) if better else (LAST,)))
        return None

    def evaluated(self, work: Iterator[Seen | None]) -> Seen | None:
        """What an evaluation has seen; None where it stands because somebody asked for something, and can be gone on with."""
        return next((seen for seen in work if seen is not None or self.control.asked()), None)

    def _stopped(self) -> Ending:
        """Reports what was done and saves the place, in the middle of the epoch."""
        if (ending := (yield from self._look())) is not None:
            return ending
        yield from self._save_place()
        return endings.stopped(self.step, self.at.epoch, self.settings.epochs, self.folder is not None)

    # What was asked for

    def _obey(self) -> Ending:
        """Does what was asked for since the last step, in the order of asking; a pause is waited out here, without work and off the clock."""
        paused = 0.0
        while (request := self.control.take(wait=paused > 0)) is not None:
            if request.command == STOP:
                return (yield from self._stopped())
            if request.command == CHECKPOINT:
                yield from self._save_place()
            elif request.command == RATE:
                yield from self._change_rate(float(request.value))
            elif request.command == PAUSE and not paused:
                if (ending := (yield from self._look())) is not None:
                    return ending
                yield from self._save_place()
                yield Paused(self.step, self.at.epoch)
                paused = time.perf_counter()
            elif request.command == RESUME and paused:
                self._skip(time.perf_counter() - paused)
                paused = 0.0
                yield Continued(self.step, self.at.epoch)
        return None

    def _skip(self, seconds: float) -> None:
        """Takes a pause out of every time that is measured."""
        self.began, self.epoch_began, self.window_began = self.began + seconds, self.epoch_began + seconds, self.window_began + seconds

    def _change_rate(self, lr: float) -> Iterator[Event]:
        """The steps from here on go by `lr`, or by a schedule that is as many times what it was. Saved before it is told, so that no resumed run falls behind what was told."""
        before = self._rate()
        for group in self.optimizer.param_groups:
            group["lr"] = lr
            if self.settings.rate is not None and (planned := self._planned(group)):
                group["changed"] = lr / planned
        self._copied()
        yield from self._save_place()
        yield RateChanged(self.step, self.at.epoch, before, lr)

    def _rate(self) -> float:
        return float(self.optimizer.param_groups[0]["lr"])

    def _diverged(self, bad_step: int, what: str = "The loss was no longer a finite number", judged: nn.Module | None = None) -> RunEnded:
        """The ending; weights that the bad step may have spoiled are put back. `judged` is the network whose test went wrong."""
        sound = bad_step - 1
        if self.blown_up or not self.checked or not self.sound.finite():
            sound = self.sound.put_back()
        lr, culprit = self._rate(), None
        if self.searched and not self.blown_up:
            self.alone()
            left = {name: value.clone() for name, value in self.model.state_dict().items()}
            culprit = found(self.model, tests_again(self, judged) if judged is not None else steps_again(self, bad_step), self.task)
            self.model.load_state_dict(left)
        return endings.diverged(bad_step, sound, lr, self.blown_up or what, culprit)

    # Looking at the run

    def _look(self) -> Ending:
        """A report, and at their own pace a picture of the filters and a copy of the weights."""
        began = time.perf_counter()
        bad = yield from self._report()
        yield from self.norms.told(self.at.epoch)
        if bad < NEVER:
            return self._diverged(bad)
        if self.copies.due(began) and not self._copied():
            return self._diverged(self.step, "A weight was no longer a finite number")
        if self.snapshots.due(began):
            yield from self._snapshot()
        self.reports.looked(began, time.perf_counter())
        return None

    def _report(self) -> Generator[Event, None, int]:
        """The means since the last report; returns the first step whose loss was not finite, and reports nothing then."""
        sums, now = self.meter.window(), time.perf_counter()
        if sums.samples and sums.bad_step == NEVER:
            yield StepEnded(self.step, self.at.epoch, sums.mean_loss, sums.accuracy, sums.samples / (now - self.window_began), self._seconds(),
                            self.optimizer.param_groups[0]["lr"])
            if self._blows_up(sums.mean_loss):
                return self.step
        self.window_began = now
        return sums.bad_step

    def _blows_up(self, loss: float) -> bool:
        """Whether the loss has left every reasonable bound; the words for it are kept."""
        self.first_loss = loss if self.first_loss is None else self.first_loss
        if loss > BLOWN_UP * max(1.0, self.first_loss):
            self.blown_up = f"The loss had grown from {self.first_loss:.3g} to {loss:.3g}"
        return bool(self.blown_up)

    def _copied(self) -> bool:
        began = time.perf_counter()
        sound = self.sound.keep(replace(self.at, batches=self.batches, step=self.step))
        self.copies.looked(began, time.perf_counter())
        return sound

    def _snapshot(self) -> Iterator[Event]:
        began = time.perf_counter()
        if self.watched is not None and (snapshot := take_snapshot(self.model, *self.watched, self.step, self.at.epoch)):
            yield snapshot
        self.snapshots.looked(began, time.perf_counter())

    def _save_place(self) -> Iterator[Event]:
        """Saves where the run is within its epoch. The position at the epoch's beginning stays, from which its sums and seconds count."""
        began, sums = self.at, self.meter.whole()
        self.at = replace(began, batches=self.batches, step=self.step, loss=sums.loss, correct=sums.correct, samples=sums.samples, answers=sums.answers,
                          seconds=self._seconds(), epoch_seconds=self._epoch_seconds(), **self.forward.decided)
        try:
            yield from self._save(LAST)
        finally:
            self.at = began

    def _save(self, *names: str) -> Iterator[Event]:
        random = self.random_now() if names and self.folder is not None else {}
        for name in names if self.folder is not None else ():
            save_checkpoint(self.folder / name, self.model, self.optimizer, self.at, random, self.average)
            yield CheckpointSaved(self.step, self.at.epoch - (self.at.batches == 0), name)

    def _seconds(self) -> float:
        """Since the start of the run, without the pauses between a stop and a resume."""
        return self.seconds_before + time.perf_counter() - self.began

    def _epoch_seconds(self) -> float:
        return self.at.epoch_seconds + time.perf_counter() - self.epoch_began
