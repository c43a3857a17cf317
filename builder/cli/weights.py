"""`weights` and `backbone`: networks that start from what others have learned."""

from __future__ import annotations

import sys
from argparse import Namespace
from pathlib import Path

from .projects import errors, load
from .show import CommandError, say, say_json


def add_to(commands) -> None:
    """Declare the commands."""
    weights = commands.add_parser("weights", help="the weights that a project starts from: torchvision's, or those of a file")
    source = weights.add_mutually_exclusive_group()
    source.add_argument("--from", dest="given", metavar="SOURCE",
                        help="a file (.safetensors, .pth), torchvision (the default ones), torchvision:IMAGENET1K_V1 or torchvision:resnet50/IMAGENET1K_V1")
    source.add_argument("--fresh", action="store_true", help="start from fresh weights again")
    weights.set_defaults(run=run_weights)
    backbone = commands.add_parser("backbone", help="another head on the same network: scores for the classes of another data set")
    backbone.add_argument("--data", required=True, metavar="DATA", help="the data set that the new head is for, such as cifar10 or own:TITLE")
    backbone.add_argument("--freeze", action="store_true", help="train nothing but the new head")
    backbone.set_defaults(run=run_backbone)
    for command in (weights, backbone):
        command.add_argument("project", metavar="PROJECT", help="a ready-made project's name, a file or a link")
        command.add_argument("-o", "--output", type=Path, metavar="OUT", help="the project file to write, - for the terminal; without it the file that was read")
        command.add_argument("--json", action="store_true", help="print one JSON document")


def run_weights(arguments: Namespace) -> int:
    """Say what a project starts from, or change it."""
    from builder import api
    from builder.weights import WeightsError

    project = load(arguments.project)
    if wrong := errors(api.check(project)):
        raise CommandError(f"{project.name} cannot be built yet: {wrong[0]}" + (f"; {len(wrong) - 1} more (see `check`)" if wrong[1:] else ""), 1)
    where = target(arguments, project) if arguments.given or arguments.fresh else None
    try:
        if arguments.given:
            project, found = api.start_from(project, source(arguments.given))
        elif arguments.fresh:
            project, found = api.apply(project, {"op": "weights", "value": None}), None
        else:
            found = api.fitting(project) if project.weights else None
    except WeightsError as error:
        raise CommandError(str(error), 1) from None
    if where is not None:
        write(where, project)
    says = f"{project.weights['title']}: {found.says}" if found else "Fresh weights."
    if arguments.json:
        say_json({"weights": dict(project.weights), "says": says, **({"taken": found.taken, "of": found.of, "missing": list(found.missing)} if found else {})})
    else:
        say(says, sys.stderr if where == Path("-") else sys.stdout)
    return 0


def source(given: str) -> str:
    """What --from means: a file as it is, torchvision with its default weights when no others are named."""
    if given == "torchvision":
        return "torchvision:DEFAULT"
    if not given.startswith("torchvision:") and not Path(given).is_file():
        raise CommandError(f"--from {given!r:.200}: there is no such file; torchvision's are torchvision or torchvision:IMAGENET1K_V1")
    return given


def run_backbone(arguments: Namespace) -> int:
    """Give a network a head for another data set."""
    from builder import api

    project = load(arguments.project)
    where = target(arguments, project)
    try:
        project = api.apply(project, {"op": "backbone", "source": api.own_data(arguments.data), "freeze": arguments.freeze})
    except ValueError as error:
        raise CommandError(f"{project.name}: {error}", 1) from None
    write(where, project)
    report = api.check(project)
    wrong = errors(report)
    if arguments.json:
        say_json({"name": project.name, **report.to_json()})
    else:
        out = sys.stderr if where == Path("-") else sys.stdout
        say(f"{project.name}: {report.params:,} parameters, {report.trainable:,} of them trained on {arguments.data}.", out)
        for problem in wrong:
            say(f"{problem.severity} [{problem.code}]: {problem.node or ''}: {problem.says}", out)
    return 1 if wrong else 0


def target(arguments: Namespace, project) -> Path:
    """Where the changed project goes; raises CommandError for a ready-made one without -o."""
    where = arguments.output or Path(arguments.project)
    if arguments.output is None and not where.is_file():
        raise CommandError(f"{project.name} stays as it is; say with -o where the changed one goes")
    return where


def write(where: Path, project) -> None:
    """Write a project to a file or to the terminal."""
    from builder.graph import dumps

    if where == Path("-"):
        sys.stdout.write(dumps(project))
    else:
        where.write_text(dumps(project), encoding="utf-8")
