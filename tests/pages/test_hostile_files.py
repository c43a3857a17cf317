"""What a file says of itself is shown as text: no link, no picture, no formatting on any page."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from builder import paths
from builder.gallery import ENTRIES
from builder.graph import dumps
from builder.ui.frame import esc

ROOT = Path(__file__).resolve().parents[2]
PICTURE = "![x](//elsewhere/x.png)"


def drawn(name: str) -> AppTest:
    tab = AppTest.from_file(str(ROOT / "pages" / f"{name}.py"), default_timeout=60).run()
    assert not tab.exception, tab.exception
    return tab


def said(tab: AppTest) -> str:
    """Everything on the page that is read as Markdown, tooltips too."""
    blocks = [*tab.markdown, *tab.caption, *tab.warning, *tab.error, *tab.info, *tab.success]
    return "\n".join([one.value for one in blocks] + [button.help or "" for button in tab.button])


@pytest.mark.parametrize("name", ["build", "gallery", "train", "data"])
def test_why_a_file_could_not_be_read_is_shown_as_text(name):
    root = paths.projects_root()
    root.mkdir(parents=True, exist_ok=True)
    (root / "last.json").write_text(json.dumps({"type": PICTURE}))
    (root / ".session.json").write_text(json.dumps({"file": "last.json", "revision": 3, "acks": {}}))
    shown = said(drawn(name))
    assert PICTURE not in shown and esc(PICTURE) in shown


@pytest.mark.parametrize("stem", ["![x](elsewhere)", "**bold**", ":red[x]", "<b>x", "`x`", "$x$"])
def test_the_name_of_a_saved_file_is_shown_as_text(stem):
    root = paths.projects_root()
    root.mkdir(parents=True, exist_ok=True)
    (root / f"{stem}.json").write_text(dumps(ENTRIES["mnist-cnn"].project))
    shown = said(drawn("gallery"))
    assert f"{stem}.json" not in shown and shown.count(f"{esc(stem)}.json") == 2
