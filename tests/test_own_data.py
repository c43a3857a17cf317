"""A person's own data from the zip to the exported script: the project, its check, its training and the command line."""

from __future__ import annotations

import json
import math
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from builder import api
from builder.catalogue.schedules import steps_per_epoch
from builder.cli.main import main
from builder.data import kept, load, shown
from builder.data.idx import read_idx
from builder.data.rows import Rows
from builder.graph import EditError, dataset_of, dumps, loads
from builder.graph.datasets import trained_samples
from builder.graph.edits import label
from builder.graph.memory import memory
from builder.graph.migrations import TYPE, VERSION
from builder.train.events import EpochEnded, Evaluated, Noted, RunEnded
from builder.ui.payload import own_data
from builder.ui.settings import parts
from tests.data.bad_files import mask
from tests.data.files import write_mnist
from tests.data.own_files import archive, classes, colourful
from tests.data.test_own_boxes import xml

SECTION = {"source": "own", "sha256": "0" * 64, "title": "Ants", "shape": [3, 12, 12], "classes": ["ants", "bees"], "train": 6, "test": 2}


def learns_as_its_script_says(project, section, tmp_path: Path) -> None:
    """Trains a project; its loss falls, and its exported script prints the same losses."""
    losses = [event.loss for event in api.train(project, device="cpu") if isinstance(event, EpochEnded)]
    script = tmp_path / "train.py"
    script.write_bytes(api.export(project, "script").content)
    done = subprocess.run([sys.executable, script, "--device", "cpu", "--data", kept.place(section["sha256"]) / kept.FILE], capture_output=True, text=True,
                          cwd=tmp_path, check=False, env={**os.environ, "PYTHONPATH": ""})
    assert done.returncode == 0, done.stderr
    assert losses[-1] < losses[0] and all(repr(loss) in done.stdout for loss in losses)


@pytest.fixture
def project():
    return api.gallery("mnist-cnn")


def drawn(section):
    """A small network for the samples of a section."""
    nodes = [{"id": "image", "kind": "Input", "params": {"shape": list(section["shape"])}}, {"id": "flat", "kind": "Flatten"},
             {"id": "hidden", "kind": "Linear", "params": {"out_features": 8}}, {"id": "relu", "kind": "ReLU"},
             {"id": "scores", "kind": "Linear", "params": {"out_features": len(section["classes"])}}, {"id": "out", "kind": "Output"}]
    names = [node["id"] for node in nodes]
    edges = [{"source": source, "target": target} for source, target in zip(names, names[1:], strict=False)]
    return api.from_json({"type": TYPE, "version": VERSION, "name": "Mine", "networks": {"network": {"nodes": nodes, "edges": edges}},
                          "data": section, "training": {"epochs": 4, "batch_size": 8, "optimizer": {"kind": "SGD", "lr": 0.05}}})


def test_check_knows_shape_and_classes_of_data_that_are_on_no_machine(project):
    section = {**SECTION, "shape": [3, 32, 32]}
    after = api.apply(project, {"op": "choose_data", "source": section})
    assert dataset_of(after).shape == (3, 32, 32) and after.network.node("image").params["shape"] == (3, 32, 32)
    assert any("Ants has 2 classes" in problem.says for problem in api.check(after).problems)
    fitting = api.check(drawn(SECTION))
    assert not fitting.errors
    assert memory(drawn(SECTION), fitting).data == 8 * 3 * 12 * 12
    assert loads(dumps(after)) == after and own_data(after)["own"] == section and own_data(project) == {}
    assert label({"op": "choose_data", "source": SECTION}) == "Use Ants"
    back = api.apply(after, {"op": "choose_data", "source": "digits"})
    assert dict(back.data) == {"source": "digits"} and back.network.node("image").params["shape"] == (1, 28, 28)


@pytest.mark.parametrize(("name", "value", "says"), [
    ("sha256", "../../etc/passwd", "64 hexadecimal digits"), ("sha256", None, "64 hexadecimal digits"), ("title", "", "title"), ("title", "x" * 81, "title"),
    ("shape", [3, 0, 12], "shape"), ("shape", "3x12", "shape"), ("shape", [1] * 4, "shape"), ("classes", [], "1 to 1,000 classes"),
    ("classes", ["a", "a"], "different texts"), ("classes", ["a", 1], "different texts"), ("train", 0, "at least 1"), ("test", True, "at least 1"), ("valid", -1, "validation part"), ("valid", 1.5, "validation part"),
    ("test", math.inf, "at least 1")])
def test_a_section_that_says_nonsense_is_refused_as_an_edit_and_a_problem_in_a_file(name: str, value: object, says: str, project):
    section = {**SECTION, name: value}
    with pytest.raises(EditError, match=says):
        api.apply(project, {"op": "choose_data", "source": section})
    if value != math.inf:
        record = api.to_json(drawn(SECTION))
        record["data"] = section
        [problem] = [problem for problem in api.check(api.from_json(record)).errors if problem.code == "data"]
        assert says in problem.because and problem.fixes


def test_a_backbone_gets_a_head_for_ones_own_classes(project):
    after = api.apply(project, {"op": "backbone", "source": {**SECTION, "shape": [1, 28, 28], "classes": ["a", "b", "c"]}})
    assert dataset_of(after).classes == ("a", "b", "c") and not api.check(after).errors


@pytest.fixture
def brought(tmp_path: Path, capsys) -> kept.Kept:
    """Red and blue pictures, added by the command line."""
    path = archive(tmp_path / "colours.zip", colourful())
    assert main(["data", "add", str(path), "--test", "0.25", "--side", "12"]) == 0
    assert "36 training and 12 test samples of 3×12×12, 2 classes" in capsys.readouterr().out
    return kept.find("colours")


def test_a_network_learns_from_ones_own_pictures_and_its_script_prints_the_same_losses(brought: kept.Kept, tmp_path: Path):
    project = api.with_settings(drawn(SECTION), {"data.source": "own:colours"})
    assert dict(project.data) == dict(api.from_json(api.to_json(drawn(kept.section(brought)))).data)
    events = list(api.train(project, device="cpu"))
    assert isinstance(events[-1], RunEnded) and events[-1].reason == "completed"
    tested = [event for event in events if isinstance(event, Evaluated) and event.split == "validation"]
    assert tested[-1].accuracy == 1.0
    script = tmp_path / "train.py"
    script.write_bytes(api.export(project, "script").content)
    assert "data show" in script.read_text()
    done = subprocess.run([sys.executable, script, "--device", "cpu", "--data", kept.place(brought.sha256) / kept.FILE], capture_output=True, text=True,
                          cwd=tmp_path, check=False, env={**os.environ, "PYTHONPATH": ""})
    assert done.returncode == 0, done.stderr
    for event in (*(event for event in events if isinstance(event, EpochEnded)), *tested):
        assert repr(event.loss) in done.stdout, f"epoch {event.epoch}"


def test_a_run_is_watched_on_the_validation_part_that_came_with_the_data_and_the_script_prints_the_same_losses(tmp_path: Path, capsys):
    rows = np.random.default_rng(0)
    arrays = {f"{what}_{part}": values for part, count in (("train", 30), ("valid", 8), ("test", 9)) for what, values in
              (("x", rows.integers(0, 255, (count, 12, 12), dtype=np.uint8)), ("y", np.arange(count) % 2))}
    np.savez(tmp_path / "three.npz", **arrays)
    assert main(["data", "add", str(tmp_path / "three.npz")]) == 0
    said = capsys.readouterr().out
    assert "30 training, 8 validation and 9 test samples" in said and "VALIDATION" in said and "30 samples train, 8 validate and 9 test" in said
    section = kept.section(kept.find("three"))
    project = drawn(section)
    assert (dataset_of(project).valid, steps_per_epoch(trained_samples(project, dataset_of(project)), 8)) == (8, 4) and parts(project).startswith("30 samples train, 8 are the")
    with pytest.raises(EditError, match="three came with a validation part of 8 samples"):
        api.apply(project, {"op": "settings", "path": "data.validation", "value": 0.3})
    events = list(api.train(project, device="cpu"))
    tested = [event for event in events if isinstance(event, Evaluated)]
    assert {event.split for event in tested} == {"validation"} and (events[0].train_samples, events[0].validation_samples) == (30, 8)
    script, notebook = tmp_path / "train.py", json.loads(api.export(project, "notebook").content)
    script.write_bytes(api.export(project, "script").content)
    cells = "\n".join("".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code")
    (tmp_path / "cells.py").write_text(cells.replace("test_at_the_end = False", "test_at_the_end = True"))
    shutil.copy(kept.place(section["sha256"]) / kept.FILE, tmp_path / "data.safetensors")
    for command in (["train.py", "--device", "cpu", "--test"], ["cells.py"]):
        done = subprocess.run([sys.executable, *command], capture_output=True, text=True, cwd=tmp_path, check=False, env={**os.environ, "PYTHONPATH": ""})
        assert done.returncode == 0, done.stderr
        assert all(repr(event.loss) in done.stdout for event in (*tested, *(event for event in events if isinstance(event, EpochEnded)))) and "test loss" in done.stdout


def test_pictures_that_take_too_much_of_the_memory_are_trained_on_from_their_file_with_the_same_bits(brought: kept.Kept, monkeypatch):
    project = api.with_settings(drawn(kept.section(brought)), {"training.workers": 3})
    need, free = memory(project, api.check(project)), 600_000_000
    assert need.held(free) == need.fixed and need.held(1000) == need.fixed - need.data + 300
    usual = list(api.train(project, device="cpu"))
    # As on a machine with a kilobyte to spare.
    monkeypatch.setattr("builder.recipe.free_memory", lambda: 1000)
    streamed = list(api.train(project, device="cpu"))
    assert [event.says for event in streamed if isinstance(event, Noted)] == [
        "The training samples, 0 MB, are more than may lie in the memory of the device: they stay where they are, and 3 threads bring them to the device ahead of "
        "their use."]
    for kind in (EpochEnded, Evaluated):
        assert [(event.loss, event.accuracy) for event in streamed if isinstance(event, kind)] == [(event.loss, event.accuracy) for event in usual if isinstance(event, kind)]
    assert not any(isinstance(event, Noted) for event in usual)


def test_a_look_at_a_table_whose_label_cannot_be_known_lists_what_there_is_to_choose(tmp_path: Path, capsys):
    table = tmp_path / "birds.csv"
    table.write_text("island,sex,year\n" + "".join(f"{'xyz'[n % 3]},{'mf'[n % 2]},{2000 + n}\n" for n in range(30)))
    assert main(["data", "add", str(table), "--look"]) == 1
    out, err = capsys.readouterr()
    assert "island  category" in out and "2000 to 2029" in out and "cannot be known which column is the label" in err
    assert main(["data", "add", str(table), "--look", "--json"]) == 1
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert [one["name"] for one in told["columns"]] == ["island", "sex", "year"] and told["rows"][1] == ["y", "f", "2001"]
    assert main(["data", "add", str(table), "--look", "--label", "sex"]) == 0


def test_a_network_learns_from_a_table_and_its_script_prints_the_same_losses(tmp_path: Path, capsys):
    table = tmp_path / "points.csv"
    table.write_text("x;y;kind\n" + "".join(f"{n % 7},5;{n % 5};{'small' if n % 7 < 3 else 'large'}\n" for n in range(70)))
    assert main(["data", "add", str(table), "--skip-broken"]) == 0
    said = capsys.readouterr().out
    assert "56 training and 14 test samples of 2 numbers, 2 classes" in said and "decimal commas" in said and "'x' says the label" in said
    project = drawn(kept.section(kept.find("points")))
    events = list(api.train(project, device="cpu"))
    script = tmp_path / "train.py"
    script.write_bytes(api.export(project, "script").content)
    done = subprocess.run([sys.executable, script, "--device", "cpu", "--data", kept.place(project.data["sha256"]) / kept.FILE], capture_output=True, text=True,
                          cwd=tmp_path, check=False, env={**os.environ, "PYTHONPATH": ""})
    assert done.returncode == 0, done.stderr
    ended = [event for event in events if isinstance(event, EpochEnded)]
    assert len(ended) == 4 and all(repr(event.loss) in done.stdout for event in ended)


def test_data_of_a_single_class_are_trained_on_and_every_answer_is_that_class(tmp_path: Path):
    archive(tmp_path / "ants.zip", classes(10, names=("ants",)))
    assert main(["data", "add", str(tmp_path / "ants.zip")]) == 0
    section = kept.section(kept.find("ants"))
    for loss in ("CrossEntropyLoss", "BCEWithLogitsLoss"):
        project = api.with_settings(drawn(section), {"training.loss": loss})
        assert {(event.accuracy, event.confusion) for event in api.train(project, device="cpu") if isinstance(event, Evaluated)} == {(1.0, ((1,),))}
    learns_as_its_script_says(project, section, tmp_path)


def test_a_network_learns_from_masks_and_from_amounts_and_the_scripts_print_the_same_losses(tmp_path: Path, capsys, monkeypatch):
    """The masks of a batch have no pixel of a class."""
    pixels = [np.random.default_rng(n).integers(0, 99, (12, 12), dtype=np.uint8) + np.pad(np.full((5, 5), 150, np.uint8), ((n % 7, 7 - n % 7), (3, 4))) for n in range(20)]
    archive(tmp_path / "squares.zip", {f"images/{n}.png": mask(one) for n, one in enumerate(pixels)} | {f"masks/{n}.png": mask((one > 120).astype(np.uint8) if n > 8 else np.full((12, 12), 255, np.uint8))
                                                                                                        for n, one in enumerate(pixels)})
    (tmp_path / "amounts.csv").write_text("a,b,target\n" + "".join(f"{n / 9},{n % 5},{n / 7 + n % 5}\n" for n in range(40)))
    assert main(["data", "add", str(tmp_path / "squares.zip")]) == main(["data", "add", str(tmp_path / "amounts.csv")]) == 0
    assert "2 classes a pixel" in (said := capsys.readouterr().out) and "regression: target" in said
    masks, amounts = (kept.section(kept.find(name)) for name in ("squares", "amounts"))
    assert masks["task"] == "segmentation"
    for section, wanted in ((masks, [("conv", "Conv2d", {"out_channels": 2, "kernel_size": 3, "padding": 1})]), (amounts, [("line", "Linear", {"out_features": 1})])):
        record = api.to_json(drawn({**section, "classes": section["classes"] or ["x"]}))
        bricks = [("image", "Input", {"shape": section["shape"]}), *wanted, ("out", "Output", {})]
        record["networks"]["network"] = {"nodes": [{"id": name, "kind": kind, "params": params} for name, kind, params in bricks],
                                         "edges": [{"source": "image", "target": wanted[0][0]}, {"source": wanted[0][0], "target": "out"}]}
        project = api.apply(api.from_json(record | {"data": {"source": "digits"}}), {"op": "choose_data", "source": section})
        assert not api.check(project).errors, api.check(project).errors
        learns_as_its_script_says(project, section, tmp_path)
        if section is masks:
            project = api.with_settings(project, {"training.loss": '{"kind": "CrossEntropyLoss", "weight": "balanced"}', "training.workers": 2})
            usual, whole = list(api.train(project, device="cpu")), shown(dataset_of(project), [], validation=0.1)
            # As on a machine with a kilobyte to spare: pictures and masks stay in their file.
            with monkeypatch.context() as small:
                small.setattr("builder.recipe.free_memory", lambda: 1000)
                small.setattr("builder.data.records.GLANCE", 1000)
                assert isinstance(load(dataset_of(project), [], validation=0.1, most=1000).valid_y, Rows)
                streamed, again = list(api.train(project, device="cpu")), shown(dataset_of(project), [], validation=0.1)
            for kind in (EpochEnded, Evaluated):
                assert [(event.loss, event.accuracy) for event in streamed if isinstance(event, kind)] == [(event.loss, event.accuracy) for event in usual if isinstance(event, kind)]
            assert again.counts == whole.counts and np.array_equal(again.truth, whole.truth)


def test_a_network_learns_to_find_things_from_files_of_boxes_and_the_script_prints_the_same_losses(tmp_path: Path, capsys):
    files = {}
    for n in range(20):
        left, top = 4 * (n % 3), 4 * (n % 4 % 3)
        pixels = np.random.default_rng(n).integers(0, 60, (16, 16), dtype=np.uint8)
        pixels[top:top + 4, left:left + 4] = 250 if n % 2 else 150
        files |= {f"JPEGImages/{n}.png": mask(pixels), f"Annotations/{n}.xml": xml([("bright" if n % 2 else "grey", (left + 1, top + 1, left + 4, top + 4))], (16, 16))}
    assert main(["data", "add", str(archive(tmp_path / "things.zip", files)), "--task", "detection"]) == 0
    assert "16 training and 4 test samples of 1×16×16, 2 classes of boxes" in (said := capsys.readouterr().out) and "TRAIN BOXES" in said
    section = kept.section(kept.find("things"))
    record = api.to_json(drawn(section))
    record["networks"]["network"] = {"nodes": [{"id": "image", "kind": "Input", "params": {"shape": section["shape"]}}, {"id": "conv", "kind": "Conv2d", "params": {
        "out_channels": 7, "kernel_size": 4, "stride": 4}}, {"id": "out", "kind": "Output"}], "edges": [{"source": "image", "target": "conv"}, {"source": "conv", "target": "out"}]}
    project = api.apply(api.from_json(record | {"data": {"source": "digits"}}), {"op": "choose_data", "source": section})
    assert not api.check(project).errors, api.check(project).errors
    learns_as_its_script_says(project, section, tmp_path)


def test_idx_files_are_read_in_pairs_by_the_command_line(tmp_path: Path, capsys):
    write_mnist(tmp_path, packed=True)
    given = [str(file) for file in sorted(tmp_path.iterdir()) if file.name.startswith("train")]
    assert main(["data", "add", *given, "--title", "Mine", "--look", "--sheet", str(tmp_path / "sheet.png")]) == 0
    assert "of 1×28×28, 10 classes" in capsys.readouterr().out and Image.open(tmp_path / "sheet.png").size == (248, 498)
    assert main(["data", "add", str(tmp_path), "--title", "Both"]) == 0
    assert kept.find("Both").test == len(read_idx(tmp_path / "t10k-labels-idx1-ubyte.gz", 1))
    assert main(["data", "add", given[0], str(tmp_path / "sheet.png")]) == 1
    assert "sheet.png is no idx file" in capsys.readouterr().err


def test_a_preview_takes_a_sample_of_ones_own_data(brought: kept.Kept):
    project = api.with_settings(drawn(SECTION), {"data": "own:colours"})
    sample = api.preview(project)["sample"]
    assert sample["title"] == "colours" and sample["label"] in ("red", "blue") and not sample["says"]
    kept.remove(brought)
    assert "colours is not on this machine" in api.preview(project)["sample"]["says"]


def test_the_command_line_lists_shows_and_removes_what_is_kept(brought: kept.Kept, capsys):
    assert main(["data", "list"]) == 0
    assert brought.sha256[:12] in capsys.readouterr().out
    assert main(["data", "show", "colours", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["counts"] == [[18, 18], [6, 6]] and Path(shown["file"]).is_file()
    assert main(["data", "show", "colours"]) == 0 and "Read from colours.zip; side 12" in capsys.readouterr().out
    assert main(["data", "show", "nothing"]) == 2 and "no data of your own called 'nothing'; there are 'colours'" in capsys.readouterr().err
    assert main(["data", "remove", brought.sha256[:12]]) == 0
    assert not kept.listed() and not kept.place(brought.sha256).exists()


def test_the_command_line_looks_refuses_and_skips(tmp_path: Path, capsys):
    path = archive(tmp_path / "part.zip", classes(3) | {"ants/bad.png": b"I am a text"})
    assert main(["data", "add", str(path), "--look", "--json"]) == 0
    report = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert report["broken"] == [["ants/bad.png", "it is no picture: it begins with b'I am a t'"]] and not kept.listed()
    assert main(["data", "add", str(path)]) == 1
    assert "ants/bad.png: it is no picture" in capsys.readouterr().err and not kept.listed()
    assert main(["data", "add", str(path), "--skip-broken", "--title", "Insects"]) == 0
    assert "1 item cannot be used" in capsys.readouterr().out
    assert kept.find("Insects").broken == (("ants/bad.png", "it is no picture: it begins with b'I am a t'"),)
    assert main(["data", "add", str(path), "--test", "1.5"]) == 2 and main(["data", "add", str(tmp_path / "none.zip")]) == 1


def test_memory_that_runs_out_while_reading_is_a_sentence(tmp_path: Path, capsys, monkeypatch):
    def out(*_, **__):
        raise MemoryError

    monkeypatch.setattr("builder.data.own.bring", out)
    assert main(["data", "add", str(archive(tmp_path / "a.zip", classes()))]) == 1
    assert "takes more memory than" in capsys.readouterr().err


def test_training_on_data_that_are_elsewhere_says_how_to_bring_them(capsys, tmp_path: Path):
    file = tmp_path / "mine.json"
    file.write_text(dumps(drawn(SECTION)))
    assert main(["train", str(file)]) == 1
    assert "Ants is not on this machine" in capsys.readouterr().err
    assert main(["train", str(file), "--set", "data.source=own:none"]) == 2
    assert "no data of your own called 'none'" in capsys.readouterr().err
