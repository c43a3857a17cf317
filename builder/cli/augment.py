"""`augment`: a project's augmentations, and a sheet of what they make of its training images."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from .projects import load
from .show import CommandError, say, say_json, table
from .training import changed

MOST = 100


def add_to(commands) -> None:
    """Declare the command."""
    command = commands.add_parser("augment", help="the changes by chance to a project's training images, and a picture before and after")
    command.add_argument("project", metavar="PROJECT", nargs="?", help="a ready-made project's name, a file or a link; without one all augmentations that there are are listed")
    command.add_argument("-o", "--output", type=Path, metavar="OUT", help="write a sheet (.png): a row a sample, as it is and in the first epochs")
    command.add_argument("--samples", type=int, default=8, metavar="N", help="rows of the sheet (default 8)")
    command.add_argument("--epochs", type=int, default=8, metavar="N", help="epochs of the sheet (default 8)")
    command.add_argument("--set", dest="settings", action="append", default=[], metavar="PATH=VALUE",
                         help="change a setting first, such as training.augmentation=RandomCrop,RandomHorizontalFlip or "
                              "training.augmentation='[{\"kind\": \"RandomCrop\", \"padding\": 2}]'; may be repeated")
    command.add_argument("--json", action="store_true", help="print one JSON document")
    command.set_defaults(run=run_augment)


def run_augment(arguments: Namespace) -> int:
    """Print a row an augmentation, or write the sheet."""
    if arguments.project is None:
        return _all(arguments.json)
    from builder.graph.augmentation import OFF, row, said

    project, where = changed(load(arguments.project), arguments.settings), arguments.output
    if where is not None:
        _write(project, where, arguments)
    entries = row(project)
    if arguments.json:
        say_json({"augmentation": entries, "output": None if where is None else str(where)})
    elif where is None:
        say(table(("AUGMENTATION", "ON", "WHAT IT DOES"), [(said({**entry, OFF: False}), "no" if entry.get(OFF) else "yes", _summary(entry["kind"])) for entry in entries])
            if entries else f"{project.name} has no augmentations: its images are trained on as they are.")
    return 0


def _write(project, where: Path, arguments: Namespace) -> None:
    if where.suffix.lower() != ".png":
        raise CommandError(f"-o {where}: a sheet is written as .png")
    for name in ("samples", "epochs"):
        if not 1 <= getattr(arguments, name) <= MOST:
            raise CommandError(f"--{name} {getattr(arguments, name)}: from 1 to {MOST}")
    from builder import api
    from builder.charts.classes import png
    from builder.data import DataError

    try:
        picture, numbers = api.augmented(project, arguments.samples, arguments.epochs)
    except (api.BuildError, DataError) as error:
        raise CommandError(str(error), 1) from None
    where.write_bytes(png(picture))
    if not arguments.json:
        say(f"{where}: training samples {', '.join(str(number + 1) for number in numbers)}, as they are and in {arguments.epochs} epochs")


def _all(as_json: bool) -> int:
    from builder.catalogue import form
    from builder.catalogue.augmentation import AUGMENTATIONS

    if as_json:
        say_json([{"kind": kind, "summary": record.summary, "source": record.source, "params": [form(param) for param in record.params]} for kind, record in AUGMENTATIONS.items()])
    else:
        say(table(("AUGMENTATION", "PARAMETERS", "WHAT IT DOES"),
                  [(kind, ", ".join(f"{param.name} {param.default}" for param in record.params), record.summary) for kind, record in AUGMENTATIONS.items()]))
    return 0


def _summary(kind: str) -> str:
    from builder.catalogue.augmentation import AUGMENTATIONS

    return AUGMENTATIONS[kind].summary
