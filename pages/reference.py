"""Reference: every kind of brick with what it does, its formula, a picture, its parameters and its source, written from the catalogue."""

import streamlit as st

from builder import api
from builder.graph.reference import kinds, matches
from builder.ui.frame import frame
from builder.ui.reference_view import layer_page, neighbours

frame("Reference")
# The address says which layer is shown; it says which to show only at first, or no other could be chosen.
linked = None if "layer" in st.session_state else st.query_params.get("layer")
asked = st.session_state.pop("reference", None) or linked

known = kinds()
if asked in known:
    st.session_state["layer"] = asked

effects = st.cache_data(api.effect, show_spinner=False, max_entries=200)


@st.cache_data(show_spinner=False, max_entries=100)
def inside(kind: str, theme: str, _project) -> str:
    """The inside of a block as an SVG."""
    return api.diagram(_project, "svg", theme=theme, direction="tb", title=False, legend=False, shapes=True).decode()


def draw(project) -> str:
    """The project's figure in the colours of the page."""
    theme = "dark" if st.context.theme.type == "dark" else "light"
    return inside(str(project.network.node("brick")), theme, project)


def go(kind: str) -> None:
    """Turn to another page."""
    st.session_state["layer"] = kind


left, right = st.columns([1, 3], gap="large")
with left:
    wanted = st.text_input("Search layers", placeholder="Search layers", label_visibility="collapsed", icon=":material/search:")
    found = [kind for kind in known if matches(known[kind], wanted)]
    if st.session_state.get("layer") not in found and found:
        st.session_state["layer"] = found[0]
    if found:
        with st.container(height=640, border=False, key="kinds"):
            st.radio("Layer", found, key="layer", label_visibility="collapsed", captions=[known[kind].category for kind in found])
    else:
        st.caption("No layer has that in its name or description.")
with right:
    if found:
        kind = st.session_state["layer"]
        st.query_params["layer"] = kind
        before, after = neighbours(kind)
        with st.container(horizontal=True, horizontal_alignment="distribute"):
            st.button(before or "First", key="before", on_click=go, args=(before,), disabled=before is None, icon=":material/chevron_left:", type="tertiary")
            st.button(after or "Last", key="after", on_click=go, args=(after,), disabled=after is None, icon=":material/chevron_right:",
                      icon_position="right", type="tertiary")
        layer_page(known[kind], effects, draw)
