"""Reference: every layer with what it does, its formula, its parameters and its source, written from the catalogue."""

import streamlit as st

from builder.catalogue import CATEGORIES, LAYERS
from builder.ui.frame import frame
from builder.ui.reference_view import layer_page, matches

frame("Reference")
# The address says which layer is shown; it says which to show only at first, or no other could be chosen.
linked = None if "layer" in st.session_state else st.query_params.get("layer")
asked = st.session_state.pop("reference", None) or linked

kinds = [kind for category in CATEGORIES for kind, layer in LAYERS.items() if layer.category == category]
if asked in LAYERS:
    st.session_state["layer"] = asked

left, right = st.columns([1, 3], gap="large")
with left:
    wanted = st.text_input("Search layers", placeholder="Search layers", label_visibility="collapsed", icon=":material/search:")
    found = [kind for kind in kinds if matches(LAYERS[kind], wanted)]
    if st.session_state.get("layer") not in found and found:
        st.session_state["layer"] = found[0]
    if found:
        st.radio("Layer", found, key="layer", label_visibility="collapsed", captions=[LAYERS[kind].category for kind in found])
    else:
        st.caption("No layer has that in its name or description.")
with right:
    if found:
        st.query_params["layer"] = st.session_state["layer"]
        layer_page(LAYERS[st.session_state["layer"]])
