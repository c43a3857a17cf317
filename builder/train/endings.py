"""Why a run ended, in sentences for people."""

from __future__ import annotations

import logging
from types import TracebackType

from torch import nn

from builder.tasks.task import TaskError

from .checkpoint import CheckpointError, Position
from .compiling import CompileError
from .culprit import Culprit
from .evaluate import Seen
from .events import RunEnded, memory_ran_out
from .patience import Patience

# No optimiser here takes longer steps and learns.
LARGEST = 0.1
# As torch says it: https://docs.pytorch.org/docs/stable/generated/torch.use_deterministic_algorithms.html.
UNDETERMINED = "does not have a deterministic implementation"
LOG = logging.getLogger(__name__)


def reached(seen: Seen | None, part: str) -> str:
    """How good the network is on the part that the run is watched on, in words; empty before it was evaluated."""
    if seen is None:
        return ""
    if seen.accuracy is not None:
        return f"{100 * seen.accuracy:.1f} % of the {part} {'pixels' if 'mean_iou' in seen.figures else 'samples'} are right"
    if "map" in seen.figures:
        return f"the mean average precision on the {part} part is {seen.figures['map']:.3f}, {seen.figures['map_50']:.3f} at an overlap of 0.5"
    return f"R² of the {part} samples is {seen.figures['r2']:.3f}" if "r2" in seen.figures else ""


def completed(step: int, epochs: int, seen: Seen | None, part: str) -> RunEnded:
    """All epochs are done."""
    right = f": {words}" if (words := reached(seen, part)) else ""
    return RunEnded("completed", step, f"All {epochs} epochs are done{right}." if epochs > 1 else f"The epoch is done{right}.")


def early(at: Position, epochs: int, patience: Patience, seen: Seen | None, part: str) -> RunEnded:
    """What is watched stood still for too long, before the epoch where the run is."""
    rises, title = patience.watched.rises, patience.watched.title
    watched = f"{'training' if patience.monitor == 'train_loss' else part} {title}"
    best = f"{100 * -at.stopping_best:.1f} %" if title == "accuracy" else f"{-at.stopping_best if rises else at.stopping_best:.4g}"
    right = f" {words[0].upper()}{words[1:]}." if (words := reached(seen, part)) else ""
    return RunEnded("completed", at.step, f"Stopped early after epoch {at.epoch - 1} of {epochs}: the {watched} has not "
                    f"{'risen' if rises else 'fallen'} by more than {patience.threshold:g} for {at.stopping_epochs} epoch{'' if at.stopping_epochs == 1 else 's'}; its best was {best}, "
                    f"in epoch {at.stopping_best_epoch}.{right}")


def stopped(step: int, epoch: int, epochs: int, saved: bool) -> RunEnded:
    """Somebody asked."""
    kept = "; the run can go on from here" if saved else ""
    return RunEnded("stopped", step, f"Stopped as asked after step {step:,}, in epoch {epoch} of {epochs}{kept}.")


def diverged(bad_step: int, sound_step: int, lr: float, what: str, culprit: Culprit | None = None) -> RunEnded:
    """`what` happened to a number, where `culprit` knows; the network has the weights of `sound_step`."""
    where = f" Where it began: {culprit.says}." if culprit else ""
    advice = (f", with a learning rate of {lr:g}: the steps were too long. Try a learning rate of {min(lr / 10, LARGEST):g}." if bad_step > 1 or not culprit
              else ", before any step was made: no learning rate mends that. Look at that layer and at the samples.")
    return RunEnded("diverged", sound_step, f"{what} at step {bad_step:,}{advice}{where} The network has its weights of step {sound_step:,} again.",
                    culprit.brick if culprit else "")


def broken(error: Exception, model: nn.Module, step: int, batch_size: int, device: str) -> RunEnded:
    """An exception, with the layer it came from where that is known; the traceback goes to the log unless it was foreseen."""
    if memory_ran_out(error):
        smaller = f"Try batches of {batch_size // 2}, or a smaller network" if batch_size > 1 else "Try a smaller network"
        return RunEnded("out_of_memory", step, f"{device} ran out of memory at step {step + 1:,} with batches of {batch_size:,} samples. {smaller}.")
    if isinstance(error, TaskError | CheckpointError | CompileError):
        return RunEnded("failed", step, str(error))
    LOG.error("The run failed at step %d.", step + 1, exc_info=error)
    place = where(error, model)
    if UNDETERMINED in str(error):
        return RunEnded("failed", step, f"Step {step + 1:,} failed{f' in {place}' if place else ''}: torch has no deterministic algorithm for {str(error).split()[0]} on {device}. Train "
                        "with deterministic off, or without what needs it.")
    reason = next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)[:400]
    return RunEnded("failed", step, f"Step {step + 1:,} failed{f' in {place}' if place else ''}: {reason.rstrip('.')} ({type(error).__name__}).")


def where(error: Exception, model: nn.Module) -> str:
    """The innermost layer of the network whose code the exception passed through, as "Linear 'fc1'"; empty when it passed through none."""
    names = {id(module): f"{type(module).__name__} {name!r}" for name, module in model.named_modules() if name}
    found, trace = "", error.__traceback__
    while isinstance(trace, TracebackType):
        found = names.get(id(trace.tb_frame.f_locals.get("self")), found)
        trace = trace.tb_next
    return found
