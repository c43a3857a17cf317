"""Taking a project away from the app: every kind of export as a download, or the reason why it cannot be made."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from builder.export.kinds import KINDS, Exported, Kind
from builder.graph import Project, from_json, untrainable
from builder.runs import Run, RunError, Store, began, changed_by_hand

from .frame import esc
from .workspace import slug

# (project, kind, checkpoint, threads=) -> the file; raises ValueError with words for people.
Export = Callable[..., Exported]
# A link is no file: the menu copies it.
OFFERED = tuple(name for name in KINDS if name != "link")
SHOWN = ("python", "script")  # texts to read before they are downloaded
CHECKPOINT = "last.safetensors"


def file_name(project: Project, kind: Kind) -> str:
    """What the download is called."""
    end = "_training" if kind.name == "script" else ""
    return f"{slug(project.name).replace('-', '_')}{end}.{kind.ending}"


@st.dialog("Export", width="large", icon=":material/ios_share:")
def export_dialog(project: Project, export: Export) -> None:
    """The open project, with its starting weights."""
    _offer(project, export, "The weights are those that training starts from.", lambda kind: None)


@st.dialog("Export a run", width="large", icon=":material/ios_share:")
def run_dialog(run: Run, source: Store, export: Export) -> None:
    """A run's project as it was when it was trained, with what it has learned."""
    try:
        project = from_json(source.project(run.id))
    except (RunError, ValueError) as error:
        st.error(esc(str(error)), icon=":material/error:")
        return
    if changed := changed_by_hand(source, run.id):
        st.info(esc(changed), icon=":material/tune:")
    first = began(source, run.id)
    _offer(project, export, f"The weights are those of the run's last checkpoint, after step {run.checkpoint or 0:,}.", lambda kind: _checkpoint(run), first and first.threads)


def _checkpoint(run: Run) -> Path:
    """The file with a run's last weights; raises ValueError where there is none."""
    path = run.folder / CHECKPOINT
    if not path.is_file():
        raise ValueError("This run has no checkpoint: it ended, or has only begun, within its first epoch.")
    return path


def _offer(project: Project, export: Export, whose: str, weights: Callable[[Kind], Path | None], threads: int | None = None) -> None:
    """The kinds on the left, the chosen one on the right."""
    left, right = st.columns([2, 3], gap="medium")
    first = OFFERED.index("python" if untrainable(project) else "script")
    with left:
        chosen = st.radio("Kind", OFFERED, index=first, format_func=lambda name: KINDS[name].title, captions=[_caption(KINDS[name]) for name in OFFERED],
                          key="export-kind", label_visibility="collapsed")
    with right:
        _made(project, KINDS[chosen], export, whose, weights, threads)


def _caption(kind: Kind) -> str:
    words = kind.doc.partition(" (OUT")[0]
    return f"{words[:1].upper()}{words[1:]}."


def _made(project: Project, kind: Kind, export: Export, whose: str, weights: Callable[[Kind], Path | None], threads: int | None) -> None:
    """Make one kind: its download, or why there is none."""
    try:
        with st.spinner(f"Making {kind.title}…"):
            made = export(project, kind.name, weights(kind) if kind.trained else None, threads=threads)
    except ValueError as error:
        st.error(esc(str(error)), icon=":material/error:")
        st.caption("There is no file: one that cannot be right is not written.")
        return
    st.download_button(f"Download {kind.title} (.{kind.ending})", made.content, file_name(project, kind), kind.mime, on_click="ignore",
                       icon=":material/download:", type="primary")
    says = [*([f"{made.says[:1].upper()}{made.says[1:]}."] if made.says else []), *([whose] if kind.trained else [])]
    st.caption(esc(" ".join([f"{len(made.content):,} bytes.", *says])))
    if kind.name in SHOWN:
        # A box that scrolls must hold what the Tab key can reach: here the copy button.
        with st.container(height=380):
            st.code(made.content.decode(), language="python", wrap_lines=True)
