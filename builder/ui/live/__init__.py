"""The live view of a training run: one v2 component, fed new points only, that serves running and finished runs alike."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Mapping

import streamlit as st

from builder.ui import bundle

# The bundle is imported from static serving: an inline one would be sent again with every update.
LOADER = """
const loaded = import(new URL(%s, location.origin).href);
export default function (args) {
  let cleanUp = () => {};
  let gone = false;
  loaded.then(
    (live) => { if (!gone) cleanUp = live.default(args); },
    () => { args.parentElement.textContent = "The charts could not be loaded. Reload the page; if that does not help, restart the app."; },
  );
  return () => { gone = true; cleanUp(); };
}
"""


@functools.cache
def _component() -> Callable[..., object]:
    return st.components.v2.component("brickwork_live", js=LOADER % json.dumps(bundle.url("live")))


def live(data: Mapping[str, object], key: str = "live", on_gap: Callable[[], None] | None = None, height: int | str = "content") -> object:
    """Mounts the view of a `builder.charts.history.payload`; `on_gap` is called when the browser lacks what the payload builds on.

    Raises builder.ui.bundle.BundleError when the bundle is missing and cannot be built.
    """
    return _component()(data=dict(data), key=key, height=height, on_gap_change=on_gap or (lambda: None))
