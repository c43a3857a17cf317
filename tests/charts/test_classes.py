"""The pictures of a data set."""

import base64
from io import BytesIO

import numpy
from PIL import Image

from builder.charts.classes import count_figure, count_rows, grid_figure, png

PIXELS = numpy.arange(2 * 3 * 3, dtype=numpy.uint8).reshape(2, 3, 3)


def test_a_row_is_a_class_with_its_training_and_test_samples():
    assert count_rows(("cat", "dog"), [3, 4], [1, 2]) == [("cat", 3, 1), ("dog", 4, 2)]


def test_the_bars_show_classes_by_name_and_say_what_they_count():
    figure = count_figure([("0", 3, 1), ("1", 4, 2)])
    assert [list(bar.y) for bar in figure.data] == [[3, 4], [1, 2]]
    assert [bar.name for bar in figure.data] == ["training", "test"]
    assert (figure.layout.xaxis.title.text, figure.layout.yaxis.title.text) == ("class", "samples")
    assert figure.layout.xaxis.type == "category"


def test_a_part_that_is_held_out_is_a_bar_of_its_own():
    figure = count_figure(count_rows(("0", "1"), [3, 4], [1, 2], [1, 1]))
    assert [(bar.name, list(bar.y)) for bar in figure.data] == [("training", [3, 4]), ("validation", [1, 1]), ("test", [1, 2])]
    assert figure.data[2].marker.color == count_figure([("0", 3, 1)]).data[1].marker.color


def test_the_png_holds_exactly_the_pixels():
    with Image.open(BytesIO(png(PIXELS)), formats=["PNG"]) as image:
        assert numpy.array_equal(numpy.asarray(image), PIXELS)


def test_the_grid_is_sharp_and_names_a_row_at_its_middle():
    pixels = numpy.zeros((2 * 28 + 2, 58, 3), numpy.uint8)
    figure = grid_figure(pixels, ("cat", "dog"))
    image, axis = figure.data[0], figure.layout.yaxis
    assert image.zsmooth is False
    assert base64.b64decode(image.source.partition(",")[2]) == png(pixels)
    assert list(axis.tickvals) == [14, 44]
    assert [text.strip() for text in axis.ticktext] == ["cat", "dog"]
