"""Taking a drawing out as a figure or a link, and opening one that came by link."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

import streamlit as st
from streamlit import config

from builder.graph import DocumentError, Project, dumps
from builder.graph.link import QUERY, LinkTooLong, link, unpacked

from .frame import esc
from .workspace import Workspace, slug

# Draws a project as a figure: (project, format, **look) -> the file's bytes; raises ValueError with words for people.
Draw = Callable[..., bytes]
MIME = {"svg": "image/svg+xml", "pdf": "application/pdf", "png": "image/png"}
THEMES = {"light": "Light", "dark": "Dark"}
DIRECTIONS = {"tb": "Top to bottom", "lr": "Left to right"}
ELSEWHERE = "http://localhost:8501"


@st.dialog("Diagram", width="large", icon=":material/account_tree:")
def diagram_dialog(project: Project, draw: Draw) -> None:
    """The drawing as a figure: options, a preview that follows them, and the file."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        format = st.segmented_control("File", list(MIME), default="svg", format_func=str.upper, key="figure-format", required=True)
        theme = st.segmented_control("Colours", list(THEMES), default="dark" if st.context.theme.type == "dark" else "light",
                                     format_func=THEMES.get, key="figure-theme", required=True)
        direction = st.segmented_control("Direction", list(DIRECTIONS), default="tb", format_func=DIRECTIONS.get, key="figure-direction", required=True)
    with st.container(horizontal=True):
        look = {"theme": theme, "direction": direction,
                "shapes": st.checkbox("Shapes on the wires", True, key="figure-shapes"),
                "collapsed": st.checkbox("Blocks as single boxes", False, key="figure-collapsed"),
                "title": st.checkbox("Title", True, key="figure-title"), "legend": st.checkbox("Legend", True, key="figure-legend")}
    try:
        with st.spinner("Drawing…", show_time=False):
            preview = draw(project, "svg", **look)
            file = preview if format == "svg" else draw(project, format, **look)
    except ValueError as error:
        st.error(esc(str(error)), icon=":material/error:")
        st.caption("Then press Diagram… again. Everything else works without it.")
        return
    st.download_button(f"Download {format.upper()}", file, f"{slug(project.name)}.{format}", MIME[format], on_click="ignore",
                       icon=":material/download:", type="primary")
    with st.container(key="figure", border=True, horizontal_alignment="center"):
        st.image(preview.decode(), width="stretch" if direction == "lr" else "content", alt=f"Diagram of {project.name}")


def address() -> str:
    """Where this Brickwork is, as the browser sees it."""
    parts = urlsplit(st.context.url or ELSEWHERE)
    base = str(config.get_option("server.baseUrlPath") or "").strip("/")
    return f"{parts.scheme}://{parts.netloc}/{base}".rstrip("/")


@st.dialog("Link to this drawing", icon=":material/link:")
def link_dialog(project: Project) -> None:
    """An address that holds the whole drawing, with a button that copies it; the file where it is too long for one."""
    try:
        text = link(project, address())
    except LinkTooLong as error:
        st.info(esc(f"{str(error)[0].upper()}{str(error)[1:]}."), icon=":material/info:")
        st.download_button("Download project (.json)", dumps(project), f"{slug(project.name)}.json", "application/json", on_click="ignore",
                           icon=":material/download:", type="primary")
        return
    st.caption("The whole drawing is in the address. It opens as a new project wherever Brickwork runs at this address.")
    # A box of fixed height that scrolls must hold what the Tab key can reach: here the copy button.
    with st.container(height=180):
        st.code(text, language=None, wrap_lines=True)
    st.caption(f"{len(text):,} characters; the button at the top right copies them.")


@st.dialog("This link cannot be opened", icon=":material/link_off:")
def broken_link_dialog(says: str) -> None:
    """What is wrong with the link; the open project stays."""
    st.write(esc(f"{says[:1].upper()}{says[1:]}."))
    st.caption("Your open project is as it was.")
    if st.button("Close", type="primary"):
        st.rerun()


@st.dialog("This drawing is already open", icon=":material/link:")
def same_drawing_dialog(space: Workspace, project: Project) -> None:
    """The link holds just what is open: go on with it, or open a second one."""
    st.write(esc(f"The link holds {project.name} exactly as it is open now."))
    with st.container(horizontal=True):
        if st.button("Go on with the open one", type="primary"):
            st.rerun()
        if st.button("Open a copy"):
            space.open(project, copy=True)
            st.rerun()


def open_linked(space: Workspace) -> None:
    """Open the drawing that the address holds, as a new project; the address is cleared, so that a reload does not open it again."""
    text = st.query_params.get(QUERY)
    if text is None:
        return
    del st.query_params[QUERY]
    try:
        project = unpacked(text)
    except DocumentError as error:
        broken_link_dialog(str(error))
        return
    if dumps(project) == dumps(space.project):
        same_drawing_dialog(space, project)
        return
    before = space.project.name
    space.open(project)
    st.session_state["said"] = (f"Opened {project.name} from a link. {before} is kept among your projects in the Gallery.", ":material/link:")
