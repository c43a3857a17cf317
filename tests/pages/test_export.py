"""The export dialogs of the Build and Train pages: every kind as a download, or the reason why there is none."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

import builder
from builder.export import KINDS
from builder.gallery import ENTRIES
from builder.runs import Store
from builder.ui.export_view import OFFERED
from builder.ui.workspace import workspace
from tests.export.trained import project

ROOT = Path(__file__).resolve().parents[2]


def of_the_project() -> None:
    """The dialog by itself: an AppTest shuts a page's dialog with its next run."""
    from builder import api
    from builder.ui.export_view import export_dialog
    from builder.ui.workspace import workspace

    export_dialog(workspace().project, api.export)


def of_the_run() -> None:
    """The same for the newest run."""
    from builder import api
    from builder.runs import Store
    from builder.ui.export_view import run_dialog

    with Store() as store:
        run_dialog(store.find("last"), store, api.export)


def chosen(dialog, kind: str) -> AppTest:
    """A dialog with a kind chosen."""
    tab = AppTest.from_function(dialog, default_timeout=60).run()
    tab.radio(key="export-kind").set_value(kind).run()
    assert not tab.exception, tab.exception
    return tab


def downloads(tab: AppTest) -> list[str]:
    return [one.label for one in tab.get("download_button")]


@pytest.mark.parametrize("kind", [name for name in OFFERED if name != "diagram"])
def test_every_kind_is_a_download_and_says_whose_weights_it_holds(kind):
    workspace().open(ENTRIES["mnist-cnn"].project)
    tab = chosen(of_the_project, kind)
    assert downloads(tab) == [f"Download {KINDS[kind].title} (.{KINDS[kind].ending})"] and not tab.error
    said = tab.caption[-1].value
    assert ("training starts from" not in said) == (not KINDS[kind].trained) and ("argest difference" in said) == (kind == "onnx")
    assert bool(tab.code) == (kind in ("python", "script"))


def test_without_graphviz_the_reason_stands_where_the_diagram_would_be(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    tab = chosen(of_the_project, "diagram")
    assert downloads(tab) == [] and "graphviz" in tab.error[0].value


def test_what_cannot_be_made_is_its_reason_and_no_download():
    space = workspace()
    space.open(ENTRIES["mnist-cnn"].project)
    space.apply({"op": "settings", "path": "task.kind", "value": "none"})
    tab = chosen(of_the_project, "notebook")
    assert downloads(tab) == [] and "drawn only" in tab.error[0].value
    space.apply({"op": "remove", "ids": ["flatten"], "rejoin": True})
    for kind in ("python", "script", "onnx", "weights"):
        tab = chosen(of_the_project, kind)
        assert downloads(tab) == [] and "fc1" in tab.error[0].value


def test_a_run_gives_what_it_has_learned_and_says_so_where_it_has_no_checkpoint():
    made = project("perceptron", epochs=1, batch_size=1437)
    with Store() as store:
        folder = store.get(store.create(builder.to_json(made), builder.source(made), made.name)).folder
        tab = chosen(of_the_run, "weights")
        assert downloads(tab) == [] and "no checkpoint" in tab.error[0].value
        assert downloads(chosen(of_the_run, "script")) == ["Download Training script (.py)"]
        list(builder.train(made, device="cpu", folder=folder))
        tab = chosen(of_the_run, "weights")
        assert downloads(tab) == ["Download Weights (.safetensors)"] and "those of the run" in tab.caption[-1].value


def test_both_pages_open_their_dialog():
    made = project("perceptron", epochs=1)
    with Store() as store:
        store.create(builder.to_json(made), builder.source(made), made.name)
    for file, label in (("build", "Export…"), ("train", "Export")):
        tab = AppTest.from_file(str(ROOT / "pages" / f"{file}.py"), default_timeout=60).run()
        next(one for one in tab.button if one.label == label).click().run()
        assert not tab.exception and downloads(tab)[-1] == "Download Training script (.py)"
