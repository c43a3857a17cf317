"""Gallery: the ready-made networks, found and opened with one click, the projects that were saved here, and models of other libraries."""

import streamlit as st

from builder import api
from builder.ui.frame import GALLERY, WATCHED, frame
from builder.ui.gallery_view import ready_made, saved
from builder.ui.import_view import bring
from builder.ui.imports import imports

space = frame(GALLERY)
st.title(GALLERY, anchor=False)


@st.fragment(key="networks")
def networks() -> None:
    """The cards: what is typed into their search draws nothing else again."""
    ready_made(space, api.thumbnail)


READY, MINE, BRING = "Networks", "Your projects", "Import"
# Who comes back while a model is being imported comes back to it.
st.session_state.setdefault("part", BRING if imports().job else READY)
ready, mine, other = st.tabs([READY, MINE, BRING], key="part", on_change="rerun")
with ready:
    networks()
with mine:
    saved(space)
# Reading which models there are starts a process: only for who looks.
if other.open:
    with other:
        bring(space)
else:
    st.session_state.pop(WATCHED, None)
