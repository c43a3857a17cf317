"""The parts that a loss is made of, epoch after epoch."""

from __future__ import annotations

from collections.abc import Sequence

from plotly import graph_objects as go

from builder.train.events import Evaluated

PARTS = {"loss_box": "boxes", "loss_objectness": "objectness", "loss_class": "classes"}

MOST_NAMED = 12  # epochs on the axis


def has_parts(tests: Sequence[Evaluated]) -> bool:
    """Whether there is anything to draw: more than one epoch whose loss is told in parts."""
    return sum(all(name in test.figures for name in PARTS) for test in tests) > 1


def parts_figure(tests: Sequence[Evaluated], colours: Sequence[str]) -> go.Figure:
    """The parts on top of each other over the epochs; their sum is the loss."""
    told = [test for test in tests if all(name in test.figures for name in PARTS)]
    traces = [go.Scatter(x=[test.epoch for test in told], y=[test.figures[name] for test in told], name=title, mode="lines", stackgroup="loss",
                         line={"width": 1, "color": colours[number % len(colours)]}, hovertemplate="%{y:.3f}<extra>" + title + "</extra>")
              for number, (name, title) in enumerate(PARTS.items())]
    # Between two epochs there is nothing: of few, each is named, and none twice.
    every = {"dtick": 1, "tick0": 0} if len(told) <= MOST_NAMED else {}
    layout = {"xaxis": {"title": "epoch", "tickformat": "d", **every}, "yaxis": {"title": "loss", "rangemode": "tozero"}, "height": 240, "hovermode": "x unified",
              "legend": {"orientation": "h", "y": 1.15, "x": 0}, "margin": {"l": 8, "r": 8, "t": 8, "b": 8}}
    return go.Figure(traces, layout)
