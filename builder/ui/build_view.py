"""What stands above the canvas: the project's name, its source, and its files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from builder.graph import DocumentError, EditError, Network, Project, dumps, loads
from builder.graph.document import MAX_BYTES, Edge, FrozenDict, Node

from .export_view import Export, export_dialog
from .frame import esc, page_path
from .report_view import report_dialog
from .share_view import Draw, diagram_dialog, link_dialog
from .weights_view import Fitting, Twin, weights_dialog
from .workspace import Workspace, slug

EMPTY = Network((Node("image", "Input", FrozenDict({"shape": (1, 28, 28)}), (0.0, 0.0)), Node("output", "Output", at=(0.0, 168.0))),
                (Edge("image", "output"),))


def _say(text: str, icon: str = ":material/info:") -> None:
    st.session_state["said"] = (text, icon)


def show_said() -> None:
    """The message that the last callback left, once."""
    if said := st.session_state.pop("said", None):
        st.toast(esc(said[0]), icon=said[1])


def _redraw() -> None:
    """The row and the canvas are fragments of their own: what changes the project itself draws the whole page again."""
    st.rerun()


def _shut_menu() -> None:
    """A menu with a new key is a new menu, closed, with nothing waiting in its upload."""
    st.session_state["menus"] = st.session_state.get("menus", 0) + 1


def _rename(space: Workspace) -> None:
    try:
        space.apply({"op": "name", "value": st.session_state["project_name"]})
    except EditError as error:
        _say(str(error), ":material/error:")
    _redraw()


def _open_upload(space: Workspace, key: str) -> None:
    """Open the file that was dropped; the upload is let go of at once, whatever it was."""
    upload = st.session_state.get(key)
    if upload is None:
        return
    try:
        if upload.size > MAX_BYTES:
            raise DocumentError(f"the file is {upload.size / 1e6:.1f} MB; a project may have {MAX_BYTES // 1_000_000} MB")
        project = loads(upload.getvalue())
        space.open(project)
        _say(f"Opened {project.name}", ":material/check:")
    except DocumentError as error:
        _say(f"{upload.name}: {error}", ":material/error:")
    _shut_menu()
    _redraw()


def _new(space: Workspace) -> None:
    space.open(Project("Untitled", FrozenDict({"network": EMPTY})))
    _shut_menu()
    _redraw()


# Writes a project's network as Python; it imports torch, which takes seconds the first time.
Writer = Callable[[Project], str]


@st.dialog("PyTorch source", width="large", icon=":material/code:")
def code_dialog(project: Project, file: str, source: Writer) -> None:
    """The network as the text that trains and is downloaded."""
    with st.spinner("Loading torch…"):
        text = source(project)
    st.caption("This text is what the app runs when it trains. It needs torch alone.")
    st.code(text, language="python", height=520)
    st.download_button("Download", text, f"{file}.py", "text/x-python", icon=":material/download:", type="primary")


@dataclass(frozen=True)
class Work:
    """What the menus have done elsewhere: the source, a figure, the exports, how starting weights fit, and whether torchvision has the network."""

    source: Writer
    draw: Draw
    export: Export
    fitting: Fitting
    twin: Twin


def files(space: Workspace, errors: int, work: Work, menu: int) -> None:
    """Everything about files in one menu: new, open, download, export, a figure, a link."""
    file = slug(space.project.name).replace("-", "_")
    st.button("New drawing", on_click=_new, args=(space,), icon=":material/add:", width="stretch")
    # What is downloaded is written when it is asked for: this menu is not drawn again with every edit.
    st.download_button("Download project (.json)", lambda: dumps(space.project), f"{file}.json", "application/json", on_click="ignore",
                       icon=":material/download:", width="stretch")
    st.download_button("Download PyTorch (.py)", lambda: work.source(space.project), f"{file}.py", "text/x-python", on_click="ignore",
                       icon=":material/code:", disabled=errors > 0, width="stretch",
                       help="Mend the problems first" if errors else None)
    if st.button("Export…", key="export", on_click=_shut_menu, icon=":material/ios_share:", width="stretch",
                 help="Training script, notebook, ONNX, weights"):
        export_dialog(space.project, work.export)
    if st.button("Diagram…", key="diagram", on_click=_shut_menu, icon=":material/account_tree:", width="stretch"):
        diagram_dialog(space.project, work.draw)
    if st.button("Weights…", key="weights", on_click=_shut_menu, icon=":material/weight:", width="stretch", disabled=errors > 0,
                 help="Mend the problems first" if errors else "What training starts from: torchvision's weights, or a file"):
        weights_dialog(space, work.fitting, work.twin)
    if st.button("Copy link…", key="link", on_click=_shut_menu, icon=":material/link:", width="stretch"):
        link_dialog(space.project)
    key = f"upload-{menu}"
    st.file_uploader("Open a project file", "json", key=key, on_change=_open_upload, args=(space, key), max_upload_size=10)


def project_bar(space: Workspace, work: Work) -> None:
    """One row: name, where it is kept, source, files, and on to training."""
    show_said()
    errors = len(space.report().errors)
    st.session_state["project_name"] = space.project.name
    with st.container(horizontal=True, vertical_alignment="center", key="bar"):
        st.text_input("Project name", key="project_name", on_change=_rename, args=(space,), label_visibility="collapsed", max_chars=80, width=280)
        st.caption(f"saved as {esc(space.path.stem)}" if not space.trouble else "not saved", width="stretch")
        if st.button("Code", icon=":material/code:", disabled=errors > 0, help="Mend the problems first" if errors else "The network as PyTorch"):
            code_dialog(space.project, slug(space.project.name).replace("-", "_"), work.source)
        if st.button("Report", icon=":material/table_chart:", help="What every brick costs and sees, and how large a batch fits into the memory"):
            report_dialog(space)
        menu = st.session_state.get("menus", 0)
        with st.popover("File", icon=":material/folder_open:", key=f"file-{menu}"):
            files(space, errors, work, menu)
        st.page_link(page_path("train"), label="Train", icon=":material/play_arrow:")
