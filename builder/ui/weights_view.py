"""The weights that a drawing starts from: torchvision's, or those of a file; read and fitted by a process of its own."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Protocol

import streamlit as st

from builder.graph import EditError, Project, dumps, from_json
from builder.runs.surroundings import PACKAGE_PARENT, environment

from .frame import esc
from .workspace import Workspace

ENDINGS = ("safetensors", "pth", "pt")
MOST_MEGABYTES = 1000
LONGEST = 1900.0  # seconds; the download inside gives up before


class Fitted(Protocol):
    """How much of the weights fits."""

    says: str


# Says how much of a project's starting weights fits its network; raises ValueError in a person's words.
Fitting = Callable[[Project], Fitted]
# torchvision's name for the network that a project began as, None where it has none.
Twin = Callable[[Project], str | None]


@st.dialog("Starting weights", width="medium", icon=":material/weight:")
def weights_dialog(space: Workspace, fitting: Fitting, twin: Twin) -> None:
    """What training starts from, and how to change it."""
    _current(space, fitting)
    with st.spinner("Loading torchvision…", show_time=False):
        published = twin(space.project)
    if published:
        st.button(f"Use torchvision's for {published}", icon=":material/download:", on_click=_from, args=(space, "torchvision"), key="weights-torchvision",
                  help="Downloaded from pytorch.org, unless they are on this computer already")
    key = f"weights-{st.session_state.get('weights_tried', 0)}"
    upload = st.file_uploader("A file of weights (.safetensors, .pth)", list(ENDINGS), key=key, max_upload_size=MOST_MEGABYTES)
    if upload is not None:
        st.button(f"Use {esc(upload.name[:60])}", on_click=_from_upload, args=(space, key), type="primary", key="weights-use")
    if said := st.session_state.pop("weights_said", None):
        st.error(esc(said), icon=":material/error:")
    st.caption("Tensors go where their name and shape are those of the drawing; torchvision's names are translated, and the answers of both networks "
               "compared. What does not fit starts fresh. Nothing in a file is run.")


def _current(space: Workspace, fitting: Fitting) -> None:
    """What the drawing starts from now."""
    if not space.project.weights:
        st.markdown("This drawing starts from **fresh weights**.")
        return
    title = esc(str(space.project.weights["title"]))
    try:
        with st.spinner("Loading torch…", show_time=False):
            says = fitting(space.project).says
        st.markdown(f"This drawing starts from **{title}**: {esc(says)}.")
    except ValueError as error:
        st.warning(esc(f"This drawing starts from {title}. {str(error)[:1].upper()}{str(error)[1:]}."), icon=":material/warning:")
    st.button("Start from fresh weights", on_click=_fresh, args=(space,), icon=":material/close:", key="weights-fresh")


def _fresh(space: Workspace) -> None:
    space.apply({"op": "weights", "value": None})


def _from_upload(space: Workspace, key: str) -> None:
    """The weights of the file that was dropped; the upload is let go of, whatever it was."""
    upload = st.session_state.get(key)
    st.session_state["weights_tried"] = st.session_state.get("weights_tried", 0) + 1
    if upload is None:
        return
    name = re.sub(r"[^\w.-]+", "-", Path(upload.name).name, flags=re.ASCII)[-80:].lstrip(".-") or "weights.pth"
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / name
        file.write_bytes(upload.getbuffer())
        _from(space, str(file))


def _from(space: Workspace, source: str) -> None:
    """The weights of a source, fitted by the command line in a process of its own."""
    try:
        with st.spinner("Reading and comparing the weights…"):
            space.apply({"op": "weights", "value": fitted(space.project, source)})
    except (ValueError, EditError) as error:
        st.session_state["weights_said"] = str(error)


def fitted(project: Project, source: str) -> dict[str, object]:
    """The section of a project that starts from `source`, whose tensors are kept; raises ValueError in one sentence."""
    with tempfile.TemporaryDirectory() as folder:
        drawing, out = Path(folder) / "drawing.json", Path(folder) / "weighted.json"
        drawing.write_text(dumps(project), encoding="utf-8")
        command = [sys.executable, "-m", "builder", "weights", str(drawing), "--from", source, "-o", str(out)]
        try:
            done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", cwd=PACKAGE_PARENT,
                                  env=environment(), timeout=LONGEST, check=False)
        except subprocess.TimeoutExpired:
            raise ValueError(f"the weights were not there after {LONGEST / 60:.0f} minutes") from None
        if done.returncode == 0:
            with suppress(OSError, ValueError):
                return dict(from_json(json.loads(out.read_text(encoding="utf-8"))).weights)
        said = (done.stderr.strip().splitlines() or ["the weights could not be read"])[-1]
        raise ValueError(said.removeprefix("brickwork: "))
