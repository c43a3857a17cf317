"""The figures of the classes on the Train page."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from builder import api
from builder.runs import Store
from builder.train.events import Evaluated, RunEnded, RunStarted
from builder.ui.workspace import workspace

PAGE = Path(__file__).resolve().parents[2] / "pages" / "train.py"
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
    tab = AppTest.from_file(str(PAGE), default_timeout=60).run()
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
