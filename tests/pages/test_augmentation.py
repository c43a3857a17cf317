"""The augmentations on the Data page, run as a script."""

from __future__ import annotations

import json

from streamlit.testing.v1 import AppTest

from builder import data
from builder.graph import apply
from builder.graph.augmentation import row
from builder.ui.workspace import workspace
from tests.pages.test_data import at, looked, page, said


def bricks(tab: AppTest) -> list[str]:
    """What moves, switches and removes: the words of the buttons of the row."""
    return [button.help for button in tab.button if str(button.key).startswith("augmentation:") and button.help.startswith("Remove")]


def press(tab: AppTest, key: str) -> AppTest:
    return looked(tab.button(key=f"augmentation:{key}").click().run())


def pictures(tab: AppTest) -> int:
    return len(tab.get("image"))


def test_augmentations_are_added_set_moved_switched_off_and_removed_and_images_are_shown_before_and_after():
    tab = page()
    assert pictures(tab) == 0 and not bricks(tab)
    looked(tab.selectbox(key="augmentation:add").set_value("RandomCrop").run())
    assert bricks(tab) == ["Remove RandomCrop"] and pictures(tab) == 1 and tab.selectbox(key="augmentation:add").value is None
    looked(tab.selectbox(key="augmentation:add").set_value("RandomErasing").run())
    looked(tab.number_input(key="training.augmentation.0.padding").set_value(2).run())
    assert row(workspace().project) == [{"kind": "RandomCrop", "padding": 2}, {"kind": "RandomErasing"}] and "padding 2" in said(tab)
    press(tab, "1:back")
    assert [entry["kind"] for entry in row(workspace().project)] == ["RandomErasing", "RandomCrop"]
    assert tab.number_input(key="training.augmentation.1.padding").value == 2
    press(tab, "0:off")
    assert row(workspace().project)[0] == {"kind": "RandomErasing", "off": True} and "off · defaults" in said(tab)
    press(tab, "0:out")
    assert bricks(tab) == ["Remove RandomCrop"]
    for _ in range(6):
        workspace().apply({"op": "undo"})
    assert row(workspace().project) == []


def test_another_augmentation_does_not_read_the_samples_anew(monkeypatch):
    reads, load = [], data.load
    monkeypatch.setattr(data, "load", lambda *given, **more: reads.append(given) or load(*given, **more))
    tab = page()
    looked(tab.selectbox(key="augmentation:add").set_value("RandomCrop").run())
    once = len(reads)
    looked(tab.selectbox(key="augmentation:add").set_value("RandomRotation").run())
    looked(tab.number_input(key="training.augmentation.1.degrees").set_value(60.0).run())
    assert pictures(tab) == 1 and len(reads) == once <= 1 and "degrees 60" in said(tab) and "60.0" not in said(tab)


def test_an_empty_row_is_offered_what_is_usual_for_the_images():
    tab = press(page(), "usual")
    assert row(workspace().project) == [{"kind": "RandomAffine"}] and pictures(tab) == 1
    assert not [button for button in tab.button if button.key == "augmentation:usual"]


def test_what_the_images_do_not_bear_is_said_with_a_button_that_mends_it():
    workspace().apply({"op": "settings", "path": "training.augmentation", "value": [{"kind": "RandomCrop", "padding": 90}]})
    tab = page()
    assert "padding must be below 28" in said(tab) and pictures(tab) == 0
    tab = looked(tab.button(key="augmentation:0:0").click().run())
    assert row(workspace().project) == [{"kind": "RandomCrop"}] and pictures(tab) == 1


def test_rows_of_numbers_have_nothing_to_change():
    tab = at("moons")
    assert "are rows of numbers; augmentations change images" in said(tab) and pictures(tab) == 0


def test_a_hostile_row_breaks_no_page():
    for value in ([{"kind": "<b>x</b>"}], "x", [7], [{"kind": "RandomCrop", "padding": "<b>"}]):
        space = workspace()
        space.open(apply(space.project, {"op": "settings", "path": "training.augmentation", "value": value}))
        tab = page()
        assert "training.augmentation" not in json.dumps(bricks(tab)) and pictures(tab) == 0
