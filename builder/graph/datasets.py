"""The data set that a project is for: a registered one, or a person's own, which the project's `data` section describes; and what may be chosen with it."""

from __future__ import annotations

from collections.abc import Mapping

from builder.catalogue import DATASETS, OWN, Dataset, Record, described, losses_of, own_problem, usual_loss
from builder.catalogue.datasets import OWN_FIELDS, OWN_MORE, VALIDATION, validation_samples
from builder.catalogue.training import RECORDS

from .bricks import EditError
from .document import FrozenDict, Project, freeze


def dataset_of(project: Project) -> Dataset | None:
    """The data set that a project trains on; None when its `data` section names none that there is."""
    return described(project.data)


def choices(project: Project, section: str) -> tuple[Mapping[str, Record], str]:
    """The records that a section of the training settings chooses from, and the one that is meant where nothing is: losses are those of the project's task."""
    if section != "loss":
        return RECORDS[section]
    task = str(project.task.get("kind"))
    return losses_of(task), usual_loss(task)


def validation_share(project: Project) -> float:
    """The share of the training part that is held out for validation; the default where the project does not say it or says none that there is."""
    value = VALIDATION.normal(project.data.get(VALIDATION.name, VALIDATION.default))
    return VALIDATION.default if VALIDATION.check(value) else value


def validated_samples(project: Project, dataset: Dataset) -> int:
    """How many samples the validation part has: the one that came with the data, else the project's share of the training part."""
    return dataset.valid or validation_samples(dataset.train, validation_share(project))


def watched_samples(project: Project, dataset: Dataset) -> int:
    """How many samples a run is watched on: the validation part, or the test part where there is none."""
    return validated_samples(project, dataset) or dataset.test


def trained_samples(project: Project, dataset: Dataset) -> int:
    """How many samples an epoch goes through: the training part of a data set without what is drawn from it for validation."""
    return dataset.train - (0 if dataset.valid else validated_samples(project, dataset))


def used(project: Project, section: FrozenDict) -> FrozenDict:
    """A `data` section for other data, with the project's own share for validation."""
    return FrozenDict({**section, **{name: value for name, value in project.data.items() if name == VALIDATION.name}})


def meant(source: object) -> tuple[Dataset, FrozenDict]:
    """The data set that an edit names, and the `data` section for it: a registered name, or a section about a person's own data.

    Raises EditError in words.
    """
    if isinstance(source, Mapping) and source.get("source") == OWN:
        if wrong := own_problem(source):
            raise EditError(f"these are no data of one's own: {wrong}")
        section = freeze({name: source[name] for name in ("source", *OWN_FIELDS, *OWN_MORE) if name in source})
        return described(section), section
    if not isinstance(source, str) or source not in DATASETS:
        raise EditError(f"there is no data set called {source!r:.60}; there are {', '.join(DATASETS)}")
    return DATASETS[source], FrozenDict({"source": source})
