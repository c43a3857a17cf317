"""A diagram's text laid out and written as a picture, where graphviz is installed."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from .show import CommandError

PICTURES = (".svg", ".pdf", ".png")
TEXTS = (".dot", ".gv", ".txt", "")
# Option, the name of its value, and the value when it is not given.
LOOKS = (("--theme", "theme", "light"), ("--direction", "direction", "tb"), ("--collapsed", "collapsed", False),
         ("--no-shapes", "shapes", True), ("--no-title", "title", True), ("--no-legend", "legend", True))


def add_options(command) -> None:
    """The looks of a diagram."""
    looks = command.add_argument_group("diagrams")
    looks.add_argument("--theme", choices=("light", "dark"), default="light", help="the colours")
    looks.add_argument("--direction", choices=("tb", "lr"), default="tb", help="from top to bottom, or from left to right")
    looks.add_argument("--collapsed", action="store_true", help="every block as one box, instead of its bricks in a box around them")
    looks.add_argument("--no-shapes", dest="shapes", action="store_false", help="no tensor shapes on the wires")
    looks.add_argument("--no-title", dest="title", action="store_false", help="no title above")
    looks.add_argument("--no-legend", dest="legend", action="store_false", help="no legend and totals below")


def check_options(arguments: Namespace) -> None:
    """Raises CommandError when the looks of a diagram are asked of another kind of export, which has none."""
    given = [option for option, name, usual in LOOKS if getattr(arguments, name) != usual]
    if given:
        raise CommandError(f"{' and '.join(given)}: only a diagram has {'that' if len(given) == 1 else 'those'}; --to {arguments.to} does not")


def check_ending(where: Path) -> None:
    """Raises CommandError when the name of the file asks for what a diagram cannot be."""
    if where.suffix.lower() not in PICTURES + TEXTS:
        raise CommandError(f"{where}: a diagram is a picture (.svg, .pdf or .png) or its text for graphviz (.dot, .gv or .txt)")


def is_picture(where: Path) -> bool:
    """Does the name of the file ask for a picture?"""
    return where.suffix.lower() in PICTURES


def write(text: str, where: Path) -> None:
    """Write a picture when the name of the file asks for one, else the text; raises CommandError when `dot` cannot draw it."""
    from builder.compile.picture import NoGraphviz, PictureError, picture

    if not is_picture(where):
        where.write_text(text, encoding="utf-8")
        return
    try:
        where.write_bytes(picture(text, where.suffix[1:].lower()))
    except NoGraphviz as error:
        beside = where.with_suffix(".dot")
        beside.write_text(text, encoding="utf-8")
        raise CommandError(f"{error}; the diagram's text is in {beside}", 1) from None
    except PictureError as error:
        raise CommandError(f"{where}: {error}", 1) from None
