"""Runs whose training images are changed by chance: what is changed, what is not, and what a stop may not change."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from builder.catalogue.augmentation import AUGMENTATIONS
from builder.tasks.classification import Classification
from builder.train.augment import in_a_row
from builder.train.batches import Split, epoch_order
from builder.train.device import choose_device
from builder.train.settings import Settings
from tests.train.small import Small, of, same_weights, stripes

ROW = in_a_row([(AUGMENTATIONS["RandomCrop"], {"padding": 1}), (AUGMENTATIONS["RandomRotation"], {}), (AUGMENTATIONS["GaussianNoise"], {})])
SETTINGS = Settings(epochs=3, batch_size=8, report_every=0, snapshot_every=1000, augment=ROW)


MIXED = in_a_row([(AUGMENTATIONS["RandomCrop"], {"padding": 1}), (AUGMENTATIONS["MixUp"], {"alpha": 0.4}), (AUGMENTATIONS["GaussianNoise"], {})])


def split(last: bool = True, row=ROW, channels: int = 3) -> Split:
    data = stripes(channels=channels)
    return Split(data.train_x, data.train_y, data.mean, data.std, choose_device("cpu"), last, row, classes=3)


@pytest.mark.parametrize("row", [ROW, MIXED], ids=["changed", "mixed"])
def test_a_run_stopped_anywhere_ends_with_the_bits_of_one_that_was_not(row, tmp_path: Path):
    settings = replace(SETTINGS, augment=row)
    whole, plain = Small(settings), Small(replace(SETTINGS, augment=None))
    straight = whole.run()
    plain.run()
    assert not same_weights(whole.weights(), plain.weights())
    for step in (2, 5, 8):
        folder = tmp_path / str(step)
        Small(settings).stopped_after(step, checkpoints=folder)
        torch.rand(100)
        resumed = Small(settings)
        after = resumed.run(checkpoints=folder, resume=True)
        assert after[0].resumed_at == step and same_weights(resumed.weights(), whole.weights())
        assert of(after, "Evaluated")[-1] == of(straight, "Evaluated")[-1]


def test_a_sample_becomes_the_same_in_whatever_batch_it_comes_and_something_else_in_the_next_epoch():
    one = split()
    one.begin(0, 1)
    whole, labels = one.batch(torch.arange(len(one)))
    for size in (1, 5, 30):
        for indices in epoch_order(len(one), 0, 1).split(size):
            images, targets = one.batch(indices)
            assert images.equal(whole[indices]) and targets.equal(labels[indices])
    one.begin(0, 2)
    assert not one.batch(torch.arange(len(one)))[0].equal(whole)
    one.begin(0, 1)
    assert one.batch(torch.arange(len(one)))[0].equal(whole)


def test_a_sample_is_mixed_with_the_one_before_it_in_the_epochs_order_in_whatever_batch_it_comes():
    one, data = split(row=MIXED), stripes(channels=3)
    one.begin(3, 2)
    order = epoch_order(len(one), 3, 2)
    whole, shares = one.batch(order)
    own, other = (torch.nn.functional.one_hot(data.train_y[numbers], 3) for numbers in (order, order.roll(1)))
    torch.testing.assert_close(shares.sum(1), torch.ones(37))
    assert shares[own + other == 0].eq(0).all() and 0.2 < (shares.argmax(1) == data.train_y[order]).float().mean() < 1
    for size in (1, 5, 30):
        parts = [one.batch(numbers) for numbers in order.split(size)]
        assert torch.cat([images for images, _ in parts]).equal(whole) and torch.cat([targets for _, targets in parts]).equal(shares)
    one.scattered = True
    picked = torch.arange(1, 37, 3)
    images, targets = one.batch(order[picked])
    assert images.equal(whole[picked]) and targets.equal(shares[picked])


def test_answers_to_a_mixed_sample_are_right_when_they_name_its_larger_class():
    task = Classification(3)
    outputs, targets = torch.tensor([[2.0, 1, 0], [0, 3, 1], [0, 0, 1]]), torch.tensor([[0.4, 0.6, 0], [0, 0.9, 0.1], [0, 0.2, 0.8]])
    assert task.correct(outputs, targets) == 2 and task.answers(targets) == 3
    for loss_fn, form in ((torch.nn.CrossEntropyLoss(label_smoothing=0.1), "classes"), (torch.nn.MSELoss(), "one-hot"), (torch.nn.BCEWithLogitsLoss(), "logits")):
        assert Classification(3, form).loss(loss_fn, outputs, targets) == loss_fn(outputs, targets)
    pair = torch.tensor([[0.25, 0.75], [1.0, 0.0]])
    assert Classification(2, "logits").loss(torch.nn.BCEWithLogitsLoss(), outputs[:2, :1], pair) == torch.nn.BCEWithLogitsLoss()(outputs[:2, :1], pair[:, 1:])


def test_images_are_changed_between_0_and_1_and_normalised_then_and_lie_as_convolutions_want_them():
    crop = in_a_row([(AUGMENTATIONS["RandomInvert"], {"p": 1.0})])
    data, changed, plain = stripes(channels=3), split(row=crop), split(row=None)
    changed.begin(0, 1)
    indices = torch.tensor([4, 0, 9])
    got, usual = changed.batch(indices)[0], plain.batch(indices)[0]
    mean, std = (torch.tensor(numbers)[:, None, None] for numbers in (data.mean, data.std))
    torch.testing.assert_close(got, (1 - data.train_x[indices] / 255 - mean) / std)
    assert got.is_contiguous(memory_format=torch.channels_last) and usual.is_contiguous(memory_format=torch.channels_last)
    assert split(last=False, row=crop)._x.shape == (37, 3, 8, 8)


def test_what_is_tested_on_is_left_as_it_is():
    one = split()
    one.begin(0, 1)
    plain = split(row=None)
    assert one.part(0, 9)[0].equal(plain.part(0, 9)[0]) and not one.batch(torch.arange(9))[0].equal(plain.batch(torch.arange(9))[0])


def test_masks_of_a_batch_move_with_their_images():
    flip = in_a_row([(AUGMENTATIONS["RandomHorizontalFlip"], {})])
    data = stripes(channels=1)
    one = Split(data.train_x, data.train_x[:, 0], data.mean, data.std, choose_device("cpu"), True, flip)
    one.begin(0, 1)
    images, masks = one.batch(torch.arange(37))
    back = (images * data.std[0] + data.mean[0]).mul(255).round()
    assert back[:, 0].to(torch.uint8).equal(masks) and 0 < (masks != data.train_x[:, 0]).any(2).any(1).sum() < 37
