"""Samples that do not fit: read from their file ahead of their use, the batches and the run are those of samples in memory, to the last bit."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from builder.catalogue.augmentation import AUGMENTATIONS
from builder.data.load import statistics
from builder.data.records import Tensors
from builder.data.rows import Rows, chosen, mapped
from builder.train.augment import in_a_row
from builder.train.batches import Split, epoch_order
from builder.train.device import Device, choose_device
from builder.train.feed import ahead
from builder.train.settings import Settings
from tests.train.small import AS_IF_REMOTE, Small, of, same_weights, stripes

CPU = choose_device("cpu")
SETTINGS = Settings(epochs=2, batch_size=8, report_every=0, snapshot_every=1000)


def in_a_file(data: Tensors, folder: Path) -> Tensors:
    """The same data with all samples left in a file."""
    save_file({"train_x": data.train_x, "test_x": data.test_x}, folder / "data.safetensors", {"format": "pt"})
    train, test = (mapped(folder / "data.safetensors", name) for name in ("train_x", "test_x"))
    return replace(data, train_x=train, test_x=test)


def test_what_is_made_ahead_comes_in_its_order_and_never_far_ahead():
    made, taken = [], []
    for result in ahead(lambda number: made.append(number) or number * number, range(50), workers=3):
        taken.append(result)
        assert len(made) <= len(taken) + 2 * 3
    assert taken == [number * number for number in range(50)]


def test_threads_work_at_the_same_time_and_none_is_left_when_nobody_takes_any_more():
    together = threading.Barrier(2, timeout=30)
    feed = ahead(lambda number: (number, together.wait())[0], range(100), workers=2)
    assert [next(feed), next(feed)] == [0, 1]
    together.abort()
    feed.close()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("loader")]


@pytest.mark.parametrize("workers", [0, 2])
def test_an_exception_comes_where_its_batch_would_have(workers: int):
    feed = ahead(lambda number: 1 // (2 - number), range(5), workers)
    assert [next(feed), next(feed)] == [0, 1]
    with pytest.raises(ZeroDivisionError):
        next(feed)


def test_rows_give_what_their_tensor_gives(tmp_path: Path):
    data = stripes(channels=3)
    rows, x = in_a_file(data, tmp_path).train_x, data.train_x
    numbers = torch.tensor([5, 0, 36, 5])
    assert isinstance(rows, Rows) and rows.shape == x.shape and len(rows) == len(x) and rows.nbytes == x.nbytes
    assert torch.equal(rows[numbers], x[numbers]) and torch.equal(rows[3:9], x[3:9]) and torch.equal(rows[4], x[4])
    some = chosen(chosen(rows, torch.arange(30, 5, -1)), torch.tensor([1, 3, 4]))
    assert isinstance(some, Rows) and torch.equal(some[:], x[[29, 27, 26]]) and torch.equal(some[torch.tensor([2])], x[[26]]) and torch.equal(some[0], x[29])
    assert statistics(rows) == statistics(x) and statistics(some) == statistics(x[[29, 27, 26]])


def test_only_bytes_of_a_file_are_mapped(tmp_path: Path):
    save_file({"y": torch.arange(3)}, tmp_path / "data.safetensors")
    with pytest.raises(ValueError, match="y is I64"):
        mapped(tmp_path / "data.safetensors", "y")


@pytest.mark.parametrize(("channels", "workers"), [(1, 0), (3, 3)])
def test_a_run_from_a_file_has_the_bits_of_one_from_memory_however_many_workers_read(tmp_path: Path, channels: int, workers: int):
    from tests.train.small import small_cnn

    data = stripes(channels=channels)
    settings = replace(SETTINGS, workers=workers)
    torch.manual_seed(0)
    weights = small_cnn(channels).state_dict()

    def run(tensors: Tensors) -> Small:
        model = small_cnn(channels)
        model.load_state_dict(weights)
        return Small(settings, model=model, tensors=tensors)

    resident, streamed = run(data), run(in_a_file(data, tmp_path))
    events, others = resident.run(), streamed.run()
    assert same_weights(resident.weights(), streamed.weights())
    assert [event.loss for event in of(events, "StepEnded")] == [event.loss for event in of(others, "StepEnded")]
    assert [(event.loss, event.confusion) for event in of(events, "Evaluated")] == [(event.loss, event.confusion) for event in of(others, "Evaluated")]
    assert not of(events, "Noted") and "stay where they are" in of(others, "Noted")[0].says


def test_a_streamed_run_that_is_stopped_in_the_middle_goes_on_to_the_same_bits(tmp_path: Path):
    data = in_a_file(stripes(), tmp_path)
    whole = Small(SETTINGS, tensors=data)
    whole.run()
    for step in (2, 7):
        Small(SETTINGS, tensors=data).stopped_after(step, checkpoints=tmp_path / "run", resume=True)
    last = Small(SETTINGS, tensors=data)
    assert last.run(checkpoints=tmp_path / "run", resume=True)[0].resumed_at == 7
    assert same_weights(last.weights(), whole.weights())


def test_samples_that_exceed_their_share_of_another_device_stay_in_main_memory():
    data = stripes()
    parts = [Split(data.train_x, data.train_y, data.mean, data.std, device, True, most=most)
             for device, most in ((AS_IF_REMOTE, data.train_x.nbytes), (AS_IF_REMOTE, data.train_x.nbytes - 1), (CPU, 1))]
    assert [part.streamed for part in parts] == [False, True, False]
    order = torch.randperm(len(data.train_x)).split([8, 1, 28])
    for one, other in zip(parts[0].batches(order, 2), parts[1].batches(order, 2), strict=True):
        assert torch.equal(one[0], other[0]) and torch.equal(one[1], other[1]) and one[0].stride() == other[0].stride()
    assert torch.equal(parts[0].part(3, 7)[0], parts[1].part(3, 7)[0])


@pytest.mark.parametrize("mixes", [False, True])
def test_nothing_is_read_back_from_the_device_to_take_streamed_samples(mixes: bool):
    """Reading waits for all that the device still has to do, so that it would stand still while the next batch is read. No number can be read off a meta tensor."""
    data, meta = stripes(channels=3), Device("remote", "a device that gives nothing back", "meta")
    row = in_a_row([(AUGMENTATIONS["MixUp"], {"alpha": 1.0})] if mixes else [(AUGMENTATIONS["RandomHorizontalFlip"], {})])
    part = Split(data.train_x, data.train_y, data.mean, data.std, meta, True, row, most=1, classes=3)
    part.begin(0, 1)
    order = epoch_order(len(part), 0, 1, part.where)
    taken = [part._taken(numbers) for numbers in order.split(8)]
    assert [x.device.type for x, _, _ in taken] == [y.device.type for _, y, _ in taken] == ["meta"] * 5
    assert part.batch(order[:8])[0].shape == (8, 3, 8, 8)
