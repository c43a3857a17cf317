"""What the network of a run says of some samples, beside what is true of them, while it learns: masks, boxes, or numbers over one another."""

from __future__ import annotations

import base64
import html
from array import array
from collections.abc import Callable, Sequence

import streamlit as st

from builder.catalogue import Dataset
from builder.catalogue.datasets import BOX
from builder.charts import answers as charts
from builder.graph import Project, dataset_of, dumps, from_json, loads
from builder.runs import Run
from builder.train.events import Answered

from . import data_view
from .frame import esc
from .train_view import follow, store

REFRESH_SECONDS = 2.0
WIDTH = 1200  # screen pixels of a sheet, at most
BOXES = 16  # pictures with boxes
Samples = Callable[[Project, str, int], tuple[object, object]]


def answers(run: Run, first_samples: Samples) -> None:
    """The newest answers of a run; follows one that is live. `first_samples` reads the data, for what is true."""
    st.fragment(_draw, run_every=REFRESH_SECONDS if run.live else None, key="answers")(run.id, first_samples)


def _draw(run_id: str, first_samples: Samples) -> None:
    started, newest = follow(run_id).history.started, store().latest(run_id, "Answered")
    if started is None or newest is None:
        return
    told: Answered = newest.event
    project = from_json(store().project(run_id))
    dataset = dataset_of(project)
    if dataset is None:
        return
    try:
        x, y = _truth(dumps(project), told.split, told.shape[0], first_samples)
    except ValueError as error:  # the data are not on this machine any more
        st.caption(esc(str(error)))
        return
    st.markdown(f"**What it says of the first {told.split} samples, after epoch {told.epoch}**")
    DRAWN[dataset.task](dataset, x, y, told)


@st.cache_data(show_spinner=False, max_entries=4)
def _truth(project: str, split: str, count: int, _first_samples: Samples) -> tuple[object, object]:
    return _first_samples(loads(project), split, count)


def _values(told: Answered) -> array:
    """The numbers of an event, one after the other."""
    return array({"uint8": "B", "float32": "f"}[told.kind], base64.b64decode(told.data))


def _masks(dataset: Dataset, x, y, told: Answered) -> None:
    given = charts.shaped(_values(told), told.shape)
    tiles = charts.with_masks(x, len(dataset.classes), y, given)
    names = [html.escape(name, quote=False) for name in dataset.classes]
    _sheet(tiles, charts.class_colours(names))
    st.caption("Of each: the picture, what is true, what the network says.")


def _boxes(dataset: Dataset, x, y, told: Answered) -> None:
    given, names = charts.shaped(_values(told), told.shape), [html.escape(name, quote=False) for name in dataset.classes]
    zoom = max(1, min(3, WIDTH // (6 * x.shape[3])))
    across = max(2, WIDTH // (zoom * (x.shape[3] + charts.GAP)) // 2 * 2)
    words = charts.scored(given, x.shape[2:], across)
    st.plotly_chart(charts.sheet_figure(charts.sheet(charts.beside(x, len(names), y, given), across), charts.box_colours(names), zoom, words), key="answers-chart", width="content",
                    config={"staticPlot": True})
    st.caption("Of each: what is true, and beside it what the network says and how sure it is, of boxes with a score of 0.5 and more.")


def _numbers(dataset: Dataset, x, y, told: Answered) -> None:
    given = charts.shaped(_values(told), told.shape)
    if dataset.targets == BOX and x.ndim == 4:
        _sheet(charts.with_boxes(x[:BOXES], y[:BOXES], given[:BOXES]), [("what is true", charts.TRUE), ("what the network says", charts.GIVEN)])
        return
    target = html.escape(dataset.targets[0], quote=False)
    if dataset.shape == (1,):
        line = sorted(zip(x[:, 0].tolist(), given[:, 0].tolist(), strict=True))
        figure = charts.against_figure(("x", target), [(told.split, x[:, 0].tolist(), y[:, 0].tolist())],
                                       ("the network", [place for place, _ in line], [value for _, value in line]), data_view.colours())
    else:
        true, said = y[:, 0].tolist(), given[:, 0].tolist()
        ends = [min(true), max(true)]
        figure = charts.against_figure((f"{target}, true", f"{target}, as the network says"), [(told.split, true, said)], ("equal", ends, ends), data_view.colours())
    st.plotly_chart(figure, key="answers-chart", config={"displayModeBar": False})


def _sheet(tiles, colours: Sequence[tuple[str, Sequence[int]]]) -> None:
    width = tiles.shape[2]
    zoom = 2 if width <= WIDTH // 4 else 1
    across = max(1, min(len(tiles), WIDTH // (zoom * (width + charts.GAP))))
    st.plotly_chart(charts.sheet_figure(charts.sheet(tiles, across), colours, zoom), key="answers-chart", width="content", config={"staticPlot": True})


DRAWN: dict[str, Callable[..., None]] = {"segmentation": _masks, "regression": _numbers, "detection": _boxes}
