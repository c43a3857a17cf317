"""`runs`: list and show what was trained, command what trains, export and delete."""

from __future__ import annotations

import csv
import json
import time
from argparse import Namespace
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from builder.train.events import EpochEnded, Evaluated, Event, GradientNorms, RunStarted, StepEnded, to_record

from .show import CommandError, count, duration, say, say_json, share, strict, table

FIELDS = ("id", "name", "state", "says", "device", "parameters", "epoch", "epochs", "step", "steps", "accuracy", "checkpoint", "generation",
          "created", "started", "ended", "place", "needs", "folder")


def add_to(commands) -> None:
    """Declare the command."""
    runs = commands.add_parser("runs", help="the runs: " + ", ".join(ACTIONS))
    runs.add_argument("action", nargs="?", choices=ACTIONS, default="list", metavar="ACTION", help=f"{', '.join(ACTIONS)} (list when not given)")
    runs.add_argument("run_id", nargs="?", metavar="RUN", help="a run's id, its beginning, or `last`")
    runs.add_argument("value", nargs="?", metavar="VALUE", help="set-lr: the learning rate from the next step on")
    runs.add_argument("--more", type=int, default=0, metavar="EPOCHS", help="resume: train so many epochs more than the run has; finished runs too")
    runs.add_argument("--half-batch", action="store_true", help="retry: with half the batch, for a run whose memory ran out")
    runs.add_argument("--to", choices=("folder", "tensorboard"), default="folder", help="export: all that there is of the run, or an event directory of TensorBoard")
    runs.add_argument("-o", "--output", type=Path, metavar="FOLDER", help="export: the folder to make (the run's id when not given)")
    runs.add_argument("--json", action="store_true", help="print one JSON document")
    runs.set_defaults(run=run_runs)


def run_runs(arguments: Namespace) -> int:
    """Settle runs whose process is gone, then do what was asked."""
    from builder.runs import Store, advance, settle

    if arguments.action == "list" and arguments.run_id:
        raise CommandError(f"`runs list` lists all runs; did you mean `runs show {arguments.run_id}`?")
    if arguments.action != "list" and not arguments.run_id:
        raise CommandError(f"`runs {arguments.action}` needs a RUN: an id, its beginning, or `last`")
    if arguments.value is not None and arguments.action != "set-lr":
        raise CommandError(f"`runs {arguments.action}` takes a RUN only, not {arguments.value!r} too")
    if arguments.more and (arguments.action != "resume" or arguments.more < 1):
        raise CommandError("--more EPOCHS belongs to `runs resume` and is at least 1")
    if arguments.to != "folder" and arguments.action != "export":
        raise CommandError("--to belongs to `runs export`")
    if arguments.half_batch != (arguments.action == "retry"):
        raise CommandError("`runs retry RUN --half-batch` trains a run's project again with half the batch; `runs resume` goes on as it was")
    with Store() as store:
        settle(store)
        advance(store)
        run = None if arguments.action == "list" else store.find(arguments.run_id)
        if arguments.action == "delete" and arguments.run_id not in (run.id, "last"):
            raise CommandError(f"`runs delete` wants the whole id, not its beginning: {run.id}")
        return ACTIONS[arguments.action](store, run, arguments)


def record(run) -> dict[str, object]:
    """A run as a JSON-able row."""
    row = asdict(run)
    return {**{name: row[name] for name in FIELDS}, "folder": str(run.folder)}


def when(seconds: float | None) -> str:
    """A moment in local time."""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds)) if seconds else "–"


def list_runs(store, _run, arguments: Namespace) -> int:
    """All runs, newest first."""
    from builder.runs import explained, judged_by

    found = store.list()
    if arguments.json:
        say_json([record(run) for run in found])
    elif found:
        reached = {run.id: explained(store, run) for run in found}
        judged = {run.id: judged_by(store, run) for run in found if reached[run.id][0] is not None}
        rows = [(run.id, run.name[:40], run.state.replace("_", " "), f"{run.epoch}/{run.epochs or '?'}", _reached(run.accuracy, reached[run.id][0], run.part, judged.get(run.id)),
                 _reached(run.tested, reached[run.id][1], "", judged.get(run.id)), when(run.created)) for run in found]
        say(table(("RUN", "PROJECT", "STATE", "EPOCH", "REACHED", "TESTED", "MADE"), rows, right=[3, 4, 5]))
    else:
        say("There are no runs yet; `train mnist-cnn` makes one.")
    return 0


def _reached(accuracy: float | None, r2: float | None, part: str = "", name: str = "R²") -> str:
    """The accuracy, or R² or mAP of what tells numbers or finds boxes, with the part that it is of."""
    if accuracy is None and r2 is None:
        return "–"
    return f"{share(accuracy) if r2 is None else f'{name} {r2:.4f}'} {part}".rstrip()


def show_run(store, run, arguments: Namespace) -> int:
    """One run with its epochs."""
    from builder.charts.gradients import in_words
    from builder.runs import began, changed_rates, current, notes, silence, waits_for

    epochs = epoch_rows(current(row.event for row in store.events(run.id, kinds=["RunStarted", "EpochEnded", "Evaluated"])))
    first, rates, measured = began(store, run.id), changed_rates(store, run.id), store.latest(run.id, "GradientNorms")
    if arguments.json:
        constants = {name: getattr(first, name, None) for name in ("seed", "threads", "processes", "torch")}
        say_json({**record(run), **constants, "rates": [{"step": change.step, "before": change.before, "lr": change.lr} for change in rates], "epochs_done": epochs,
                  "project": store.project(run.id)})
        return 0
    lasted = duration((run.ended or time.time()) - run.started) if run.started else "–"
    facts = {"run": run.id, "project": run.name, "state": run.state.replace("_", " "), "says": run.says, "device": run.device or "–", "with": computed_with(first),
             "rate": ", ".join(f"{change.before:g} until step {count(change.step)}, then {change.lr:g}" for change in rates),
             "queue": waits_for(store, run), "notes": " ".join(notes(store, run.id)), "gradients": in_words(measured.event, first.layers) if first and measured else "", "silent": silence(store, run), "parameters": count(run.parameters), "steps": f"{count(run.step)} of {count(run.steps)}", "made": when(run.created),
             "lasted": lasted, "checkpoint": f"step {count(run.checkpoint)}" if run.checkpoint else "none", "folder": run.folder}
    say("\n".join(f"{name:<12}{value}" for name, value in facts.items() if value != ""))
    shown = [name for name in EPOCH_COLUMNS[2:-2] if any(row[name] is not None for row in epochs)]
    rows = [(row["epoch"], *(number(row[name], share if "accuracy" in name else "{:.4f}".format) for name in shown)) for row in epochs]
    if rows:
        say("\n" + table(("EPOCH", *(name.replace("_", " ").upper() for name in shown)), rows, right=range(1 + len(shown))))
    return 0


def computed_with(first: RunStarted | None) -> str:
    """What a run's last bits depend on beside its device and its project; empty before it has started."""
    if first is None:
        return ""
    threads = f"{first.threads} thread{'' if first.threads == 1 else 's'}"
    return f"{threads if first.processes == 1 else f'{first.processes} processes of {threads}'}, seed {first.seed}, torch {first.torch}"


def number(value: float | None, form) -> str:
    """The value in its form; a dash when there is none."""
    return "–" if value is None else form(value)


EPOCH_COLUMNS = ("epoch", "step", "loss", "accuracy", "validation_loss", "validation_accuracy", "validation_r2", "validation_map", "test_loss", "test_accuracy", "test_r2", "test_map",
                 "seconds", "samples_per_second")


def epoch_rows(events: Iterable[Event]) -> list[dict[str, object]]:
    """A row an epoch: means over its training, and the evaluations of the network as it was then."""
    rows: dict[int, dict[str, object]] = {}
    for event in events:
        if isinstance(event, EpochEnded):
            rows.setdefault(event.epoch, dict.fromkeys(EPOCH_COLUMNS)).update(asdict(event))
        elif isinstance(event, Evaluated) and event.split in ("validation", "test"):
            row = rows.setdefault(event.epoch, dict.fromkeys(EPOCH_COLUMNS))
            row.update({"epoch": event.epoch, "step": event.step, f"{event.split}_loss": event.loss, f"{event.split}_accuracy": event.accuracy,
                        f"{event.split}_r2": event.figures.get("r2"), f"{event.split}_map": event.figures.get("map")})
    return [rows[epoch] for epoch in sorted(rows)]


def stop_run(store, run, arguments: Namespace) -> int:
    """Ask the run's worker to stop; it answers by itself."""
    store.request(run.id, "stop")
    return report(store, run, arguments, "was asked to stop")


def pause_run(store, run, arguments: Namespace) -> int:
    """Ask the run's worker to wait where it is."""
    store.request(run.id, "pause")
    return report(store, run, arguments, "was asked to pause; `runs resume` goes on in place")


def save_run(store, run, arguments: Namespace) -> int:
    """Ask the run's worker for a checkpoint now."""
    store.request(run.id, "checkpoint")
    return report(store, run, arguments, "was asked for a checkpoint")


def set_rate(store, run, arguments: Namespace) -> int:
    """Change the learning rate of a running or paused run."""
    try:
        rate = float(arguments.value)
    except (TypeError, ValueError):
        raise CommandError("`runs set-lr` needs the RUN and a learning rate, as in `runs set-lr last 0.001`") from None
    store.request(run.id, "set-lr", rate)
    return report(store, run, arguments, f"was asked to go on with a learning rate of {rate:g}")


def resume_run(store, run, arguments: Namespace) -> int:
    """Go on: a paused run in place, an ended one from its last checkpoint in a process of its own."""
    from builder.runs import resume

    if run.live:
        if arguments.more:
            raise CommandError(f"{run.id} has not ended ({run.state}): it gets more epochs when it has", 1)
        if run.state == "queued":
            raise CommandError(f"{run.id} waits for its start: there is nothing to resume", 1)
        store.request(run.id, "resume")
        return report(store, run, arguments, "was asked to go on")
    begun = resume(run.id, store, more=arguments.more)
    return report(store, run, arguments, "goes on in the background" if begun else "waits in the queue")


def retry_run(store, run, arguments: Namespace) -> int:
    """Train an ended run's project again, as a run of its own, with half the batch."""
    from builder import api
    from builder.runs import RunError, submit

    from .previewing import CHECKPOINT

    if run.live:
        raise CommandError(f"{run.id} has not ended ({run.state}): stop it first", 1)
    try:
        project, how = api.smaller_batches(api.from_json(store.project(run.id)), run.folder / CHECKPOINT, run.epoch)
        new = store.create(api.to_json(project), api.source(project), project.name, run.device_asked)
    except RunError:
        raise
    except ValueError as error:
        raise CommandError(f"{run.id} cannot be tried again: {error}", 1) from None
    begun = submit(new, store)
    return report(store, store.get(new), arguments, f"{'is started' if begun else 'waits in the queue'}, {how}")


def kill_run(store, run, arguments: Namespace) -> int:
    """End the process of a run that does not answer."""
    from builder.runs import kill

    kill(store, run.id)
    return report(store, run, arguments, "has no training process any more; `runs resume` goes on from its last checkpoint")


def sooner(store, run, arguments: Namespace) -> int:
    """Let a waiting run start before the one in front of it."""
    return report(store, store.reorder(run.id, -1), arguments, "is one place further to the front of the queue")


def later(store, run, arguments: Namespace) -> int:
    """Let the run behind a waiting one start first."""
    return report(store, store.reorder(run.id, 1), arguments, "is one place further to the end of the queue")


def delete_run(store, run, arguments: Namespace) -> int:
    """Remove a run that has ended, with its events, checkpoints and folder; asks nothing, so it wants the whole id or `last`."""
    if run.live:
        raise CommandError(f"{run.id} is still {run.state}: stop it before deleting it (`runs stop {run.id}`)", 1)
    store.delete(run.id)
    if arguments.json:
        say_json(record(run))
    else:
        say(f"{run.id} is deleted.")
    return 0


def report(store, run, arguments: Namespace, what: str) -> int:
    """What was done to a run."""
    if arguments.json:
        say_json(record(store.get(run.id)))
    else:
        say(f"{run.id} {what}; `runs show {run.id}` tells how it is.")
    return 0


def export_run(store, run, arguments: Namespace) -> int:
    """Write the project, its source, what it has learned, the raw events and tables of what counts into a new folder."""
    from builder.runs import began, changed_by_hand, current

    folder = arguments.output or Path(run.id)
    if arguments.to == "tensorboard":
        return export_events(store, run, arguments, folder)
    try:
        folder.mkdir(parents=True)
    except FileExistsError:
        raise CommandError(f"{folder} is already there: name a new folder with -o") from None
    stored = store.events(run.id)
    events = current(row.event for row in stored)
    lines = (json.dumps(strict({"seq": row.seq, "time": row.time, **to_record(row.event)})) + "\n" for row in stored)
    (folder / "project.json").write_text(json.dumps(store.project(run.id), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    (folder / "network.py").write_bytes(store.source(run.id).encode())
    (folder / "events.jsonl").write_text("".join(lines), encoding="utf-8")
    write_csv(folder / "epochs.csv", EPOCH_COLUMNS, epoch_rows(events))
    write_csv(folder / "steps.csv", tuple(StepEnded.__dataclass_fields__), [asdict(event) for event in events if isinstance(event, StepEnded)])
    first = began(store, run.id)
    if first and first.layers:
        columns = ("step", "epoch", "all weights", *first.layers)
        write_csv(folder / "gradients.csv", columns, [dict(zip(columns, (event.step, event.epoch, event.total, *event.norms), strict=False)) for event in events if isinstance(event, GradientNorms)])
    write_training(folder, store.project(run.id), run.folder, first and first.threads)
    files = sorted(path.name for path in folder.iterdir())
    if arguments.json:
        say_json({"folder": str(folder), "files": files})
    else:
        say("\n".join(filter(None, [f"{folder}: {', '.join(files)}", changed_by_hand(store, run.id)])))
    return 0


def export_events(store, run, arguments: Namespace, folder: Path) -> int:
    """Write what counts of a run into a new event directory of TensorBoard."""
    from builder.export import ExportError
    from builder.export.tensorboard import Board
    from builder.runs import current
    from builder.train.events import RunEnded

    if folder.exists():
        raise CommandError(f"{folder} is already there: name a new folder with -o")
    stored = store.events(run.id)
    # Every event with the time it was written at; those that a resumed run has left behind are gone.
    times = {id(row.event): row.time for row in stored}
    events = current(row.event for row in stored)
    try:
        board = Board(folder, store.project(run.id), run.folder)
    except ExportError as error:
        raise CommandError(str(error), 1) from None
    for event in [*events, *([] if events and isinstance(events[-1], RunEnded) else [RunEnded("stopped", run.step, "The run goes on: this is what there was of it.")])]:
        board.add(event, times.get(id(event)))
    if arguments.json:
        say_json({"folder": str(folder), "files": sorted(path.name for path in folder.iterdir())})
    else:
        say(f"{folder}: `tensorboard --logdir {folder}` shows it")
    return 0


def write_training(folder: Path, record: object, run_folder: Path, threads: int | None) -> None:
    """The training as a script, where the project still is one that trains, and the weights of the last checkpoint, where there is one."""
    from builder import api
    from builder.export.weights import of_checkpoint

    from .previewing import CHECKPOINT

    with suppress(ValueError):
        (folder / "training.py").write_bytes(api.export(api.from_json(record), "script", threads=threads).content)
    if (run_folder / CHECKPOINT).is_file():
        (folder / "weights.safetensors").write_bytes(of_checkpoint(run_folder / CHECKPOINT).content)


def write_csv(path: Path, columns: tuple[str, ...], rows: list[dict[str, object]]) -> None:
    """A table with a head; what is missing stays empty."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


ACTIONS = {"list": list_runs, "show": show_run, "stop": stop_run, "pause": pause_run, "resume": resume_run, "retry": retry_run, "checkpoint": save_run, "set-lr": set_rate, "kill": kill_run,
           "sooner": sooner, "later": later, "export": export_run, "delete": delete_run}
