"""A diagram's text laid out and written as a picture, where graphviz is installed."""

from __future__ import annotations

from pathlib import Path

from .show import CommandError

PICTURES = (".svg", ".pdf", ".png")


def is_picture(where: Path) -> bool:
    """Does the name of the file ask for a picture?"""
    return where.suffix.lower() in PICTURES


def write(text: str, where: Path) -> None:
    """Write a picture when the name of the file asks for one, else the text; raises CommandError when `dot` cannot draw it."""
    if not is_picture(where):
        where.write_text(text, encoding="utf-8")
        return
    import graphviz

    try:
        where.write_bytes(graphviz.Source(text).pipe(format=where.suffix[1:].lower(), quiet=True))
    except graphviz.ExecutableNotFound:
        beside = where.with_suffix(".dot")
        beside.write_text(text, encoding="utf-8")
        raise CommandError(f"{where} is drawn by graphviz, which is not installed (apt install graphviz or brew install graphviz); "
                           f"its text is in {beside}", 1) from None
    except graphviz.CalledProcessError as error:
        reason = (error.stderr or b"").decode(errors="replace").strip()
        raise CommandError(f"graphviz cannot draw {where}: {reason or error}", 1) from None
