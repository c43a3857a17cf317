"""`reference`: what every kind of brick is, in words, formulas and numbers."""

from __future__ import annotations

import difflib
from argparse import Namespace

from .show import CommandError, count, say, say_json, table


def add_to(commands) -> None:
    """Declare the command."""
    reference = commands.add_parser("reference", help="what every layer and block is: formula, example, parameters, rules, source")
    reference.add_argument("layer", nargs="?", metavar="LAYER", help="one of them; none for the list")
    reference.add_argument("--json", action="store_true", help="print one JSON document")
    reference.set_defaults(run=run_reference)


def run_reference(arguments: Namespace) -> int:
    """Print the list, or one page of it; status 2 for a layer that there is not."""
    from builder.graph.reference import kinds

    known = kinds()
    if arguments.layer is None:
        rows = [(kind, layer.category, layer.summary) for kind, layer in known.items()]
        if arguments.json:
            say_json([{"kind": kind, "category": category, "summary": summary} for kind, category, summary in rows])
        else:
            say(table(("LAYER", "CATEGORY", "WHAT IT IS"), rows))
        return 0
    by_name = {kind.lower(): kind for kind in known}
    kind = by_name.get(arguments.layer.lower())
    if kind is None:
        near = difflib.get_close_matches(arguments.layer.lower(), by_name, 3)
        hint = f"; did you mean {', '.join(by_name[name] for name in near)}?" if near else " (see `reference`)"
        raise CommandError(f"there is no layer called {arguments.layer!r:.60}{hint}")
    record = page(kind)
    if arguments.json:
        say_json(record)
    else:
        say("\n".join(written(record)))
    return 0


def page(kind: str) -> dict[str, object]:
    """One kind as data: its declaration, and an example worked out."""
    from builder.catalogue import show
    from builder.graph.reference import example, formula, kinds, rows

    layer, found = kinds()[kind], example(kind)
    record = {"kind": kind, "category": layer.category, "summary": layer.summary, "pattern": layer.pattern, "parameters": rows(layer),
              "length": formula(layer) if layer.length else "", "rules": [rule.holds for rule in layer.rules], "source": layer.source, "example": None}
    if found and not found.troubles:
        placed = found.placed
        record["example"] = {"inputs": list(map(show, placed.inputs)), "outputs": list(map(show, placed.shapes)),
                             "params": placed.cost[0], "macs": placed.cost[1], "steps": list(placed.inference.steps if placed.inference else ())}
    return record


def written(record: dict) -> list[str]:
    """A page as lines for a terminal."""
    from builder.graph.reference import line_by_line

    lines = [f"{record['kind']} ({record['category']})", record["summary"], ""]
    if record["pattern"]:
        lines += [f"Shape   {record['pattern']}"]
    if record["length"]:
        lines += [f"Length  {record['length']}"]
    if made := record["example"]:
        lines += ["", f"With its defaults, {' and '.join(made['inputs'])} gives {' and '.join(made['outputs'])}: "
                      f"{count(made['params'])} parameters, {count(made['macs'])} multiply-adds a sample"]
        lines += [f"  {line}" for step in made["steps"] for line in line_by_line(step).splitlines()]
    if record["parameters"]:
        head = ("PARAMETER", "DEFAULT", "ALLOWED", "MEANING")
        lines += ["", *table(head, [tuple(row.values()) for row in record["parameters"]]).splitlines()]
    if record["rules"]:
        lines += ["", "Rules", *(f"  {rule}" for rule in record["rules"])]
    return [*lines, "", f"Source: {record['source']}"] if record["source"] else lines
