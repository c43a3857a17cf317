"""Browser tabs on the Train page, as Streamlit runs them for tests."""

from __future__ import annotations

from pathlib import Path

from streamlit.testing.v1 import AppTest

PAGE = Path(__file__).resolve().parents[2] / "pages" / "train.py"


def train_page() -> AppTest:
    """A fresh tab, not run yet, in which somebody has opened everything that folds."""
    tab = AppTest.from_file(str(PAGE), default_timeout=60)
    for part in ("settings", "metrics", "baselines"):
        tab.session_state[f"{part}_open"] = True
    return tab
