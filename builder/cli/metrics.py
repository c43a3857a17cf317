"""`metrics`: how well a run's network tells the classes apart, class by class, tells its numbers, or finds its boxes."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import asdict

from .show import CommandError, count, say, say_json, share, table

TITLES = {"top5": "top-5 accuracy", "calibration_error": "calibration error", "mean_iou": "mean IoU", "dice": "Dice"}


def add_to(commands) -> None:
    """Declare the command."""
    command = commands.add_parser("metrics", help="accuracy, top-5, F1 and calibration of a run, with precision and recall of every class; IoU of masks; R² and errors of numbers; mean average precision of boxes")
    command.add_argument("run_id", metavar="RUN", help="a run's id, its beginning, or `last`")
    command.add_argument("--epoch", type=int, metavar="N", help="after this epoch (the best one when not given)")
    command.add_argument("--split", choices=("validation", "test"), help="of this part (the one that the run is watched on when not given)")
    command.add_argument("--json", action="store_true", help="print one JSON document")
    command.set_defaults(run=run_metrics)


def run_metrics(arguments: Namespace) -> int:
    """Print the totals and a row a class."""
    from builder.charts.metrics import by_class, macro_f1
    from builder.runs import Store, current
    from builder.train.events import Evaluated, RunStarted

    with Store() as store:
        run = store.find(arguments.run_id)
        events = list(current(row.event for row in store.events(run.id, kinds=["RunStarted", "Evaluated"])))
    watched = next((event.split for event in events if isinstance(event, Evaluated) and event.watched), "validation")
    split = arguments.split or watched
    tests = [event for event in events if isinstance(event, Evaluated) and event.split == split]
    classes = next((event.classes for event in events if isinstance(event, RunStarted)), ())
    chosen = [test for test in tests if arguments.epoch in (None, test.epoch)]
    if not tests and split == "test" != watched:
        raise CommandError(f"the test part of run {run.id} has not been asked for: `test {run.id}` does", 1)
    if not chosen:
        raise CommandError(f"run {run.id} has no test after epoch {arguments.epoch}; it has those after {_span(tests)}" if tests and arguments.epoch is not None
                           else f"run {run.id} has not been tested yet: its {split} part is evaluated after every epoch", 1)
    seen = max(chosen, key=lambda test: test.score)
    if seen.accuracy is None:
        return _numbers(run, seen, classes, arguments.json)
    rows, f1 = by_class(seen.confusion, classes), macro_f1(seen.confusion)
    if arguments.json:
        say_json({"run": run.id, "epoch": seen.epoch, "split": seen.split, "loss": seen.loss, "accuracy": seen.accuracy, "macro_f1": f1, **seen.figures,
                  "classes": [{name: value for name, value in asdict(row).items() if name != "iou" or "mean_iou" in seen.figures} for row in rows]})
        return 0
    masks = "mean_iou" in seen.figures
    say(f"{run.id}: {seen.split} part after epoch {seen.epoch}, {count(sum(row.samples for row in rows))} {'pixels' if masks else 'samples'}")
    said = {"accuracy": seen.accuracy, "macro F1": f1, **{TITLES.get(name, name): value for name, value in seen.figures.items()}}
    say(", ".join(f"{name} {share(value)}" for name, value in said.items()) + f", loss {seen.loss:.4f}\n")
    say(table(("CLASS", "PRECISION", "RECALL", "F1", *(("IOU", "PIXELS") if masks else ("SAMPLES",))),
              [(row.name, share(row.precision), share(row.recall), share(row.f1), *((share(row.iou),) if masks else ()), count(row.samples)) for row in rows],
              right=[1, 2, 3, 4, *([5] if masks else [])]))
    return 0


def _numbers(run, seen, classes, as_json: bool) -> int:
    """The figures of a run whose answers are numbers or boxes."""
    from builder.charts.metrics import found_by_class, totals

    rows = found_by_class(seen, classes)
    if as_json:
        say_json({"run": run.id, "epoch": seen.epoch, "split": seen.split, "loss": seen.loss, **{name: value for name, value in seen.figures.items() if "/" not in name},
                  **({"classes": [asdict(row) for row in rows]} if rows else {})})
        return 0
    say(f"{run.id}: {seen.split} part after epoch {seen.epoch}")
    say(table(("FIGURE", "VALUE"), [(title, share(value) if is_share else f"{value:.6g}") for title, (value, is_share) in totals(seen).items()], right=[1]))
    if rows:
        say("")
        say(table(("CLASS", "AP", "AP AT 0.5", "BOXES"), [(row.name, share(row.ap), share(row.ap_50), count(row.boxes)) for row in rows], right=[1, 2, 3]))
    return 0


def _span(tests) -> str:
    epochs = [test.epoch for test in tests]
    return f"{min(epochs)}" if len(epochs) == 1 else f"{min(epochs)} to {max(epochs)}"
