"""`baselines`: what classical methods reach on a project's data."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import asdict

from builder.graph import dataset_of

from .projects import load
from .show import CommandError, count, duration, say, say_json, share
from .training import changed


def add_to(commands) -> None:
    """Declare the command."""
    command = commands.add_parser("baselines", help="what logistic or linear regression, a decision tree and a random forest reach on a project's data")
    command.add_argument("project", metavar="PROJECT", help="a ready-made project's name, a file or a link")
    command.add_argument("--data", metavar="NAME", help="another data set than the project's")
    command.add_argument("--again", action="store_true", help="fit them again, though they were fitted on these samples before")
    command.add_argument("--json", action="store_true", help="print the scores, one JSON object a line")
    command.set_defaults(run=run_baselines)


def run_baselines(arguments: Namespace) -> int:
    """Print each score as it is known."""
    from builder import api
    from builder.data import DataError

    project = changed(load(arguments.project), [f"data.source={arguments.data}"] if arguments.data else [])
    try:
        for score in api.baselines(project, again=arguments.again):
            if arguments.json:
                say_json(asdict(score))
            else:
                reached = f"R² {score.accuracy:.4f} on" if score.figure == "r2" else f"{share(score.accuracy)} of"
                what = "pixels" if dataset_of(project).task == "segmentation" else "samples"
                say(f"{score.title:<22}{reached:>11} {count(score.test_samples)} test {what}; fitted on {count(score.train_samples)} in {duration(score.seconds)}")
    except (DataError, api.BuildError) as error:
        raise CommandError(str(error), 1) from None
    return 0
