"""What a run did, done again: its last steps from the last sound weights, its last test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from torch import Tensor, nn

from builder.tasks.task import Task

from .compiling import OFF, Forward
from .precision import computed
from .watch import Sums

if TYPE_CHECKING:
    from .loop import Run

Again = Callable[[Task], object]


def steps_again(run: Run, until: int) -> Iterator[Again]:
    """The steps from a run's last sound weights to step `until`, each with the batch, the learning rate and the random numbers that it had; the run has ended."""
    now, run.random, run.average = run.at, run.sound.go_back(), None
    run.at, run.step = run.sound.at, run.sound.step
    # What is compiled or recorded has no layers to look at.
    run.forward = Forward(run.model, OFF, run.device, run.settings.batch_size)
    while run.step < until:
        order = run.begin_epoch()
        run.meter = run.make_meter(Sums())
        for first, end in run.bounds[run.at.batches:][:until - run.step]:
            run.set_rate()
            yield _step(run, *run.batch(order[first:end]))
            run.step += 1
        run.at = replace(run.at, epoch=run.at.epoch + 1, batches=0) if run.at.epoch + 1 < now.epoch else replace(now, batches=0)


def _step(run: Run, inputs: Tensor, targets: Tensor) -> Again:
    def step(task: Task) -> None:
        run.task = task
        run.do_step(inputs, targets)

    return step


def tests_again(run: Run, judged: nn.Module) -> Iterator[Again]:
    """The run's test, a batch at a time."""
    judged.eval()
    for first in range(0, len(run.watched_part), run.settings.evaluation_batch):
        inputs, targets = run.watched_part.part(first, min(first + run.settings.evaluation_batch, len(run.watched_part)))
        yield lambda task, inputs=inputs, targets=targets: task.loss(run.loss_fn, computed(judged, inputs, run.settings.precision), targets)
