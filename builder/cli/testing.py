"""`test`: the test part of a run's data, which is evaluated when asked for and not before."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import asdict

from .show import CommandError, say, say_json

CHECKPOINTS = ("best", "last")


def add_to(commands) -> None:
    """Declare the command."""
    command = commands.add_parser("test", help="evaluate a run's network on the test part, which training does not touch; the figure is kept with the run")
    command.add_argument("run_id", metavar="RUN", help="a run's id, its beginning, or `last`")
    command.add_argument("--checkpoint", choices=CHECKPOINTS, default="best", help="of the epoch that was best on the validation part, or where the run ended (%(default)s)")
    command.add_argument("--device", metavar="D", help="cpu, cuda, cuda:1, mps; that of the run when not given")
    command.add_argument("--json", action="store_true", help="print one JSON document")
    command.set_defaults(run=run_test)


def run_test(arguments: Namespace) -> int:
    """Evaluate a checkpoint and keep the result with the run."""
    from builder.runs import Store, shared_by

    with Store() as store:
        run = store.find(arguments.run_id)
        seen = tested(store, run, arguments.checkpoint, arguments.device or shared_by(run.device_asked)[0])
    say_json({"run": run.id, **asdict(seen)}) if arguments.json else say(f"{run.id}: {in_words(seen)}")
    return 0


def tested(store, run, checkpoint: str, device: str | None):
    """The evaluation of one checkpoint of a run on the test part, kept with the run; raises CommandError when there is none."""
    from builder import api
    from builder.runs import restrained

    project = same_network(store, run)
    try:
        with restrained():
            seen = api.test(project, run.folder, checkpoint, device)
    except ValueError as error:
        raise CommandError(f"run {run.id} cannot be tested: {error}", 1) from None
    store.append_test(run.id, seen)
    return seen


def same_network(store, run):
    """The project of a run; raises CommandError where its network would not be the one that was trained."""
    from builder import api

    project = api.from_json(store.project(run.id))
    if api.source(project) != store.source(run.id):
        raise CommandError(f"another version of Brickwork made run {run.id}: this one writes its network otherwise, so that its weights may mean something else", 1)
    return project


def in_words(seen) -> str:
    """One line: what the checkpoint reaches on the test part."""
    from builder.charts.metrics import in_words as told

    return f"{told(seen)} ({seen.checkpoint} checkpoint, epoch {seen.epoch})"
