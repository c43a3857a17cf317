"""The test part, when somebody asks for it: one checkpoint of a run, evaluated once."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn

from builder.data.records import Tensors
from builder.tasks.task import LossFunction, Task

from .batches import Split, has_convolutions
from .checkpoint import BEST, LAST, CheckpointError, Position, read_place
from .device import Device
from .evaluate import evaluate
from .events import Evaluated
from .precision import arithmetic
from .settings import Settings

CHECKPOINTS = {"best": BEST, "last": LAST}


def tested(model: nn.Module, tensors: Tensors, settings: Settings, *, loss_fn: LossFunction, task: Task, device: Device, folder: Path, checkpoint: str) -> Evaluated:
    """The network with the weights of a checkpoint of the run in `folder`, "best" or "last", over the test part. Raises CheckpointError as `restored` does."""
    position = restored(model, device, folder, checkpoint)
    if isinstance(loss_fn, nn.Module):
        loss_fn.to(device.torch_name)
    part = Split(tensors.test_x, tensors.test_y, tensors.mean, tensors.std, device, has_convolutions(model), most=settings.resident)
    with arithmetic(settings.precision, settings.deterministic, device):
        seen = evaluate(model, part, task, loss_fn, settings.evaluation_batch, settings.precision)
    return Evaluated(position.epoch - (position.batches == 0), position.step, "test", seen.loss, seen.accuracy, seen.confusion, seen.figures, checkpoint)


def restored(model: nn.Module, device: Device, folder: Path, checkpoint: str) -> Position:
    """Gives the network the weights of a checkpoint of the run in `folder`, "best" or "last", and brings it to the device; where in the run that was. Where the run kept an
    average of the weights, it is that.

    Raises CheckpointError when there is none yet or it is of another network.
    """
    path = folder / CHECKPOINTS[checkpoint]
    if not path.exists():
        raise CheckpointError(f"The run has no {checkpoint} checkpoint to test: " + (
            "no epoch of it has ended." if checkpoint == "best" else "it was not stopped, paused or evaluated yet."))
    position, weights = read_place(path)
    try:
        model.load_state_dict(weights)
    except RuntimeError as error:
        raise CheckpointError(f"{path} is of another network: {str(error).splitlines()[-1].strip()}") from None
    model.to(device=device.torch_name, memory_format=torch.channels_last if has_convolutions(model) else torch.preserve_format)
    return position
