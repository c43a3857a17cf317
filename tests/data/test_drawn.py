"""Generated data for regression and segmentation: the same bits everywhere, and what the catalogue says of them."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
import torch
from sklearn.linear_model import LinearRegression
from sklearn.neighbors import KNeighborsRegressor
from torchvision.ops import box_iou

from builder.catalogue import DATASETS, described
from builder.catalogue.datasets import BOX
from builder.data import load
from builder.data.drawn import DRAWN, grain, painted, scenes


@pytest.mark.parametrize(("name", "digest"), [("curve", "7c91feb71650b641"), ("shapes", "94f98449bc40479a"), ("shapes-boxes", "4ae72cd40b18d76c"), ("shapes-detection", "9bd7fb25581e17ad")])
def test_they_are_what_the_catalogue_says_and_the_same_bits_on_every_machine(name, digest):
    tensors, dataset = load(name, []), DATASETS[name]
    assert set(DRAWN) == {"curve", "shapes", "shapes-boxes", "shapes-detection"} and (tensors.task, tensors.targets, tensors.classes) == (dataset.task, dataset.targets, dataset.classes)
    parts = (tensors.train_x, tensors.train_y, tensors.test_x, tensors.test_y)
    assert tensors.shape == dataset.shape and [len(part) for part in parts] == [dataset.train, dataset.train, dataset.test, dataset.test]
    assert dataset.bytes == sum(part.numel() * part.element_size() for part in parts)
    assert hashlib.sha256(b"".join(part.contiguous().numpy().tobytes() for part in parts)).hexdigest()[:16] == digest


def test_a_line_explains_little_of_the_curve_and_neighbours_nearly_all():
    tensors = load("curve", [])
    x, y, test_x, test_y = (part.numpy() for part in (tensors.train_x, tensors.train_y, tensors.test_x, tensors.test_y))
    assert LinearRegression().fit(x, y).score(test_x, test_y) == pytest.approx(0.41, abs=0.02)
    assert KNeighborsRegressor(10).fit(x, y).score(test_x, test_y) > 0.95
    assert np.std(y - np.sin(2 * x) - x / 4) == pytest.approx(0.2, rel=0.05)


def test_masks_have_every_shape_and_the_box_is_that_of_the_last():
    pictures, masks, boxes = painted(60, 1, 3, 13.0, side=32)
    assert pictures.shape == (60, 1, 32, 32) and set(masks.unique().tolist()) == {0, 1, 2, 3}
    for mask, box in zip(masks, boxes, strict=True):
        rows, columns = (mask > 0).any(1).nonzero(), (mask > 0).any(0).nonzero()
        edges = [int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1]
        assert dict(zip(BOX, (32 * box).tolist(), strict=True)) == dict(zip(BOX, edges, strict=True))
    # A shape is told from what is behind it by its light, lighter or darker.
    steps = torch.tensor([float(picture[0][mask > 0].float().mean() - picture[0][mask == 0].float().mean()) for picture, mask in zip(pictures, masks, strict=True)])
    assert (steps.abs() > 20).all() and 0.2 < (steps > 0).float().mean() < 0.8


def test_every_shape_to_find_has_a_box_that_touches_it_on_all_sides_and_hardly_covers_another():
    pictures, boxes = scenes(80, 4, 5, 13.0, side=48)
    assert pictures.shape == (80, 1, 48, 48) and boxes.shape == (80, 4, 5) and set(boxes[..., 4].unique().tolist()) == {-1, 0, 1, 2}
    there = boxes[..., 4] >= 0
    assert there[:, 0].all() and there.sum(1).unique().tolist() == [1, 2, 3, 4] and not boxes[~there][:, :4].any()
    for picture, row in zip(pictures, boxes, strict=True):
        alone = row[row[:, 4] >= 0]
        overlaps = box_iou(alone[:, :4], alone[:, :4]).fill_diagonal_(0)
        assert overlaps.max() < 0.2
        if len(alone) == 1:
            left, top, right, bottom = (48 * alone[0, :4]).int().tolist()
            outside = torch.ones(48, 48, dtype=torch.bool)
            outside[top:bottom, left:right] = False
            inner, outer = picture[0].float(), picture[0][outside].float()
            # Of every shape the middle of the box's lowest row is part of it, and outside there is but one grey with its grain.
            assert abs(float(inner[bottom - 1, (left + right) // 2] - outer.mean())) > 5 and float(outer.std()) < 16


def test_grain_is_even_and_does_not_repeat():
    values = grain(256 * 400, 1)
    counts = values.bincount(minlength=256)
    assert len(counts) == 256 and counts.min() > 300 and counts.max() < 500
    assert abs(np.corrcoef(values[1:], values[:-1])[0, 1]) < 0.01 and not torch.equal(values, grain(256 * 400, 2))


@pytest.mark.parametrize("name", ["shapes", "shapes-boxes", "shapes-detection"])
def test_pictures_are_as_many_and_as_grainy_as_a_project_says(name):
    plain, usual = (load(described({"source": name, "samples": 25, "noise": noise}), []) for noise in (0.0, 13.0))
    assert [len(part) for part in (plain.train_x, plain.train_y, plain.test_x, plain.test_y)] == [20, 20, 5, 5]
    assert torch.equal(plain.train_y, usual.train_y) and len(plain.train_x[0].unique()) <= 7
    spread = (usual.train_x.float() - plain.train_x.float()).std()
    assert 12 < spread < 14 and described({"source": name, "samples": 5}).train == DATASETS[name].train  # fewer than are allowed: as it is
