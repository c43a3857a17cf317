"""Brickwork. Run with: streamlit run app.py"""

import streamlit as st

from builder.ui.exchange import routes
from builder.ui.frame import navigate
from builder.ui.warm_up import pages

# Streamlit runs this file for every page, and imports it once for the server: that has a route of our own.
if __name__ == "__main__":
    navigate()
else:
    pages()
    app = st.App(__file__, routes=routes())
