"""Boxes on pictures: drawn where they are, in the colours of their classes, and moved with the images that are augmented."""

from __future__ import annotations

import torch

import builder
from builder import api
from builder.catalogue.augmentation import AUGMENTATIONS
from builder.catalogue.colours import box_colours
from builder.data import load
from builder.inspect.augmented import GAP, SPACE, sheet
from builder.inspect.found import edged, with_found
from builder.train.augment import in_a_row


def test_what_a_grid_is_sure_of_is_drawn_on_the_picture_and_nothing_else_is():
    outputs = torch.full((1, 7, 4, 4), -6.0)
    outputs[0, :, 1, 2] = torch.tensor([0.5, 0.5, 0.0, 0.0, 6.0, -6.0, 6.0])  # one cell in size, in the middle of its own, of class 1
    picture = torch.full((1, 32, 32), 100, dtype=torch.uint8)
    drawn = with_found(picture, outputs, 2)
    assert drawn.shape == (3, 32, 32) and drawn.dtype == torch.uint8
    edge = (drawn == torch.tensor(box_colours(2)[1])[:, None, None]).all(0)
    assert edge.sum() == 28 and edge[8, 16:24].all() and edge[15, 16:24].all() and edge[8:16, 16].all() and edge[8:16, 23].all()
    assert (drawn[:, ~edge] == 100).all()
    outputs[0, 4] = -6.0
    assert with_found(picture, outputs, 2).equal(picture.expand(3, -1, -1))


def test_boxes_at_the_edge_and_beyond_are_drawn_as_far_as_there_is_a_picture():
    tiles = torch.zeros(1, 10, 10, 3, dtype=torch.uint8)
    boxes = torch.tensor([[[0.0, 0.0, 1.0, 1.0, 0.0], [0.98, 0.98, 1.0, 1.0, 1.0], [0.0, 0.0, 0.0, 0.0, -1.0]]])
    drawn = edged(tiles, boxes, 2)[0]
    assert (drawn[0, :9] == torch.tensor(box_colours(2)[0])).all() and (drawn[9, 9] == torch.tensor(box_colours(2)[1])).all() and not drawn[1:9, 1:9].any() and not tiles.any()


def test_the_preview_of_a_detector_shows_the_picture_at_its_output():
    found = api.preview(builder.gallery("detector-small"), 3)
    assert found["bricks"]["output"]["kind"] == "image" and found["bricks"]["output"]["shape"] == [8, 8, 8] and found["bricks"]["cells"]["kind"] == "maps"
    boxes = load("shapes-detection", [], validation=0.1).train_y[3]
    counts = [int((boxes[:, 4] == number).sum()) for number in range(3)]
    assert found["sample"]["label"] == ", ".join(f"{count} {name}" for count, name in zip(counts, ("circle", "square", "triangle"), strict=True) if count)


def test_the_sheet_of_augmented_images_has_their_boxes():
    data = load("shapes-detection", [])
    picture, numbers = sheet(data, in_a_row([(AUGMENTATIONS["RandomHorizontalFlip"], {"p": 1.0})]), 0, samples=2, epochs=1)
    plain, flipped = (torch.from_numpy(picture[:64, left:left + 64]) for left in (0, 64 + GAP + SPACE))
    assert flipped.equal(plain.flip(1)) and not plain.equal(data.train_x[numbers[0]].permute(1, 2, 0).expand(-1, -1, 3))
