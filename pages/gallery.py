"""Gallery: the ready-made networks, found and opened with one click, and the projects that were saved here."""

import streamlit as st

from builder import api
from builder.ui.frame import frame
from builder.ui.gallery_view import ready_made, saved

space = frame("Gallery")
st.title("Gallery", anchor=False)


@st.fragment(key="networks")
def networks() -> None:
    """The cards: what is typed into their search draws nothing else again."""
    ready_made(space, api.thumbnail)


ready, mine = st.tabs(["Networks", "Your projects"])
with ready:
    networks()
with mine:
    saved(space)
