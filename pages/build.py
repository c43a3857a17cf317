"""Build: the canvas, with the project's name and its files above it."""

from contextlib import suppress

import streamlit as st
from streamlit.errors import StreamlitAPIException

from builder import api
from builder.ui import warm_up
from builder.ui.build_view import project_bar
from builder.ui.canvas import canvas
from builder.ui.delta import has, tell
from builder.ui.frame import frame, page_path
from builder.ui.payload import canvas_json, wanted_path, wanted_peek
from builder.ui.preview import previews
from builder.ui.share_view import open_linked

space = frame("Build")
open_linked(space)


def receive() -> None:
    """Apply the canvas's edits before the rerun that shows them; the row above is drawn again only when what it shows changes."""
    warm_up.later()
    before, trouble = bool(space.report().errors), space.trouble
    outbox = st.session_state["canvas"].get("outbox")
    space.receive(outbox)
    st.session_state["client"] = outbox.get("client") if isinstance(outbox, dict) else None
    same = before == bool(space.report().errors) and st.session_state.get("shown") == space.load_id
    # Where the page has just been left or reloaded there is no fragment to draw: the whole script runs anyway.
    with suppress(StreamlitAPIException):
        if space.trouble != trouble:
            st.rerun()
        st.rerun(["board"] if same else ["board", "bar"])


def choose_preview() -> None:
    """Take over what was chosen of the live preview."""
    previews().choose(st.session_state["canvas"].get("preview"))
    with suppress(StreamlitAPIException):
        st.rerun(["board"])


def look() -> None:
    """Show what the canvas has opened, the inside of a block or the network again."""
    with suppress(StreamlitAPIException):
        st.rerun(["board"])


def reference() -> None:
    """Remember which layer to explain; the page is switched in the rerun, where that is allowed."""
    st.session_state["reference"] = st.session_state["canvas"].get("reference")


@st.fragment(key="bar")
def bar() -> None:
    """The project's name and files."""
    st.session_state["shown"] = space.load_id
    project_bar(space, api.source, api.diagram)


@st.fragment(key="board")
def board() -> None:
    """The canvas, told what has changed since it last heard."""
    state = st.session_state.get("canvas") or {}
    asked = state.get("path")
    data = canvas_json(space, st.session_state.get("client"), wanted_path(asked, space.load_id), wanted_peek(asked, space.load_id))
    data["preview"] = previews().want(space.project, space.load_id, space.history.revision, data["path"])
    told = tell(st.session_state.setdefault("told", {}), data, has(state.get("outbox")))
    canvas(told, key="canvas", on_outbox=receive, on_path=look, on_reference=reference, on_preview=choose_preview, height=560, fill=True)
    if st.session_state.get("reference"):
        st.switch_page(page_path("reference"))


bar()
board()
