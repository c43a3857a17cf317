"""What a run computes: its steps, each from a batch of samples, and its evaluations. It tells nobody; `loop` does, between the steps."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from builder.data.records import Tensors
from builder.tasks.task import LossFunction, Task

from .batches import Split, batch_bounds, epoch_order, has_convolutions
from .checkpoint import Position, lay_out_state, random_states, set_random_states
from .compiling import Forward
from .device import Device
from .evaluate import Seen, evaluation
from .graphs import RecordedStep, recorder
from .norms import Norms, norms_of
from .precision import computed
from .settings import Settings
from .watch import Meter, SoundWeights, Sums

# Where waiting for every step's loss costs nothing, because the device is the processor that waits.
CHECKED_EVERY_STEP = ("cpu",)


class Learning:
    """A network that learns, with everything that a step or an evaluation takes."""

    def __init__(self, model: nn.Module, tensors: Tensors, settings: Settings, optimizer: torch.optim.Optimizer, loss_fn: LossFunction, task: Task, device: Device):
        self.model, self.tensors, self.settings, self.optimizer, self.loss_fn = model, tensors, settings, optimizer, loss_fn
        self.task, self.device = task, device
        self.at, self.random = Position(seed=settings.seed, epochs=settings.epochs, threads=torch.get_num_threads()), None
        self.norms = Norms(model, settings.report_every)
        self.trained = self.norms.trained
        self.average: AveragedModel | None = None
        # What surrounds a step's passes through the network, where somebody may break them off.
        self.around: AbstractContextManager[None] = nullcontext()
        self.step, self.checked, self.share = 0, device.kind in CHECKED_EVERY_STEP, None
        self.bounds = batch_bounds(len(tensors.train_x), settings.batch_size)

    def _settle_in(self) -> None:
        """Network, loss and data go to the device; with convolutions, in the memory format that they are fastest in."""
        last = has_convolutions(self.model)
        self.model.to(device=self.device.torch_name, memory_format=torch.channels_last if last else torch.preserve_format)
        lay_out_state(self.optimizer)
        for group in self.optimizer.param_groups:
            # torch's own name for the rate that a schedule begins with; it is kept with the checkpoint.
            group.setdefault("initial_lr", group["lr"])
        if isinstance(self.loss_fn, nn.Module):
            self.loss_fn.to(self.device.torch_name)
        if self.settings.average is not None:
            self.average = AveragedModel(self.model, multi_avg_fn=get_ema_multi_avg_fn(self.settings.average))
        data = self.tensors
        self.train_part = Split(data.train_x, data.train_y, data.mean, data.std, self.device, last, self.settings.augment, self.settings.resident, len(data.classes))
        # Where there is a validation part, the test part does not even come to the device.
        self.watched_part = Split(*data.watched, data.mean, data.std, self.device, last, most=self.settings.resident)
        records = recorder(self.device)
        self.forward = Forward(self.model, self.settings.compile, self.device, self.settings.batch_size,
                               records and (lambda: RecordedStep(self.gradients, self.model, self.optimizer, self.device, records)))
        self.sound = SoundWeights(self.model, self.optimizer, self.random_here)

    def begin_epoch(self) -> Tensor:
        """The order of its samples; the network, what changes the samples and torch's random numbers are as they are to be for its next step."""
        self.model.train()
        order = epoch_order(len(self.train_part), self.settings.seed, self.at.epoch, self.train_part.where)
        self.train_part.begin(self.settings.seed, self.at.epoch)
        if self.at.batches and self.random is not None:
            set_random_states(self.random, self.device.torch_name)
        return order

    def own(self, numbers: Tensor) -> Tensor:
        """Which samples of a batch this process computes."""
        return numbers

    def batch(self, numbers: Tensor, feed: Iterator[tuple[Tensor, Tensor]] | None = None) -> tuple[Tensor, Tensor]:
        """Inputs and targets of this process's part of the batch of the samples with these numbers, where there is a feed the next of it."""
        return next(feed) if feed is not None else self.train_part.batch(self.own(numbers))

    def make_meter(self, start: Sums) -> Meter:
        """What adds up an epoch, from what was done of it."""
        return Meter(self.device, self.task, start)

    def share_gradients(self) -> None:
        """What processes that share a training do between the backward pass and the step; alone nothing."""

    def random_here(self) -> dict[str, Tensor]:
        """torch's random states."""
        return random_states(self.device.torch_name)

    def random_now(self) -> dict[str, Tensor]:
        """The same for a checkpoint."""
        return self.random_here()

    def alone(self) -> None:
        """What processes that share a training do before the first of them goes back to where it went wrong; alone nothing."""

    def set_rate(self) -> None:
        """The learning rate of the next step, where there is a schedule; in proportion once somebody has changed it."""
        for group in self.optimizer.param_groups if self.settings.rate is not None else ():
            group["lr"] = self._planned(group) * group.get("changed", 1.0)

    def _planned(self, group: dict[str, object]) -> float:
        settings = self.settings
        return settings.rate.at(group["initial_lr"], self.step, len(self.bounds) * settings.epochs, settings.epochs, self.at.reductions)

    def do_step(self, inputs: Tensor, targets: Tensor) -> bool:
        """One optimiser step; False, with the weights untouched, when the loss is not finite and the device tells so for nothing."""
        if played := self.forward.played(inputs, targets):
            known, outputs = played
            if self.norms.due:
                self.norms.measure(self.step + 1, lambda: self.forward.norms(self.trained))
        else:
            # What is broken off ends before the optimiser has begun to change the weights.
            with self.around:
                loss, outputs = self.judged(inputs, targets)
                known = loss.item() if self.checked else loss.detach()
                if self.checked and not math.isfinite(known):
                    return False
                self.learn(loss)
            self.optimizer.step()
        if not self.checked:
            self.meter.mark_if_bad(known, self.step + 1)
        if self.average is not None:
            self.average.update_parameters(self.model)
        self.meter.add(known, outputs.detach(), targets)
        return True

    def gradients(self, inputs: Tensor, targets: Tensor) -> tuple[Tensor, Tensor, Tensor | None]:
        """For a recording: gives the weights their gradients of a batch; its mean loss, the network's outputs and, where gradients are clipped, their norms before."""
        loss, outputs = self.judged(inputs, targets)
        self._backward(loss)
        norms = None if self.settings.clip is None else self._norms()
        self._clip()
        return loss.detach(), outputs.detach(), norms

    def judged(self, inputs: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """A batch's mean loss, with its graph, and the network's outputs."""
        outputs = computed(self.forward, inputs, self.settings.precision)
        if self.step == 0:
            self.task.check(outputs)
        return self.task.loss(self.loss_fn, outputs, targets), outputs

    def learn(self, loss: Tensor) -> None:
        """Gives the weights their gradients of what is minimised, as the optimiser is to see them."""
        self._backward(loss)
        if self.norms.due:
            self.norms.measure(self.step + 1, self._norms)
        self._clip()

    def _backward(self, loss: Tensor) -> None:
        settings = self.settings
        self.optimizer.zero_grad()
        aim = loss + settings.l1 * sum(weights.abs().sum() for weights in self.trained) if settings.l1 else loss
        (aim if self.share is None else aim * self.share).backward()
        self.share_gradients()

    def _norms(self) -> Tensor:
        return norms_of([weights.grad for weights in self.trained])

    def _clip(self) -> None:
        if self.settings.clip is not None:
            self.settings.clip(self.trained)

    def evaluation(self, judged: nn.Module) -> Iterator[Seen | None]:
        """What the part that the run is watched on will say, once it is gone through."""
        return evaluation(judged, self.watched_part, self.task, self.loss_fn, self.settings.evaluation_batch, self.settings.precision)
