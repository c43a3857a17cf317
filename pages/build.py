"""Build: the canvas, with the project's name and its files above it."""

from contextlib import suppress

import streamlit as st
from streamlit.errors import StreamlitAPIException

from builder import api
from builder.ui.build_view import Work, project_bar
from builder.ui.canvas import canvas
from builder.ui.exchange import door
from builder.ui.frame import frame, page_path
from builder.ui.share_view import open_linked

space = frame("Build")
open_linked(space)


def around() -> None:
    """An edit changed what stands around the canvas: draw that again, the whole page where it is about trouble."""
    # Where the page has just been left or reloaded there is no fragment to draw: the whole script runs anyway.
    with suppress(StreamlitAPIException):
        if space.trouble != st.session_state.get("drawn_trouble"):
            st.rerun()
        st.rerun(["bar", "board"])


def reference() -> None:
    """Remember which layer to explain; the page is switched in the rerun, where that is allowed."""
    st.session_state["reference"] = st.session_state["canvas"].get("reference")


@st.fragment(key="bar")
def bar() -> None:
    """The project's name and files."""
    project_bar(space, Work(api.source, api.diagram, api.export, api.fitting, api.twin))


@st.fragment(key="board")
def board() -> None:
    """The canvas, which talks to the server by itself."""
    canvas(door(space), key="canvas", on_page=around, on_reference=reference, height=560, fill=True)
    if st.session_state.get("reference"):
        st.switch_page(page_path("reference"))


st.session_state["drawn_trouble"] = space.trouble
bar()
board()
