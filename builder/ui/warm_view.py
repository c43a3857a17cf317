"""A warm start: the drawing as it is now, trained on from the weights of a run that still fit it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import streamlit as st

from builder.graph import Project, from_json, to_json
from builder.graph.warm import Survivor, in_words
from builder.runs import Run, RunError

from . import train_view
from .frame import esc
from .workspace import Workspace

HELP = "Train the drawing as it is now, changed or not, from the weights of the run shown that still fit it"
SIGNS = {"kept": "kept", "partly": "partly kept", "new": "starts fresh", "gone": "left behind"}
BEGUN = "warm_begun"
FILES = {"best": "of its best epoch", "last": "of its last checkpoint"}


class Warm(Protocol):
    """What goes on: every brick's part, and a sentence about the optimiser."""

    bricks: list[Survivor]
    optimizer: str


class Trainer(Protocol):
    """What this needs of builder.api; all raise ValueError in a person's words."""

    surviving: Callable[[Project, Project, Path], Warm]
    warm: Callable[[Project, Project, Path, str], tuple[Project, Warm]]
    source: Callable[[Project], str]


def button(space: Workspace, run: Run | None, api: Trainer) -> None:
    """Offers the start from a run that has a checkpoint and is not at work."""
    st.session_state.pop(BEGUN, None)
    if run and not run.live and run.checkpoint is not None and st.button("Warm start", key="warm", icon=":material/local_fire_department:", width="stretch", help=HELP):
        dialog(space, run, api)


@st.dialog("Warm start", width="large", icon=":material/local_fire_department:")
def dialog(space: Workspace, run: Run, api: Trainer) -> None:
    """What survives of the run, brick by brick, and the button that trains on."""
    if st.session_state.get(BEGUN):
        st.rerun()  # of the whole page, which closes the dialog and shows the new run
    files = {name: file for name in FILES if (file := run.folder / f"{name}.safetensors").is_file()}
    if not files:
        st.error("This run has no checkpoint any more.")
        return
    chosen = st.radio("Weights", list(files), format_func=FILES.get, horizontal=True, key="warm-weights") if len(files) > 1 else next(iter(files))
    try:
        with st.spinner("Comparing the networks…"):
            found = api.surviving(space.project, from_json(train_view.store().project(run.id)), files[chosen])
    except (RunError, ValueError) as error:
        st.error(esc(str(error)))
        return
    rows = found.bricks
    st.markdown(f"**{esc(in_words(rows))}.** {esc(found.optimizer)} The schedule starts anew.")
    st.dataframe(table(rows), hide_index=True, width="stretch")
    useful = any(row.kept for row in rows)
    st.button(f"Train {esc(space.project.name)} on", key="warm-train", type="primary", icon=":material/play_arrow:", disabled=not useful,
              on_click=_begin, args=(space, run, files[chosen], api))


def table(rows: list[Survivor]) -> dict[str, list[object]]:
    """The bricks as columns."""
    return {"Brick": [row.brick for row in rows], "In the run": [row.was or (row.brick if row.kept or row.state == "gone" else "") for row in rows],
            "What becomes of it": [SIGNS[row.state] for row in rows], "Kept": [f"{row.kept:,} of {row.numbers:,}" for row in rows], **({"Why": [row.why for row in rows]} if any(row.why for row in rows) else {})}


def _begin(space: Workspace, run: Run, file: Path, api: Trainer) -> None:
    st.session_state[BEGUN] = True
    try:
        project, found = api.warm(space.project, from_json(train_view.store().project(run.id)), file, f"{run.name}, run {run.id}")
        train_view.start(to_json(project), api.source(project), project.name, st.session_state.get("device") or None, space.load_id)
        st.toast(esc(f"{in_words(found.bricks)}."))
    except (RunError, ValueError) as error:
        st.session_state["run_trouble"] = str(error)
