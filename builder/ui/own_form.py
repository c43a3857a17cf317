"""The form for one's own data: which file, and how it is read; and what a look shows of it besides counts."""

from __future__ import annotations

import base64
import html
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

import streamlit as st

from builder import paths
from builder.catalogue.tables import TABLE
from builder.charts.classes import png_figure

from .intake import Reading

MOST_MEGABYTES, MOST_LABELS = 500, 20  # of an upload; larger files are read from a data folder
COLOURS = {"auto": "as the pictures are", "grey": "grey", "colour": "colour"}
FITS = {"crop": "cut out the middle", "pad": "put black around", "stretch": "stretch"}
FIRST = ("missing", "amounts")  # what depends on the columns; how the text is written comes below
TASKS = {"auto": "as the file says", **{task: task for task in ("classification", "regression", "segmentation", "detection")}}
TABLES = (".csv", ".tsv", ".tab", ".txt")


@dataclass(frozen=True)
class Chosen:
    """What the form says: uploads or a path, and the options of `data add`."""

    uploads: Sequence
    path: str
    options: list[str]


def draw(reading: Reading | None) -> Chosen:
    """The form; a table is asked for its columns, pictures for their size. `reading` is what was read last, for its columns' names."""
    upload = st.file_uploader("A file", key="own-file", max_upload_size=MOST_MEGABYTES)
    uploads = [upload] if upload else []
    # Two single files, since nothing would bound how many come at once.
    if upload and not upload.name.casefold().endswith((".zip", ".npz", *TABLES, *(f"{ending}.gz" for ending in TABLES))):
        labels = st.file_uploader("The labels of these images (idx)", key="own-labels", max_upload_size=MOST_LABELS)
        uploads += [labels] if labels else []
    path = st.text_input("or a path in a data folder", key="own-path", placeholder="flowers.zip", help="Under " + " or ".join(map(str, paths.data_roots()))).strip()
    table = (upload.name if upload else path).casefold().removesuffix(".gz").endswith(TABLES)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        title = st.text_input("Title", key="own-title", max_chars=80, width=200, placeholder="the file's name")
        options = [f"--title={title}", *(_columns(reading) if table else _pictures())]
        if not table:
            options += _split()
    if table:
        with st.container(horizontal=True, vertical_alignment="bottom"):
            options += [*(_choice(name) for name in TABLE if name not in FIRST), *_split()]
    skip = st.checkbox("Leave out what is broken", key="own-skip", help="Without it, a file with broken items is refused and they are named")
    return Chosen(uploads, path, [*options, *(["--skip-broken"] if skip else [])])


def _pictures() -> list[str]:
    side = st.number_input("Side", 1, 1024, None, key="own-side", width=120, placeholder="auto",
                           help="Height and width of every picture, in pixels; without it what suits the files")
    colours = st.selectbox("Colours", list(COLOURS), key="own-colours", format_func=COLOURS.get, width=190)
    fit = st.selectbox("Other shapes", list(FITS), key="own-fit", format_func=FITS.get, width=190)
    ignore = st.number_input("Of no class", 0, 255, None, key="own-ignore", width=120, placeholder="255", help="A number of masks that is of no class, besides 255")
    return [*([f"--side={side}"] if side else []), f"--colours={colours}", f"--fit={fit}", *([] if ignore is None else [f"--ignore={ignore}"])]


def _columns(reading: Reading | None) -> list[str]:
    """What the columns are; those of the table that was read last can be picked, others typed."""
    known = list(reading.columns) if reading else []
    labels = st.multiselect("Label", known, key="own-label", accept_new_options=True, placeholder="found by name or place", width=330,
                            help="The column that is to be told from the others: classes, or amounts; several are as many amounts")
    missing, amounts = map(_choice, FIRST)
    without = st.multiselect("Leave out", known, key="own-without", accept_new_options=True, placeholder="columns", width=230)
    category = st.multiselect("Categories", known, key="own-category", accept_new_options=True, placeholder="columns", width=230,
                              help="Columns whose numbers are names, such as a postcode")
    return [*(f"--label={name}" for name in labels), missing, amounts, *(f"--without={name}" for name in without), *(f"--category={name}" for name in category)]


def _split() -> list[str]:
    task = st.selectbox("Task", list(TASKS), key="own-task", format_func=TASKS.get, width=190,
                        help="What is to be told of a sample; numbers of a table or an npz can be classes or amounts, boxes be cut out (classification) or found in their "
                             "pictures (detection)")
    test = st.number_input("Test share", 0.01, 0.99, 0.2, 0.05, key="own-test", width=120, help="Of every class, where nothing else says so")
    seed = st.number_input("Seed", 0, 2**31 - 1, 0, key="own-seed", width=110, help="Which samples test follows from it and from their names")
    return [f"--task={task}", f"--test={test}", f"--seed={seed}"]


def _choice(name: str) -> str:
    return f"--{name}={st.selectbox(TABLE[name].title, TABLE[name].values, key=f'own-{name}', width=150, help=TABLE[name].summary)}"


def draw_tiles(tiles: Mapping) -> None:
    """Some samples, a row a class, or pictures above their masks."""
    with suppress(ValueError, LookupError, TypeError):
        names = [html.escape(str(name), quote=False) for name in tiles["rows"]]  # a chart reads labels as markup
        figure = png_figure(base64.b64decode(tiles["png"]), names, 1)
        st.plotly_chart(figure, key="own-tiles", width="content", config={"staticPlot": True})


def draw_columns(columns: Sequence[Mapping], rows: Sequence[Sequence[str]]) -> None:
    """What each column of a table is, and the first rows as they stand in the file."""
    st.dataframe([{"column": one["name"], "is": one["kind"], "missing": one["missing"], "wrong": one["wrong"], "values": one["says"]} for one in columns],
                 key="own-columns", hide_index=True, height="content" if len(columns) < 16 else 400)
    with st.expander("The first rows"):
        st.dataframe([dict(zip([one["name"] for one in columns], row, strict=False)) for row in rows], key="own-rows", hide_index=True)
