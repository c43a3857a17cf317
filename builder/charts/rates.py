"""The learning rate over a run, before it: (epochs done, rate) to a figure."""

from __future__ import annotations

from collections.abc import Sequence

from plotly import graph_objects as go

BLUE = "#4453d4"


def rate_figure(rates: Sequence[tuple[float, float]], colour: str = BLUE) -> go.Figure:
    """The learning rate over the epochs."""
    line = go.Scatter(x=[epoch for epoch, _ in rates], y=[rate for _, rate in rates], mode="lines" if len(rates) > 1 else "markers",
                      line={"color": colour, "width": 2.5}, hovertemplate="epoch %{x:.2f}: %{y:.3g}<extra></extra>")
    layout = {"height": 190, "margin": {"l": 8, "r": 8, "t": 8, "b": 8}, "showlegend": False,
              "xaxis": {"title": "epochs done", "zeroline": False, "fixedrange": True}, "yaxis": {"title": "learning rate", "rangemode": "tozero", "fixedrange": True}}
    return go.Figure(line, layout)
