"""One's own data on the Data page: looked at, added, shown, used, removed."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from builder import paths
from builder.data import kept
from builder.ui.intake import Intake, IntakeRefused, allowed, intake, plain_name
from builder.ui.own_form import draw_tiles
from builder.ui.workspace import workspace
from tests.data.bad_files import mask
from tests.data.files import write_mnist
from tests.data.own_files import archive, classes, picture
from tests.helpers import until
from tests.pages.test_data import looked, page, said


def ended(tab: AppTest) -> AppTest:
    until(lambda: not intake().reading.running, 60, "the file is read")
    return looked(tab.run())


@pytest.fixture
def folder() -> Path:
    """The data folder, with a zip in it that has one broken picture."""
    top = paths.data_roots()[-1]
    top.mkdir(parents=True)
    archive(top / "insects.zip", classes(3) | {"ants/bad.png": b"I am a text"})
    return top


def test_a_file_is_looked_at_added_shown_used_and_removed(folder: Path):
    tab = page()
    assert tab.button(key="own-look").disabled
    tab.text_input(key="own-path").set_value("insects.zip")
    looked(tab.run())
    tab = ended(tab.button(key="own-look").click().run())
    assert "4 training and 2 test samples, 2 classes" in said(tab) and not kept.listed()
    assert tab.dataframe[1].value.to_dict("records") == [{"item": "ants/bad.png", "why": "it is no picture: it begins with b'I am a t'"}]
    tab = ended(tab.button(key="own-add").click().run())
    assert "1 item of insects.zip cannot be used" in said(tab) and not kept.listed()
    tab.checkbox(key="own-skip").check()
    tab.text_input(key="own-title").set_value("Six <b>insects</b>")
    tab = ended(tab.button(key="own-add").click().run())
    [one] = kept.listed()
    assert tab.subheader[0].value.replace("\\", "") == one.title == "Six <b>insects</b>"
    assert "4 training and 2 test samples" in said(tab) and "Read from insects.zip" in said(tab) and len(tab.get("plotly_chart")) == 2
    looked(tab.button(key="use").click().run())
    assert workspace().project.data["sha256"] == one.sha256 and "trains on this data set" in said(tab)
    looked(tab.button(key="own-remove").click().run())
    assert not kept.listed() and "is not on this machine: these are somebody's own data" in said(tab)


def test_the_parts_that_came_with_the_data_are_shown_and_no_share_is_asked_for(folder: Path):
    np.savez(folder / "three.npz", **{f"{what}_{part}": np.zeros((count, 6, 6), np.uint8) if what == "x" else np.arange(count) % 2
                                      for part, count in (("train", 12), ("valid", 4), ("test", 6)) for what in ("x", "y")})
    tab = page()
    tab.text_input(key="own-path").set_value("three.npz")
    tab = ended(looked(tab.run()).button(key="own-look").click().run())
    assert "12 training, 4 validation and 6 test samples" in said(tab) and "12 samples train, 4 validate and 6 test" in said(tab)
    assert tab.dataframe[0].value.to_dict("records")[0] == {"class": "0", "training": 6, "validation": 2, "test": 3, "share": "50.0 %"}
    tab = ended(tab.button(key="own-add").click().run())
    assert [field.key for field in tab.number_input if field.key == "data.validation"] == []
    looked(tab.button(key="use").click().run())
    assert "12 samples train, 4 are the validation part that came with the data" in said(tab)
    assert [field.key for field in tab.number_input if field.key == "data.validation"] == []


def test_a_table_is_looked_at_column_by_column_and_added_with_the_label_that_is_picked(folder: Path):
    (folder / "table.csv").write_text("size,kind,fate\n" + "".join(f"{n},{'uvw'[n % 3]},{n % 2}\n" for n in range(30)))
    tab = page()
    tab.text_input(key="own-path").set_value("table.csv")
    tab = looked(tab.run())
    assert tab.selectbox(key="own-delimiter").options[0] == "auto"
    tab = ended(tab.button(key="own-look").click().run())
    assert "the only one that does not hold numbers" in said(tab)
    _, columns, rows = (shown.value for shown in tab.dataframe)
    assert list(columns["is"]) == ["number", "label", "number"] and list(rows["kind"])[:3] == ["u", "v", "w"]
    assert tab.multiselect(key="own-label").options == ["size", "kind", "fate"]
    tab.multiselect(key="own-label").set_value(["fate"])
    tab = ended(tab.button(key="own-add").click().run())
    [one] = kept.listed()
    assert one.classes == ("0", "1") and one.features == ("size", "kind = u", "kind = v", "kind = w") and one.how["label"] == ["fate"]
    assert "label fate" in said(tab) and len(tab.get("plotly_chart")) == 2


def test_a_table_whose_label_cannot_be_known_shows_its_columns_to_pick_from_until_it_is_added(folder: Path):
    (folder / "birds.csv").write_text("island,sex,year\n" + "".join(f"{'xyz'[n % 3]},{'mf'[n % 2] if n else ''},{2000 + n}\n" for n in range(30)))
    tab = page()
    tab.text_input(key="own-path").set_value("birds.csv")
    tab = ended(looked(tab.run()).button(key="own-look").click().run())
    assert "it cannot be known which column is the label" in said(tab)
    assert list(tab.dataframe[0].value["column"]) == tab.multiselect(key="own-label").options == ["island", "sex", "year"]
    tab.multiselect(key="own-label").set_value(["island"])
    tab = ended(tab.button(key="own-add").click().run())
    assert "Cells of birds.csv are missing (sex 1)" in said(tab) and tab.multiselect(key="own-label").options == ["island", "sex", "year"]
    tab.selectbox(key="own-missing").set_value("fill")
    tab = ended(tab.button(key="own-add").click().run())
    assert [one.classes for one in kept.listed()] == [("x", "y", "z")] and not tab.error
    assert tab.toast[0].value.replace("\\", "") == "birds is kept and shown here." and not tab.expander[0].proto.expanded
    assert not looked(tab.run()).toast


def test_what_is_refused_stands_alone_and_not_beside_what_came_out_before(folder: Path):
    tab = page()
    tab.text_input(key="own-path").set_value("insects.zip")
    tab = ended(looked(tab.run()).button(key="own-look").click().run())
    assert "4 training and 2 test samples, 2 classes" in said(tab)
    tab.text_input(key="own-path").set_value("none.zip")
    looked(looked(tab.run()).button(key="own-look").click().run())
    assert "There is no 'none.zip'" in said(tab) and "4 training" not in said(tab)


def test_a_look_shows_pictures_of_each_class(folder: Path):
    tab = page()
    tab.text_input(key="own-path").set_value("insects.zip")
    tab = ended(looked(tab.run()).button(key="own-look").click().run())
    before = len(page().get("plotly_chart"))
    assert len(tab.get("plotly_chart")) == before and "own-tiles" in tab.get("plotly_chart")[0].proto.id
    draw_tiles({"png": "bm8=", "rows": ["a"]})  # what is no picture is none


def test_the_page_reads_paths_in_the_data_folders_only(folder: Path, tmp_path: Path):
    outside = archive(tmp_path / "outside.zip", classes())
    (folder / "link.zip").symlink_to(outside)
    assert allowed("insects.zip", [folder]) == allowed(str(folder / "insects.zip"), [folder]) == folder / "insects.zip"
    for wrong in (str(outside), "../../outside.zip", "link.zip", "none.zip", "", ".", "a\0b", "~/x.zip"):
        with pytest.raises(IntakeRefused, match="the page reads from these folders only"):
            allowed(wrong, [folder])
    tab = page()
    tab.text_input(key="own-path").set_value(str(outside))
    looked(tab.run())
    assert "There is no" in said(looked(tab.button(key="own-look").click().run())) and intake().reading is None


def test_an_upload_is_read_under_a_name_of_ours_and_is_gone_afterwards(tmp_path: Path):
    assert plain_name("../../a b\u202e.zip") == "a-b.zip" and plain_name("x.npz") == "x.npz" and plain_name("-rf") == "rf" and plain_name("../") == "upload"
    assert plain_name("t10k-labels-idx1-ubyte") == "t10k-labels-idx1-ubyte" and plain_name("a b.csv.gz") == "a-b.csv.gz" and plain_name("x.exe") == "x-exe"
    reader = Intake(tmp_path / "uploads")
    reading = reader.begin([("--title.zip", archive(tmp_path / "a.zip", classes()).read_bytes())], options=["--side=8"])
    with pytest.raises(IntakeRefused, match="one file at a time"):
        reader.begin([("b.zip", b"")])
    until(lambda: not reading.running, 60, "the upload is read")
    assert reading.state == "done" and kept.listed()[0].sha256 == reading.report["sha256"]
    until(lambda: not list((tmp_path / "uploads").iterdir()), 10, "the upload is removed")


@pytest.mark.parametrize(("program", "says"), [
    ("import os; os.kill(os.getpid(), 9)", "ended with status -9 and without a word"), ("import sys; sys.exit('brickwork: it is broken')", "it is broken"),
    ("import threading; threading.Event().wait()", "took longer than")])
def test_a_process_that_dies_complains_or_hangs_is_a_sentence(program: str, says: str, tmp_path: Path):
    reader = Intake(tmp_path / "uploads", [sys.executable, "-c", program], longest=1)
    reading = reader.begin([("a.zip", b"x")])
    until(lambda: not reading.running, 30, "it ends")
    assert reading.state == "failed" and says in reading.says


def test_reading_can_be_cancelled(tmp_path: Path):
    reader = Intake(tmp_path / "uploads", [sys.executable, "-c", "import threading; threading.Event().wait()"])
    reading = reader.begin([("a.zip", b"x")])
    reader.cancel()
    until(lambda: not list((tmp_path / "uploads").glob("*")), 30, "the upload is removed")
    assert reading.state == "cancelled"


def test_images_in_an_idx_file_ask_for_their_labels(tmp_path: Path):
    write_mnist(tmp_path, packed=True)
    tab = page()
    tab.file_uploader(key="own-file").upload("train-images-idx3-ubyte.gz", (tmp_path / "train-images-idx3-ubyte.gz").read_bytes())
    looked(tab.run())
    tab.file_uploader(key="own-labels").upload("train-labels-idx1-ubyte.gz", (tmp_path / "train-labels-idx1-ubyte.gz").read_bytes())
    tab = ended(looked(tab.run()).button(key="own-add").click().run())
    assert kept.listed()[0].classes == tuple("0123456789") and "Read from train-images-idx3-ubyte.gz" in said(tab)


def test_masks_and_amounts_are_shown_before_and_after_they_are_added(folder: Path):
    archive(folder / "squares.zip", {f"images/{n}.png": picture(n, size=(20, 20)) for n in range(5)} | {f"masks/{n}.png": mask(np.eye(20, dtype=np.uint8)) for n in range(5)})
    (folder / "amounts.csv").write_text("a,b,target\n" + "".join(f"{n},{n % 3},{n / 2}\n" for n in range(30)))
    tab = page()
    for file, says, charts in (("squares.zip", "2 classes (a pixel)", 1), ("amounts.csv", "regression of target", 0)):
        tab.text_input(key="own-path").set_value(file)
        before = len(tab.get("plotly_chart"))
        tab = ended(looked(tab.run()).button(key="own-look").click().run())
        assert says in said(tab) and len(tab.get("plotly_chart")) == before + charts
        tab = ended(tab.button(key="own-add").click().run())
        assert f"Read from {file}" in said(tab)
