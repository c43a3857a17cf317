"""The Gallery page: open each, open again, delete."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from builder import paths
from builder.gallery import ENTRIES
from builder.graph import dumps, from_json, to_json
from builder.ui import gallery_view, import_view
from builder.ui import imports as aside
from builder.ui.frame import esc
from builder.ui.gallery_view import cards
from builder.ui.papers import linked
from builder.ui.workspace import workspace
from tests.first_networks import FIRST
from tests.helpers import until

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


def shown(tab: AppTest) -> list[str]:
    """The names of the networks that are shown, in their order."""
    return [one.key.removeprefix("open-") for one in tab.button if (one.key or "").startswith("open-")]


def words(tab: AppTest) -> str:
    return " ".join(one.value for one in [*tab.subheader, *tab.markdown, *tab.caption, *tab.info, *tab.warning])


def test_the_first_cards_have_what_a_network_is_and_more_follow_on_request():
    tab = page()
    assert shown(tab) == list(ENTRIES)[:cards(len(ENTRIES))] and f"{len(ENTRIES)} networks." in words(tab)
    for name in shown(tab):
        entry = ENTRIES[name]
        facts = (entry.title, f"{entry.parameters:,}", esc(entry.summary), linked(entry.paper)[0], entry.decks[0], esc(entry.data if entry.trains else entry.waits))
        assert all(fact in words(tab) for fact in facts), [fact for fact in facts if fact not in words(tab)]
    while [one for one in tab.button if one.key == "more"]:
        looked(tab.button(key="more").click().run())
    assert shown(tab) == list(ENTRIES)


def test_every_card_has_its_thumbnail_and_nothing_is_drawn_twice():
    gallery_view._drawn.clear()
    tab = page()
    assert len(tab.get("image")) == len(shown(tab)) == len(gallery_view._drawn)
    gallery_view._drawn.update(dict.fromkeys(gallery_view._drawn, "<svg ></svg>"))
    looked(tab.run())
    assert set(gallery_view._drawn.values()) == {"<svg ></svg>"}


def test_about_says_what_to_look_at_the_paper_the_data_and_links_its_bricks_to_the_reference():
    entry = ENTRIES["unet"]
    tab = looked(page().text_input(key="search").set_value("unet").run())
    tab = looked(tab.button(key="about-unet").click().run())
    assert esc(entry.look) in [one.value for one in tab.info] and esc(entry.waits) in words(tab)
    table = " ".join(map(str, tab.table[0].value.iloc[:, -1]))
    assert f"{entry.parameters:,}" in table and linked(entry.paper)[0] in table and "[Conv2d](reference?layer=Conv2d)" in table
    looked(tab.button(key="open-this").click().run())
    assert workspace().project == entry.project


def test_about_a_network_that_trains_has_its_recipes():
    tab = looked(page().button(key="about-lenet-cifar").click().run())
    assert "CIFAR\\-10: SGD lr 0\\.001, batch 4, 2 epochs" in " ".join(map(str, tab.table[0].value.iloc[:, -1]))


def test_a_link_asks_a_question_and_the_address_follows_the_next_one():
    tab = AppTest.from_file(str(ROOT / "pages" / "gallery.py"), default_timeout=60)
    tab.query_params["deck"], tab.query_params["task"] = "ECNU", "segmentation"
    tab = looked(tab.run())
    assert shown(tab) == [name for name, one in ENTRIES.items() if "ECNU" in one.decks and one.task == "segmentation"] != []
    tab = looked(tab.selectbox(key="task").set_value(None).run())
    tab = looked(tab.toggle(key="trains").set_value(True).run())
    assert dict(tab.query_params) == {"deck": "ECNU", "trains": "true"}
    assert shown(tab) == [name for name, one in ENTRIES.items() if "ECNU" in one.decks and one.trains]


@pytest.mark.parametrize("asked", [{"deck": "<b>x</b>"}, {"task": "![x](http://evil)"}, {"sort": "'"}, {"trains": "1"}, {"search": " " * 9000}])
def test_an_address_that_asks_for_what_there_is_not_is_put_right(asked):
    tab = AppTest.from_file(str(ROOT / "pages" / "gallery.py"), default_timeout=60)
    for key, value in asked.items():
        tab.query_params[key] = value
    tab = looked(tab.run())
    assert shown(tab) == list(ENTRIES)[:cards(len(ENTRIES))] and not set(tab.query_params) & {"deck", "task", "sort", "trains"}


def test_the_question_outlives_going_to_the_drawing_and_back():
    tab = looked(page().text_input(key="search").set_value("lenet-cifar").run())
    tab = looked(tab.selectbox(key="sort").set_value("largest").run())
    tab = looked(tab.button(key="open-lenet-cifar").click().run())
    assert workspace().project == ENTRIES["lenet-cifar"].project
    tab = looked(tab.switch_page("pages/gallery.py").run())
    assert tab.text_input(key="search").value == "lenet-cifar" and shown(tab) == ["lenet-cifar"] and tab.query_params["sort"] == "largest"


def test_sorting_by_size_and_by_name():
    tab = looked(page().selectbox(key="sort").set_value("largest").run())
    sizes = [ENTRIES[name].parameters for name in shown(tab)]
    assert sizes == sorted(sizes, reverse=True) and sizes[0] == max(one.parameters for one in ENTRIES.values())
    tab = looked(tab.selectbox(key="sort").set_value("name").run())
    assert shown(tab)[0] == min(ENTRIES.values(), key=lambda one: one.title.casefold()).name


def test_nothing_found_says_what_was_asked_and_leads_back():
    tab = looked(page().text_input(key="search").set_value("<b>lenat</b>").run())
    assert not shown(tab) and esc("“<b>lenat</b>”") in words(tab) and "<b>" not in words(tab)
    tab = looked(tab.text_input(key="search").set_value("lenat").run())
    meant = next(one for one in tab.button if one.label == "LeNet on CIFAR-10")
    assert "lenet-cifar" in shown(looked(meant.click().run()))
    tab = looked(tab.toggle(key="trains").set_value(True).run())
    tab = looked(tab.text_input(key="search").set_value("pointnet").run())
    assert not shown(tab)
    everywhere = next(one for one in tab.button if one.label.startswith("Search everywhere"))
    tab = looked(everywhere.click().run())
    assert "pointnet-cls" in shown(tab) and not tab.toggle(key="trains").value
    tab = looked(tab.text_input(key="search").set_value("zzzz").run())
    assert shown(looked(tab.button(key="all").click().run())) == list(ENTRIES)[:cards(len(ENTRIES))]


@pytest.mark.parametrize("name", FIRST)
def test_a_card_opens_its_project_on_the_canvas(name):
    tab = looked(page().button(key=f"open-{name}").click().run())
    assert workspace().project == ENTRIES[name].project and tab.text_input(key="project_name").value == ENTRIES[name].title


@pytest.fixture
def models(home, monkeypatch):
    """Two libraries' lists as they are kept, and a command line that makes LeNet of every model, or refuses it, once its gate is opened."""
    text = dumps(ENTRIES["lenet-cifar"].project)
    code = f"""if True:
        import sys
        open({str(home / "gate")!r}).read()
        if "inception_v3" in sys.argv[2]: sys.exit("brickwork: ![x](http://evil) has no weights")
        open(sys.argv[sys.argv.index("-o") + 1], "w").write({text!r})
        print('{{"says": "<b>done</b>", "progress": 1, "difference": 2e-06}}')
    """
    known = [{"name": name, "side": 224, "task": "classification", "parameters": 5, "weights": "V2", "megabytes": 98.0} for name in ("inception_v3", "resnet50")]
    (home / "models").mkdir(parents=True)
    os.mkfifo(home / "gate")
    for library in aside.LIBRARIES:
        rows = known if library == "torchvision" else [one | {"weights": "", "megabytes": None} for one in known]
        (home / "models" / f"{library}-{aside.installed(library)}.json").write_text(json.dumps(rows))
    monkeypatch.setitem(aside._imports, home.resolve(), aside.Imports(home / "imports", [sys.executable, "-c", code]))
    return known


def bring(**state: object) -> AppTest:
    """A fresh tab on the import."""
    tab = page()
    tab.session_state["part"] = "Import"
    for key, value in state.items():
        tab.session_state[key] = value
    return looked(tab.run())


def ended() -> None:
    """Let the import that has begun come to its end."""
    (paths.home() / "gate").write_text("go on")
    until(lambda: not aside.imports().job.running, 30, "the import ends")


def finished(tab: AppTest) -> AppTest:
    ended()
    return looked(tab.run())


def test_an_imported_model_is_opened_as_a_new_project(models):
    before = workspace().path
    tab = bring()
    assert tab.selectbox(key="model-torchvision").options == ["inception_v3", "resnet50"] and "Nothing is downloaded" in words(tab)
    tab = finished(looked(tab.button(key="import").click().run()))
    assert workspace().project == ENTRIES["lenet-cifar"].project and workspace().path != before and before.exists()
    assert tab.text_input(key="project_name").value == "LeNet on CIFAR-10" and aside.imports().job is None


@pytest.mark.parametrize("away", ["another page", "another part", "another tab"])
def test_who_comes_back_after_an_import_finds_it_and_chooses(models, away):
    tab = looked(bring().button(key="import").click().run())
    if away == "another part":
        tab.session_state["part"] = "Networks"
        tab = looked(tab.run())
    elif away == "another page":
        tab = looked(tab.switch_page("pages/reference.py").run())
    ended()
    if away == "another tab":
        tab = page()
    tab.session_state["part"] = "Import"
    tab = looked(tab.switch_page("pages/gallery.py").run())
    assert "differ from the original's by 2e-06" in " ".join(one.value for one in tab.success) and workspace().project == ENTRIES["mnist-cnn"].project
    tab = looked(tab.button(key="forget-import").click().run())
    assert not tab.success and aside.imports().job is None


def test_a_refused_import_says_why_as_text_and_offers_random_weights(models):
    tab = looked(bring().selectbox(key="model-torchvision").set_value("inception_v3").run())
    tab = looked(tab.selectbox(key="weights-torchvision-inception_v3").set_value(True).run())
    assert esc("(V2) are a download of 98 MB from pytorch.org") in words(tab)
    tab = finished(looked(tab.button(key="import").click().run()))
    assert esc("![x](http://evil) has no weights") in tab.error[0].value and "![x](" not in tab.error[0].value
    assert workspace().project == ENTRIES["mnist-cnn"].project
    tab = finished(looked(tab.button(key="import-fresh").click().run()))
    assert tab.error and not aside.imports().job.pretrained and not [one for one in tab.button if one.key == "import-usual"]
    tab = looked(tab.number_input(key="side-torchvision-inception_v3").set_value(100).run())
    tab = finished(looked(tab.button(key="import").click().run()))
    assert aside.imports().job.side == 100 and tab.button(key="import-usual").label == "With images of 224×224"
    finished(looked(tab.button(key="import-usual").click().run()))
    assert aside.imports().job.side == 224


def test_timm_has_its_own_list_and_where_it_is_missing_the_page_says_how_to_get_it(models, monkeypatch):
    tab = bring(library="timm")
    assert tab.selectbox(key="model-timm").value == "resnet50" and len(tab.selectbox(key="weights-timm-resnet50").options) == 1
    monkeypatch.setattr(import_view, "installed", lambda library: None if library == "timm" else "1")
    tab = looked(tab.run())
    assert "pip install timm" in tab.info[-1].value and not [one for one in tab.button if one.key == "import"]


def test_names_that_cannot_be_read_are_told_with_a_way_on(home, monkeypatch):
    home.mkdir(exist_ok=True)
    broken = aside.Names(home / "models", [sys.executable, "-c", "import sys; sys.exit('brickwork: <b>no</b>')"])
    monkeypatch.setitem(aside._names, home.resolve(), broken)
    tab = bring()
    until(lambda: broken.trouble, 30, "the names cannot be read")
    tab = looked(tab.run())
    assert esc("<b>no</b>") in words(tab) and [one for one in tab.button if one.key == "names-again"]


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
