"""`report` and `diff`."""

from __future__ import annotations

import pytest

from builder import api, runs
from builder.cli.report import foreseen
from builder.graph import apply, dumps
from builder.runs import Store


@pytest.fixture
def free(monkeypatch):
    """Sets how many bytes are free; no GPU."""

    def sets(machine: int | None, gpu: int | None = None) -> None:
        monkeypatch.setattr(runs, "free_memory", lambda: machine)
        monkeypatch.setattr(runs, "free_gpu_memory", lambda number: gpu)

    return sets


def test_the_report_has_a_row_a_brick_totals_and_the_memory(brickwork, free):
    free(8_000_000_000)
    answer = brickwork("report", "mnist-cnn", "--device", "cpu", "--json")
    rows = {row["id"]: row for row in answer.json["layers"]}
    assert answer.status == 0 and rows["conv2"]["field"] == "14×14" and rows["conv2"]["jump"] == "2×2" and rows["fc1"]["field"] == "whole image"
    assert answer.json["params"] == sum(row["params"] for row in rows.values()) == 21_840
    assert answer.json["activation_bytes"] == sum(row["activation_bytes"] for row in rows.values())
    memory = answer.json["memory"]
    step, evaluation = memory["batch"] * (memory["activations_per_sample"] + memory["working_per_sample"]), 144 * memory["working_per_sample"]
    assert memory["evaluation"] == evaluation > step and memory["needed"] == memory["fixed"] + evaluation, "all 144 validation samples go through at once, and of the training 8"
    assert memory["batch"] == 8 and memory["largest_batch"] == 1293 and memory["optimizer"] == 0


def test_the_largest_batch_fits_and_one_more_does_not(brickwork, free):
    free(3_000_000_000)
    memory = brickwork("report", "resnet18", "--device", "cpu", "--json", "--batch", "7").json["memory"]
    each = memory["activations_per_sample"] + memory["working_per_sample"]
    assert memory["batch"] == 7
    assert memory["fixed"] + memory["largest_batch"] * each <= 0.9 * 3e9 < memory["fixed"] + (memory["largest_batch"] + 1) * each


def test_the_report_says_in_words_what_fits_and_what_does_not(brickwork, free):
    free(800_000_000)
    said = brickwork("report", "resnet18", "--device", "cpu").out
    assert "which is not enough; batches of up to" in said and "11,689,512 parameters" in said and "for a batch of 64" in said
    assert "for an evaluation" in brickwork("report", "resnet18", "--device", "cpu", "--batch", "1").out
    free(100_000_000)
    assert "not even one sample at a time does" in brickwork("report", "resnet18", "--device", "cpu").out
    free(None)
    assert "is not known" in brickwork("report", "resnet18", "--device", "cpu").out
    free(None, 80_000_000_000)
    assert "80.0 GB are free on the GPU, which is enough" in brickwork("report", "resnet18", "--device", "cuda").out


@pytest.mark.parametrize(("column", "first"), [("params", "fc1"), ("macs", "conv2"), ("activation_bytes", "conv1"), ("field", "fc1")])
def test_rows_are_sorted_by_a_column_the_largest_first(brickwork, column, first):
    assert brickwork("report", "mnist-cnn", "--sort", column, "--json").json["layers"][0]["id"] == first


def test_the_bricks_inside_blocks_have_rows_when_asked_for(brickwork):
    assert "layer1.0.conv1" not in brickwork("report", "resnet18").out
    said = brickwork("report", "resnet18", "--blocks").out
    assert "  layer1.0.conv1" in said and "Conv2d ×2" in said and "435×435" in said


def test_a_drawing_with_errors_has_status_1_and_a_wrong_batch_2(brickwork, bad):
    assert brickwork("report", bad).status == 1 and brickwork("report", "mnist-cnn", "--batch", "0").status == 2


def test_two_ready_made_networks_and_a_file_are_compared(brickwork, tmp_path):
    answer = brickwork("diff", "mnist-cnn", "lenet-cifar")
    assert answer.status == 0 and "21,840 → 62,006 parameters (+40,166)" in answer.out and "out_channels 10 → 6" in answer.out
    file = tmp_path / "mine.json"
    file.write_text(dumps(apply(api.gallery("mnist-cnn"), {"op": "rename", "id": "conv1", "to": "first"})))
    record = brickwork("diff", "mnist-cnn", file, "--json").json
    assert [(change["what"], change["before"]["id"], change["after"]["id"]) for change in record["changes"]] == [("renamed", "conv1", "first")]
    assert "the same, brick by brick" in brickwork("diff", "mnist-cnn", "mnist-cnn").out


def test_runs_are_compared_by_what_they_trained(brickwork, home):
    faster = api.with_settings(api.gallery("mnist-cnn"), {"training.lr": 0.5})
    with Store() as store:
        first, _ = (store.create(api.to_json(project), "", project.name) for project in (api.gallery("mnist-cnn"), faster))
    said = brickwork("diff", first, "last").out
    assert "training.optimizer.lr: 0.05 → 0.5" in said


def test_a_name_that_is_no_project_and_no_run_is_refused(brickwork, home):
    answer = brickwork("diff", "mnist-cnn", "nothing")
    assert answer.status == 2 and answer.err.count("\n") == 1 and "nor is there such a run" in answer.err


def test_an_average_of_the_weights_is_counted(brickwork, free, tmp_path):
    free(8_000_000_000)
    project = api.with_settings(api.gallery("mnist-cnn"), {"training.averaging": "EMA"})
    (tmp_path / "average.json").write_text(dumps(project))
    assert brickwork("report", tmp_path / "average.json", "--device", "cpu", "--json").json["memory"]["optimizer"] == 4 * 21_840


def test_what_is_foreseen_goes_by_the_gpu_that_is_meant(monkeypatch):
    monkeypatch.setattr(runs, "free_gpu_memory", {0: 80_000_000_000, 1: 300_000}.get)
    project = api.gallery("mnist-cnn")
    report = api.check(project)
    assert foreseen(project, report, "cuda") == "" and ", and 300.0 kB are free on the GPU: it may run out of memory." in foreseen(project, report, "cuda:1")
