"""What a drawing costs: a table that can be sorted, the totals, and whether training fits into the memory."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from builder.graph import Project, Report
from builder.graph.memory import Memory, amount, batch_size, memory, suggested
from builder.graph.rows import flat
from builder.runs import free_gpu_memory, free_memory

from . import settings
from .frame import esc
from .workspace import Workspace

INDENT = "\N{EM SPACE}"


@st.cache_data(ttl=5, show_spinner=False)
def free(gpu: bool) -> int | None:
    """Free bytes of the first GPU or of this machine, asked again after five seconds; None where it is not known."""
    return free_gpu_memory() if gpu else free_memory()


def on_gpu() -> bool:
    """Will a run compute on a GPU, as far as can be said without asking torch?"""
    asked = st.session_state.get("device") or ""
    return asked == "cuda" or (not asked and Path("/dev/nvidia0").exists())


def table_rows(report: Report, blocks: bool) -> list[dict[str, object]]:
    """The rows of the table: a row a brick; with `blocks` those inside blocks below their block's."""
    width = max((len(row["field"].split("×")[0]) for _, row in flat(report.layers)), default=1)
    return [{"Brick": INDENT * depth + row["id"], "Kind": row["kind"], "Copies": row.get("copies", 1), "Output": row["output"],
             "Parameters": row["params"], "Multiply-adds": row["macs"], "Activations": row["activation_bytes"],
             # Spaces in front, so that texts sort as their numbers do.
             "Sees": " " * (width - len(row["field"].split("×")[0])) * row["field"][0].isdigit() + row["field"],
             "Every": row["jump"], "From": row["start"]}
            for depth, row in flat(report.layers) if blocks or not depth]


COLUMNS = {"Copies": ("How many there are in a row; the numbers are those of one", "plain"),
           "Parameters": ("Learned numbers", "localized"), "Multiply-adds": ("Of one sample", "localized"),
           "Activations": ("What comes out, for one sample, in float32", "bytes")}
TEXTS = {"Sees": "Receptive field: how much of the input one position reads; larger than the image where it reads padding",
         "Every": "How far apart the receptive fields of neighbouring positions are",
         "From": "Where the first receptive field begins; below 0 it begins in the padding"}


@st.dialog("Report", width="large", icon=":material/table_chart:")
def report_dialog(space: Workspace) -> None:
    """Totals, the table and the memory."""
    report = space.report()
    for column, (label, value) in zip(st.columns(4), totals(report).items(), strict=True):
        column.metric(label, value)
    if report.errors:
        one = len(report.errors) == 1
        st.warning(f"{'A problem keeps' if one else f'{len(report.errors)} problems keep'} a part of the drawing from being worked out; "
                   "its bricks count as nothing.", icon=":material/warning:")
    blocks = False
    if any(row.get("rows") for row in report.layers):
        blocks = st.toggle("With the bricks inside blocks", key="report-blocks")
    draw_table(report, blocks)
    st.caption("Click a column's head to sort by it. Sees is the receptive field (Araujo et al. 2019); the statistics of normalisations are not counted.")
    draw_memory(space.project, report)


def totals(report: Report) -> dict[str, str]:
    """The numbers of the whole drawing."""
    last = next((row for row in reversed(report.layers) if row["field"] != "–"), None)
    if report.errors:
        return dict.fromkeys(("Parameters", "Multiply-adds a sample", "Activations a sample", "The output sees"), "?")
    return {"Parameters": f"{report.params:,}", "Multiply-adds a sample": short(report.macs), "Activations a sample": amount(report.activation_bytes),
            "The output sees": last["field"] if last else "–"}


def short(number: int) -> str:
    """A large count in few figures: "1.81 G"."""
    for unit in ("", " k", " M", " G", " T"):
        if number < 1000:
            return f"{number:,}" if not unit else f"{number:.3g}{unit}"
        number /= 1000
    return f"{number:,.0f} P"


def draw_table(report: Report, blocks: bool) -> None:
    """The sortable table."""
    shown = {name: st.column_config.NumberColumn(help=doc, format=form) for name, (doc, form) in COLUMNS.items()}
    shown |= {name: st.column_config.TextColumn(help=doc) for name, doc in TEXTS.items()}
    rows = table_rows(report, blocks)
    if not any(row["Copies"] > 1 for row in rows):
        shown["Copies"] = None
    st.dataframe(rows, hide_index=True, column_config=shown, height=min(420, 38 + 35 * len(rows)), key="report-table")


def parts(need: Memory, batch: int) -> str:
    """What the memory goes to, in a line."""
    return ", ".join(f"{amount(number)} {name}" for name, number in need.parts(batch).items() if number)


def draw_memory(project: Project, report: Report) -> None:
    """A bar: what training takes of what is free."""
    if report.errors or not report.params:
        return
    gpu, batch = on_gpu(), batch_size(project)
    need, left = memory(project, report, gpu), free(gpu)
    st.markdown(f"**Memory for training**, about {amount(need.at(batch))}: {parts(need, batch)}")
    if left:
        st.progress(min(1.0, need.at(batch) / left), text=f"{amount(need.at(batch))} of {amount(left)} free {place(gpu)}. {most(need, left)}")


def place(gpu: bool) -> str:
    """Where the memory is."""
    return "on the GPU" if gpu else "on this machine"


def most(need: Memory, left: int) -> str:
    """The largest batch, in words."""
    largest = need.largest(left)
    if not largest:
        return "Not even one sample at a time fits."
    return f"All {largest:,} training samples would fit into one batch." if largest == need.samples else f"Batches of up to {largest:,} fit."


def memory_line(space: Workspace) -> None:
    """On the way to training: one line when it fits, a warning with a button that sets a batch size that fits when it does not."""
    report, project = space.report(), space.project
    if report.errors or not report.params:
        return
    gpu, batch = on_gpu(), batch_size(project)
    need, left = memory(project, report, gpu), free(gpu)
    if left is None:
        st.caption(f"Memory: about {amount(need.at(batch))} at batches of {batch:,}; how much is free {place(gpu)} is not known.")
        return
    said = f"Memory: about {amount(need.at(batch))} at batches of {batch:,}, of {amount(left)} free {place(gpu)}. {most(need, left)}"
    if need.fits(batch, left):
        st.caption(esc(said))
        return
    st.warning(esc(said), icon=":material/memory:")
    better = suggested(need.largest(left))
    if better:
        edit = {"op": "settings", "path": "training.batch_size", "value": better, "label": f"Set batch_size to {better}"}
        st.button(f"Use batches of {better:,}", key="fitting-batch", on_click=settings.apply, args=(space, edit), icon=":material/memory:")
