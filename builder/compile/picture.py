"""A figure's text drawn by graphviz. The words for people say what to install where it is missing."""

from __future__ import annotations

import os
import shutil
import subprocess

FORMATS = ("svg", "pdf", "png")
DPI = 220
SECONDS = 60
HOW = "apt install graphviz (Debian, Ubuntu), brew install graphviz (macOS) or winget install graphviz (Windows)"


class PictureError(ValueError):
    """A figure cannot be drawn; the message says why."""


class NoGraphviz(PictureError):
    """The program `dot` is not there; the message says how to get it."""

    def __init__(self):
        super().__init__(f"diagrams are drawn by graphviz, and its program `dot` is not installed on this computer: {HOW}")


def picture(text: str, format: str, seconds: float = SECONDS) -> bytes:
    """The figure as a file of one of FORMATS; the same text gives the same bytes. Raises PictureError."""
    program = shutil.which("dot")
    if program is None:
        raise NoGraphviz
    # Without a date of its own a PDF would differ every time it is made.
    environment = {**os.environ, "SOURCE_DATE_EPOCH": "0"}
    options = [f"-Gdpi={DPI}"] if format == "png" else []
    try:
        done = subprocess.run([program, f"-T{format}:cairo" if format == "pdf" else f"-T{format}", *options], input=text.encode(), capture_output=True,
                              timeout=seconds, check=False, env=environment)
    except subprocess.TimeoutExpired:
        raise PictureError(f"graphviz did not finish within {seconds:g} seconds; collapse the blocks or draw fewer bricks") from None
    except OSError as error:
        raise PictureError(f"graphviz cannot be started: {error.strerror}") from None
    if done.returncode or not done.stdout:
        reason = " ".join(done.stderr.decode(errors="replace").split())[:300]
        raise PictureError(f"graphviz cannot draw this: {reason or f'it ended with status {done.returncode}'}")
    return done.stdout
