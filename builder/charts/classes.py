"""A data set for the eye: how many samples each class has, and a picture of some of each."""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Sequence

import numpy
from plotly import graph_objects as go

GAP = 2
PNG, PNG_HEAD = b"\x89PNG\r\n\x1a\n", 24  # how such a file begins, and where its width and height end


def count_rows(classes: Sequence[str], train: Sequence[int], test: Sequence[int], validation: Sequence[int] = ()) -> list[tuple[str, int, ...]]:
    """Rows class, training samples, test samples, and validation samples where there are any."""
    return list(zip(classes, train, test, *([validation] if validation else []), strict=True))


def count_figure(rows: Sequence[tuple[str, int, ...]], colours: Sequence[str] = ("#4453d4", "#d9730d", "#2f9e6e"), unit: str = "samples") -> go.Figure:
    """Bars of the samples, or pixels, of each class, part beside part, each in its colour."""
    names = [name for name, *_ in rows]
    bars = [go.Bar(name=part, x=names, y=[row[column] for row in rows], marker_color=colour, hovertemplate="%{x}: %{y:,} " + part + f" {unit}<extra></extra>")
            for column, part, colour in ((1, "training", colours[0]), (3, "validation", colours[-1]), (2, "test", colours[1])) if rows and column < len(rows[0])]
    layout = {"xaxis": {"title": "class", "type": "category"}, "yaxis": {"title": unit, "tickformat": ",d"}, "height": 320,
              "legend": {"orientation": "h", "y": 1.12, "x": 0}, "margin": {"l": 8, "r": 8, "t": 8, "b": 8}, "bargap": 0.25}
    return go.Figure(bars, layout)


def png(pixels: numpy.ndarray) -> bytes:
    """The uint8 picture (height width 3), or with how opaque it is behind its colours (height width 4), as a PNG file (RFC 2083), every row unfiltered."""
    height, width, channels = pixels.shape
    rows = numpy.concatenate([numpy.zeros((height, 1), numpy.uint8), pixels.reshape(height, width * channels)], axis=1)

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, {3: 2, 4: 6}[channels], 0, 0, 0)
    return PNG + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows.tobytes(), 6)) + chunk(b"IEND", b"")


def grid_figure(pixels: numpy.ndarray, classes: Sequence[str], zoom: int = 2) -> go.Figure:
    """A picture (height width 3) with a row a class, rows named at the left, every pixel `zoom` screen pixels square and sharp."""
    return png_figure(png(pixels), classes, zoom)


def png_figure(content: bytes, classes: Sequence[str], zoom: int = 2) -> go.Figure:
    """The same of a PNG file; raises ValueError for what is none."""
    if not content.startswith(PNG) or len(content) < PNG_HEAD:
        raise ValueError("this is no PNG file")
    width, height = struct.unpack(">II", content[16:PNG_HEAD])
    tile = (height + GAP) / len(classes)
    source = "data:image/png;base64," + base64.b64encode(content).decode("ascii")
    ticks = [i * tile + (tile - GAP) / 2 for i in range(len(classes))]
    left = 16 + 7 * max(map(len, classes))
    axis = {"showgrid": False, "zeroline": False, "fixedrange": True}
    layout = {"xaxis": {**axis, "visible": False, "range": [-0.5, width - 0.5], "constrain": "domain"},
              "yaxis": {**axis, "tickvals": ticks, "ticktext": [f"{name} " for name in classes], "ticks": "", "range": [height - 0.5, -0.5], "scaleanchor": "x",
                        "constrain": "domain", "constraintoward": "top"},
              "width": left + zoom * width + 4, "height": zoom * height + 8, "margin": {"l": left, "r": 4, "t": 4, "b": 4}, "dragmode": False}
    return go.Figure(go.Image(source=source, zsmooth=False, hoverinfo="skip"), layout)
