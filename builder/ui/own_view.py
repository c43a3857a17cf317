"""Bringing one's own data: a file or a path, how it is read, what came out, and what is known of data that are kept."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from builder import paths
from builder.catalogue import OWN, Dataset
from builder.catalogue.datasets import own_name
from builder.data import kept

from . import own_form
from .data_view import counted
from .frame import esc
from .intake import IntakeRefused, Reading, allowed, intake

POLL = 0.5  # seconds between two looks at what is being read
SHOWN = 200  # broken items in the table
NEXT, SEEN, SAID, ADDED = "show_next", "reading_seen", "intake_said", "reading_added"


def is_own(dataset: Dataset) -> bool:
    """Whether a data set is a person's own."""
    return dataset.name.startswith(f"{OWN}:")


def bring() -> None:
    """The form that reads a file, and below it how far it is and what came out; looks again by itself while something is read.

    What was added is shown in the page itself, so that the form closes."""
    reading = intake().reading
    added = reading is not None and reading.state == "done" and not reading.look
    if title := st.session_state.pop(ADDED, None):
        st.toast(f"{esc(title)} is kept and shown here.", icon=":material/check:")
    with st.expander("Bring your own data", icon=":material/upload_file:", expanded=reading is not None and not added):
        st.caption("A zip or a folder with a folder of pictures for each class (folders train, val and test above them are its parts), with the folders images and masks, "
                   "or with pictures and the boxes of COCO, Pascal VOC or YOLO files; a CSV table; an npz of samples and labels, numbers or masks; or MNIST's idx files. Look first: it "
                   "shows what is in it and what is broken, and keeps nothing.")
        refused = _form()
        # What came out of another file before would be taken for the answer.
        if not refused or reading and reading.running:
            st.fragment(_watch, run_every=POLL if reading and reading.running else None)()


def _form() -> bool:
    """Draws it; whether what was asked for was refused."""
    chosen = own_form.draw(intake().reading)
    busy = bool(intake().reading and intake().reading.running) or not (chosen.uploads or chosen.path)
    with st.container(horizontal=True):
        looked = st.button("Look", key="own-look", icon=":material/search:", disabled=busy)
        added = st.button("Add", key="own-add", icon=":material/add:", type="primary", disabled=busy)
    if looked or added:
        _begin(chosen, looked)
    if says := st.session_state.pop(SAID, None):
        st.error(esc(says), icon=":material/error:")
    return says is not None


def _begin(chosen: own_form.Chosen, look: bool) -> None:
    try:
        given = [(upload.name, upload.getvalue()) for upload in chosen.uploads] or allowed(chosen.path, paths.data_roots())
        intake().begin(given, options=chosen.options, look=look)
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
            st.session_state[NEXT], st.session_state[ADDED] = own_name(str(reading.report["sha256"])), str(reading.report["title"])
        st.rerun()
    _ended(reading)


def _ended(reading: Reading) -> None:
    name = esc(reading.name)
    if reading.state == "cancelled":
        st.info(f"Reading {name} was cancelled; nothing was kept.", icon=":material/cancel:")
    elif reading.state == "failed":
        says = reading.says[:1].upper() + reading.says[1:] if not reading.says.startswith(reading.name) else reading.says
        # Most sentences say themselves which file they are of.
        st.error(esc(says if reading.name in says else f"{reading.name}: {reading.says}"), icon=":material/error:")
        if columns := reading.report.get("columns"):
            own_form.draw_columns(columns, reading.report["rows"])
    elif reading.look:
        draw_report(reading.report)
    else:
        st.success(f"{esc(str(reading.report['title']))} is kept; it stands among the data sets below.", icon=":material/check:")


def draw_report(report: Mapping) -> None:
    """What is in a file that was looked at: counts, some samples, sizes or columns, what is worth a word and what is broken."""
    shape = "×".join(map(str, report["shape"])) + (" numbers" if len(report["shape"]) == 1 else "")
    sizes = ", ".join(f"{height}×{width} ({count:,})" for height, width, count in report["sizes"][:6])
    more = f" Sizes in the file (height×width): {sizes}{' …' if len(report['sizes']) > 6 else ''}." if sizes else ""
    told = f"regression of {'; '.join(esc(str(name)) for name in report['targets'])}" if report["task"] == "regression" else f"{len(report['classes']):,} classes"
    counts, each = {"segmentation": (" pixels", " (a pixel)"), "detection": (" boxes", " of boxes")}.get(report["task"], ("", ""))
    st.markdown(f"**{esc(str(report['title']))}**: {counted(report['train'], report['test'], report['valid'])}, {told}{each}, as "
                f"{shape}.{more}")
    if tiles := report.get("tiles"):
        own_form.draw_tiles(tiles)
    whole = max(1, sum(map(sum, report["counts"])))
    if report["classes"]:
        train, test, *valid = report["counts"]
        parts = {f"training{counts}": train, **{f"validation{counts}": one for one in valid}, f"test{counts}": test}
        st.dataframe([{"class": name, **dict(zip(parts, each, strict=True)), "share": f"{100 * sum(each) / whole:.1f} %"}
                      for name, *each in zip(report["classes"], *parts.values(), strict=True)],
                     key="own-counts", hide_index=True, height="content" if len(report["classes"]) < 16 else 400,
                     column_config={name: st.column_config.NumberColumn(format="localized") for name in parts})
    if columns := report.get("columns"):
        own_form.draw_columns(columns, report["rows"])
    draw_remarks(report["notes"], report["broken"], report.get("broken_count", len(report["broken"])))


def draw_remarks(notes, broken, count: int) -> None:
    """Notes, and the items that cannot be used with their reasons."""
    if notes:
        st.warning("\n".join(f"- {esc(note)}" for note in notes) if len(notes) > 1 else esc(notes[0]), icon=":material/info:")
    if count:
        with st.expander(f"{count:,} item{'' if count == 1 else 's'} cannot be used", icon=":material/broken_image:"):
            st.dataframe([{"item": name, "why": why} for name, why in broken[:SHOWN]], key="own-broken", hide_index=True)


def features(name: str) -> tuple[str, ...]:
    """What the numbers of a sample are called, where they came from a table."""
    one = kept.get(name.partition(":")[2]) if name.startswith(f"{OWN}:") else None
    return one.features if one else ()


def about(dataset: Dataset) -> None:
    """What is known of data that are kept, and the way to forget them; where they are elsewhere, how to bring them back."""
    one = kept.get(dataset.name.partition(":")[2])
    if one is None:
        st.info(f"{esc(dataset.title)} is not on this machine: these are somebody's own data. Add them again above, from the file they came from and with the "
                "same choices, or choose other data.", icon=":material/database:")
        return
    how = ", ".join(f"{name} {', '.join(map(str, value)) if isinstance(value, list) else value}" for name, value in (one.how or {}).items() if value is not None)
    st.caption(f"Read from {esc(one.origin)}: {esc(how)}. Number {one.sha256[:12]}.")
    if one.features:
        with st.expander(f"{len(one.features):,} numbers a sample", icon=":material/table_rows:"):
            st.dataframe([{"number": number, "is": name} for number, name in enumerate(one.features)], key="own-features", hide_index=True)
    draw_remarks(one.notes, one.broken, len(one.broken))
    with st.popover("Remove…", icon=":material/delete:"):
        st.markdown(f"Projects that train on {esc(one.title)} say then that it is not on this machine.")
        st.button(f"Remove {esc(one.title)}", key="own-remove", type="primary", on_click=_remove, args=(one,))


def _remove(one: kept.Kept) -> None:
    try:
        kept.remove(one)
    except ValueError as error:
        st.session_state[SAID] = str(error)
