"""The sheet of training images before and after their augmentations."""

from __future__ import annotations

import pytest
import torch

from builder.catalogue.augmentation import AUGMENTATIONS
from builder.catalogue.colours import NO_CLASS, class_colours
from builder.data.load import statistics
from builder.data.records import Tensors
from builder.inspect.augmented import GAP, SPACE, sheet, shown
from builder.train.augment import in_a_row
from builder.train.batches import Split
from builder.train.device import choose_device
from tests.train.small import stripes


@pytest.mark.parametrize("kinds", [("RandomCrop", "ColorJitter"), ("RandomCrop", "CutMix")])
def test_the_sheet_shows_the_very_images_that_a_run_trains_on(kinds):
    data, row = stripes(channels=3), in_a_row([(AUGMENTATIONS[kind], {}) for kind in kinds])
    picture, numbers = sheet(data, row, seed=4, samples=5, epochs=3)
    split = Split(data.train_x, data.train_y, data.mean, data.std, choose_device("cpu"), True, row, classes=3)
    split.scattered = True
    mean, std = (torch.tensor(numbers)[:, None, None] for numbers in (data.mean, data.std))
    for epoch in range(4):
        split.begin(4, epoch)
        images = split.batch(torch.tensor(numbers))[0] * std + mean if epoch else data.train_x[numbers] / 255
        left = epoch * (8 + GAP) + (SPACE if epoch else 0)
        for place, image in enumerate(images):
            tile = torch.from_numpy(picture[place * (8 + GAP):place * (8 + GAP) + 8, left:left + 8, :3]).permute(2, 0, 1)
            assert (tile.float() - 255 * image).abs().max() < 0.51
    assert picture.shape == (5 * 10 - 2, 4 * 10 - 2 + SPACE, 4)


def test_samples_of_all_classes_are_shown_in_turns():
    data = stripes()
    assert data.train_y[shown(data, 7)].tolist() == [0, 1, 2, 0, 1, 2, 0] and len(set(shown(data, 7))) == 7


def test_masks_stand_below_their_images_in_colours_of_their_classes_and_move_along():
    x = torch.zeros(4, 1, 6, 6, dtype=torch.uint8)
    x[:, :, :, :2] = 255
    y = (x[:, 0] > 0).to(torch.uint8)
    y[0, 0, 5] = 255
    data = Tensors("halves", x, y, x, y, ("ground", "thing"), *statistics(x), "segmentation")
    picture, _ = sheet(data, in_a_row([(AUGMENTATIONS["RandomHorizontalFlip"], {"p": 1.0})]), 0, samples=2, epochs=1)
    before, after = picture[:12, :6, :3], picture[:12, -6:, :3]
    assert (before[:, ::-1] == after).all()
    ground, thing = class_colours(2)
    assert {tuple(pixel) for pixel in before[6:].reshape(-1, 3).tolist()} == {ground, thing, NO_CLASS} and tuple(before[6, 5].tolist()) == NO_CLASS
