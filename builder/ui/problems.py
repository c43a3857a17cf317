"""Problems of a project on a page that is not the canvas: what is wrong, and its first fixes as buttons."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from builder.graph import Problem

from .frame import esc
from .settings import apply
from .workspace import Workspace

SHOWN = 4


def draw_problems(space: Workspace, problems: Sequence[Problem], key: str) -> None:
    """Each problem in a box with its fixes; of many only the first few."""
    for i, problem in enumerate(problems[:SHOWN]):
        with st.container(border=True):
            st.markdown(f":material/{'error' if problem.severity == 'error' else 'warning'}: {esc(str(problem))}")
            with st.container(horizontal=True):
                for j, fix in enumerate(problem.fixes[:3]):
                    st.button(esc(fix.label), key=f"{key}:{i}:{j}", on_click=apply, args=(space, fix.edit), icon=":material/build:")
    if len(problems) > SHOWN:
        st.caption(f"and {len(problems) - SHOWN} more, all shown on the Build page")
