"""Gallery: the ready-made projects, opened with one click, and the projects that were saved here."""

import streamlit as st

from builder.ui.frame import frame
from builder.ui.gallery_view import ready_made, saved

space = frame("Gallery")
st.title("Gallery", anchor=False)
st.caption("Networks of the lecture decks; for data sets that a lecture did not use, the recipe is ours. "
           "Opening one starts a new drawing; nothing you made is overwritten.")
ready_made(space)
saved(space)
