"""Brickwork. Run with: streamlit run app.py"""

import streamlit as st

from builder.ui.frame import PAGES, page_path

st.navigation([st.Page(page_path(name), title=title, default=name == "build") for name, title in PAGES], position="top").run()
