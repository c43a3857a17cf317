"""The warm start on the Train page, run as a script."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from builder import api
from builder.graph import from_json
from builder.runs import Store, work
from builder.ui.workspace import workspace
from tests.pages.test_train import button, labels, launched, looked, page, said, store

__all__ = ["launched", "store"]


@pytest.fixture
def run_id(store: Store) -> str:
    """A small run that was trained for real."""
    project = api.with_settings(api.gallery("mnist-cnn"), {"training.epochs": 1, "training.batch_size": 512})
    made = store.create(api.to_json(project), api.source(project), project.name)
    assert work(made, lambda run, control: api.train(project, "cpu", control, run.folder), store).reason == "completed"
    workspace().open(project)
    return made


def opened(run_id: str) -> AppTest:
    return looked(button(page(run_id), "Warm start").click().run())


def test_what_survives_of_a_run_is_shown_brick_by_brick_and_the_changed_drawing_trains_on_from_it(run_id, store, launched):
    first = next(node.id for node in workspace().project.network.nodes if node.kind == "Conv2d")
    workspace().apply({"op": "rename", "id": first, "to": "renamed"})
    tab = opened(run_id)
    assert "weights of the network are kept" in said(tab)
    rows = next(one.value for one in tab.dataframe if "Brick" in one.value)
    assert list(rows["Brick"])[0] == "renamed" and list(rows["In the run"])[0] == first and set(rows["What becomes of it"]) == {"kept"}
    looked(tab.button(key="warm-train").click().run())
    [new] = launched
    weights = from_json(store.project(new)).weights
    assert run_id in weights["title"] and new != run_id and not workspace().project.weights
    assert api.fitting(from_json(store.project(new))).says.startswith("all ")


def test_a_run_at_work_or_without_a_checkpoint_offers_no_warm_start(store, home):
    waiting = store.create(api.to_json(api.gallery("mnist-cnn")), "source", "MNIST CNN")
    assert "Warm start" not in labels(page(waiting)) and "Warm start" not in labels(page())


def test_a_checkpoint_that_is_gone_or_damaged_is_said_in_the_dialog(run_id, store):
    for file in Path(store.folder(run_id)).glob("*.safetensors"):
        file.write_bytes(b"no checkpoint")
    assert "is not a whole checkpoint" in said(opened(run_id))
    for file in Path(store.folder(run_id)).glob("*.safetensors"):
        file.unlink()
    assert "has no checkpoint any more" in said(opened(run_id))
