"""Brickwork. Run with: streamlit run app.py"""

from builder.ui.frame import navigate

navigate()
