"""`diff`: two drawings or runs, brick by brick."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator

from .projects import project_or_run
from .show import count, say, say_json, table

SIGNS = {"added": "+", "removed": "-", "changed": "~", "renamed": ">", "rewired": "w", "inside": "~", "resized": "s", "same": " "}
LEGEND = {"+": "added", "-": "removed", "~": "changed", ">": "renamed", "w": "rewired", "s": "other sizes, because of what comes in"}


def add_to(commands) -> None:
    """Declare the command."""
    diff = commands.add_parser("diff", help="what makes one drawing or run another than a second one")
    for name, which in (("before", "A"), ("after", "B")):
        diff.add_argument(name, metavar=which, help="a ready-made project's name, a file, a link or a run: its id, its beginning, or `last`")
    diff.add_argument("--json", action="store_true", help="print one JSON document")
    diff.set_defaults(run=run_diff)


def run_diff(arguments: Namespace) -> int:
    """Print what differs; status 0 whether something does or not."""
    from builder.graph.diff import diff

    found = diff(project_or_run(arguments.before)[0], project_or_run(arguments.after)[0])
    if arguments.json:
        say_json(found.to_json())
        return 0
    say(f"{found.names[0]} → {found.names[1]}")
    if found.same:
        say("The drawings are the same, brick by brick.")
    else:
        say(table(("", "BEFORE", "AFTER", "WHAT DIFFERS", "PARAMETERS", "MULTIPLY-ADDS"), rows(found.changes), right=[4, 5]))
        used = {SIGNS[change.what] for change in found.changes}
        say("\n" + ", ".join(f"{sign} {word}" for sign, word in LEGEND.items() if sign in used))
        for name, (before, after) in (("parameters", found.params), ("multiply-adds per sample", found.macs)):
            say(f"{count(before)} → {count(after)} {name} ({signed(after - before)})")
    for value in found.settings:
        say(f"{value.name}: {value.before or '–'} → {value.after or '–'}")
    return 0


def rows(changes, depth: int = 0) -> Iterator[tuple[str, ...]]:
    """A line a brick that differs, what changed inside a block below it."""
    from builder.graph.diff import is_end

    for change in changes:
        if change.what == "same" or (depth and is_end(change)):
            continue
        said = [f"{value.name} {value.before or '–'} → {value.after or '–'}" for value in change.values]
        said += [f"{wire.name} from {wire.after or 'nothing'}" + (f", was {wire.before or 'nothing'}" if change.before else "") for wire in change.wires]
        yield (SIGNS[change.what], brick(change.before, depth), brick(change.after, depth), "; ".join(said) or ("inside" if change.inside else ""),
               signed(change.params), signed(change.macs))
        yield from rows(change.inside, depth + 1)


def brick(side, depth: int) -> str:
    """A brick in a cell; nothing where there is none."""
    return "" if side is None else "  " * depth + f"{side.id} {side.kind} {side.key}".rstrip()


def signed(number: int) -> str:
    """A difference with its sign; nothing for none."""
    return f"{number:+,}" if number else ""
