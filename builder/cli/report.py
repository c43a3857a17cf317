"""`report`: what every brick costs and sees, and whether training fits into the memory."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from .projects import errors, load
from .show import CommandError, count, say, say_json, size, table

COLUMNS = {"params": "PARAMETERS", "macs": "MULTIPLY-ADDS", "activation_bytes": "ACTIVATIONS"}


def add_to(commands) -> None:
    """Declare the command."""
    report = commands.add_parser("report", help="what every brick costs and sees, and how large a batch fits into the memory")
    report.add_argument("project", metavar="PROJECT", help="a ready-made project's name, a file or a link")
    report.add_argument("--blocks", action="store_true", help="with a row for every layer inside blocks")
    report.add_argument("--batch", type=int, metavar="N", help="samples a step (the project's batch size when not given)")
    report.add_argument("--sort", choices=[*COLUMNS, "field"], metavar="COLUMN", help=f"largest first: {', '.join(COLUMNS)} or field")
    report.add_argument("--device", choices=["cpu", "cuda"], help="whose free memory counts (a GPU's where there is one)")
    report.add_argument("--json", action="store_true", help="print one JSON document")
    report.set_defaults(run=run_report)


def run_report(arguments: Namespace) -> int:
    """Print the rows, the totals and the estimate of the memory; status 1 when the drawing has errors."""
    from builder import api
    from builder.graph.memory import batch_size, memory
    from builder.graph.rows import flat

    if arguments.batch is not None and not 1 <= arguments.batch <= 1_000_000:
        raise CommandError(f"--batch: 1 to 1,000,000 samples a step, not {arguments.batch}")
    project = load(arguments.project)
    report = api.check(project)
    rows = [(depth, row) for depth, row in flat(report.layers) if arguments.blocks or not depth]
    if arguments.sort:
        rows = sorted(((0, row) for _, row in rows), key=lambda pair: weight(pair[1], arguments.sort), reverse=True)
    device, free = free_memory(arguments.device)
    need, batch = memory(project, report, device == "cuda"), arguments.batch or batch_size(project)
    if arguments.json:
        say_json({"name": project.name, "layers": [{key: value for key, value in row.items() if key != "rows"} for _, row in rows],
                  "params": report.params, "macs": report.macs, "bytes": report.bytes, "activation_bytes": report.activation_bytes,
                  "memory": {**need.to_json(), "batch": batch, "needed": need.at(batch), "device": device, "free": free,
                             "largest_batch": None if free is None else need.largest(free)}})
    else:
        say(project.name)
        print_rows(rows)
        say(f"\n{count(report.params)} parameters ({size(report.bytes)} in float32), {count(report.macs)} multiply-adds and "
            f"{size(report.activation_bytes)} of activations per sample")
        print_memory(need, batch, device, free)
    if wrong := errors(report):
        say(f"\n{len(wrong)} problem{'s' if len(wrong) > 1 else ''} in the way, so this is not all (see `check`).")
    return 1 if wrong else 0


def weight(row: dict, column: str) -> float:
    """What a row is sorted by; a field that is everything is the largest."""
    if column != "field":
        return row[column]
    area = 1.0
    for axis in row["receptive_field"] or ({"size": 0},):
        area *= 1e6 if axis["size"] == "all" else axis["size"]
    return area


def print_rows(rows: list[tuple[int, dict]]) -> None:
    """The table: a line a brick, those inside blocks indented."""
    lines = [("  " * depth + row["id"], row["kind"] + (f" ×{row['copies']}" if row.get("copies", 1) > 1 else ""), row["output"],
              *(count(row[column]) if column != "activation_bytes" else size(row[column]) for column in COLUMNS), row["field"], row["jump"],
              row["start"]) for depth, row in rows]
    say(table(("LAYER", "KIND", "OUTPUT", *COLUMNS.values(), "SEES", "EVERY", "FROM"), lines, right=[3, 4, 5]))


def print_memory(need, batch: int, device: str, free: int | None) -> None:
    """What training takes, part by part, and the largest batch that fits."""
    where = "the GPU" if device == "cuda" else "this machine"
    say(f"\nTraining takes about {size(need.at(batch))}: " + ", ".join(f"{size(number)} {name}" for name, number in need.parts(batch).items() if number))
    if free is None:
        say(f"How much is free on {where} is not known.")
        return
    largest = need.largest(free)
    fits = "which is enough" if need.fits(batch, free) else "which is not enough"
    say(f"{size(free)} are free on {where}, {fits}; " + (f"batches of up to {count(largest)} do." if largest else "not even one sample at a time does."))


def foreseen(project, report, device: str | None) -> str:
    """That training a project will run out of memory as far as can be told, with the batch that fits, in a sentence; empty where it fits or nobody knows."""
    from builder.graph.memory import batch_size, memory

    kind, free = free_memory(device if (device or "").startswith(("cpu", "cuda")) else None)
    need, batch = memory(project, report, kind == "cuda"), batch_size(project)
    if free is None or need.fits(batch, free):
        return ""
    largest = need.largest(free)
    return (f"Training takes about {size(need.at(batch))} with batches of {count(batch)}, and {size(free)} are free on {'the GPU' if kind == 'cuda' else 'this machine'}: it may run out of "
            + (f"memory. Batches of up to {count(largest)} fit (--set training.batch_size={largest})." if largest else "memory. Not even one sample at a time fits."))


def free_memory(device: str | None) -> tuple[str, int | None]:
    """The kind of device that is meant ("cuda:1" is of the kind "cuda") and its free bytes; a GPU is asked through its driver's tool, else through torch."""
    from builder.runs import free_gpu_memory
    from builder.runs import free_memory as free_here

    if device == "cpu" or (device is None and not Path("/dev/nvidia0").exists()):
        return "cpu", free_here()
    number = (device or "").partition(":")[2]
    free = free_gpu_memory(int(number) if number.isdecimal() else 0)
    if free is None:
        from builder.train.device import free_gpu

        free = free_gpu()
    if free is None and device is None:
        return "cpu", free_here()
    return "cuda", free
