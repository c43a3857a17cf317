"""What every page shares: page settings, navigation, the open project. Each page calls `frame` first, so that it also comes up right
when Streamlit runs its file directly (a `pages` folder is an old-style page folder too: seen on the first deep link after a start)."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from pathlib import Path

import streamlit as st

from builder.graph import DocumentError

from . import bundle, warm_up
from .workspace import Workspace, workspace

ROOT = Path(__file__).resolve().parents[2]
ICON = Path(__file__).with_name("icon.svg")
# Without icons: Streamlit makes a page's icon its favicon too, and fetches that one from a font server elsewhere.
PAGES = (("build", "Build"), ("data", "Data"), ("train", "Train"), ("compare", "Compare"), ("gallery", "Gallery"), ("reference", "Reference"))

GALLERY = "Gallery"
# What somebody watches on the Gallery page, in the state of their tab; who left it is not taken anywhere when it ends.
WATCHED = "watched"

CSS = """
<style>
:root [data-testid="stMainBlockContainer"] { padding: 4.25rem 2rem 1rem; max-width: 1760px; }
:root [data-testid="stMainBlockContainer"] h1 { padding-top: 0.25rem; padding-bottom: 0.25rem; }
/* :root lets these win over Streamlit's own classes, whichever come later. Streamlit's 0.6 is a contrast of 4.3 to 1 on white; small text wants 4.5. */
:root [data-testid="stCaptionContainer"] { opacity: 0.72; }
/* The chosen one of a row of buttons, a slider's value: the accent as small text is 3.5 and 3.9 to 1 in the dark. A dialog has no colour scheme, but the page's text colour. */
:root [data-testid="stButtonGroup"] button[data-selected="true"] { color: inherit; }
:root [data-testid="stSliderThumbValue"] p { color: color-mix(in srgb, currentColor 50%, light-dark(#000, #fff)); }
/* The button that copies the link is what the dialog is for: it does not wait for a mouse to come over the text. */
:root [data-testid="stDialog"] :has(> [data-testid="stCode"]) :has([data-testid="stElementToolbarButton"]) { visibility: visible; opacity: 1; pointer-events: auto; }
/* What Enter does would lie over the number in a narrow field; leaving the field does it too. */
:root [data-testid="stNumberInput"] [data-testid="InputInstructions"] { display: none; }
/* No setting is nothing: what is wiped out is put back. */
:root [data-testid="stNumberInputClearButton"] { display: none; }
/* A long list opens where the chosen one is. */
:root .st-key-kinds label:has(input:checked) { scroll-initial-target: nearest; }
/* A card's heading stands right over its words. */
:root [class*="st-key-card-"] h3 { padding: 0.25rem 0 0; }
:root [class*="st-key-card-"] [data-testid="stHeading"] [data-testid="stMarkdownContainer"] { margin-bottom: -0.375rem; }
:root [class*="st-key-card-"] p { line-height: 1.45; }
/* A button alone would be as wide as the room of five. */
:root .st-key-actions > div { max-width: 16rem; }
/* What a page says for a moment must not lie over its buttons, which stand at the top right. */
:root [data-testid="stToastContainer"] { inset: auto auto 1rem 1rem; top: auto; right: auto; left: 1rem; bottom: 1rem; }
/* A rerun in progress must not fade what is being edited or watched. */
.st-key-canvas [data-stale="true"], .st-key-live [data-stale="true"], [data-stale="true"]:has(.st-key-canvas) { opacity: 1 !important; }
</style>
"""


_navigated: ContextVar[bool] = ContextVar("navigated", default=False)


def navigate() -> None:
    """Draw the navigation and run the page that the address names."""
    token = _navigated.set(True)
    try:
        navigation().run()
    finally:
        _navigated.reset(token)


def navigation() -> st.Page:
    """The navigation over every page; returns the page that the address names."""
    return st.navigation([st.Page(page_path(name), title=title, default=name == "build") for name, title in PAGES], position="top")


def _enter_by_the_app() -> None:
    """Turn a page that Streamlit runs directly into one of the app: draw the navigation, then start again from app.py, once a session.

    Widgets get other names there; without the fresh start, the first click on such a page would be lost.
    """
    navigation()
    if "entered" not in st.session_state:
        st.session_state["entered"] = True
        st.rerun()


def page_path(name: str) -> Path:
    """The file of the page called `name`, as in "build"."""
    return ROOT / "pages" / f"{name}.py"


def frame(title: str) -> Workspace:
    """Page settings and shared style; returns the open project. Stops the page with a plain message when the canvas cannot be built."""
    if not _navigated.get():
        _enter_by_the_app()
    st.set_page_config(page_title=f"{title} · Brickwork", page_icon=str(ICON), layout="wide", initial_sidebar_state="collapsed")
    st.html(CSS)
    warm_up.later()
    try:
        _bundles()
    except bundle.BundleError as error:
        st.error(str(error), icon=":material/error:")
        st.stop()
    space = workspace()
    if title != GALLERY:
        st.session_state.pop(WATCHED, None)
    # The container is always there: an element that comes and goes above the canvas would make it start anew.
    with st.container(key="trouble"):
        if space.trouble:
            _trouble(space)
    return space


def _trouble(space: Workspace) -> None:
    """What keeps the project from being saved, and the choice where there is one."""
    st.warning(esc(space.trouble))
    if space.clash:
        with st.container(horizontal=True):
            st.button("Save mine as a copy", on_click=space.save_copy, type="primary", icon=":material/file_copy:")
            st.button("Open what is in the file", on_click=_take_file, args=(space,), icon=":material/refresh:")


def _take_file(space: Workspace) -> None:
    try:
        space.take_file()
    except DocumentError as error:
        space.trouble = str(error)


@st.cache_resource(show_spinner="Building the canvas, once after an update…")
def _bundles() -> dict[str, str]:
    return bundle.ensure()


def fold(label: str, key: str, icon: str, draw: Callable[..., None], *arguments: object) -> None:
    """A part of a page that is closed at first, and drawn while it is open: every click, and every second of a live run, would make and send what is in it."""
    with st.expander(label, key=key, icon=icon, on_change="rerun") as folded:
        if folded.open:
            draw(*arguments)


def esc(text: str) -> str:
    """A user's text as Streamlit markdown that shows just that text: no links, no images, no formatting."""
    return "".join(f"\\{c}" if c in "\\`*_{}[]()<>#+-.!|~$:^=&\"'" else " " if c in "\r\n\t" else c for c in text)
