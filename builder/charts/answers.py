"""Masks, boxes and numbers for the eye: what is true of samples and, beside it, what a network says of them."""

from __future__ import annotations

import base64
from array import array
from collections.abc import Sequence

import numpy
from plotly import graph_objects as go

from builder.catalogue import colours as catalogue

from .classes import GAP, png

BACK = OPAQUE = 255
TRUE, GIVEN = (0, 158, 115), (213, 94, 0)  # the edges of boxes
SHARE = 0.6  # of a mask's colour over its picture
BARS, MOST_BARS = 30, 40  # of a spread, and of one whose values lie on a grid
FINE = 2000  # different values up to which a grid is looked for


def shaped(values: array, shape: Sequence[int]) -> numpy.ndarray:
    """Numbers one after the other (C order) in their shape."""
    return numpy.frombuffer(values, numpy.uint8 if values.typecode == "B" else numpy.float32).reshape(shape)


def palette(count: int) -> numpy.ndarray:
    """A colour a class, uint8 (count 3)."""
    return numpy.array(catalogue.class_colours(count), numpy.uint8)


def coloured(masks: numpy.ndarray, classes: int) -> numpy.ndarray:
    """Masks uint8 (N H W) in their classes' colours (N H W 3); what is of no class is white."""
    table = numpy.full((256, 3), catalogue.NO_CLASS, numpy.uint8)
    table[:classes] = palette(classes)
    return table[masks]


def in_colour(pictures: numpy.ndarray) -> numpy.ndarray:
    """Pictures uint8 (N C H W) as (N H W 3); of other than one or three channels the first is shown."""
    pictures = pictures if pictures.shape[1] in (1, 3) else pictures[:, :1]
    return numpy.repeat(pictures, 3, axis=1).transpose(0, 2, 3, 1) if pictures.shape[1] == 1 else pictures.transpose(0, 2, 3, 1)


def with_masks(pictures: numpy.ndarray, classes: int, *masks: numpy.ndarray) -> numpy.ndarray:
    """Each picture (N C H W) and, beside it, each of its masks laid over it: (N H W' 3)."""
    plain = in_colour(pictures)
    parts = [plain]
    for mask in masks:
        share = numpy.where(mask == 0, 0.0, SHARE)[..., None]
        parts += [numpy.full((*plain.shape[:2], 1, 3), BACK, numpy.uint8), (plain * (1 - share) + coloured(mask, classes) * share).round().astype(numpy.uint8)]
    return numpy.concatenate(parts, axis=2)


def with_boxes(pictures: numpy.ndarray, *boxes: numpy.ndarray) -> numpy.ndarray:
    """Pictures (N C H W) with the edges of their boxes, float (N 4) left, top, right, bottom as shares: the first true, the second as given: (N H W 3)."""
    shown = in_colour(pictures).copy()
    height, width = shown.shape[1:3]
    for colour, part in zip((TRUE, GIVEN), boxes, strict=False):
        for picture, box in zip(shown, part, strict=True):
            left, top, right, bottom = _edges(box, width, height)
            picture[[top, bottom], left:right + 1] = colour
            picture[top:bottom + 1, [left, right]] = colour
    return shown


def with_named_boxes(pictures: numpy.ndarray, classes: int, boxes: numpy.ndarray) -> numpy.ndarray:
    """Pictures (N C H W) with the edges of their boxes, float (N M 5 or more) left, top, right, bottom as shares and class number, in their classes' colours: (N H W 3)."""
    shown, colours = in_colour(pictures).copy(), palette(classes + 1)[1:]
    height, width = shown.shape[1:3]
    for picture, row in zip(shown, boxes, strict=True):
        # The surest come first and are drawn last.
        for box in row[::-1]:
            if 0 <= box[4] < classes:
                left, top, right, bottom = _edges(box[:4], width, height)
                colour = colours[int(box[4])]
                picture[[top, bottom], left:right + 1] = colour
                picture[top:bottom + 1, [left, right]] = colour
    return shown


def beside(pictures: numpy.ndarray, classes: int, *boxes: numpy.ndarray) -> numpy.ndarray:
    """Each picture (N C H W) several times, one after the other, with each of its boxes: what is true, then what is told (N' H W 3)."""
    return numpy.stack([with_named_boxes(pictures, classes, one) for one in boxes], 1).reshape(-1, *pictures.shape[2:], 3)


def scored(boxes: numpy.ndarray, size: Sequence[int], across: int) -> list[tuple[float, float, str]]:
    """How sure each box (N M 6) is, with its place on a sheet of `across` tiles a row, on which every second tile, of `size` (H W) pixels, is of one of the pictures."""
    (height, width), words = size, []
    for number, row in enumerate(boxes):
        down, place = divmod(2 * number + 1, across)
        for box in row:
            if box[4] >= 0:
                left, top, _, _ = _edges(box[:4], width, height)
                words.append((place * (width + GAP) + left, down * (height + GAP) + top, f"{box[5]:.2f}"))
    return words


def box_colours(classes: Sequence[str]) -> list[tuple[str, tuple[int, ...]]]:
    """The classes with the colours that their boxes have: no box is of what is behind everything, so none is dark."""
    return class_colours(["", *classes])[1:]


def _edges(box: Sequence[float], width: int, height: int) -> tuple[int, int, int, int]:
    """The first and last column, first and last row of pixels of a box, as left, top, right, bottom."""
    left, top, right, bottom = (numpy.nan_to_num(box, nan=0.0).clip(0, 1) * numpy.array([width, height, width, height])).round().astype(int)
    left, top, right, bottom = min(left, width - 1), min(top, height - 1), max(right - 1, 0), max(bottom - 1, 0)
    return min(left, right), min(top, bottom), max(left, right), max(top, bottom)


def sheet(tiles: numpy.ndarray, across: int) -> numpy.ndarray:
    """Tiles (N H W 3) in rows of so many (H' W' 4); what is between them and behind the last lets the page through."""
    count, height, width, _ = tiles.shape
    down = -(-count // across)
    whole = numpy.zeros((down * (height + GAP) - GAP, across * (width + GAP) - GAP, 4), numpy.uint8)
    for number, tile in enumerate(tiles):
        top, left = number // across * (height + GAP), number % across * (width + GAP)
        whole[top:top + height, left:left + width] = numpy.dstack([tile, numpy.full((height, width), OPAQUE, numpy.uint8)])
    return whole


def sheet_figure(pixels: numpy.ndarray, colours: Sequence[tuple[str, Sequence[int]]], zoom: int = 2, words: Sequence[tuple[float, float, str]] = ()) -> go.Figure:
    """A sheet, every pixel `zoom` screen pixels square and sharp, with the names of its colours above it and `words` at places of it, across and down in pixels of the sheet."""
    height, width, _ = pixels.shape
    source = "data:image/png;base64," + base64.b64encode(png(pixels)).decode("ascii")
    image = go.Image(source=source, zsmooth=False, hoverinfo="skip")
    named = [go.Scatter(x=[None], y=[None], mode="markers", name=name, marker={"symbol": "square", "size": 10, "color": f"rgb({red},{green},{blue})"})
             for name, (red, green, blue) in colours]
    axis = {"showgrid": False, "zeroline": False, "fixedrange": True, "visible": False, "constrain": "domain"}
    above = 34 if named else 4
    layout = {"xaxis": {**axis, "range": [-0.5, width - 0.5]}, "yaxis": {**axis, "range": [height - 0.5, -0.5], "scaleanchor": "x", "constraintoward": "top"},
              "width": zoom * width + 8, "height": zoom * height + above + 4, "margin": {"l": 4, "r": 4, "t": above, "b": 4}, "dragmode": False,
              "legend": {"orientation": "h", "y": 1, "yanchor": "bottom", "x": 0, "itemclick": False, "itemdoubleclick": False}, "showlegend": bool(named)}
    layout["annotations"] = [{"x": x, "y": y, "text": text, "showarrow": False, "xanchor": "left", "yanchor": "top", "font": {"size": 10, "color": "white"}, "bgcolor": "rgba(0,0,0,0.55)",
                              "borderpad": 0} for x, y, text in words]
    return go.Figure([image, *named], layout)


def class_colours(classes: Sequence[str]) -> list[tuple[str, tuple[int, ...]]]:
    """The classes with the colours that their pixels have."""
    return [(name, tuple(map(int, colour))) for name, colour in zip(classes, palette(len(classes)), strict=True)]


def spread_rows(train: Sequence[float], test: Sequence[float]) -> list[tuple[float, float, int, int]]:
    """Rows from, to (both included where values lie on a grid), training samples, test samples: 30 to 40 equal ranges, the same for both parts.

    Values on a grid, as whole numbers are, fall into ranges of equally many of its lines: else some would hold one more than others, and stand out.
    """
    both = numpy.array([*train, *test], dtype=float)
    there = numpy.unique(both[numpy.isfinite(both)])
    if not len(there):
        return []
    steps = numpy.diff(there)
    step = float(steps.min()) if len(steps) else 1.0
    lines = round((there[-1] - there[0]) / step) + 1
    if len(there) <= FINE and numpy.allclose(steps / step, (steps / step).round(), rtol=0, atol=0.01):
        each = -(-lines // MOST_BARS)
        edges = there[0] - step / 2 + step * each * numpy.arange(-(-lines // each) + 1)
        ends = [(low + step / 2, high - step / 2) for low, high in zip(edges, edges[1:], strict=False)]
    else:
        edges = numpy.linspace(there[0], there[-1], BARS + 1)
        ends = list(zip(edges, edges[1:], strict=False))
    counts = (numpy.histogram(numpy.asarray(part, dtype=float), edges)[0].tolist() for part in (train, test))
    return [(float(low), float(high), *each) for (low, high), *each in zip(ends, *counts, strict=True)]


def spread_figure(name: str, train: Sequence[float], test: Sequence[float], colours: tuple[str, str] = ("#4453d4", "#d9730d")) -> go.Figure:
    """How often which values of a target are there, training behind test."""
    rows = spread_rows(train, test)
    middles = [(low + high) / 2 for low, high, *_ in rows]
    says = [f"{low:.4g}" if low == high else f"{low:.4g} to {high:.4g}" for low, high, *_ in rows]
    bars = [go.Bar(x=middles, y=[row[column] for row in rows], name=part, marker_color=colour, customdata=says, hovertemplate="%{customdata}: %{y:,} " + part + " samples<extra></extra>")
            for part, column, colour in zip(("training", "test"), (2, 3), colours, strict=True)]
    layout = {"xaxis": {"title": name}, "yaxis": {"title": "samples", "tickformat": ",d"}, "height": 240, "barmode": "overlay", "bargap": 0.05,
              "legend": {"orientation": "h", "y": 1.15, "x": 0}, "margin": {"l": 8, "r": 8, "t": 8, "b": 8}}
    return go.Figure(bars, layout).update_traces(opacity=0.75)


def against_figure(names: tuple[str, str], parts: Sequence[tuple[str, Sequence[float], Sequence[float]]], line: tuple[str, Sequence[float], Sequence[float]] | None = None,
                   colours: Sequence[str] = ("#4453d4", "#d9730d"), height: int = 460) -> go.Figure:
    """Points of one number over another, a name, x and y a part; over them a line."""
    traces = [go.Scatter(x=list(x), y=list(y), mode="markers", name=name, marker={"size": 5, "color": colours[number % len(colours)], "opacity": 0.55,
                                                                                  "symbol": "circle-open" if number else "circle"},
                         hovertemplate="%{x:.4g}, %{y:.4g}<extra>" + name + "</extra>") for number, (name, x, y) in enumerate(parts)]
    if line is not None:
        name, x, y = line
        traces.append(go.Scatter(x=list(x), y=list(y), mode="lines", name=name, line={"width": 3, "color": colours[1]}, hovertemplate="%{x:.4g}, %{y:.4g}<extra>" + name + "</extra>"))
    layout = {"xaxis": {"title": names[0]}, "yaxis": {"title": names[1]}, "height": height, "legend": {"orientation": "h", "y": 1.08, "x": 0},
              "margin": {"l": 8, "r": 8, "t": 8, "b": 8}}
    return go.Figure(traces, layout)
