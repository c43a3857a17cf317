"""Event directories of TensorBoard, read back by TensorBoard's own reader."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from builder import api
from builder.cli import main
from builder.cli.training import events_of
from builder.export import ExportError
from builder.export import tensorboard as boards
from builder.export.tensorboard import Board, confusion, filters, settings
from builder.runs import Store, work
from builder.train.checkpoint import read_weights
from builder.train.events import EpochEnded, GradientNorms, RateChanged, RunEnded, RunStarted, Snapshot, StepEnded


def read(folder: Path) -> EventAccumulator:
    """What TensorBoard sees of a directory; everything of it."""
    found = EventAccumulator(str(folder), dict.fromkeys(("scalars", "images", "histograms", "tensors"), 0))
    return found.Reload()


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A short run on the digits, exported by the command and written while it trained."""
    patch, home = pytest.MonkeyPatch(), tmp_path_factory.mktemp("home")
    patch.setenv("BRICKWORK_HOME", str(home))
    project = api.with_settings(api.gallery("mnist-cnn"), {"training.epochs": 2, "training.batch_size": 256, "training.tensorboard": True})
    with Store() as store:
        run_id = store.create(api.to_json(project), api.source(project), project.name, "cpu")
        work(run_id, events_of(store), store)
        assert main(["runs", "export", run_id, "--to", "tensorboard", "-o", str(home / "after")]) == 0
        yield store.get(run_id), [row.event for row in store.events(run_id)], home / "after"
    patch.undo()


@pytest.mark.parametrize("live", [True, False])
def test_curves_pictures_and_texts_are_those_of_the_run(trained, live):
    run, events, after = trained
    found = read(run.folder / "tensorboard" if live else after)
    for tag, value in (("loss/training", "loss"), ("accuracy/training", "accuracy")):
        epochs = [event for event in events if isinstance(event, EpochEnded)]
        assert [(row.step, row.value) for row in found.Scalars(tag)] == [(event.step, pytest.approx(getattr(event, value))) for event in epochs]
    steps = [event for event in events if isinstance(event, StepEnded)]
    assert [row.step for row in found.Scalars("learning rate")] == [event.step for event in steps]
    assert {"loss/validation", "accuracy/validation", "top5/validation"} <= set(found.Tags()["scalars"])
    assert len(found.Images("filters/conv1")) == sum(isinstance(event, Snapshot) for event in events) and len(found.Images("confusion/validation")) == 2
    norms = [event for event in events if isinstance(event, GradientNorms)]
    assert [(row.step, row.value) for row in found.Scalars("gradient norm/fc1")] == [(event.step, pytest.approx(event.norms[2])) for event in norms] and norms
    assert len(found.Scalars("gradient norm/all weights")) == len(norms)
    assert "run/text_summary" in found.Tags()["tensors"] and b"21840" in found.Tensors("run/text_summary")[0].tensor_proto.string_val[0]
    assert b"All 2 epochs are done" in found.Tensors("end/text_summary")[0].tensor_proto.string_val[0]


def test_an_export_has_the_times_of_the_run_and_not_of_the_export(trained):
    run, _, after = trained
    times = [row.wall_time for row in read(after).Scalars("loss/training")]
    assert all(run.started <= time <= run.ended for time in times)


def test_weights_become_histograms_with_all_their_numbers(trained):
    run, _, _ = trained
    found, weights = read(run.folder / "tensorboard"), read_weights(run.folder / "last.safetensors")
    assert set(found.Tags()["histograms"]) == {name.replace(".", "/") for name in weights}
    last = found.Histograms("conv1/weight")[-1].histogram_value
    assert len(found.Histograms("conv1/weight")) == 2 and last.num == 250 and last.max == pytest.approx(weights["conv1.weight"].max().item())


def test_settings_are_hparams_by_their_names():
    project = api.to_json(api.gallery("mnist-cnn"))
    flat = settings(project)
    assert flat["optimizer.kind"] == "SGD" and flat["data"] == "digits" and all(isinstance(value, bool | int | float | str) for value in flat.values())


def test_what_a_resumed_run_left_behind_is_not_exported(home, tmp_path, capsys):
    started = RunStarted("cpu", "2 cores", 10, 100, 50, 5, 4, 20, ("0", "1"), 0, 1, "2.15.0")
    steps = [StepEnded(number, 1, float(number), 0.5, 100.0, 0.1) for number in (1, 2, 3)]
    with Store() as store:
        run_id = store.create(api.to_json(api.gallery("mnist-cnn")), "", "x")
        store.append(run_id, [started, *steps, RunEnded("stopped", 3, "Stopped.")])
        store.reopen(run_id)
        store.append(run_id, [RunStarted("cpu", "2 cores", 10, 100, 50, 5, 4, 20, ("0", "1"), 0, 1, "2.15.0", 1), StepEnded(2, 1, 20.0, 0.5, 100.0, 0.1), RateChanged(2, 1, 0.1, 0.2)])
        assert main(["runs", "export", run_id, "--to", "tensorboard", "-o", str(tmp_path / "out")]) == 0
    assert [(row.step, row.value) for row in read(tmp_path / "out").Scalars("loss/training (steps)")] == [(1, 1.0), (2, 20.0)]
    assert main(["runs", "export", run_id, "--to", "tensorboard", "-o", str(tmp_path / "out")]) == 2 and "already there" in capsys.readouterr().err


def test_names_are_no_markdown(tmp_path):
    board = Board(tmp_path, {"name": "a\n![x](http://example.org/x.png)"})
    board.add(RunStarted("cpu", "2 cores", 10, 100, 50, 5, 4, 20, ("0", "1"), 0, 1, "2.15.0"))
    board.add(RunEnded("failed", 0, "Layer\n\n![x](y) failed."))
    texts = [read(tmp_path).Tensors(f"{name}/text_summary")[0].tensor_proto.string_val[0].decode() for name in ("run", "end")]
    assert all(line.startswith("    ") for text in texts for line in text.splitlines())


def test_filters_and_confusion_are_images_of_the_numbers():
    three = filters(Snapshot(1, 1, "conv1", (2, 3, 1, 2), 0.0, 1.0, "AAECAwQFBgcICQoL"))
    assert three.shape == (3, 4 * 3, 4 * 7) and three[:, 4, 4].tolist() == [0, 2, 4] and three[:, 4, 16].tolist() == [6, 8, 10]
    one = filters(Snapshot(1, 1, "conv1", (4, 1, 1, 1), 0.0, 1.0, "AAECAw=="))
    assert one[0, 4::8, 4::8].tolist() == [[0, 1], [2, 3]] and (one[0] == one[2]).all()
    table = confusion([[9, 1], [0, 0]])
    assert table.shape == (3, 16, 16) and table[0, ::8, ::8].tolist() == [[26, 230], [255, 255]]


def test_without_the_package_everybody_says_what_to_install(monkeypatch, home, tmp_path, capsys):
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.raises(ExportError, match="pip install tensorboard"):
        Board(tmp_path, {})
    assert main(["train", "points-mlp", "--tensorboard", str(tmp_path / "x")]) == 1 and "pip install tensorboard" in capsys.readouterr().err
    project = api.with_settings(api.gallery("points-mlp"), {"training.tensorboard": True, "training.epochs": 1})
    with Store() as store:
        ended = work(store.create(api.to_json(project), api.source(project), "x", "cpu"), events_of(store), store)
    assert ended.reason == "failed" and "pip install tensorboard" in ended.says


def test_a_folder_that_cannot_be_written_is_told_in_the_log_and_ends_nothing(tmp_path, caplog, monkeypatch):
    board = Board(tmp_path / "x", {"name": "x"})
    board.add(RunStarted("cpu", "2 cores", 10, 100, 50, 5, 4, 20, ("0", "1"), 0, 1, "2.15.0"))

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(board._writer, "add_scalar", full)
    board.add(StepEnded(1, 1, 0.5, 0.5, 1.0, 1.0))
    board.add(RunEnded("completed", 1, "Done."))
    assert "No space left on device" in caplog.text and boards.MISSING


def test_a_run_in_the_background_is_asked_for_it_by_its_setting(home, capsys):
    assert main(["train", "points-mlp", "--queue", "--tensorboard", "x"]) == 2 and "training.tensorboard=true" in capsys.readouterr().err


def test_images_are_readable_pictures(trained):
    run, _, _ = trained
    image = read(run.folder / "tensorboard").Images("filters/conv1")[-1]
    pixels = np.asarray(Image.open(io.BytesIO(image.encoded_image_string), formats=["PNG"]))
    assert pixels.shape == (image.height, image.width, 3) and pixels.std() > 10
