"""`rates`: the learning rate over a run, before it."""

from __future__ import annotations

from argparse import Namespace

from .projects import load
from .show import CommandError, say, say_json, table
from .training import changed


def add_to(commands) -> None:
    """Declare the command."""
    command = commands.add_parser("rates", help="the learning rate of every epoch, before training")
    command.add_argument("project", metavar="PROJECT", help="a ready-made project's name, a file or a link")
    command.add_argument("--set", dest="settings", action="append", default=[], metavar="PATH=VALUE",
                         help="change a setting first, such as training.schedule=CosineAnnealingLR or training.warmup=1; may be repeated")
    command.add_argument("--json", action="store_true", help="print one JSON document, with the points of the curve")
    command.set_defaults(run=run_rates)


def run_rates(arguments: Namespace) -> int:
    """Print the rate that every epoch begins with, and the last one."""
    from builder.graph.training import chosen, rates

    project = changed(load(arguments.project), arguments.settings)
    points = rates(project)
    if not points:
        raise CommandError(f"the settings of {project.name} are not all allowed (see `check`)", 1)
    record, given = chosen(project, "schedule")
    if arguments.json:
        say_json({"schedule": {"kind": record.kind, **record.values(given)}, "summary": record.summary, "rates": [{"epoch": at, "lr": lr} for at, lr in points]})
        return 0
    say(f"{record.kind}: {record.summary}")
    begins = {}
    for at, lr in points:
        begins.setdefault(int(at), lr)
    say(table(("EPOCH", "LEARNING RATE"), [*((epoch + 1, f"{lr:.6g}") for epoch, lr in begins.items()), ("end", f"{points[-1][1]:.6g}")], right=[0, 1]))
    return 0
