"""Checkpoints: whole or not there, and nothing in them that runs."""

from __future__ import annotations

import errno
import os
import resource
import subprocess
import sys
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file
from torch import nn

from builder.train import checkpoint
from builder.train.checkpoint import (
    BEST,
    LAST,
    TYPES,
    CheckpointError,
    Position,
    load_checkpoint,
    read_place,
    read_weights,
    save_checkpoint,
    write_atomically,
)
from tests.helpers import until
from tests.train.small import Small, same_weights, small_cnn


def _stepped(optimizer=torch.optim.Adam) -> tuple[nn.Module, torch.optim.Optimizer]:
    model = small_cnn().to(memory_format=torch.channels_last)
    optimizer = optimizer(model.parameters())
    model(torch.randn(4, 1, 8, 8)).sum().backward()
    optimizer.step()
    return model, optimizer


def test_everything_comes_back_as_it_was(tmp_path: Path):
    model, optimizer = _stepped()
    position = Position(3, 2, 17, 5, 1.2345678901234567, 12, 34, 5.5, 0.25, 0.75)
    save_checkpoint(tmp_path / "last.safetensors", model, optimizer, position)
    expected = torch.rand(3)
    other, its_optimizer = _stepped()
    found, random = load_checkpoint(tmp_path / "last.safetensors", other, its_optimizer)
    assert found == position and all(torch.equal(value, other.state_dict()[name]) for name, value in model.state_dict().items())
    for number, state in optimizer.state_dict()["state"].items():
        for key, value in state.items():
            copy = its_optimizer.state_dict()["state"][number][key]
            assert torch.equal(value, copy) and (value.stride() == copy.stride()), key
    assert its_optimizer.param_groups[0]["betas"] == (0.9, 0.999)
    torch.set_rng_state(random["cpu"])
    assert torch.equal(torch.rand(3), expected)


def test_a_checkpoint_is_plain_safetensors_that_others_read(tmp_path: Path):
    model, optimizer = _stepped()
    save_checkpoint(tmp_path / "last.safetensors", model, optimizer, Position())
    with safe_open(tmp_path / "last.safetensors", framework="np") as file:
        assert (file.get_tensor("model.fc2.weight") == model.fc2.weight.detach().numpy()).all()
    assert read_weights(tmp_path / "last.safetensors").keys() == model.state_dict().keys()


class Numbers(nn.Module):
    """Numbers of every kind, of no, one and several axes, one lying in another order."""

    def __init__(self):
        super().__init__()
        for number, kind in enumerate(TYPES):
            self.register_buffer(f"alone{number}", torch.ones((), dtype=kind))
            self.register_buffer(f"none{number}", torch.zeros(0, 3, dtype=kind))
            self.register_buffer(f"odd{number}", torch.arange(3).to(kind))
            self.register_buffer(f"last{number}", torch.arange(120).reshape(2, 3, 4, 5).to(kind).contiguous(memory_format=torch.channels_last))


def test_numbers_of_every_kind_are_read_by_the_librarys_own_reader_as_they_were(tmp_path: Path):
    model, optimizer = Numbers(), torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=0.1)
    save_checkpoint(tmp_path / "x", model, optimizer, Position())
    read = load_file(tmp_path / "x")
    for name, value in model.state_dict().items():
        found = read[f"model.{name}"]
        assert found.dtype == value.dtype and torch.equal(found, value)


def test_a_checkpoint_is_written_a_tensor_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Copies of all of them took more memory than the training, and it ran out where none was foreseen."""
    model = nn.Sequential(*(nn.Linear(50, 50) for _ in range(20)))
    alive, most = [], [0]

    def cpu(value: torch.Tensor) -> torch.Tensor:
        copy = value.clone()
        alive.append(weakref.ref(copy))
        most[0] = max(most[0], sum(one() is not None for one in alive))
        return copy

    monkeypatch.setattr(torch.Tensor, "cpu", cpu)
    save_checkpoint(tmp_path / "x", model, torch.optim.SGD(model.parameters(), lr=0.1), Position())
    monkeypatch.undo()
    assert len(alive) == 41 and most[0] <= 2 and read_weights(tmp_path / "x").keys() == model.state_dict().keys()


def test_a_checkpoint_that_is_replaced_while_it_is_read_is_one_of_the_two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """As when somebody tests a run that still trains."""
    model, optimizer = _stepped()
    save_checkpoint(tmp_path / LAST, model, optimizer, Position(step=1))
    before = {name: value.clone() for name, value in model.state_dict().items()}
    optimizer.step()
    save_checkpoint(tmp_path / "next", model, optimizer, Position(step=2))

    def opened(path: Path, **how: str) -> object:
        file = safe_open(path, **how)
        if (tmp_path / "next").exists():
            (tmp_path / "next").replace(path)
        return file

    monkeypatch.setattr(checkpoint, "safe_open", opened)
    position, weights = read_place(tmp_path / LAST)
    assert position.step == 1 and same_weights(weights, before)


def test_weights_shared_by_two_layers_are_saved_and_stay_shared(tmp_path: Path):
    model = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4))
    model[1].weight = model[0].weight
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    save_checkpoint(tmp_path / "x", model, optimizer, Position())
    with torch.no_grad():
        model[0].weight.zero_()
    load_checkpoint(tmp_path / "x", model, optimizer)
    assert model[1].weight is model[0].weight and model[0].weight.abs().sum() > 0


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_keeps_the_checkpoint_before_it_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int):
    write_atomically(tmp_path / "last", 6, [b"bef", b"ore"])

    def full(handle: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(CheckpointError, match=r"The disk is full: a checkpoint of 0.0 MB .* MB are free. The one before it is kept: make room, then resume"):
        write_atomically(tmp_path / "last", 5, [b"after"])
    assert [path.name for path in tmp_path.iterdir()] == ["last"] and (tmp_path / "last").read_bytes() == b"before"


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """The system refuses to let a file grow beyond so many bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_run_whose_disk_fills_up_ends_named_and_goes_on_to_the_same_bits_once_there_is_room(tmp_path: Path):
    whole, small, events = Small(), Small(), []
    whole.run()
    running = small.events(checkpoints=tmp_path)
    for event in running:
        events.append(event)
        if type(event).__name__ == "CheckpointSaved" and event.name == LAST:
            break
    with files_of_at_most(1000):
        events.extend(running)
    assert events[-1].reason == "failed" and "The disk is full" in events[-1].says and "The one before it is kept" in events[-1].says
    assert {path.name for path in tmp_path.iterdir()} == {BEST, LAST}
    resumed = Small()
    after = resumed.run(checkpoints=tmp_path, resume=True)
    assert after[0].resumed_at == 5 and after[-1].reason == "completed" and same_weights(resumed.weights(), whole.weights())


def test_a_run_whose_folder_cannot_be_written_ends_as_failed_in_plain_words(tmp_path: Path):
    (tmp_path / "file").write_text("in the way")
    events = Small().run(checkpoints=tmp_path / "file")
    assert events[-1].reason == "failed" and "could not be written" in events[-1].says and "There was none before it" in events[-1].says


@pytest.mark.parametrize("keep", [0, 5, 200, -1])
def test_a_damaged_file_is_refused(tmp_path: Path, keep: int):
    model, optimizer = _stepped()
    path = tmp_path / "last.safetensors"
    save_checkpoint(path, model, optimizer, Position())
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(CheckpointError, match="not a whole checkpoint"):
        load_checkpoint(path, model, optimizer)


def test_a_checkpoint_of_another_optimiser_is_refused(tmp_path: Path):
    model, adam = _stepped()
    save_checkpoint(tmp_path / "x", model, adam, Position())
    groups = [{"params": list(model.conv1.parameters())}, {"params": list(model.fc1.parameters())}]
    with pytest.raises(CheckpointError, match="does not fit this run's optimiser"):
        load_checkpoint(tmp_path / "x", model, torch.optim.Adam(groups))


def test_a_newer_format_is_refused_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    model, optimizer = _stepped()
    with monkeypatch.context() as newer:
        newer.setattr("builder.train.checkpoint.VERSION", 2)
        save_checkpoint(tmp_path / "x", model, optimizer, Position())
    with pytest.raises(CheckpointError, match=r"newer Brickwork \(format 2, this one reads up to 1\)"):
        load_checkpoint(tmp_path / "x", model, optimizer)


WRITER = """
import sys
import weakref
from pathlib import Path
from builder.train.checkpoint import write_atomically
path, number = Path(sys.argv[1]), 0
while True:
    number += 1
    write_atomically(path, 3_000_000, [bytes([number % 251]) * 1_000_000] * 3)
"""


def test_kills_while_writing_leave_a_whole_file_every_time(tmp_path: Path, root: Path):
    path, seen = tmp_path / "last", set()
    for _ in range(6):
        path.unlink(missing_ok=True)
        with subprocess.Popen([sys.executable, "-c", WRITER, str(path)], cwd=root) as writer:
            until(path.exists, 30, "the first file", every=0.002)
            until(lambda: path.read_bytes()[:1] not in (b"", b"\x01"), 30, "another file", every=0.001)
            writer.kill()
        content = path.read_bytes()
        assert len(content) == 3_000_000 and len(set(content)) == 1
        seen.add(content[0])
    assert seen
