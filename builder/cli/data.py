"""`data`: a person's own data: add a zip, a folder, a table, an npz or idx files, list what is kept, show and remove it."""

from __future__ import annotations

import base64
import math
import os
import sys
from argparse import ArgumentTypeError, Namespace
from contextlib import suppress
from pathlib import Path

from builder.catalogue.tables import TABLE

from .show import CommandError, clean, count, say, say_json, share, size, table

# Samples twice, their text and one large picture; a file that asks for more ends its own process.
MOST_MEMORY = 5_000_000_000
SHOWN = 10  # broken items that are printed


def add_to(commands) -> None:
    """Declare the commands."""
    data = commands.add_parser("data", help="your own data: add a zip or folder of pictures, a table, an npz or idx files, list, show, remove")
    actions = data.add_subparsers(metavar="ACTION", required=True)
    add = actions.add_parser("add", help="read a zip or folder of pictures (class folders, masks, boxes), a CSV table, an npz with images and labels, or MNIST's idx files, and keep it")
    add.add_argument("path", type=Path, nargs="+", metavar="PATH",
                     help="a zip, a folder, a table or an npz; folders train, val and test above the classes are its parts. Several: idx files of images and labels")
    add.add_argument("--title", default="", help="what to call it; without it the file's name")
    add.add_argument("--side", type=int, metavar="PIXELS", help="height and width of every picture; without it what suits the files")
    add.add_argument("--colours", choices=("auto", "grey", "colour"), default="auto", help="one channel, three, or one where no picture has colours (auto)")
    add.add_argument("--fit", choices=("crop", "pad", "stretch"), default="crop", help="how pictures of another shape become square (crop)")
    add.add_argument("--test", type=_share, default=0.2, metavar="SHARE", help="share of every class that tests, where no folder says so (0.2)")
    add.add_argument("--seed", type=int, default=0, help="which samples test follows from it (0)")
    add.add_argument("--skip-broken", action="store_true", help="leave out what cannot be used instead of refusing the whole")
    add.add_argument("--task", choices=("auto", "classification", "regression", "segmentation", "detection"), default="auto",
                     help="what is to be told of a sample, where the file leaves it open: numbers of a table or an npz can be classes or amounts; boxes can be cut out "
                          "(classification) or are to be found in their pictures (detection)")
    add.add_argument("--most", type=float, metavar="GB", help="how many gigabytes the samples may take, as they are kept ($BRICKWORK_MOST_GB, else 50)")
    add.add_argument("--ignore", type=int, metavar="NUMBER", help="of masks, a number that is of no class, besides 255")
    add.add_argument("--look", action="store_true", help="say what is in it and what is broken, and keep nothing")
    add.add_argument("--sheet", type=Path, metavar="FILE.png", help="with --look, a picture of some samples of each class")
    _table_options(add.add_argument_group("tables"))
    add.set_defaults(run=run_add)
    listing = actions.add_parser("list", help="what is kept")
    listing.set_defaults(run=run_list)
    show = actions.add_parser("show", help="classes, counts, what was left out, and where the samples lie")
    show.set_defaults(run=run_show)
    remove = actions.add_parser("remove", help="forget it")
    remove.set_defaults(run=run_remove)
    for action in (show, remove):
        action.add_argument("title", metavar="TITLE", help="a title, or the first digits of the number that `data list` shows")
    for action in (add, listing, show, remove):
        action.add_argument("--json", action="store_true", help="print one JSON document")


def _table_options(add) -> None:
    add.add_argument("--label", action="append", default=[], metavar="COLUMN",
                     help="the column to tell from the others, repeated for several of numbers; without it one called label, class, target or y, or the last")
    for name, choice in TABLE.items():
        add.add_argument(f"--{name}", choices=choice.values, default=choice.values[0], help=f"{choice.summary[0].lower()}{choice.summary[1:].rstrip('.')}")
    add.add_argument("--category", action="append", default=[], metavar="COLUMN", help="a column whose numbers are names, such as a postcode; may be repeated")
    add.add_argument("--without", action="append", default=[], metavar="COLUMN", help="a column to leave out; may be repeated")


def _share(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < 1:
        raise ArgumentTypeError(f"expected a share between 0 and 1, such as 0.2, not {text!r}")
    return value


def run_add(arguments: Namespace) -> int:
    """Read, report and keep; with --json progress comes first, one JSON document a line."""
    from builder.data import DataError, kept
    from builder.data.own import Choices, LabelUnknown, TableChoices, bring, save
    from builder.runs import restrained

    try:
        columns = TableChoices(tuple(arguments.label), **{name: getattr(arguments, name) for name in TABLE}, category=tuple(arguments.category), without=tuple(arguments.without))
        with kept.workroom() as folder, restrained(MOST_MEMORY):
            choices = Choices(arguments.title, arguments.side, arguments.colours, arguments.fit, arguments.test, arguments.seed, arguments.skip_broken, columns,
                              arguments.task, arguments.ignore, _most(arguments.most), folder)
            found = bring(arguments.path, choices, _tell(arguments.json), look=arguments.look)
            record = found.to_json()
            if not arguments.look:
                record |= {"sha256": save(found, choices, folder).sha256}
    except LabelUnknown as error:
        # What there is to choose from.
        if arguments.json:
            say_json({"columns": error.columns, "rows": error.rows})
        elif arguments.look:
            say(_columns(error.columns))
        raise CommandError(str(error), 1) from None
    except DataError as error:
        raise CommandError(str(error), 1) from None
    except MemoryError:
        raise CommandError(f"reading {arguments.path[0]} takes more memory than the {MOST_MEMORY / 1e9:.0f} GB that it may have, or than is free: choose "
                           "a smaller side, or bring fewer pictures", 1) from None
    if arguments.sheet:
        _write_sheet(arguments.sheet, record)
    if arguments.json:
        say_json(record)
        return 0
    _report(record)
    if "sha256" in record:
        say(f"\nKept as {record['title']!r} (number {record['sha256'][:12]}). Train on it with: train PROJECT --set \"data.source=own:{clean(record['title'])}\"")
    return 0


def _most(given: float | None) -> int:
    """How many bytes the samples may take, by the command or by the environment."""
    from builder.data.own.choices import MOST_BYTES

    if given is None:
        with suppress(ValueError):
            given = float(os.environ.get("BRICKWORK_MOST_GB") or MOST_BYTES / 1e9)
    if given is None or not 0 < given < math.inf:
        raise CommandError(f"the gigabytes that samples may take (--most, BRICKWORK_MOST_GB) are a number above 0, such as 50, not {os.environ.get('BRICKWORK_MOST_GB')!r:.60}"
                           if given is None else f"--most is a number of gigabytes above 0, such as 50, not {given:g}", 2)
    return int(given * 1e9)


def _write_sheet(path: Path, record: dict) -> None:
    tiles = record.get("tiles")
    if not tiles:
        raise CommandError("there is no picture to write: --sheet shows pictures, of a file that is looked at with --look", 2)
    try:
        path.write_bytes(base64.b64decode(tiles["png"]))
    except OSError as error:
        raise CommandError(f"{path} cannot be written: {error.strerror or error}", 2) from None


def _tell(lines: bool):
    """How far it is: JSON lines for a program, one line that is drawn again on a terminal, else nothing."""
    def tell(text: str, done: float) -> None:
        if lines:
            say_json({"says": text, "progress": done})
        elif sys.stderr.isatty():
            print(f"\r\x1b[K{clean(text)}  {100 * done:.0f} %", end="\r", file=sys.stderr, flush=True)

    return tell


def _report(record: dict) -> None:
    """What was found, for people."""
    whole = sum(map(sum, record["counts"]))
    valid = f", {count(record['valid'])} validation" if record["valid"] else ""
    say(f"{record['title']}: {count(record['train'])} training{valid} and {count(record['test'])} test samples of {_sample(record['shape'])}, {_told(record)}")
    counted = {"segmentation": " PIXELS", "detection": " BOXES"}.get(record["task"], "")
    train, test, *valid = record["counts"]
    parts = {f"TRAIN{counted}": train, **{f"VALIDATION{counted}": one for one in valid}, f"TEST{counted}": test}
    rows = [(name, *map(count, counts), share(sum(counts) / (whole or 1))) for name, *counts in zip(record["classes"], *parts.values(), strict=True)]
    if rows:
        say(table(("CLASS", *parts, "SHARE"), rows, right=range(1, len(parts) + 2)))
    if columns := record.get("columns"):
        say("")
        say(_columns(columns))
    if len(record["sizes"]) > 1:
        say("Sizes (height×width): " + ", ".join(f"{height}×{width} {count(times)} times" for height, width, times in record["sizes"][:6])
            + (" …" if len(record["sizes"]) > 6 else ""))
    for note in record["notes"]:
        say(note)
    left = record.get("broken_count", len(record["broken"]))
    if left:
        say(f"{count(left)} item{'' if left == 1 else 's'} cannot be used:")
        for name, why in record["broken"][:SHOWN]:
            say(f"  {name}: {why}")
        if left > SHOWN:
            say(f"  and {count(left - SHOWN)} more (--json lists them)")


def _columns(columns: list[dict]) -> str:
    return table(("COLUMN", "IS", "MISSING", "WRONG", "VALUES"), [[one[key] for key in ("name", "kind", "missing", "wrong", "says")] for one in columns], right=[2, 3])


def _sample(shape: list[int]) -> str:
    return "×".join(map(str, shape)) + (" numbers" if len(shape) == 1 else "")


def _told(record: dict) -> str:
    """What is to be told of a sample."""
    if record["task"] == "regression":
        return f"regression: {'; '.join(record['targets'])}"
    return f"{len(record['classes'])} class{'' if len(record['classes']) == 1 else 'es'}" + {"segmentation": " a pixel", "detection": " of boxes"}.get(record["task"], "")


def run_list(arguments: Namespace) -> int:
    """A row a data set."""
    from builder.data import kept

    there = kept.listed()
    if arguments.json:
        say_json([kept.as_json(one) for one in there])
        return 0
    if not there:
        say("Nothing is kept yet: `data add PATH` reads a zip, a folder, a table, an npz or idx files.", sys.stderr)
        return 0
    rows = [(one.title, one.task, "×".join(map(str, one.shape)), len(one.classes or one.targets), count(one.train), count(one.valid), count(one.test), size(one.bytes), one.sha256[:12])
            for one in there]
    say(table(("TITLE", "TASK", "SAMPLE", "ANSWERS", "TRAIN", "VALIDATION", "TEST", "SIZE", "NUMBER"), rows, right=[3, 4, 5, 6, 7]))
    return 0


def run_show(arguments: Namespace) -> int:
    """All that is known of one data set."""
    from builder.data import kept

    one = _found(arguments.title)
    record = kept.as_json(one)
    if arguments.json:
        say_json(record)
        return 0
    _report({**record, "sizes": []})
    how = (f"{name} {', '.join(map(str, value)) if isinstance(value, list) else value}" for name, value in (one.how or {}).items() if value is not None)
    say(f"Read from {one.origin}; {', '.join(how)}")
    say(f"Number {one.sha256}")
    say(f"{size(one.bytes)} in {record['file']}")
    return 0


def run_remove(arguments: Namespace) -> int:
    """Forget one data set."""
    from builder.data import DataError, kept

    one = _found(arguments.title)
    try:
        kept.remove(one)
    except DataError as error:
        raise CommandError(str(error), 1) from None
    if arguments.json:
        say_json({"removed": one.sha256})
    else:
        say(f"{one.title} is removed. Projects that train on it say so.")
    return 0


def _found(given: str):
    from builder.data import DataError, kept

    try:
        return kept.find(given)
    except DataError as error:
        raise CommandError(str(error), 2) from None
