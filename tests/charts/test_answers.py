"""Pictures of masks and boxes, and numbers over one another."""

from __future__ import annotations

import io
from array import array

import numpy as np
from PIL import Image

from builder.charts import answers
from builder.charts.classes import png


def test_every_class_has_a_colour_of_its_own_and_what_is_of_none_is_white():
    colours = answers.palette(40)
    assert colours.shape == (40, 3) and len({tuple(colour) for colour in colours.tolist()}) == 40
    assert answers.coloured(np.array([[[0, 1, 255]]], np.uint8), 2)[0, 0].tolist() == [*colours[:2].tolist(), [255, 255, 255]]


def test_a_mask_lies_over_its_picture_and_class_0_leaves_it_as_it_is():
    pictures, masks = np.full((2, 1, 4, 4), 100, np.uint8), np.zeros((2, 4, 4), np.uint8)
    masks[0, 1, 2] = 1
    tiles = answers.with_masks(pictures, 2, masks, 1 - masks)
    assert tiles.shape == (2, 4, 4 + 1 + 4 + 1 + 4, 3)
    assert (tiles[:, :, :4] == 100).all() and (tiles[1, :, 5:9] == 100).all() and (tiles[0, 1, 7] != 100).all()


def test_boxes_are_edges_in_two_colours_wherever_they_lie():
    pictures = np.zeros((1, 3, 8, 8), np.uint8)
    true, given = np.array([[0.25, 0.25, 0.75, 1.0]]), np.array([[np.nan, -3.0, 9.0, 0.0]])
    shown = answers.with_boxes(pictures, true, given)[0]
    assert shown[2, 2].tolist() == shown[7, 5].tolist() == list(answers.TRUE) and shown[4, 3].tolist() == [0, 0, 0]
    assert answers.GIVEN in {tuple(pixel) for pixel in shown[0].tolist()}


def test_a_sheet_has_rows_of_tiles_and_its_figure_names_the_colours():
    whole = answers.sheet(np.zeros((3, 2, 5, 3), np.uint8), 2)
    assert whole.shape == (2 * 2 + 2, 2 * 5 + 2, 4) and not whole[4:, 7:, 3].any() and (whole[4:, :5, 3] == 255).all()
    shown = Image.open(io.BytesIO(png(whole)), formats=["PNG"])
    assert shown.mode == "RGBA" and np.array_equal(np.asarray(shown), whole)
    figure = answers.sheet_figure(whole, [("cat", (1, 2, 3))], 2)
    assert figure.data[1].name == "cat" and figure.data[1].marker.color == "rgb(1,2,3)" and figure.layout.width == 2 * 12 + 8


def test_a_line_lies_over_the_points():
    figure = answers.against_figure(("x", "y"), [("validation", [1.0, 2.0], [3.0, 4.0])], ("the network", [1.0, 2.0], [3.1, 3.9]))
    assert [one.mode for one in figure.data] == ["markers", "lines"] and figure.layout.xaxis.title.text == "x"
    assert answers.shaped(array("f", [1.0, 2.0]), (2, 1)).tolist() == [[1.0], [2.0]]


def test_boxes_of_classes_are_edges_in_their_colours_and_scores_stand_at_their_corners():
    pictures = np.full((2, 1, 10, 12), 100, np.uint8)
    boxes = np.array([[[0.25, 0.2, 0.75, 0.8, 1, 0.9], [0, 0, 0, 0, -1, -1]], [[0.5, 0.5, 1.5, float("nan"), 0, 0.75], [0, 0, 0.2, 0.2, 7, 0.5]]], np.float32)
    drawn, colours = answers.with_named_boxes(pictures, 2, boxes), answers.palette(3)
    assert (drawn[0, 2, 3:9] == colours[2]).all() and (drawn[0, 2:8, 8] == colours[2]).all() and (drawn[0, 3:7, 4:8] == 100).all()
    # Of a number that is none, and beyond the edge, what there is is drawn; a class that is none is not.
    assert (drawn[1] == colours[1]).all(2).any() and not (drawn[1] == colours[2]).all(2).any()
    assert [name for name, _ in answers.box_colours(["a", "b"])] == ["a", "b"] and answers.box_colours(["a", "b"])[1][1] == tuple(colours[2])
    pairs = answers.beside(pictures, 2, boxes, boxes)
    assert pairs.shape == (4, 10, 12, 3) and (pairs[0] == pairs[1]).all() and (pairs[2] == drawn[1]).all()
    assert answers.scored(boxes[:1], (10, 12), 4) == [(12 + answers.GAP + 3, 2, "0.90")]
    assert [word[2] for word in answers.scored(boxes, (10, 12), 2)] == ["0.90", "0.75", "0.50"] and answers.scored(boxes, (10, 12), 2)[1][1] >= 10 + answers.GAP
    figure = answers.sheet_figure(answers.sheet(pairs, 2), answers.box_colours(["a", "b"]), 2, answers.scored(boxes, (10, 12), 2))
    assert [one.text for one in figure.layout.annotations] == ["0.90", "0.75", "0.50"]


def test_a_spread_counts_both_parts_in_the_same_ranges_and_every_value_once():
    rows = answers.spread_rows([0.0, 0.1, 2.0, 3.1415], [0.05, float("nan")])
    assert len(rows) == answers.BARS and (rows[0][0], rows[-1][1]) == (0.0, 3.1415)
    assert [sum(row[part] for row in rows) for part in (2, 3)] == [4, 1] and rows[0][2:] == (2, 1)
    assert [bar.name for bar in answers.spread_figure("amount", [1, 2], [2]).data] == ["training", "test"]
    assert answers.spread_rows([], []) == [] and answers.spread_rows([7, 7], [7]) == [(7, 7, 2, 1)]


def test_values_on_a_grid_fall_into_ranges_of_equally_many_of_its_lines():
    assert answers.spread_rows([1, 2, 2, 4], [3]) == [(1, 1, 1, 0), (2, 2, 2, 0), (3, 3, 0, 1), (4, 4, 1, 0)]
    rows = answers.spread_rows([number / 64 for number in range(60)], [])
    assert len(rows) == 30 and {row[2] for row in rows} == {2} and rows[0][:2] == (0, 1 / 64), "sixty even values are even bars"
    ages = answers.spread_rows([(number - 40.3) / 13.7 for number in range(120)], [])
    assert {row[2] for row in ages} == {3} and len(ages) == 40
