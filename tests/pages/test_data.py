"""The Data page, run as a script."""

from __future__ import annotations

import gzip
import json
import struct
import threading
from pathlib import Path

import numpy
import pytest
from streamlit.testing.v1 import AppTest

from builder import paths
from builder.api import gallery
from builder.catalogue import DATASETS
from builder.graph import apply
from builder.ui import data_view
from builder.ui.workspace import workspace
from tests.data.photo_files import unpacked
from tests.helpers import until

PAGE = Path(__file__).resolve().parents[2] / "pages" / "data.py"


SEEN: set[str] = set()


@pytest.fixture(autouse=True)
def nothing_on_its_way():
    data_view.downloads().clear()
    SEEN.clear()


def page() -> AppTest:
    """A fresh browser tab on the page, which must not fail."""
    return looked(AppTest.from_file(str(PAGE), default_timeout=60).run())


def looked(tab: AppTest) -> AppTest:
    assert not tab.exception
    return tab


def once_read(tab: AppTest) -> AppTest:
    """The page once photographs are brought to their size, which goes on in the background and is told on the page."""
    [name] = [name for name, one in data_view.downloads().items() if name not in SEEN]
    SEEN.add(name)
    assert not tab.get("plotly_chart") or data_view.downloads()[name].done
    until(lambda: data_view.downloads()[name].done, 30, "the photographs are read")
    assert data_view.downloads()[name].text.startswith("Reading Flowers-102") and not data_view.downloads()[name].trouble
    return looked(tab.run())


def at(name: str) -> AppTest:
    """The page on one data set."""
    tab = page()
    return looked(tab.button_group[0].set_value(name).run())


def said(tab: AppTest) -> str:
    parts = [*tab.markdown, *tab.caption, *tab.info, *tab.warning, *tab.error, *tab.success, *tab.subheader]
    return " ".join(one.value for one in parts).replace("\\", "")


def idx(folder: Path, name: str, array: numpy.ndarray) -> None:
    """A file in MNIST's format (IDX: magic number, sizes, bytes), packed."""
    folder.mkdir(parents=True, exist_ok=True)
    header = struct.pack(">HBB", 0, 8, array.ndim) + struct.pack(f">{array.ndim}I", *array.shape)
    (folder / f"{name}.gz").write_bytes(gzip.compress(header + array.astype(numpy.uint8).tobytes()))


def small_mnist(root: Path) -> None:
    """Twenty training and ten test images where MNIST would lie."""
    folder = root / "MNIST" / "raw"
    for part, count in (("train", 20), ("t10k", 10)):
        idx(folder, f"{part}-images-idx3-ubyte", numpy.arange(count * 784).reshape(count, 28, 28) % 256)
        idx(folder, f"{part}-labels-idx1-ubyte", numpy.arange(count) % 10)


def test_the_built_in_digits_are_described_pictured_and_counted():
    tab = page()
    assert "1,437 training and 360 test samples" in said(tab)
    assert "nothing to download, built in" in said(tab)
    assert "MNIST CNN fits" in said(tab)
    assert len(tab.get("plotly_chart")) == 2
    assert "from the training part alone: mean 0." in said(tab)


def test_a_data_set_that_is_missing_is_offered_for_download_with_its_size_and_where_it_was_looked_for():
    tab = at("mnist")
    assert "is not on this machine yet" in said(tab) and "BRICKWORK_DATA" in said(tab)
    assert [one.label for one in tab.button if one.label.startswith("Download")] == ["Download MNIST (about 12 MB)"]
    assert str(paths.data_roots()[-1]) in tab.code[0].value
    assert not tab.get("plotly_chart")


def test_those_that_would_be_downloaded_are_marked_and_those_on_this_machine_are_not(tmp_path, monkeypatch):
    monkeypatch.setenv("BRICKWORK_DATA", str(tmp_path))
    small_mnist(tmp_path)
    marked = {option.content.replace("\\", "") for option in page().button_group[0].proto.options if option.content_icon == ":material/download:"}
    assert {"SVHN", "Flowers-102"} <= marked == {dataset.title for name, dataset in DATASETS.items() if dataset.module and name != "mnist"}


def test_without_a_network_the_download_says_what_to_do(home):
    tab = at("mnist")
    tab.button(key="download").click().run()
    until(lambda: data_view.downloads()["mnist"].done, 30, "the download ends")
    looked(tab.run())
    assert "could not be downloaded" in said(tab) and "Without a network" in said(tab) and "Errno" not in said(tab)
    assert any(one.label.startswith("Download") for one in tab.button), "it can be tried again"


def test_a_data_set_found_in_the_users_folder_is_shown_with_its_place_and_what_is_missing_of_it(tmp_path, monkeypatch):
    monkeypatch.setenv("BRICKWORK_DATA", str(tmp_path))
    small_mnist(tmp_path)
    tab = at("mnist")
    assert f"found in {tmp_path}" in said(tab)
    assert "has 20 training and 10 test samples; MNIST has 60,000 and 10,000" in said(tab)
    assert len(tab.get("plotly_chart")) == 2


def test_a_damaged_file_is_a_sentence(tmp_path, monkeypatch):
    monkeypatch.setenv("BRICKWORK_DATA", str(tmp_path))
    small_mnist(tmp_path)
    (tmp_path / "MNIST" / "raw" / "train-images-idx3-ubyte.gz").write_bytes(b"not an archive")
    tab = at("mnist")
    assert tab.error and not tab.get("plotly_chart")


def test_using_another_data_set_is_an_edit_of_the_project():
    tab = at("fashion-mnist")
    looked(tab.button(key="use").click().run())
    assert workspace().project.data["source"] == "fashion-mnist"
    assert "MNIST CNN trains on this data set" in said(tab)


def test_a_data_set_that_does_not_fit_is_told_with_the_numbers_and_the_fix():
    workspace().apply({"op": "set", "id": "image", "params": {"shape": [1, 30, 30]}})
    tab = at("cifar10")
    assert "N×3×32×32" in said(tab) and "N×1×30×30" in said(tab)
    looked(tab.button(key="use").click().run())
    fix = next(one for one in tab.button if "3×32×32" in one.label.replace("\\", ""))
    looked(fix.click().run())
    assert workspace().project.network.node("image").params["shape"] == (3, 32, 32)


def test_an_input_that_takes_the_data_takes_the_new_data_when_that_is_chosen():
    tab = at("cifar10")
    assert "N×1×28×28" not in said(tab)
    looked(tab.button(key="use").click().run())
    assert workspace().project.network.node("image").params["shape"] == (3, 32, 32)


@pytest.mark.parametrize("name", [name for name, dataset in DATASETS.items() if dataset.shape != (1,) and dataset.task not in ("segmentation", "detection")])
def test_what_fits_a_data_set_has_no_misfits(name):
    fitting = {"digits": "mnist-cnn", "mnist": "mnist-cnn", "fashion-mnist": "fashion-mlp", "cifar10": "lenet-cifar", "moons": "points-mlp",
               "spirals": "points-mlp"}
    made = gallery(fitting[name]) if name in fitting else apply(gallery("lenet-cifar" if DATASETS[name].shape[0] == 3 else "mnist-cnn"), {"op": "backbone", "source": name})
    assert data_view.misfits(made, name) == []


def test_points_are_shown_as_a_scatter_with_both_parts_and_used_by_a_network_for_points():
    workspace().open(gallery("points-mlp"))
    tab = at("moons")
    assert "2 numbers each" in said(tab) and "All samples" in said(tab) and "of each feature" in said(tab)
    traces = json.loads(tab.get("plotly_chart")[1].proto.spec)["data"]
    assert [(one["name"], one["mode"]) for one in traces] == [(name, "markers") for name in ("upper, training", "lower, training", "upper, test", "lower, test")]
    looked(tab.button(key="use").click().run())
    assert workspace().project.data["source"] == "moons" and "MLP for points trains on this data set" in said(tab)


def test_boxes_are_counted_and_drawn_on_their_pictures_and_a_network_for_them_fits():
    workspace().open(gallery("detector-small"))
    tab = at("shapes-detection")
    assert "3 classes of things to find" in said(tab) and "each with its boxes" in said(tab) and "Boxes per class" in said(tab)
    assert "it gives a grid of cells with 8 numbers each: 4 of a box" in said(tab)
    counts, sheet = (json.loads(chart.proto.spec)["data"] for chart in tab.get("plotly_chart"))
    assert sum(counts[0]["y"]) > 2000 and [one["name"] for one in sheet[1:]] == ["circle", "square", "triangle"]


def test_a_network_for_images_is_told_what_points_would_break_in_it():
    wrong = data_view.misfits(gallery("mnist-cnn"), "moons")
    assert any(problem.node == "conv1" for problem in wrong)
    assert "does not fit this data set yet" in said(at("moons"))


def test_a_running_download_is_shown_with_its_progress_and_is_not_started_twice():
    going, calls = threading.Event(), []

    def slowly(tell):
        calls.append(1)
        tell("Downloading MNIST: 3.0 of about 12 MB", 0.25)
        going.wait(30)

    try:
        data_view.begin("mnist", slowly)
        data_view.begin("mnist", slowly)
        until(lambda: data_view.downloads()["mnist"].share, 10, "the first piece arrives")
        tab = at("mnist")
        assert not [one for one in tab.button if one.label.startswith("Download")]
        assert tab.get("progress")[0].proto.value == 25
        assert len(calls) == 1
    finally:
        going.set()




def test_the_share_for_validation_is_set_on_the_page_and_said_in_numbers():
    tab = page()
    assert "1,293 samples train, 144 are the validation part" in said(tab)
    looked(tab.number_input(key="data.validation").set_value(0.0).run())
    assert workspace().project.data["validation"] == 0.0 and "there is no validation part" in said(tab)


def test_the_side_of_photographs_is_set_on_the_page_and_the_input_follows(tmp_path, monkeypatch):
    monkeypatch.setenv("BRICKWORK_DATA", str(tmp_path))
    unpacked(tmp_path)
    workspace().apply({"op": "choose_data", "source": "flowers102"})
    workspace().apply({"op": "set", "id": workspace().project.network.nodes[0].id, "params": {"shape": [3, 64, 64]}})
    tab = once_read(page())
    assert "2,040 training and 6,149 test samples · 64×64 pixels" in said(tab) and "has 12 training and 8 test samples" in said(tab)
    once_read(looked(tab.number_input(key="data.side").set_value(32).run()))
    assert workspace().project.data["side"] == 32 and workspace().project.network.nodes[0].params["shape"] == (3, 32, 32)
    assert "32×32 pixels" in said(tab) and len(tab.get("plotly_chart")) == 2
    looked(tab.number_input(key="data.side").set_value(16).run())
    workspace().apply({"op": "choose_data", "source": "digits"})
    assert "side" not in workspace().project.data
