"""Order, batches, snapshots, devices, settings and first weights."""

from __future__ import annotations

import os

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torchvision import models
from torchvision.transforms import Compose, Normalize, ToTensor

from builder.data.load import statistics
from builder.train import device as devices
from builder.train.batches import Split, batch_bounds, epoch_order, epoch_seed, has_convolutions, seed_everything
from builder.train.checkpoint import lay_out_state
from builder.train.device import DeviceError, choose_device, cores, processor_name, take_threads
from builder.train.initialise import InitialiserError, initialise
from builder.train.settings import Settings
from builder.train.snapshot import take_snapshot, watched_layer
from tests.train.small import small_cnn, stripes

CPU = choose_device("cpu")


@given(st.integers(1, 300), st.integers(1, 50))
def test_batches_cover_every_sample_once_and_none_but_the_only_one_is_single(samples: int, batch_size: int):
    bounds = batch_bounds(samples, batch_size)
    assert [place for first, end in bounds for place in range(first, end)] == list(range(samples))
    assert all(end - first <= batch_size + 1 for first, end in bounds)
    assert batch_size == 1 or samples == 1 or min(end - first for first, end in bounds) > 1


def test_the_order_is_a_function_of_seed_and_epoch_and_a_permutation():
    one = epoch_order(100, 3, 2)
    torch.rand(5)
    assert torch.equal(one, epoch_order(100, 3, 2)) and sorted(one.tolist()) == list(range(100))
    assert not torch.equal(one, epoch_order(100, 3, 3)) and not torch.equal(one, epoch_order(100, 4, 2))
    assert len({epoch_seed(seed, epoch) for seed in range(50) for epoch in range(1, 50)}) == 50 * 49


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("channels_last", [True, False])
def test_a_batch_is_bit_for_bit_what_totensor_and_normalize_make_of_the_images(channels: int, channels_last: bool):
    data = stripes(channels=channels)
    indices = torch.tensor([4, 0, 11])
    x, y = Split(data.train_x, data.train_y, data.mean, data.std, CPU, channels_last).batch(indices)
    prepare = Compose([ToTensor(), Normalize(data.mean, data.std)])
    assert torch.equal(x, torch.stack([prepare(data.train_x[index].permute(1, 2, 0).numpy()) for index in indices]))
    assert y.tolist() == [1, 0, 2]
    assert x.stride() == ((channels * 64, 1, 8 * channels, channels) if channels_last else (channels * 64, 64, 8, 1))


@pytest.mark.parametrize("shape", [(20, 4), (20, 3, 5), (20, 1, 2, 6), (20, 2, 3, 4, 2)])
@pytest.mark.parametrize("channels_last", [True, False])
def test_a_batch_of_floats_has_mean_0_and_spread_1_of_every_feature_and_leaves_the_data_alone(shape: tuple[int, ...], channels_last: bool):
    x = torch.randn(shape, generator=torch.Generator().manual_seed(1)) * 7 + 3
    before, numbers = x.clone(), statistics(x)
    split = Split(x, torch.arange(20), *numbers, CPU, channels_last)
    whole, _ = split.part(0, 20)
    features = whole.transpose(0, 1).flatten(1)
    assert whole.shape == shape and torch.equal(x, before)
    assert features.mean(1).abs().max() < 1e-5 and (features.std(1, correction=0) - 1).abs().max() < 1e-5
    some, targets = split.batch(torch.tensor([4, 0]))
    assert torch.equal(some, whole[[4, 0]]) and targets.tolist() == [4, 0]
    assert len(shape) != 4 or not channels_last or some.is_contiguous(memory_format=torch.channels_last)


def test_convolutions_are_found_wherever_they_stand():
    assert has_convolutions(small_cnn()) and not has_convolutions(nn.Sequential(nn.Flatten(), nn.Linear(4, 2)))


def test_the_watched_layer_is_the_first_convolution_or_the_linear_layer_that_sees_the_pixels():
    with torch.device("meta"):
        assert watched_layer(models.resnet18(), (3, 224, 224)) == ("conv1", (64, 3, 7, 7))
        assert watched_layer(models.vgg11(), (3, 224, 224)) == ("features.0", (64, 3, 3, 3))
    mlp = nn.Sequential(nn.Flatten(), nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 10))
    assert watched_layer(mlp, (1, 28, 28)) == ("1", (64, 1, 28, 28))
    assert watched_layer(nn.Sequential(nn.Linear(28, 5), nn.Conv2d(1, 1, 1)), (1, 28, 28)) is None
    assert watched_layer(nn.Sequential(nn.Flatten()), (1, 28, 28)) is None


def test_the_watched_layer_of_rows_of_numbers_is_one_picture_a_neuron():
    mlp = nn.Sequential(nn.Linear(5, 100), nn.ReLU(), nn.Linear(100, 2))
    assert watched_layer(mlp, (5,)) == ("0", (64, 1, 1, 5))
    assert take_snapshot(mlp, "0", (64, 1, 1, 5), 0, 1).of == 100
    assert watched_layer(nn.Sequential(nn.Flatten(), nn.Linear(12, 3)), (3, 4)) == ("1", (3, 1, 3, 4))
    assert watched_layer(nn.Sequential(nn.Flatten(), nn.Linear(16, 3)), (2, 2, 2, 2)) is None


def test_a_snapshot_of_equal_weights_is_even_and_one_of_nans_is_left_out():
    model = nn.Sequential(nn.Conv2d(1, 2, 3))
    nn.init.constant_(model[0].weight, 0.5)
    snapshot = take_snapshot(model, "0", (2, 1, 3, 3), 0, 1)
    assert (snapshot.low, snapshot.high, snapshot.data) == (0.5, 0.5, "A" * 24)
    nn.init.constant_(model[0].weight, float("nan"))
    assert take_snapshot(model, "0", (2, 1, 3, 3), 0, 1) is None


def test_the_processor_is_always_there_and_an_absent_device_is_refused_with_what_there_is(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    assert choose_device().kind == "cpu" and choose_device("cpu").name == processor_name() != ""
    with pytest.raises(DeviceError, match=r"no device 'cuda' here; there is cpu \("):
        choose_device("cuda")


def test_a_gpu_comes_before_the_processor_and_can_be_named_by_number(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda number: f"GPU number {number}")
    assert choose_device().torch_name == "cuda:0" and choose_device("cuda:1").name == "GPU number 1" and choose_device("cpu").kind == "cpu"


def test_one_core_is_left_to_the_page_and_a_containers_share_is_respected(monkeypatch: pytest.MonkeyPatch, tmp_path):
    before = torch.get_num_threads()
    try:
        monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(8)), raising=False)
        for text, expected in (("max 100000", 8), ("250000 100000", 2), ("50000 100000", 1), ("", 8)):
            (tmp_path / "cpu.max").write_text(text)
            monkeypatch.setattr(devices, "Path", lambda path: tmp_path / "cpu.max")
            assert cores() == expected and take_threads() == max(1, expected - 1)
        assert take_threads(2) == 2
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize(("name", "value"), [("epochs", 0), ("batch_size", 0), ("seed", -1), ("seed", 2 ** 40), ("report_every", -0.1)])
def test_settings_out_of_range_are_refused_by_name(name: str, value: float):
    with pytest.raises(ValueError, match=name):
        Settings(**{name: value})


def test_first_weights_follow_the_rule_and_the_seed_and_biases_stay():
    seed_everything(0)
    model = small_cnn()
    bias = model.fc1.bias.clone()
    initialise(model, "torch.nn.init.normal_", {"std": 0.5}, seed=3)
    first = model.fc1.weight.clone()
    torch.manual_seed(3)
    assert torch.equal(model.conv1.weight, nn.init.normal_(torch.empty(4, 1, 3, 3), std=0.5))
    initialise(model, "torch.nn.init.normal_", {"std": 0.5}, seed=3)
    assert torch.equal(model.fc1.weight, first) and torch.equal(model.fc1.bias, bias) and torch.equal(model.norm1.weight, torch.ones(4))


def test_a_layer_that_was_told_to_start_at_zero_does():
    model = small_cnn()
    nn.init.zeros_(model.fc1.weight)
    initialise(model, "torch.nn.init.normal_", {"std": 0.5}, seed=3)
    assert not model.fc1.weight.any() and model.conv1.weight.std() > 0.2


@pytest.mark.parametrize("path", ["os.remove", "torch.nn.init.no_such_", "torch.nn.init._no_grad_uniform_", "torch.nn.init.calculate_gain", "torch.load"])
def test_only_the_rules_of_torch_can_be_named(path: str):
    with pytest.raises(InitialiserError, match="no initialiser"):
        initialise(small_cnn(), path, {}, 0)


def test_a_rule_that_refuses_a_layer_names_it():
    with pytest.raises(InitialiserError, match="Conv2d 'conv1': normal_ refused"):
        initialise(small_cnn(), "torch.nn.init.normal_", {"spread": 1}, 0)


def test_what_an_optimiser_made_before_the_network_moved_follows_it():
    model = nn.Sequential(nn.Conv2d(3, 4, 3))
    optimizer = torch.optim.Adagrad(model.parameters(), initial_accumulator_value=0.5)
    model.to(memory_format=torch.channels_last)
    lay_out_state(optimizer)
    state = optimizer.state[model[0].weight]["sum"]
    assert state.stride() == model[0].weight.stride() and (state == 0.5).all() and not state.requires_grad


def test_a_picture_of_some_filters_says_how_many_there_are():
    model = nn.Sequential(nn.Flatten(), nn.Linear(16, 100))
    some = take_snapshot(model, *watched_layer(model, (1, 4, 4)), 1, 1)
    assert (some.shape, some.of) == ((64, 1, 4, 4), 100)
    model = nn.Sequential(nn.Conv2d(1, 64, 3))
    assert take_snapshot(model, *watched_layer(model, (1, 4, 4)), 1, 1).of == 0
