"""Importing aside: what the pages are made of while the browser still loads Streamlit, and torch, which takes seconds, in a pause."""

from __future__ import annotations

import ast
import importlib
import os
import threading
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# What Streamlit imports with its first picture and its first list of choices.
STREAMLITS = ("numpy", "pandas")
# What `builder.api` imports when the first run is begun, which should not wait for it.
BEGINS = ("builder.compile.source",)
PAUSE = 3.0  # seconds without anybody doing anything

_guard = threading.Lock()
_timer: threading.Timer | None = None
_begun = threading.Event()


def later() -> None:
    """Import torch when nobody has called this for PAUSE seconds; whoever needs torch before imports it then."""
    global _timer
    if _begun.is_set():
        return
    with _guard:
        if _timer is not None:
            _timer.cancel()
        _timer = threading.Timer(PAUSE, _import_torch)
        _timer.daemon = True
        _timer.start()


def _import_torch() -> None:
    _begun.set()
    import torch  # noqa: F401


def pages() -> None:
    """Import in a thread what the pages import: the first one that is asked for is drawn sooner by what that takes, half a second or more."""
    # Read once, when torch is imported: threads that wait by spinning make a picture of augmented images take seconds while a run trains.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    threading.Thread(target=_import_all, daemon=True, name="pages").start()


def _import_all() -> None:
    for name in (*STREAMLITS, *BEGINS, *dict.fromkeys(name for file in sorted((ROOT / "pages").glob("*.py")) for name in _modules(file))):
        importlib.import_module(name)


def _modules(file: Path) -> Iterator[str]:
    """The modules of this app that a page imports at its top."""
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ImportFrom) and node.module.partition(".")[0] == "builder":
            yield node.module
            yield from (name for one in node.names if (name := f"{node.module}.{one.name}") and (ROOT / f"{name.replace('.', '/')}.py").is_file())
