"""A layer's effect as figures: a curve with its slope, pictures before and after, the cells that a window reads, a matrix of weights."""

from __future__ import annotations

from collections.abc import Sequence

import numpy
from plotly import graph_objects as go
from plotly.subplots import make_subplots

BLUE, ORANGE = "#4453d4", "#d9730d"
BARS = 64  # a row of more numbers is a strip of colours
PLAIN = {"visible": False, "fixedrange": True}
TILE = 150  # screen pixels
Picture = Sequence[Sequence[float]]


def curve_figure(x: Sequence[float], y: Sequence[float], slope: Sequence[float]) -> go.Figure:
    """y over x and its derivative, both named in the legend."""
    lines = [go.Scatter(x=x, y=y, name="output", line={"color": BLUE, "width": 2.5}, hovertemplate="f(%{x:.2f}) = %{y:.3f}<extra></extra>"),
             go.Scatter(x=x, y=slope, name="derivative", line={"color": ORANGE, "width": 2, "dash": "dot"},
                        hovertemplate="f′(%{x:.2f}) = %{y:.3f}<extra></extra>")]
    layout = {"height": 320, "margin": {"l": 8, "r": 8, "t": 8, "b": 8}, "legend": {"orientation": "h", "y": 1.12, "x": 0},
              "xaxis": {"title": "input", "zeroline": True, "fixedrange": True}, "yaxis": {"title": "output", "zeroline": True, "fixedrange": True}}
    return go.Figure(lines, layout)


def pictures_figure(before: Sequence[Picture], after: Sequence[Picture], most: int = 4) -> go.Figure:
    """What went in at the left, what came out at the right: pictures as grey tiles (blue below 0), short rows as bars, long ones as strips."""
    columns = [("before", picture) for picture in before[:most]] + [("after", picture) for picture in after[:most]]
    of = {"before": min(len(before), most), "after": min(len(after), most)}
    titles, seen = [], {"before": 0, "after": 0}
    for part, _ in columns:
        seen[part] += 1
        titles.append(part if of[part] == 1 else f"{part}, {seen[part]}")
    wide = any(len(picture) == 1 for _, picture in columns)
    shape = {"rows": len(columns), "cols": 1} if wide else {"rows": 1, "cols": len(columns)}
    figure = make_subplots(**shape, subplot_titles=titles, horizontal_spacing=0.03, vertical_spacing=0.18)
    for i, (part, picture) in enumerate(columns, 1):
        place = {"row": i, "col": 1} if wide else {"row": 1, "col": i}
        figure.add_trace(_drawn(numpy.asarray(picture), BLUE if part == "before" else ORANGE), **place)
        if len(picture) > 1 or len(picture[0]) > BARS:
            figure.update_xaxes(**PLAIN, **place)
            figure.update_yaxes(**PLAIN, **place, **({"autorange": "reversed"} | ({} if wide else {"scaleanchor": f"x{i}" if i > 1 else "x"})))
        else:
            figure.update_xaxes(fixedrange=True, showticklabels=len(picture[0]) <= 20, dtick=1, **place)
            figure.update_yaxes(fixedrange=True, **place)
    height = 60 + sum(150 if len(p) > 1 else 110 for _, p in columns) if wide else 60 + TILE
    figure.update_layout(height=height, margin={"l": 8, "r": 8, "t": 34, "b": 8}, showlegend=False, bargap=0.3)
    return figure


def _drawn(picture: numpy.ndarray, colour: str) -> go.BaseTraceType:
    if picture.shape[0] == 1 and picture.shape[1] <= BARS:
        return go.Bar(y=picture[0], marker_color=colour, hovertemplate="%{x}: %{y:.3f}<extra></extra>")
    low, high = float(picture.min()), float(picture.max())
    if low < 0:
        most = max(-low, high)
        scale = {"zmin": -most, "zmax": most, "colorscale": [[0, "#2563eb"], [0.5, "#f3f4f6"], [1, "#b45309"]]}
    else:
        scale = {"zmin": 0, "zmax": high or 1, "colorscale": [[0, "#10131a"], [1, "#ffffff"]]}
    return go.Heatmap(z=picture, showscale=False, hovertemplate="row %{y}, column %{x}: %{z:.3f}<extra></extra>", **scale)


def window_figure(side: int, cells: Sequence[Sequence[Sequence[tuple[int, int]]]], padding: int = 0) -> go.Figure:
    """For a few output cells: the input cells that each reads, on the input with its ring of `padding`, beside the output."""
    height, width = len(cells), len(cells[0])
    corners = dict.fromkeys([(0, 0), (0, min(1, width - 1)), (height // 2, width // 2), (height - 1, width - 1)])
    figure = make_subplots(rows=2, cols=len(corners), row_heights=[0.6, 0.4], vertical_spacing=0.1, horizontal_spacing=0.03,
                           subplot_titles=[f"reads {len(cells[r][c])} of {side * side}" for r, c in corners])
    for i, (r, c) in enumerate(corners, 1):
        image = numpy.full((side + 2 * padding,) * 2, 0.35)
        image[padding:padding + side, padding:padding + side] = 0.0
        for row, column in cells[r][c]:
            image[row + padding, column + padding] = 1.0
        out = numpy.zeros((height, width))
        out[r, c] = 1.0
        for row, grid in ((1, image), (2, out)):
            figure.add_trace(go.Heatmap(z=grid, zmin=0, zmax=1, showscale=False, xgap=1.5, ygap=1.5, hoverinfo="skip",
                                        colorscale=[[0, "#cbd2e1"], [0.35, "#8f98ab"], [0.36, "#8f98ab"], [1, BLUE if row == 1 else ORANGE]]), row=row, col=i)
            anchor = (row - 1) * len(corners) + i
            figure.update_yaxes(**PLAIN, autorange="reversed", scaleanchor=f"x{anchor}" if anchor > 1 else "x", row=row, col=i)
            figure.update_xaxes(**PLAIN, row=row, col=i)
    figure.update_layout(height=340, margin={"l": 8, "r": 8, "t": 34, "b": 8}, plot_bgcolor="rgba(0,0,0,0)")
    return figure


def matrix_figure(weights: Picture) -> go.Figure:
    """A matrix of learned numbers: a row an output, a column an input; blue below 0, orange above."""
    values = numpy.asarray(weights)
    most = float(numpy.abs(values).max()) or 1.0
    trace = go.Heatmap(z=values, zmin=-most, zmax=most, colorscale=[[0, "#2563eb"], [0.5, "#f3f4f6"], [1, "#b45309"]], showscale=False,
                       hovertemplate="output %{y}, input %{x}: %{z:.3f}<extra></extra>")
    layout = {"height": 260, "margin": {"l": 8, "r": 8, "t": 8, "b": 8}, "xaxis": {"title": "inputs", "fixedrange": True},
              "yaxis": {"title": "outputs", "fixedrange": True, "autorange": "reversed"}}
    return go.Figure(trace, layout)
