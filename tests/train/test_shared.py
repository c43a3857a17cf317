"""A training shared by several processes: the losses of one process, the same weights in all, and everything that a run of one process can be asked."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
import torch

from builder.train import shared_gradients
from builder.train.device import DeviceError
from builder.train.shared import Place, device_of
from builder.train.shared_gradients import in_pieces


@pytest.fixture(scope="module")
def found(tmp_path_factory, request):
    """What tests/train/ranks.py found, once for all tests."""
    command = [sys.executable, "-m", "tests.train.ranks", str(tmp_path_factory.mktemp("ranks"))]
    done = subprocess.run(command, cwd=request.config.rootpath, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize(("case", "size"), [*((case, size) for case in ("BatchNorm", "weighted classes, L1, clipping and an average", "Dropout") for size in (2, 3)),
                                            ("images that are changed and mixed", 2), ("gradients in pieces", 2), ("boxes", 2)])
def test_losses_and_accuracies_are_those_of_one_process_within_float_error(found, case, size):
    seen = found[f"{case} {size}"]
    assert len(seen["together"]) in (18, 12) and seen["together"] == pytest.approx(seen["alone"], rel=5e-6)
    assert seen["accuracies"][0] == seen["accuracies"][1] and len(set(seen["alone"])) > 10
    alone, together, *others = seen["norms"]
    assert len(alone) == len(together) > 5 and not any(others), "the first process tells the whole batch's"
    assert [norm for row in together for norm in row] == pytest.approx([norm for row in alone for norm in row], rel=2e-3, abs=1e-6)
    assert seen["started"]["processes"] == size and seen["started"]["device_name"].startswith(f"{size} × ")


def test_all_processes_end_with_the_same_weights_to_the_last_bit(found):
    assert all(seen["same"] for seen in found.values() if "same" in seen)


def test_a_run_that_was_paused_stopped_and_resumed_has_the_weights_of_one_that_was_not(found):
    seen = found["resumed"]
    assert seen["bits"] and seen["losses"][0] == seen["losses"][1] and seen["from"] == 7 and [end["reason"] for end in seen["end"]] == ["completed", "completed"]
    assert seen["kinds"][5:8] == ["CheckpointSaved", "Paused", "Continued"] and seen["kinds"][10:14] == ["CheckpointSaved", "Paused", "Continued", "EpochEnded"] and seen["kinds"][-2:] == ["CheckpointSaved", "RunEnded"]


def test_a_run_that_one_process_began_goes_on_in_two_with_the_same_samples_and_the_same_numbers_dropped(found):
    seen = found["moved"]
    assert seen["from"] == 3 and seen["losses"] == pytest.approx(seen["alone"], rel=5e-6)


def test_a_learning_rate_that_is_changed_is_changed_in_all(found):
    assert found["rate"]["changed"] == [{"step": 4, "epoch": 1, "before": 0.01, "lr": 0.5}] and found["rate"]["same"]


def test_a_divergence_ends_all_of_them(found):
    first, second, alone = found["diverged"]
    assert first[0] == second[0] == alone[0] == "diverged" and not second[1]


def test_the_first_process_says_where_the_first_number_that_is_not_finite_came_from_as_a_run_of_one_process_does(found):
    (_, brick, says), _, (_, where, reason) = found["diverged"]
    began = reason.partition("Where it began: ")[2].partition(" The network has")[0]
    assert brick == where and brick and began and began in says


def test_more_processes_than_gpus_are_refused_with_the_numbers(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda number: "A GPU")
    with pytest.raises(DeviceError, match="There is 1 GPU here, and 2 were asked for"):
        device_of("cuda", Place(0, 2, ""))
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert device_of(None, Place(1, 2, "")).torch_name == "cuda:1" and device_of("cpu", Place(1, 2, "")).kind == "cpu"


def test_pieces_of_gradients_hold_every_weight_once_from_the_last_to_the_first(monkeypatch):
    weights = [torch.zeros(size) for size in (5, 300, 20, 80, 1)]
    assert [[len(weight) for weight in piece] for piece in in_pieces(weights)] == [[1, 80, 20, 300, 5]]
    monkeypatch.setattr(shared_gradients, "PIECE", 400)
    assert [[len(weight) for weight in piece] for piece in in_pieces(weights)] == [[1, 80, 20], [300], [5]]
