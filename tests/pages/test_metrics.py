"""The figures of the classes on the Train page."""

from __future__ import annotations

import base64
import json
import math
from array import array
from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from builder import api
from builder.runs import Store
from builder.train.events import Answered, EpochEnded, Evaluated, RunEnded, RunStarted
from builder.ui.workspace import workspace
from tests.pages.tabs import train_page

STARTED = RunStarted("cpu", "A processor", 21_840, 1437, 360, 45, 15, 32, ("cat", "<b>dog</b>"), 0, 1, "2.15.0")


@pytest.fixture
def run(home):
    project = workspace().project
    with Store() as store:
        run_id = store.create(api.to_json(project), "", project.name, None)
        store.claim(run_id)
        store.append(run_id, [STARTED], 1)
        yield store, run_id


def page() -> AppTest:
    tab = train_page().run()
    assert not tab.exception, tab.exception
    return tab


def figures(tab: AppTest) -> dict[str, str]:
    return {one.label: one.value for one in tab.metric}


def test_before_the_first_test_the_page_says_when_there_will_be_figures(run):
    tab = page()
    assert not tab.metric and "evaluated after every epoch" in " ".join(one.value for one in tab.caption)


def test_the_last_and_the_best_epoch_class_by_class(run):
    store, run_id = run
    store.append(run_id, [Evaluated(1, 45, "test", 0.1, 0.95, ((10, 0), (1, 9)), {"top5": 0.99, "calibration_error": 0.02}),
                          Evaluated(2, 90, "test", 0.2, 0.5, ((5, 5), (5, 5))), RunEnded("completed", 90, "Done.")], 1)
    tab = page()
    assert figures(tab) == {"Accuracy": "50.00 %", "Macro F1": "50.00 %"}
    tab = tab.segmented_control(key="metrics_of").set_value("Best epoch").run()
    assert not tab.exception
    assert figures(tab) == {"Accuracy": "95.00 %", "Top-5 accuracy": "99.00 %", "Macro F1": "94.99 %", "Calibration error": "2.00 %"}
    table = tab.dataframe[0].value
    assert list(table["Class"]) == ["cat", "<b>dog</b>"] and list(table["Recall"]) == [1.0, 0.9] and list(table["Samples"]) == [10, 10]


@pytest.mark.parametrize(("name", "count", "values"), [("universal-approximation", 20, "f"), ("unet-small", 2, "B"), ("box-cnn", 3, "f")])
def test_a_run_of_masks_or_numbers_shows_what_it_says_beside_what_is_true(home, name, count, values):
    project = api.gallery(name)
    workspace().open(project)
    shape = {"universal-approximation": (count, 1), "unet-small": (count, 64, 64), "box-cnn": (count, 4)}[name]
    told = Answered(45, 1, "validation", {"f": "float32", "B": "uint8"}[values], shape, base64.b64encode(array(values, [0] * math.prod(shape)).tobytes()).decode())
    seen = Evaluated(1, 45, "validation", 0.25, None, (), {"mse": 0.25, "r2": 0.5}) if values == "f" else Evaluated(
        1, 45, "validation", 0.25, 0.5, ((5, 5, 0, 0), (5, 5, 0, 0), (0, 0, 0, 0), (0, 0, 0, 0)), {"mean_iou": 0.333})
    with Store() as store:
        run_id = store.create(api.to_json(project), "", project.name, None)
        store.claim(run_id)
        store.append(run_id, [replace(STARTED, task=project.task["kind"], classes=()), seen, told, RunEnded("completed", 45, "Done.")], 1)
    tab = page()
    assert "What it says of the first validation samples, after epoch 1" in " ".join(one.value for one in tab.markdown)
    [chart] = tab.get("plotly_chart")
    kinds = {one.get("type", "scatter") for one in json.loads(chart.proto.spec)["data"]}
    assert kinds == ({"scatter"} if name == "universal-approximation" else {"image", "scatter"})
    assert figures(tab)["R²" if values == "f" else "Mean IoU"] == ("0.5" if values == "f" else "33.30 %")


def test_a_run_of_boxes_shows_them_with_their_scores_its_figures_and_the_parts_of_its_loss(home):
    project = api.gallery("detector-small")
    workspace().open(project)
    values = array("f", [0.25, 0.25, 0.5, 0.5, 1, 0.75, *([0] * 4), -1, -1] + ([0] * 4 + [-1, -1]) * 2)
    told = Answered(90, 2, "validation", "float32", (2, 2, 6), base64.b64encode(values.tobytes()).decode())
    found = {"map": 0.5, "map_50": 0.9, "precision": 0.8, "recall": 0.7, "loss_box": 1.5, "loss_objectness": 0.4, "loss_class": 0.1, "map/1": 0.6, "map_50/1": 0.95, "boxes/1": 12}
    seen = [Evaluated(epoch, 45 * epoch, "validation", 2.0, None, (), {**found, "map": 0.5 * epoch}) for epoch in (2, 1)]
    with Store() as store:
        run_id = store.create(api.to_json(project), "", project.name, None)
        store.claim(run_id)
        store.append(run_id, [replace(STARTED, task="detection", classes=("circle", "square", "triangle")), EpochEnded(2, 90, 2.0, None, 1.0, 9.0), *seen[::-1], told, RunEnded("completed", 90, "Done.")], 1)
    tab = page()
    assert "What it says of the first validation samples, after epoch 2" in " ".join(one.value for one in tab.markdown)
    sheet, parts = (json.loads(chart.proto.spec) for chart in tab.get("plotly_chart"))
    assert [one["text"] for one in sheet["layout"]["annotations"]] == ["0.75"] and [one["name"] for one in sheet["data"][1:]] == ["circle", "square", "triangle"]
    assert [one["name"] for one in parts["data"]] == ["boxes", "objectness", "classes"]
    assert (figures(tab)["mAP"], figures(tab)["Loss of the boxes"]) == ("100.00 %", "1.5")
    assert list(tab.dataframe[0].value["Class"]) == ["square"] and "mAP 100.0 % on the validation part" in " ".join(one.value for one in tab.markdown)
    assert not any(one.label == "Baselines" for one in tab.expander)


def test_what_is_folded_up_is_not_made(run):
    store, run_id = run
    store.append(run_id, [Evaluated(1, 45, "test", 0.1, 0.95, ((10, 0), (1, 9)))], 1)
    tab = train_page()
    for part in ("settings", "metrics", "baselines"):
        tab.session_state[f"{part}_open"] = False
    tab.run()
    assert not tab.exception and not tab.metric and not any(one.label == "Epochs" for one in tab.number_input)
    assert [one.label for one in tab.expander] == ["Training settings", "Metrics", "Baselines", "Runs (1)"]
