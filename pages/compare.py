"""Compare: two drawings or runs side by side, brick by brick."""

import streamlit as st

from builder.graph.diff import diff
from builder.runs import RunError
from builder.ui import compare_view, train_view
from builder.ui.frame import esc, frame

space = frame("Compare")
st.title("Compare", anchor=False)
try:
    runs = train_view.store()
except RunError as error:
    st.warning(f"Runs cannot be compared: {esc(str(error))}")
    runs = None

if chosen := compare_view.draw_choice(space, runs):
    found = diff(*chosen)
    compare_view.draw_totals(found)
    if found.same:
        st.info("Brick by brick, these are the same drawing.", icon=":material/equal:")
    compare_view.draw_bricks(found)
    compare_view.draw_settings(found)
