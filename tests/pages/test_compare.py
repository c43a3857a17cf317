"""The Compare page, and the report and the memory line on the pages that they stand on."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from builder import api
from builder.gallery import ENTRIES
from builder.graph import apply
from builder.runs import Store
from builder.train.events import RunEnded
from builder.ui import report_view
from builder.ui.workspace import workspace

PAGES = Path(__file__).resolve().parents[2] / "pages"


def page(name: str) -> AppTest:
    """A fresh browser tab on a page, which must not fail."""
    return looked(AppTest.from_file(str(PAGES / f"{name}.py"), default_timeout=60).run())


def looked(tab: AppTest) -> AppTest:
    assert not tab.exception, tab.exception
    return tab


def cells(tab: AppTest, number: int = 0) -> list[list[str]]:
    """The rows of a table of the page."""
    return tab.table[number].value.astype(str).values.tolist()


def edited() -> None:
    """Open the MNIST CNN with one change."""
    workspace().open(apply(ENTRIES["mnist-cnn"].project, {"op": "set", "id": "conv1", "params": {"out_channels": 12}}))


def test_the_open_drawing_is_compared_with_the_ready_made_one_that_it_began_as(home):
    edited()
    tab = page("compare")
    assert [box.value for box in tab.selectbox] == ["gallery:mnist-cnn", "open"]
    assert [(metric.label, metric.value, metric.delta) for metric in tab.metric][0] == ("Parameters", "22,892", "+1,052 from 21,840")
    rows = cells(tab)
    assert len(rows) == 4 and "~ changed" in rows[0][0] and "out\\_channels 10 → 12" in rows[0][3] and rows[0][4] == "+52"
    looked(tab.toggle(key="compare-all").set_value(True).run())
    assert len(cells(tab)) == len(ENTRIES["mnist-cnn"].project.network.nodes)


def test_swapping_turns_the_differences_round(home):
    edited()
    tab = looked(page("compare").button(key="swap").click().run())
    assert [box.value for box in tab.selectbox] == ["open", "gallery:mnist-cnn"] and "12 → 10" in cells(tab)[0][3]


def test_a_run_is_compared_and_one_that_was_deleted_meanwhile_is_said_to_be_gone(home):
    with Store() as store:
        run = store.create(api.to_json(api.with_settings(api.gallery("mnist-cnn"), {"training.lr": 0.5})), "", "MNIST CNN")
        tab = page("compare")
        looked(tab.selectbox(key="compare-after").set_value(f"run:{run}").run())
        looked(tab.selectbox(key="compare-before").set_value("gallery:mnist-cnn").run())
        assert "same drawing" in tab.info[0].value and cells(tab, 1) == [["training\\.optimizer\\.lr", "0\\.05", "0\\.5"]]
        store.settle(store.get(run), RunEnded("killed", 0, "killed"))
        store.delete(run)
    looked(tab.run())
    assert f"run:{run}" not in [box.value for box in tab.selectbox]


def test_a_hostile_name_stays_text(home):
    project = apply(ENTRIES["mnist-cnn"].project, {"op": "name", "value": "![x](http://a.b/c) <b>"})
    workspace().open(project)
    tab = page("compare")
    assert "![x](http" in tab.selectbox(key="compare-after").options[0]


@pytest.mark.parametrize(("free", "warned", "says"), [
    (50_000_000_000, 0, "All 1,293 training samples would fit"), (460_000_000, 1, "Batches of up to 121 fit"), (1_000, 1, "Not even one sample"),
    (None, 0, "is not known")])
def test_the_train_page_says_before_training_whether_it_fits(home, monkeypatch, free, warned, says):
    monkeypatch.setattr(report_view, "free", lambda gpu: free)
    workspace().apply({"op": "settings", "path": "training.batch_size", "value": 1000})
    tab = page("train")
    memory = [one.value for one in (*tab.warning, *tab.caption) if one.value.startswith("Memory")]
    assert len(memory) == 1 and says.replace("-", "\\-") in memory[0].replace("\\,", ",")
    assert len([one for one in tab.warning if one.value.startswith("Memory")]) == warned
    offered = [button.label for button in tab.button if button.label.startswith("Use batches of")]
    assert offered == (["Use batches of 64"] if "up to 121" in says else [])


def test_the_button_sets_the_largest_power_of_two_that_fits(home, monkeypatch):
    monkeypatch.setattr(report_view, "free", lambda gpu: 460_000_000)
    workspace().apply({"op": "settings", "path": "training.batch_size", "value": 1000})
    tab = page("train")
    looked(tab.button(key="fitting-batch").click().run())
    assert workspace().project.training["batch_size"] == 64
    assert "fitting-batch" not in [button.key for button in tab.button]
