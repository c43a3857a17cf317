"""Where a sample comes from, and what is said when it is not a real one."""

from __future__ import annotations

import torch

from builder.data import load
from builder.inspect.sample import Samples

SHAPE = {"image": (1, 28, 28)}


def test_a_sample_of_the_built_in_data_is_normalised_as_training_normalises_it(tmp_path):
    taken = Samples([tmp_path]).take("digits", SHAPE, 3)
    tensors = load("digits", [tmp_path])
    wanted = (tensors.train_x[3].float() / 255 - tensors.mean[0]) / tensors.std[0]
    assert torch.allclose(taken.inputs["image"][0], wanted, atol=1e-6)
    assert (taken.label, taken.index, taken.says) == (int(tensors.train_y[3]), 3, "")
    assert torch.equal(taken.pictures["image"], tensors.train_x[3])


def test_a_sample_is_normalised_as_in_a_run_that_holds_a_share_out_and_keeps_its_number(tmp_path):
    samples = Samples([tmp_path])
    taken, parted, whole = samples.take("digits", SHAPE, 3, validation=0.5), load("digits", [tmp_path], validation=0.5), load("digits", [tmp_path])
    wanted = (whole.train_x[3].float() / 255 - parted.mean[0]) / parted.std[0]
    assert torch.allclose(taken.inputs["image"][0], wanted, atol=1e-6) and parted.mean != whole.mean
    assert torch.allclose(samples.take("digits", SHAPE, 3).inputs["image"][0], (whole.train_x[3].float() / 255 - whole.mean[0]) / whole.std[0], atol=1e-6)


def test_a_sample_of_points_is_normalised_too_and_has_no_picture(tmp_path):
    taken, tensors = Samples([tmp_path]).take("spirals", {"point": (2,)}, 7), load("spirals", [tmp_path])
    wanted = (tensors.train_x[7] - torch.tensor(tensors.mean)) / torch.tensor(tensors.std)
    assert torch.allclose(taken.inputs["point"][0], wanted, atol=1e-6) and taken.pictures == {}
    assert taken.classes == ("first arm", "second arm") and taken.label == int(tensors.train_y[7])


def test_beyond_the_last_sample_the_last_is_taken_and_data_is_read_once(tmp_path, monkeypatch):
    samples = Samples([tmp_path], keep=5)
    assert samples.take("digits", SHAPE, 99).index == 4
    monkeypatch.setattr("builder.inspect.sample.load", None)
    assert samples.take("digits", SHAPE, 1).count == 5


def test_data_that_is_missing_is_stood_in_for_by_the_same_random_picture_each_time(tmp_path):
    one, again, other = (Samples([tmp_path]).take("mnist", SHAPE, index) for index in (0, 0, 1))
    assert one.says == "MNIST is not on this machine: a random picture stands in."
    assert torch.equal(one.inputs["image"], again.inputs["image"]) and not torch.equal(one.inputs["image"], other.inputs["image"])
    assert one.label is None and one.classes and one.pictures["image"].dtype == torch.uint8


def test_an_input_of_another_shape_than_the_data_gets_random_numbers_of_its_own(tmp_path):
    taken = Samples([tmp_path]).take("digits", {"image": (5, 9)})
    assert taken.inputs["image"].shape == (1, 5, 9) and "the Input says 5×9" in taken.says


def test_without_data_every_input_gets_random_numbers_and_no_two_the_same(tmp_path):
    taken = Samples([tmp_path]).take(None, {"left": (3, 4), "right": (3, 4)})
    assert {name: tuple(x.shape) for name, x in taken.inputs.items()} == {"left": (1, 3, 4), "right": (1, 3, 4)}
    assert not torch.equal(taken.inputs["left"], taken.inputs["right"])
    assert Samples([tmp_path]).take("a set that nobody has", SHAPE).label is None
