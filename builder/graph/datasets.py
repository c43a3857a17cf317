"""The data set that a project is for: a registered one, or a person's own, which the project's `data` section describes."""

from __future__ import annotations

from collections.abc import Mapping

from builder.catalogue import DATASETS, OWN, Dataset, described, own_problem
from builder.catalogue.datasets import OWN_FIELDS

from .bricks import EditError
from .document import FrozenDict, Project, freeze


def dataset_of(project: Project) -> Dataset | None:
    """The data set that a project trains on; None when its `data` section names none that there is."""
    return described(project.data)


def meant(source: object) -> tuple[Dataset, FrozenDict]:
    """The data set that an edit names, and the `data` section for it: a registered name, or a section about a person's own data.

    Raises EditError in words.
    """
    if isinstance(source, Mapping) and source.get("source") == OWN:
        if wrong := own_problem(source):
            raise EditError(f"these are no data of one's own: {wrong}")
        section = freeze({name: source[name] for name in ("source", *OWN_FIELDS)})
        return described(section), section
    if not isinstance(source, str) or source not in DATASETS:
        raise EditError(f"there is no data set called {source!r:.60}; there are {', '.join(DATASETS)}")
    return DATASETS[source], FrozenDict({"source": source})
