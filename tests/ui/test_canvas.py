"""The canvas as Streamlit mounts it: what reaches the browser, and what it needs from the page."""

from __future__ import annotations

import json

import pytest
from streamlit.testing.v1 import AppTest

from builder.ui import bundle

DATA = {"url": "/api/canvas", "key": "k", "load_id": "one", "revision": 3, "page": []}


def page(data: dict[str, object]) -> None:
    from builder.ui.canvas import canvas

    canvas(data, key="canvas", on_page=lambda: None, on_reference=lambda: None, height=480, fill=True)


@pytest.fixture
def mounted(monkeypatch: pytest.MonkeyPatch) -> object:
    """The component of a page that draws the canvas with DATA."""
    monkeypatch.setattr(bundle, "url", lambda entry: f"/app/static/{entry}-1234.js")
    app = AppTest.from_function(page, args=(DATA,)).run()
    assert not app.exception
    return app.get("bidi_component")[0].proto


def test_the_browser_is_told_the_data_the_height_and_where_the_bundle_is(mounted) -> None:
    assert json.loads(mounted.json) == {**DATA, "bundle": "/app/static/canvas-1234.js", "height": 480, "fill": True}


def test_styles_stay_inside_the_component(mounted) -> None:
    assert mounted.isolate_styles


def test_the_bundle_is_imported_by_address_and_not_sent_with_every_edit(mounted) -> None:
    assert mounted.js_content == bundle.LOADER
    assert len(bundle.LOADER) < 3000
