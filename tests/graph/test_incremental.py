"""What is kept from the check before an edit is what checking everything would say; texts of a document are what JSON writes."""

from __future__ import annotations

import json
import random

import pytest

from builder.graph import EditError, Project, apply, check, dumps, to_json
from builder.graph.memo import by_identity
from tests.first_networks import FIRST
from tests.graph.drawings import messy_project
from tests.ui.edits import random_edit


def projects(seed: int, length: int) -> list[Project]:
    """A project and what a row of random edits makes of it; now and then it goes back, as undo does."""
    rng = random.Random(seed)
    found = [rng.choice([rng.choice([entry.project for entry in FIRST.values()]), messy_project(rng)])]
    while len(found) < length:
        try:
            found.append(apply(found[-1], random_edit(rng, found[-1])) if rng.random() < 0.85 else rng.choice(found))
        except EditError:
            continue
    return found


@pytest.mark.parametrize("seed", range(60))
def test_a_check_after_an_edit_says_what_a_check_of_everything_says(seed):
    before = None
    for project in projects(seed, 12):
        before = check(project, before)
        assert before == check(project)


def test_a_brick_that_nothing_changed_for_stays_the_same_object():
    project = FIRST["mnist-cnn"].project
    before = check(project)
    after = check(apply(project, {"op": "set", "id": "conv2", "params": {"out_channels": 21}}), before)
    same = {name for name, placed in after.analysis.placed.items() if placed is before.analysis.placed[name]}
    assert {"image", "conv1", "pool1", "relu1"} <= same and not same & {"conv2", "pool2", "relu2", "fc1"}


def test_a_file_is_written_as_json_writes_it():
    rng = random.Random(0)
    for project in [*(entry.project for entry in FIRST.values()), *(messy_project(rng) for _ in range(60))]:
        assert dumps(project) == json.dumps(to_json(project), indent=2, ensure_ascii=False) + "\n"


def test_what_is_remembered_is_found_by_the_object_and_does_not_grow_for_ever():
    made = []

    @by_identity(4)
    def copied(items: list[int]) -> list[int]:
        made.append(items)
        return list(items)

    one, other = [1], [1]
    assert copied(one) is copied(one) and copied(other) is not copied(one) and len(made) == 2
    for number in range(20):
        copied([number])
    copied(one)
    assert len(made) == 23
