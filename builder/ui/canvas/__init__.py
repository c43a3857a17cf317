"""The canvas: the Build workspace as one Streamlit component (React Flow inside a shadow root)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import streamlit as st

from builder.ui import bundle

_component = st.components.v2.component("brickwork_canvas", html="", js=bundle.LOADER)


def _nothing() -> None:
    """Streamlit accepts a state or trigger value only where a callback is given."""


def canvas(data: Mapping[str, object], *, key: str, on_outbox: Callable[[], None], on_path: Callable[[], None] | None = None,
           on_reference: Callable[[], None] | None = None, on_preview: Callable[[], None] | None = None, height: int = 640,
           fill: bool = False) -> Mapping[str, object]:
    """Draw the workspace and return its state: `outbox` (the edits not yet acknowledged), `path` (the blocks that are open) and, for one
    run, `reference` (a kind) and `preview` (what was chosen of the live preview).

    `data` is the message that `delta.ts` calls Told. `height` in pixels; with `fill` the least height of one that reaches the
    bottom of the window. Raises BundleError when the bundle is missing and cannot be built.
    """
    sent = {**data, "bundle": bundle.url("canvas"), "height": height, "fill": fill}
    return _component(key=key, data=sent, on_outbox_change=on_outbox, on_path_change=on_path or _nothing,
                      on_reference_change=on_reference or _nothing, on_preview_change=on_preview or _nothing)
