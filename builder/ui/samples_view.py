"""The samples of a data set on the Data page: how many there are of what, and a picture of some, for each task."""

from __future__ import annotations

import html
from collections.abc import Callable
from typing import Any

import streamlit as st

from builder.catalogue import Dataset
from builder.catalogue.datasets import BOX
from builder.charts import answers
from builder.charts.classes import count_figure, count_rows, grid_figure
from builder.charts.points import scatter_figure, scatter_rows

from . import data_view
from .frame import esc

STILL = {"displayModeBar": False}


def draw(dataset: Dataset, shown: Any, left, right) -> None:
    """Counts and normalisation at the left, the samples at the right, of what `builder.data.shown` keeps of the data set."""
    names = [html.escape(name, quote=False) for name in (dataset.classes or dataset.targets)]  # a chart reads labels as markup
    counted, pictured = DRAWN[dataset.task]
    with left:
        if partial := data_view.partial(dataset, shown.sizes):
            st.warning(partial, icon=":material/content_cut:")
        counted(names, shown)
        st.markdown("**Normalisation**")
        st.caption(data_view.normalisation(shown.mean, shown.std, len(dataset.shape) == 3))
    with right:
        pictured(dataset, names, shown)


def _counts(unit: str) -> Callable[[list[str], Any], None]:
    def draw_counts(names: list[str], shown: Any) -> None:
        st.markdown(f"**{unit.capitalize()} per class**")
        st.plotly_chart(count_figure(count_rows(names, *shown.counts), data_view.colours(), unit), key="counts", config=STILL)

    return draw_counts


def _spreads(names: list[str], shown: Any) -> None:
    more = f", the first {len(shown.targets)} of {len(names)}" if len(names) > len(shown.targets) else ""
    st.markdown(f"**Target{'s' if len(names) > 1 else ''}{more}**")
    for number, (name, parts) in enumerate(zip(names, shown.targets, strict=False)):
        st.plotly_chart(answers.spread_figure(name, *parts, data_view.colours()[:2]), key=f"target{number}", config=STILL)


def _classes(dataset: Dataset, names: list[str], shown: Any) -> None:
    if shown.pictures is not None:
        st.markdown(f"**The first {shown.across} training samples of {'each class' if shown.rows >= len(names) else f'the first {shown.rows} classes'}**")
        st.plotly_chart(grid_figure(shown.pictures, names[:shown.rows], shown.zoom), key="grid", width="content", config={"staticPlot": True})
        return
    most = len(shown.points[0][1])
    st.markdown("**All samples**" if shown.whole else f"**The first {most:,} samples of each part**")
    st.plotly_chart(scatter_figure(scatter_rows(dataset.classes, *shown.points), data_view.colours(), shown.axes), key="points", config=STILL)


def _masks(dataset: Dataset, names: list[str], shown: Any) -> None:
    st.markdown("**The first training samples, each with its mask**")
    tiles = answers.with_masks(shown.pictures, len(names), shown.truth)
    _sheet(answers.sheet_figure(answers.sheet(tiles, shown.across), answers.class_colours(names), shown.zoom))


def _boxes(dataset: Dataset, names: list[str], shown: Any) -> None:
    st.markdown("**The first training samples, each with its boxes**")
    tiles = answers.with_named_boxes(shown.pictures, len(names), shown.truth)
    _sheet(answers.sheet_figure(answers.sheet(tiles, shown.across), answers.box_colours(names), shown.zoom))


def _numbers(dataset: Dataset, names: list[str], shown: Any) -> None:
    if shown.pictures is not None:
        boxed = dataset.targets == BOX
        st.markdown(f"**The first training samples{', each with its box' if boxed else ''}**")
        tiles = answers.with_boxes(shown.pictures, *([shown.truth] if boxed else []))
        _sheet(answers.sheet_figure(answers.sheet(tiles, shown.across), [("the box to be told", answers.TRUE)] if boxed else [], shown.zoom))
        return
    feature, target = (html.escape(title, quote=False) for title in shown.axes)
    about = "" if dataset.shape == (1,) else f", over {esc(shown.axes[0])}, which it follows most"
    st.markdown(f"**{esc(shown.axes[1])} of the samples{about}**")
    st.plotly_chart(answers.against_figure((feature, target), shown.points, colours=data_view.colours(), height=560), key="against", config=STILL)


def _sheet(figure) -> None:
    st.plotly_chart(figure, key="sheet", width="content", config={"staticPlot": True})


DRAWN = {"classification": (_counts("samples"), _classes), "segmentation": (_counts("pixels"), _masks), "regression": (_spreads, _numbers),
         "detection": (_counts("boxes"), _boxes)}
