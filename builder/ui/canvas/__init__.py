"""The canvas: the Build workspace as one Streamlit component (React Flow inside a shadow root)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import streamlit as st

from builder.ui import bundle

_component = st.components.v2.component("brickwork_canvas", html="", js=bundle.LOADER)


def canvas(door: Mapping[str, object], *, key: str, on_page: Callable[[], None], on_reference: Callable[[], None], height: int = 640,
           fill: bool = False) -> Mapping[str, object]:
    """Draw the workspace and return its state: for one run, `page` (what the page around the canvas should show by now) and `reference` (a kind).

    `door` says where the canvas talks to the server (`exchange.door`). `height` in pixels; with `fill` the least height of one that reaches the
    bottom of the window. Raises BundleError when the bundle is missing and cannot be built.
    """
    sent = {**door, "bundle": bundle.url("canvas"), "height": height, "fill": fill}
    return _component(key=key, data=sent, on_page_change=on_page, on_reference_change=on_reference)
