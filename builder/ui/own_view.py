"""Bringing one's own data: a file or a path, how it is read, what came out, and what is known of data that are kept."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import streamlit as st

from builder import paths
from builder.catalogue import OWN, Dataset
from builder.catalogue.datasets import own_name
from builder.data import kept

from .frame import esc
from .intake import ENDINGS, IntakeRefused, Reading, allowed, intake

POLL = 0.5  # seconds between two looks at what is being read
MOST_MEGABYTES = 500  # of an upload; larger files are read from a data folder
SHOWN = 200  # broken items in the table
NEXT, SEEN, SAID = "show_next", "reading_seen", "intake_said"
COLOURS = {"auto": "as the pictures are", "grey": "grey", "colour": "colour"}
FITS = {"crop": "cut out the middle", "pad": "put black around", "stretch": "stretch"}


def is_own(dataset: Dataset) -> bool:
    """Whether a data set is a person's own."""
    return dataset.name.startswith(f"{OWN}:")


def bring() -> None:
    """The form that reads a file, and below it how far it is and what came out; looks again by itself while something is read."""
    reading = intake().reading
    with st.expander("Bring your own data", icon=":material/upload_file:", expanded=reading is not None):
        st.caption("A zip or a folder with a folder of pictures for each class (train and test folders above them are the split), or an npz with images and "
                   "labels. Look first: it says what is in it and what is broken, and keeps nothing.")
        _form()
        st.fragment(_watch, run_every=POLL if reading and reading.running else None)()


def _form() -> None:
    upload = st.file_uploader("A file", list(ENDINGS), key="own-file", max_upload_size=MOST_MEGABYTES)
    path = st.text_input("or a path in a data folder", key="own-path", placeholder="flowers.zip", help="Under " + " or ".join(map(str, paths.data_roots())))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        title = st.text_input("Title", key="own-title", max_chars=80, width=200, placeholder="the file's name")
        side = st.number_input("Side", 1, 1024, None, key="own-side", width=120, placeholder="auto",
                               help="Height and width of every picture, in pixels; without it what suits the files")
        colours = st.selectbox("Colours", list(COLOURS), key="own-colours", format_func=COLOURS.get, width=190)
        fit = st.selectbox("Other shapes", list(FITS), key="own-fit", format_func=FITS.get, width=190)
        test = st.number_input("Test share", 0.01, 0.99, 0.2, 0.05, key="own-test", width=120, help="Of every class, where no folder says so")
        seed = st.number_input("Seed", 0, 2**31 - 1, 0, key="own-seed", width=110, help="Which samples test follows from it and from the files' names")
    skip = st.checkbox("Leave out what is broken", key="own-skip", help="Without it, a file with broken items is refused and they are named")
    options = [f"--title={title}", *([f"--side={side}"] if side else []), f"--colours={colours}", f"--fit={fit}", f"--test={test}", f"--seed={seed}",
               *(["--skip-broken"] if skip else [])]
    busy = bool(intake().reading and intake().reading.running) or not (upload or path.strip())
    with st.container(horizontal=True):
        looked = st.button("Look", key="own-look", icon=":material/search:", disabled=busy)
        added = st.button("Add", key="own-add", icon=":material/add:", type="primary", disabled=busy)
    if looked or added:
        _begin(upload, path, options, looked)
    if says := st.session_state.pop(SAID, None):
        st.error(esc(says))


def _begin(upload, path: str, options: list[str], look: bool) -> None:
    try:
        given = upload.getvalue() if upload else allowed(path, paths.data_roots())
        intake().begin(given, upload.name if upload else Path(path.strip()).name, options, look)
    except IntakeRefused as error:
        st.session_state[SAID] = f"{str(error)[0].upper()}{str(error)[1:]}."
    st.rerun()


def _watch() -> None:
    reading = intake().reading
    if reading is None:
        return
    if reading.running:
        st.progress(reading.share, f"{esc(reading.name)}: {esc(reading.says)}")
        st.button("Cancel", key="own-cancel", icon=":material/close:", on_click=intake().cancel)
        return
    if st.session_state.get(SEEN) is not reading:
        st.session_state[SEEN] = reading
        if reading.state == "done" and not reading.look:
            st.session_state[NEXT] = own_name(str(reading.report["sha256"]))
        st.rerun()
    _ended(reading)


def _ended(reading: Reading) -> None:
    name = esc(reading.name)
    if reading.state == "cancelled":
        st.info(f"Reading {name} was cancelled; nothing was kept.", icon=":material/cancel:")
    elif reading.state == "failed":
        st.error(f"{name}: {esc(reading.says)}", icon=":material/error:")
    elif reading.look:
        draw_report(reading.report)
    else:
        st.success(f"{esc(str(reading.report['title']))} is kept and shown below.", icon=":material/check:")


def draw_report(report: Mapping) -> None:
    """What is in a file that was looked at: counts, sizes, what is worth a word and what is broken."""
    sizes = ", ".join(f"{height}×{width} ({count:,})" for height, width, count in report["sizes"][:6])
    more = " …" if len(report["sizes"]) > 6 else ""
    st.markdown(f"**{esc(str(report['title']))}**: {report['train']:,} training and {report['test']:,} test samples, {len(report['classes']):,} classes, as "
                f"{'×'.join(map(str, report['shape']))}. Sizes in the file (height×width): {sizes}{more}.")
    st.dataframe([{"class": name, "training": train, "test": test} for name, train, test in zip(report["classes"], *report["counts"], strict=True)],
                 key="own-counts", hide_index=True, height="content" if len(report["classes"]) < 9 else 300)
    draw_remarks(report["notes"], report["broken"], report.get("broken_count", len(report["broken"])))


def draw_remarks(notes, broken, count: int) -> None:
    """Notes, and the items that cannot be used with their reasons."""
    for note in notes:
        st.warning(esc(note), icon=":material/info:")
    if count:
        with st.expander(f"{count:,} item{'' if count == 1 else 's'} cannot be used", icon=":material/broken_image:"):
            st.dataframe([{"item": name, "why": why} for name, why in broken[:SHOWN]], key="own-broken", hide_index=True)


def about(dataset: Dataset) -> None:
    """What is known of data that are kept, and the way to forget them; where they are elsewhere, how to bring them back."""
    one = kept.get(dataset.name.partition(":")[2])
    if one is None:
        st.info(f"{esc(dataset.title)} is not on this machine: these are somebody's own data. Add them again above, from the file they came from and with the "
                "same choices, or choose other data.", icon=":material/database:")
        return
    how = ", ".join(f"{name} {value}" for name, value in (one.how or {}).items() if value is not None)
    st.caption(f"Read from {esc(one.origin)}: {esc(how)}. Number {one.sha256[:12]}.")
    draw_remarks(one.notes, one.broken, len(one.broken))
    with st.popover("Remove…", icon=":material/delete:"):
        st.markdown(f"Projects that train on {esc(one.title)} say then that it is not on this machine.")
        st.button(f"Remove {esc(one.title)}", key="own-remove", type="primary", on_click=_remove, args=(one,))


def _remove(one: kept.Kept) -> None:
    try:
        kept.remove(one)
    except ValueError as error:
        st.session_state[SAID] = str(error)
