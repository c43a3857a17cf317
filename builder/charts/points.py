"""Samples of two numbers for the eye: every point in its class's colour."""

from __future__ import annotations

from collections.abc import Sequence

from plotly import graph_objects as go

# A class is told by its symbol too, for those who see no difference between two colours.
SYMBOLS = ("circle", "diamond", "square", "cross", "x", "triangle-up")
Part = tuple[Sequence[Sequence[float]], Sequence[int]]


def scatter_rows(classes: Sequence[str], train: Part, test: Part) -> list[tuple[str, str, list[float], list[float]]]:
    """Rows class, part, and the two numbers of its samples, from the points (N 2) and labels (N) of both parts."""
    return [(name, part, *([place[axis] for place, label in zip(points, labels, strict=True) if label == number] for axis in (0, 1)))
            for part, (points, labels) in (("training", train), ("test", test)) for number, name in enumerate(classes)]


def scatter_figure(rows: Sequence[tuple[str, str, list[float], list[float]]], colours: Sequence[str] = ("#4453d4", "#d9730d"),
                   titles: tuple[str, str] = ("first number", "second number")) -> go.Figure:
    """Points with a colour and a symbol a class, on axes of one scale; the test part is hollow and can be switched off in the legend."""
    names = list(dict.fromkeys(name for name, *_ in rows))
    marks = {name: {"color": colours[number % len(colours)], "symbol": SYMBOLS[number % len(SYMBOLS)]} for number, name in enumerate(names)}
    traces = [go.Scatter(x=x, y=y, mode="markers", name=f"{name}, {part}", hovertemplate="%{x:.2f}, %{y:.2f}<extra>" + f"{name}, {part}</extra>",
                         marker={"size": 6, "opacity": 0.8, **marks[name], "symbol": marks[name]["symbol"] + ("-open" if part == "test" else "")})
              for name, part, x, y in rows]
    layout = {"xaxis": {"title": titles[0]}, "yaxis": {"title": titles[1], "scaleanchor": "x"}, "height": 560,
              "legend": {"orientation": "h", "y": 1.08, "x": 0}, "margin": {"l": 8, "r": 8, "t": 8, "b": 8}}
    return go.Figure(traces, layout)
