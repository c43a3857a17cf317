"""Records to rows to figures, as pure functions: no Streamlit, no torch, no clock."""
