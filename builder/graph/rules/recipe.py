"""Advice on what a training does besides plain steps: schedules, warm-up, clipping, averages. Allowed, and surely or probably not meant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from builder.catalogue import Dataset
from builder.catalogue.schedules import steps_per_epoch
from builder.catalogue.training import RECORDS, WHOLE

from ..datasets import trained_samples
from ..document import Project
from ..problems import Problem, batch
from .augmentation import fitting


def recipe(project: Project, dataset: Dataset | None) -> Iterator[Problem]:
    """Everything that is odd about the recipe of a project, of what is legal in it."""
    epochs, size, warmup = (_number(project, name) for name in ("epochs", "batch_size", "warmup"))
    if epochs is not None and warmup is not None and warmup >= epochs:
        yield _odd("warmup", "warm-up", f"the warm-up over {warmup:g} epochs does not end within the {epochs} of the run",
                   f"the learning rate has only reached {epochs / warmup:.0%} of the schedule's at the end", 0.0 if epochs < 2 else float(max(1, epochs // 10)))
    lr, schedule = _values(project, "optimizer").get("lr"), _values(project, "schedule")
    floor = schedule.get("eta_min", schedule.get("min_lr", 0.0))
    if lr is not None and floor > lr > 0:
        name = "eta_min" if "eta_min" in schedule else "min_lr"
        yield _odd(f"schedule.{name}", "schedule", f"with {name} {floor:g} the learning rate rises instead of falling", f"it begins at lr = {lr:g}", 0.0)
    for section, name, default in (("clipping", "max_norm", 1.0), ("clipping", "clip_value", 0.5)):
        if _values(project, section).get(name) == 0:
            yield _odd(f"{section}.{name}", "clipping", f"with {name} 0 nothing is left of the gradient", "no weight ever moves", default)
    yield from fitting(project, dataset)
    decay = _values(project, "averaging").get("decay")
    if decay and epochs is not None and size is not None and dataset is not None:
        steps, reach = epochs * steps_per_epoch(trained_samples(project, dataset), size), 1 / (1 - decay)
        if reach > steps:
            yield _odd("averaging.decay", "average", f"an average with decay {decay:g} reaches back further than the run is long",
                       f"about 1/(1 - decay) = {reach:,.0f} steps count, the run has {steps:,}: the first weights stay in it",
                       float(f"{1 - 10 / max(steps, 20):.3g}"))


def _odd(name: str, code: str, says: str, because: str, better: object) -> Problem:
    edit = {"op": "settings", "path": f"training.{name}", "value": better}
    return Problem(None, f"training.{name}", "warning", says, because, (batch(f"Set {name.rpartition('.')[2]} to {better:g}", edit, sure=True),), code)


def _number(project: Project, name: str) -> float | int | None:
    param = WHOLE[name]
    value = param.normal(project.training.get(name, param.default))
    return None if param.check(value) else value


def _values(project: Project, section: str) -> Mapping[str, object]:
    """The parameters of what a section chooses; none where they are not legal."""
    records, default = RECORDS[section]
    table = project.training.get(section, {})
    if not isinstance(table, Mapping) or (record := records.get(table.get("kind", default))) is None:
        return {}
    given = {name: value for name, value in table.items() if name != "kind"}
    return {} if record.check(given) else record.values(given)
