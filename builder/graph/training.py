"""What a project's training settings come to, read off the records that declare them. The settings must be legal, which `check` says."""

from __future__ import annotations

from collections.abc import Mapping

from builder.catalogue import Record
from builder.catalogue.schedules import Rate, rate_of, steps_per_epoch

from .check import RECORDS, WHOLE
from .datasets import choices, dataset_of, trained_samples
from .document import Project

MOST_POINTS = 600  # of a curve: more than a screen has columns for


def chosen(project: Project, section: str) -> tuple[Record, dict[str, object]]:
    """The record that a section such as "optimizer" chooses, with the parameters that are given there."""
    records, default = choices(project, section)
    given = project.training.get(section)
    table = dict(given) if isinstance(given, Mapping) else {}
    return records[str(table.pop("kind", default))], table


def number(project: Project, name: str) -> object:
    """A setting that is a value of its own, such as "epochs"; its default where it is not given."""
    return WHOLE[name].normal(project.training.get(name, WHOLE[name].default))


def fused(project: Project) -> dict[str, bool]:
    """The argument that has torch's optimiser take a step in one pass over memory, where it keeps numbers of its own and can: 1.3 to 3 times as fast on the processor."""
    record, given = chosen(project, "optimizer")
    return {"fused": True} if record.fused and record.numbers(given) else {}


def goes_on(project: Project) -> bool:
    """Whether the project's optimiser is the one whose state is kept with the weights that the project starts from."""
    return bool(project.weights) and project.weights.get("optimizer") == chosen(project, "optimizer")[0].kind


def legal(project: Project) -> bool:
    """Whether every setting is one that its record or parameter allows."""
    if any(WHOLE[name].check(number(project, name)) for name in WHOLE):
        return False
    tables = [(*choices(project, section), project.training.get(section, {})) for section in RECORDS]
    return all(isinstance(table, Mapping) and (record := records.get(table.get("kind", default)))
               and not record.check({name: value for name, value in table.items() if name != "kind"}) for records, default, table in tables)


def rate(project: Project) -> Rate | None:
    """The schedule of the learning rate with its warm-up; None where the rate stays as it is."""
    record, given = chosen(project, "schedule")
    warmup = number(project, "warmup")
    return rate_of(record, given, warmup) if warmup or record.kind != RECORDS["schedule"][1] else None


def rates(project: Project) -> list[tuple[float, float]]:
    """The learning rate over the run, known before it: (epochs done, rate), of every step or of evenly spread ones and the last.

    As if what a schedule watches never stood still; none while the settings are not legal.
    """
    if not legal(project):
        return []
    record, given = chosen(project, "optimizer")
    lr, epochs = record.values(given)["lr"], number(project, "epochs")
    dataset = dataset_of(project)
    each = steps_per_epoch(trained_samples(project, dataset), number(project, "batch_size")) if dataset else 1
    steps, schedule = each * epochs, rate(project)
    apart = max(1, steps // MOST_POINTS)
    numbers = [*range(0, steps - 1, apart), steps - 1]
    return [(step / each, lr if schedule is None else schedule.at(lr, step, steps, epochs)) for step in numbers]
