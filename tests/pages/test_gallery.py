"""The Gallery page: open each, open again, delete."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from builder.gallery import ENTRIES
from builder.graph import from_json, to_json
from builder.ui.frame import esc
from builder.ui.workspace import workspace
from tests.first_networks import FIRST

ROOT = Path(__file__).resolve().parents[2]


def looked(tab: AppTest) -> AppTest:
    assert not tab.exception, tab.exception
    return tab


def page() -> AppTest:
    """A fresh browser tab on the page, reached through the app."""
    tab = looked(AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run())
    # AppTest runs a page's file directly each time; a browser does so once at most, and enters by app.py from then on.
    tab.session_state["entered"] = True
    return looked(tab.switch_page("pages/gallery.py").run())


def test_the_page_also_runs_on_its_own():
    tab = looked(AppTest.from_file(str(ROOT / "pages" / "gallery.py"), default_timeout=60).run())
    assert tab.title[0].value == "Gallery"


def test_every_project_has_a_card_with_its_parameters_shape_and_recipe():
    tab = page()
    shown = " ".join(one.value for one in [*tab.subheader, *tab.markdown, *tab.caption, *tab.info])
    for entry in ENTRIES.values():
        assert (
            entry.title in shown
            and f"{entry.parameters:,}" in shown
            and entry.summary in shown
            and entry.look in shown
            and esc(entry.paper) in shown
        )
    assert "N×1×28×28 → Conv2d 10 → Conv2d 20 → Linear 50 → Linear 10" in shown and "SGD lr 0.001, batch 4, 2 epochs" in shown


@pytest.mark.parametrize("name", FIRST)
def test_a_card_opens_its_project_on_the_canvas(name):
    tab = looked(page().button(key=f"open-{name}").click().run())
    assert workspace().project == ENTRIES[name].project and tab.text_input(key="project_name").value == ENTRIES[name].title


def test_a_saved_project_is_opened_again_as_it_was_left_and_a_closed_one_is_deleted():
    workspace().apply({"op": "rename", "id": "conv1", "to": "first"})
    looked(page().button(key="open-fashion-mlp").click().run())
    tab = page()
    assert tab.button(key="delete-fashion-mlp").disabled and not tab.button(key="delete-mnist-cnn").disabled
    tab = looked(tab.button(key="reopen-mnist-cnn").click().run())
    assert workspace().project.network.node("first") and tab.text_input(key="project_name").value == "MNIST CNN"
    tab = looked(page().button(key="delete-fashion-mlp").click().run())
    assert [stem for stem, _ in workspace().saved()] == ["mnist-cnn"] and not [one for one in tab.button if one.key == "delete-fashion-mlp"]


def test_a_file_that_cannot_be_read_is_listed_and_can_be_deleted():
    (workspace().root / "broken.json").write_bytes(b"\xff{")
    tab = page()
    assert "cannot be read" in " ".join(one.value for one in tab.markdown) and tab.button(key="reopen-broken").disabled
    looked(tab.button(key="delete-broken").click().run())
    assert not (workspace().root / "broken.json").exists()


def test_a_project_that_went_meanwhile_is_told_on_the_page():
    looked(page().button(key="open-lenet-cifar").click().run())
    tab = page()
    (workspace().root / "mnist-cnn.json").unlink()
    tab = looked(tab.button(key="reopen-mnist-cnn").click().run())
    assert (
        tab.toast and esc("mnist-cnn.json cannot be read") in tab.toast[0].value and workspace().project == ENTRIES["lenet-cifar"].project
    )


def test_a_folder_in_the_way_is_told_and_not_deleted():
    (workspace().root / "folder.json").mkdir()
    tab = looked(page().button(key="delete-folder").click().run())
    assert esc("folder.json cannot be deleted") in tab.toast[0].value


@pytest.mark.parametrize("name", ["![x](http://evil)", "<script>alert(1)</script>", "**b** :red[x] $y$", "[l](http://evil)"])
def test_a_hostile_name_in_the_list_is_text(name):
    workspace().open(from_json(to_json(ENTRIES["mnist-cnn"].project) | {"name": name, "about": {}}))
    shown = [one.value for one in page().markdown]
    assert any(esc(name) in one for one in shown) and not any(name in one for one in shown)


def test_a_file_name_made_by_hand_is_text_too():
    workspace()
    (workspace().root / "![x](http:evil) <b>.json").write_text("{}")
    assert not any("![x](" in one.value or "<b>" in one.value for one in page().markdown)
