"""The validation part: of every class the same share, always the same samples, made before anything is taken from the training part."""

from __future__ import annotations

import pytest
import torch

from builder import data
from builder.catalogue.datasets import validation_samples
from builder.data.load import statistics
from builder.data.records import DataError, Tensors
from builder.data.validation import held_out, with_validation


@pytest.mark.parametrize(("share", "count"), [(0.1, 144), (0.25, 359), (0.5, 718)])
def test_every_class_gives_its_share_and_every_sample_is_in_one_part_only(share, count):
    labels = data.load("digits", []).train_y
    train, valid = held_out(labels, validation_samples(len(labels), share))
    assert len(valid) == count and sorted([*train.tolist(), *valid.tolist()]) == list(range(len(labels)))
    assert train.tolist() == sorted(train.tolist()) and valid.tolist() == sorted(valid.tolist())
    for label in range(10):
        assert abs((labels[valid] == label).sum().item() - share * (labels == label).sum().item()) <= 1


def test_a_rare_class_keeps_a_sample_to_train_on_and_gives_one_only_where_its_share_is_one():
    labels = torch.tensor([0] * 97 + [1] * 3)
    train, valid = held_out(labels, 10)
    assert (labels[train] == 1).sum() >= 2 and len(valid) == 10
    _, half = held_out(labels, 50)
    assert 1 <= (labels[half] == 1).sum() <= 2


def test_the_part_is_always_the_same_one_whatever_was_drawn_before():
    labels = torch.arange(40) % 4
    torch.manual_seed(3)
    first = held_out(labels, 8)
    state = torch.get_rng_state()
    torch.rand(100)
    again = held_out(labels, 8)
    assert all(torch.equal(one, two) for one, two in zip(first, again, strict=True))
    torch.set_rng_state(state)
    before = torch.rand(3)
    torch.set_rng_state(state)
    held_out(labels, 8)
    assert torch.equal(torch.rand(3), before)  # nothing else that is random moves on


@pytest.mark.parametrize("answers", [torch.rand(30, 2), torch.zeros(30, 4, 4, dtype=torch.uint8)])
def test_numbers_and_masks_are_held_out_without_regard_to_what_they_are(answers):
    train, valid = held_out(answers, 6)
    assert len(valid) == 6 and sorted([*train.tolist(), *valid.tolist()]) == list(range(30))
    assert valid.tolist() != list(range(6))


def test_mean_and_standard_deviation_are_of_what_is_left_to_train_on():
    whole, parted = data.load("digits", []), data.load("digits", [], validation=0.3)
    assert (parted.mean, parted.std) == statistics(parted.train_x) != (whole.mean, whole.std) == statistics(whole.train_x)
    assert parted.watched_name == "validation" and parted.watched == (parted.valid_x, parted.valid_y)
    assert len(parted.train_x) + len(parted.valid_x) == len(whole.train_x) and torch.equal(parted.test_x, whole.test_x)
    assert whole.valid_x is None and whole.watched_name == "test" and whole.watched[0] is whole.test_x


def test_a_share_that_leaves_nothing_to_train_on_is_refused_with_the_numbers():
    x = torch.zeros(1, 1, 2, 2, dtype=torch.uint8)
    one = Tensors("one", x, torch.tensor([0]), x, torch.tensor([0]), ("a",), (), ())
    with pytest.raises(DataError, match="share of 0.1 of 1 training samples leaves none"):
        with_validation(one, 0.1)
    assert with_validation(one, 0.0) is one


def test_what_is_shown_counts_the_part_that_is_held_out_and_leaves_no_point_away():
    shown = data.shown("moons", [], validation=0.2)
    assert [sum(part) for part in shown.counts] == [800, 1000, 200] and shown.sizes == (1000, 1000)
    assert [len(points) for points, _ in shown.points] == [1000, 1000]
    assert [sum(part) for part in data.shown("moons", []).counts] == [1000, 1000]
