"""What a project's settings come to as the objects that train: from the catalogue's declarations to torch's. torch is imported by the functions that need it."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING

from builder.catalogue.schedules import MONITORS
from builder.graph import Project, check
from builder.graph.augmentation import augmentations
from builder.graph.memory import RESIDENT, evaluation_batch
from builder.graph.training import chosen, fused, number, rate
from builder.runs.limits import free_memory

if TYPE_CHECKING:
    import torch

    from builder.data.records import Tensors
    from builder.tasks.task import LossFunction, Task
    from builder.train.device import Device
    from builder.train.patience import Patience
    from builder.train.settings import Settings


def settings(project: Project, device: Device) -> Settings:
    """The project's training settings as the loop takes them on a device."""
    from builder.compile.resolve import resolve
    from builder.train.augment import in_a_row
    from builder.train.settings import Settings

    # The defaults are those that the form shows and the check knows.
    whole = {name: number(project, name) for name in ("epochs", "batch_size", "seed", "l1", "precision", "deterministic", "workers", "compile")}
    clipping, average = chosen(project, "clipping"), chosen(project, "averaging")
    return Settings(**whole, rate=rate(project), plateau=_patience(project, "schedule"), stopping=_patience(project, "stopping"),
                    clip=functools.partial(resolve(clipping[0].module), **clipping[0].arguments(clipping[1])) if clipping[0].module else None,
                    average=average[0].values(average[1]).get("decay"), augment=in_a_row(augmentations(project)), resident=_resident(device),
                    evaluation_batch=evaluation_batch(project, check(project)), best=_best(project))


def _best(project: Project) -> str:
    """The figure that decides about the best checkpoint, with - before it where less is better; empty for the task's own."""
    watched = MONITORS.get(number(project, "best"))
    return "" if watched is None else f"{'' if watched.rises else '-'}{watched.figure}"


def _resident(device: Device) -> int | None:
    """How many bytes of samples may lie on a device, by what is free there now; None where that is not known."""
    from builder.train.device import free_gpu

    free = {"cpu": free_memory, "cuda": lambda: free_gpu(device.torch_name)}.get(device.kind, lambda: None)()
    return None if free is None else int(RESIDENT * free)


def minimised(project: Project, tensors: Tensors, settings: Settings) -> tuple[LossFunction, Task]:
    """The project's loss and its task on these data."""
    from builder.compile.resolve import resolve
    from builder.tasks.choose import loss_arguments, task_of

    kind, given = chosen(project, "loss")
    made, values = resolve(kind.module), kind.arguments(given) | loss_arguments(tensors, kind.values(given), kind.form)
    # torch's losses are made of what they are told, ours are functions.
    loss_fn = made(**values) if isinstance(made, type) else functools.partial(made, **values)
    return loss_fn, task_of(tensors, kind.form, settings.augment is not None, values)


def optimizer(project: Project) -> Callable[[list[torch.nn.Parameter]], torch.optim.Optimizer]:
    """What makes the project's optimiser of the weights that it trains."""
    from builder.compile.resolve import resolve
    from builder.train.optimizer import plain

    kind, given = chosen(project, "optimizer")
    return lambda weights: plain(resolve(kind.module))(weights, **kind.arguments(given), **fused(project))


def _patience(project: Project, section: str) -> Patience | None:
    """What a record of the settings waits for; None where it watches nothing."""
    from builder.train.patience import Patience

    record, given = chosen(project, section)
    values = record.values(given)
    return Patience(values["monitor"], values["patience"], values["threshold"]) if "monitor" in values else None
