"""Points by class and part."""

from builder.charts.points import scatter_figure, scatter_rows

ROWS = [("a", "training", [1.0], [2.0]), ("b", "training", [3.0], [4.0]), ("a", "test", [], []), ("b", "test", [5.0], [6.0])]


def test_a_row_is_a_class_of_a_part_with_its_points():
    assert scatter_rows(("a", "b"), ([[1.0, 2.0], [3.0, 4.0]], [0, 1]), ([[5.0, 6.0]], [1])) == ROWS


def test_a_class_has_one_colour_and_symbol_and_the_test_part_is_hollow_on_axes_of_one_scale():
    figure = scatter_figure(ROWS, ("red", "blue"))
    assert [(trace.name, trace.marker.color, trace.marker.symbol) for trace in figure.data] == [
        ("a, training", "red", "circle"), ("b, training", "blue", "diamond"), ("a, test", "red", "circle-open"), ("b, test", "blue", "diamond-open")]
    assert [list(trace.x) for trace in figure.data] == [[1.0], [3.0], [], [5.0]]
    assert figure.layout.yaxis.scaleanchor == "x" and figure.layout.xaxis.title.text == "first number"
