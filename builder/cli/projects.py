"""`gallery` and `check`: projects without training them."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path

from .show import CommandError, count, say, say_json, size, table


def add_to(commands) -> None:
    """Declare the commands."""
    gallery = commands.add_parser("gallery", help="the ready-made projects")
    gallery.add_argument("--deck", metavar="D", help="only networks of this lecture deck")
    gallery.add_argument("--task", metavar="T", help="only networks for this task")
    gallery.add_argument("--search", metavar="TEXT", default="", help="only those with these words in their names, paper, words or bricks")
    gallery.add_argument("--trains", action="store_true", help="only those that the app can train")
    gallery.add_argument("--sort", choices=("lectures", "name", "smallest", "largest"), default="lectures", help="in which order")
    gallery.set_defaults(run=run_gallery)
    check = commands.add_parser("check", help="a row a layer, problems with their fixes, totals")
    check.add_argument("--fix", action="store_true", help="apply every fix that is sure and write the project")
    check.add_argument("-o", "--output", type=Path, metavar="OUT", help="where --fix writes, - for the terminal; without it the file that was read")
    check.set_defaults(run=run_check)
    check.add_argument("--blocks", action="store_true", help="with a row for every layer inside blocks")
    check.add_argument("project", metavar="PROJECT", help="a ready-made project's name, a file or a link")
    for command in (gallery, check):
        command.add_argument("--json", action="store_true", help="print one JSON document")


def load(name: str):
    """The project that a PROJECT argument means; raises CommandError with status 2."""
    from builder import api

    try:
        return api.load(name)
    except api.LoadError as error:
        raise CommandError(str(error)) from None


def project_or_run(name: str):
    """The project that is meant, or the one that a run trained, with that run; raises CommandError with status 2."""
    from builder.graph import DocumentError, from_json
    from builder.runs import RunError, Store

    try:
        return load(name), None
    except CommandError as not_found:
        try:
            with Store() as store:
                run = store.find(name)
                return from_json(store.project(run.id)), run
        except RunError:
            raise CommandError(f"{not_found}; nor is there such a run") from None
        except DocumentError as error:
            raise CommandError(f"run {name}: {error}") from None


def run_gallery(arguments: Namespace) -> int:
    """List the ready-made projects that fit; status 0 also when there is none."""
    from builder.gallery.find import Wanted, found

    wanted = Wanted(arguments.search, _one_of("--deck", arguments.deck), _one_of("--task", arguments.task), arguments.trains)
    entries = [gallery_row(entry) for entry in found(wanted, arguments.sort)]
    if arguments.json:
        say_json(entries)
        return 0
    rows = [(row["name"], row["title"], row["task"] + ("" if row["trains"] else " *"), ", ".join("×".join(map(str, shape)) for shape in row["inputs"]),
             count(row["parameters"]), row["deck"]) for row in entries]
    if not rows:
        say("No network fits. `gallery` without options lists them all.", sys.stderr)
        return 0
    say(table(("NAME", "TITLE", "TASK", "INPUT", "PARAMETERS", "FROM"), rows, right=[4]))
    if not all(row["trains"] for row in entries):
        say("\n* can be opened, changed, checked and exported, but not trained in the app yet")
    return 0


def _one_of(option: str, given: str | None) -> str | None:
    """The deck or task that is meant, however it is written; raises CommandError with those that there are."""
    from builder.gallery import DECKS, TASKS

    known = {name.casefold(): name for name in (DECKS if option == "--deck" else TASKS)}
    if given is not None and given.casefold() not in known:
        raise CommandError(f"{option} {given!r:.60}: there are {', '.join(known.values())}")
    return None if given is None else known[given.casefold()]


def gallery_row(entry) -> dict[str, object]:
    """A ready-made project's row; shapes are one sample's, as in C H W."""
    return {"name": entry.name, "title": entry.title, "deck": ", ".join(entry.decks), "task": entry.task, "family": entry.family,
            "input_shape": list(entry.inputs[0]), "inputs": [list(shape) for shape in entry.inputs],
            "outputs": [list(shape) for shape in entry.outputs], "parameters": entry.parameters, "trains": entry.trains, "waits": entry.waits,
            "data": entry.data, "paper": entry.paper, "summary": entry.summary, "look": entry.look}


def run_check(arguments: Namespace) -> int:
    """Print the layers, the problems and the totals, with --fix after mending; status 1 when a problem is an error."""
    from builder import api

    if arguments.output and not arguments.fix:
        raise CommandError("-o is where --fix writes; without --fix nothing is written")
    project = load(arguments.project)
    done: list[str] = []
    if arguments.fix:
        project, done = fixed(project, arguments)
    report = api.check(project)
    to_terminal = arguments.fix and arguments.output == Path("-")
    if arguments.json:
        say_json({"name": project.name, **report.to_json(), **({"fixed": done} if arguments.fix else {})})
    elif not to_terminal:
        print_report(project.name, report, arguments.blocks)
    return 1 if errors(report) else 0


def fixed(project, arguments: Namespace):
    """The project after all sure fixes, written where it belongs, and what each of them did."""
    from builder.graph import apply, dumps, fix_all

    edit = fix_all(project)
    done = [step["label"] for step in edit["edits"]] if edit else []
    project = project if edit is None else apply(project, edit)
    where = arguments.output or Path(arguments.project)
    if arguments.output is None and not where.is_file():
        raise CommandError(f"{arguments.project} is a ready-made project and stays as it is; say with -o where the mended one goes")
    if where == Path("-"):
        if not arguments.json:
            sys.stdout.write(dumps(project))
    elif done or arguments.output:
        where.write_text(dumps(project), encoding="utf-8")
    for label in done:
        say(f"fixed: {label}", sys.stderr)
    say(f"{where}: {edit['label'].removeprefix('Fix ')} fixed" if edit else "Nothing to fix for sure.", sys.stderr)
    return project, done


def errors(report) -> list:
    """The problems that keep the network from being built."""
    return [problem for problem in report.problems if problem.severity == "error"]


def layer_rows(rows: list[dict], blocks: bool, indent: str = "") -> Iterator[tuple]:
    """A line a layer; with `blocks` those inside a block under it, indented, costs of one copy and how many copies there are."""
    for row in rows:
        kind = row["kind"] + (f" ×{row['copies']}" if row.get("copies", 1) > 1 else "") + (" (muted)" if row.get("muted") else "")
        yield indent + row["id"], kind, row["output"], count(row["params"]), count(row["macs"])
        if blocks:
            yield from layer_rows(row.get("rows", []), blocks, indent + "  ")


def print_report(name: str, report, blocks: bool = False) -> None:
    """The layers as a table, the problems below it."""
    rows = list(layer_rows(report.layers, blocks))
    say(name)
    say(table(("LAYER", "KIND", "OUTPUT", "PARAMETERS", "MULTIPLY-ADDS"), rows, right=[3, 4]))
    say(f"\n{count(report.params)} parameters ({size(report.bytes)} in float32), {count(report.macs)} multiply-adds per sample")
    for problem in report.problems:
        where = "/".join((*problem.path, problem.node)) + ": " if problem.node else ""
        say(f"\n{problem.severity} [{problem.code}]: {where}{problem.says}")
        if problem.because:
            say(f"    {problem.because}")
        for fix in problem.fixes:
            say(f"    fix: {fix.label}{' (sure)' if fix.sure else ''}")
    if not report.problems:
        say("No problems.")
    elif sure := sum(problem.sure is not None for problem in report.problems):
        say(f"\n{sure} of {len(report.problems)} problems {'has' if sure == 1 else 'have'} a sure fix: check --fix applies {'it' if sure == 1 else 'them'}.")
    if report.silenced:
        say(f"\n{len(report.silenced)} silenced: {', '.join(f'{problem.node} [{problem.code}]' for problem in report.silenced)}")
