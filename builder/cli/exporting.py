"""`export`: a project as a file of one of the kinds of builder.export, whole or not at all."""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from contextlib import suppress
from pathlib import Path

from builder.export import KINDS

from . import diagram
from .projects import errors, project_or_run
from .show import CommandError, count, say, say_json, size

ADDRESS = "http://localhost:8501"
# What is made of the source, which a drawing with errors has not.
BUILT = ("python", "script", "notebook", "onnx", "weights")


def add_to(commands) -> None:
    """Declare the command."""
    export = commands.add_parser("export", help="take a project away")
    export.add_argument("project", metavar="PROJECT", help="a ready-made project's name, a file, a link or a run: its id, its beginning, or `last`")
    export.add_argument("--to", required=True, choices=KINDS, metavar="KIND", help="; ".join(f"{kind.name}: {kind.doc}" for kind in KINDS.values()))
    export.add_argument("-o", "--output", type=Path, metavar="OUT", help="the file to write, - or none for the terminal")
    export.add_argument("--run", dest="trained", metavar="RUN", help="onnx, weights: with what this run has learned, instead of the starting weights")
    export.add_argument("--address", default=ADDRESS, metavar="URL", help=f"link: where the Brickwork is that opens it ({ADDRESS})")
    export.add_argument("--json", action="store_true", help="print one JSON document")
    diagram.add_options(export)
    export.set_defaults(run=run_export)


def run_export(arguments: Namespace) -> int:
    """Write one of the kinds to a file or to the terminal."""
    kind, where = KINDS[arguments.to], None if arguments.output in (None, Path("-")) else arguments.output
    check_options(kind, where, arguments)
    project, run = project_or_run(arguments.project)
    made = content(project, arguments, run)
    if where and kind.name == "diagram":
        diagram.write(made.content.decode(), where)
    elif where:
        put(where, made.content)
    if arguments.json:
        more = {"bytes": len(made.content)} if kind.binary else {"text": made.content.decode()}
        say_json({"kind": kind.name, "file": str(where) if where else None, **more, **({"says": made.says} if made.says else {})})
    elif where:
        pictured = kind.name == "diagram" and diagram.is_picture(where)
        how_much = size(where.stat().st_size) if pictured or kind.binary else f"{count(len(made.content.decode().splitlines()))} lines"
        say(f"{where}: {how_much}" + (f"; {made.says}" if made.says else ""), sys.stdout if kind.binary else sys.stderr)
    else:
        sys.stdout.write(made.content.decode())
    return 0


def check_options(kind, where: Path | None, arguments: Namespace) -> None:
    """Raises CommandError when something is asked of a kind of export that only another kind has."""
    if kind.name != "diagram":
        diagram.check_options(arguments)
    elif where:
        diagram.check_ending(where)
    if kind.name != "link" and arguments.address != ADDRESS:
        raise CommandError(f"--address: only a link has that; --to {kind.name} does not")
    if arguments.trained and not kind.trained:
        raise CommandError(f"--run: only {' and '.join(name for name, one in KINDS.items() if one.trained)} hold trained weights; --to {kind.name} does not")
    if kind.binary and not where:
        raise CommandError(f"--to {kind.name} is no text for a terminal: name a file with -o")


def content(project, arguments: Namespace, run=None):
    """What is written, of a run with what it has learned and its threads; raises CommandError with status 1 when it cannot be made."""
    from builder import api
    from builder.export import Exported

    if arguments.to == "diagram":
        from builder.compile.diagram import Look, dot

        return Exported(dot(project, Look(**{name: getattr(arguments, name) for name in Look.__dataclass_fields__})).encode())
    if arguments.to in BUILT and (wrong := errors(api.check(project))):
        raise CommandError(f"{project.name} cannot be built yet: {wrong[0]}" + (f"; {len(wrong) - 1} more (see `check`)" if wrong[1:] else ""), 1)
    trained = arguments.trained or (run.id if run and KINDS[arguments.to].trained else None)
    checkpoint = last_weights(trained) if trained else None
    try:
        return api.export(project, arguments.to, checkpoint, arguments.address, run and threads_of(run))
    except ValueError as error:
        raise CommandError(f"{project.name}: {error}", 1) from None


def threads_of(run) -> int | None:
    """How many threads a run was computed with; None where it has not started."""
    from builder.runs import Store, began

    with Store() as store:
        first = began(store, run.id)
    return first and first.threads


def last_weights(run_id: str) -> Path:
    """The file with a run's last weights; raises CommandError where there is none."""
    from builder.runs import Store

    from .previewing import checkpoint

    with Store() as store:
        return checkpoint(store.find(run_id).folder)


def put(where: Path, content: bytes) -> None:
    """Write a file whole or not at all; a device or a pipe is written as it is."""
    if where.exists() and not where.is_file():
        where.write_bytes(content)
        return
    part = where.with_name(f".{where.name}.{os.getpid()}.part")
    try:
        part.write_bytes(content)
        part.replace(where)
    except OSError as error:
        error.filename = str(where)
        raise
    finally:
        with suppress(OSError):
            part.unlink()
