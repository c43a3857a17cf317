"""A run whose memory ran out, trained again with half the batch."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from builder.graph import Project, from_json, to_json
from builder.runs import Run, RunError

from . import train_view
from .export_view import CHECKPOINT
from .frame import esc

Smaller = Callable[[Project, Path, int], tuple[Project, str]]
HELP = "A run of its own: with the weights of the last checkpoint, for the epochs that are left; from the beginning where there is none"


def button(run: Run, smaller: Smaller, source: Callable[[Project], str], load_id: str) -> None:
    """Offers the retry; nothing for other runs. `smaller` gives the project for it and how it begins, `source` its network as text."""
    if run.ran_out_of_memory:
        st.button("Retry with half the batch", key="retry", icon=":material/splitscreen:", width="stretch", help=HELP,
                  on_click=_again, args=(run, smaller, source, load_id))


def _again(run: Run, smaller: Smaller, source: Callable[[Project], str], load_id: str) -> None:
    try:
        project, how = smaller(from_json(train_view.store().project(run.id)), run.folder / CHECKPOINT, run.epoch)
        train_view.start(to_json(project), source(project), project.name, run.device_asked, load_id)
        st.toast(esc(f"{project.name} is trained again {how}."))
    except (RunError, ValueError) as error:
        st.session_state["run_trouble"] = f"{run.name} cannot be tried again: {error}"
