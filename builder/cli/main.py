"""The parser and the guard around every command: an error is one line on stderr and an exit status, never a traceback."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from . import (
    augment,
    baselines,
    data,
    diff,
    doctor,
    exporting,
    importing,
    metrics,
    models,
    predicting,
    previewing,
    projects,
    rates,
    reference,
    report,
    runs,
    testing,
    training,
    weights,
)
from .show import CommandError, clean, forget_stdout

DESCRIPTION = "Brickwork: draw a neural network, train it, take it away as plain PyTorch."
EPILOG = ("A PROJECT is the name of a ready-made one (see `gallery`), a file or a link. Exit status: 0 done; 1 the project has problems or the run "
          "failed; 2 bad usage or an unreadable file.")


class Parser(argparse.ArgumentParser):
    """argparse with its complaints on one line."""

    def error(self, message: str) -> None:
        """Leave with status 2."""
        raise CommandError(f"{message} (see `{self.prog} --help`)")


def parser(arguments: Sequence[str]) -> Parser:
    """Every command with its options, each command's function under `run`; `work`, `share` and `look`, which are not for people, apart."""
    if arguments[:1] in (["work"], ["look"], ["share"]):
        hidden = Parser(prog="python -m builder")
        command = hidden.add_subparsers(required=True).add_parser(arguments[0])
        {"work": training.add_work, "share": training.add_share, "look": previewing.add_look}[arguments[0]](command)
        return hidden
    whole = Parser(prog="python -m builder", description=DESCRIPTION, epilog=EPILOG)
    commands = whole.add_subparsers(metavar="COMMAND", required=True)
    for module in (projects, importing, report, diff, exporting, weights, models, previewing, data, augment, rates, training, testing, predicting, baselines, runs, metrics, doctor,
                   reference):
        module.add_to(commands)
    return whole


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; its exit status."""
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    # Read once, when torch is imported: threads that wait must not take a core from what else goes on.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")
    try:
        chosen = parser(arguments).parse_args(arguments)
        status = chosen.run(chosen)
        sys.stdout.flush()
        return status
    except BrokenPipeError:
        forget_stdout()
        return 1
    except SystemExit as ending:  # argparse's way of leaving after --help
        return int(ending.code or 0)
    except KeyboardInterrupt:
        return complain("stopped", 1)
    except Exception as error:  # noqa: BLE001 - the last guard: people get a sentence
        if os.environ.get("BRICKWORK_DEBUG"):
            raise
        return complain(*sentence(error))


def sentence(error: Exception) -> tuple[str, int]:
    """What an exception means for the person at the terminal, and the exit status."""
    from builder.runs import RunError

    if isinstance(error, CommandError):
        return str(error), error.status
    if isinstance(error, RunError) or type(error).__name__ == "LoadError":
        return str(error), 2
    if isinstance(error, OSError):
        return f"{error.filename or 'a file'}: {error.strerror or error}", 2
    return (f"something went wrong inside Brickwork ({type(error).__name__}: {error}); "
            "BRICKWORK_DEBUG=1 before the command shows where"), 1


def complain(says: str, status: int) -> int:
    """One line on stderr; the status again."""
    print(f"brickwork: {clean(says)}", file=sys.stderr)
    return status
