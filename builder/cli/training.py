"""`train` in the foreground, and the hidden `work` that a launched worker process runs: the same code writes the same run."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import threading
import time
from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from builder.train.control import Control
from builder.train.events import (
    Continued,
    EpochEnded,
    Evaluated,
    Event,
    Noted,
    Paused,
    RateChanged,
    RunEnded,
    RunStarted,
    StepEnded,
    to_record,
)

from .projects import errors, load
from .report import foreseen
from .show import CommandError, clean, count, duration, forget_stdout, say, say_json, share, table
from .testing import CHECKPOINTS, in_words, tested

REDRAW_SECONDS = 0.1


def add_to(commands) -> None:
    """Declare the commands."""
    train = commands.add_parser("train", help="train a project here and now; Ctrl-C stops politely")
    train.add_argument("project", metavar="PROJECT", help="a ready-made project's name or a file")
    train.add_argument("--set", dest="settings", action="append", default=[], metavar="PATH=VALUE",
                       help="change a setting for this run, such as training.epochs=3 or data.source=mnist; may be repeated")
    train.add_argument("--from", dest="trained", metavar="RUN", help="go on from the weights of this run, as far as the project's network, changed since, has them still; "
                       "says which survive. What an optimiser of the same kind kept of them goes on with them")
    train.add_argument("--checkpoint", choices=CHECKPOINTS, default=CHECKPOINTS[0], help="which weights of --from (default %(default)s)")
    train.add_argument("--device", metavar="D", help="cpu, cuda, cuda:1, mps; the fastest there is when not given")
    train.add_argument("--devices", type=int, metavar="N", help="share the training between so many processes: GPUs of this machine, or with --device cpu its processor")
    train.add_argument("--tensorboard", type=Path, metavar="DIR", help="write the run for TensorBoard too, into a folder of its own in DIR, while it trains")
    train.add_argument("--download", action="store_true", help="fetch the data set first where it is missing")
    train.add_argument("--queue", action="store_true", help="train in the background, when it is its turn and its memory fits")
    train.add_argument("--test", action="store_true", help="evaluate the test part once the run is done, with its best checkpoint; `test RUN` does so later")
    train.add_argument("--json", action="store_true", help="print the events, one JSON object a line")
    train.set_defaults(run=run_train)


def add_work(command) -> None:
    """Declare the options of `work`, which only `builder.runs` calls."""
    which = command.add_mutually_exclusive_group(required=True)
    which.add_argument("run_id", metavar="RUN", nargs="?")
    which.add_argument("--spare", action="store_true", help="wait for the run, which is told on the standard input")
    command.add_argument("--runs", metavar="FOLDER", help="the run store, where it is not the usual one")
    command.set_defaults(run=run_work, server=None)


def add_share(command) -> None:
    """Declare the options of `share`, which only `builder.runs.ranks` calls."""
    command.add_argument("run_id", metavar="RUN")
    command.add_argument("--runs", metavar="FOLDER")
    command.add_argument("--rank", type=int, required=True)
    command.add_argument("--of", type=int, required=True)
    command.add_argument("--meet", required=True)
    command.set_defaults(run=run_share)


def asked_device(arguments: Namespace) -> str | None:
    """The device that a run is asked for on: "cpu*2" is the processor, by two processes."""
    from builder.runs import MOST_PROCESSES

    if arguments.devices is None:
        return arguments.device
    if not 1 <= arguments.devices <= MOST_PROCESSES:
        raise CommandError(f"--devices {arguments.devices}: from 1 to {MOST_PROCESSES} processes share a training")
    return f"{arguments.device or ''}*{arguments.devices}"


def run_train(arguments: Namespace) -> int:
    """Make a run and work on it in this process; status 0 only when it completed."""
    from builder import api
    from builder.graph import untrainable
    from builder.runs import Store, restrained, work

    project = changed(load(arguments.project), arguments.settings)
    report = api.check(project)
    wrong = errors(report)
    if wrong:
        raise CommandError(f"{project.name} cannot be trained yet: {wrong[0]}" + (f"; {len(wrong) - 1} more (see `check`)" if wrong[1:] else ""), 1)
    if refused := untrainable(project):
        raise CommandError(refused, 1)
    if arguments.trained:
        project = warmed(project, arguments.trained, arguments.checkpoint)
    if not arguments.devices and (says := foreseen(project, report, arguments.device)):
        say(says, sys.stderr)
    if arguments.queue:
        if arguments.test:
            raise CommandError("--test waits for the end of the run, and --queue does not: `test RUN` evaluates the test part later")
        if arguments.tensorboard:
            raise CommandError("--tensorboard DIR is written while you wait: for a run in the background, --set training.tensorboard=true writes into its own folder")
        return queue_run(project, arguments)
    with restrained(), Store() as store:
        run_id = store.create(api.to_json(project), api.source(project), project.name, asked_device(arguments))
        watch = JsonLines() if arguments.json else Progress(run_id)
        board = new_board(arguments.tensorboard, store, run_id)
        ended = work(run_id, events_of(store, arguments.download), store, lambda event: (watch(event), board(event)))
        seen = tested(store, store.get(run_id), CHECKPOINTS[0], arguments.device) if arguments.test and ended.reason == "completed" else None
    if seen:
        watch(seen) if arguments.json else say(in_words(seen))
    if ended.reason != "completed":
        again = f"; `runs retry {run_id} --half-batch` trains it with half the batch" if ended.reason == "out_of_memory" else ""
        raise CommandError(f"{ended.says} (run {run_id}{again})", 1)
    return 0


def warmed(project, trained: str, checkpoint: str):
    """The project with what fits of a run's weights; what becomes of each brick is said on stderr."""
    from builder import api
    from builder.graph.warm import in_words
    from builder.runs import Store
    from builder.train.checkpoint import CheckpointError

    with Store() as store:
        run = store.find(trained)
        before = api.from_json(store.project(run.id))
        file = run.folder / f"{checkpoint}.safetensors"
    if not file.is_file():
        raise CommandError(f"the run {run.id} has no {checkpoint} checkpoint to go on from", 1)
    try:
        project, found = api.warm(project, before, file, f"{run.name}, run {run.id}")
    except (CheckpointError, ValueError) as error:
        raise CommandError(str(error), 1) from None
    rows = found.bricks
    say(f"From run {run.id}: {in_words(rows)}. {found.optimizer}", sys.stderr)
    if any(row.state != "kept" or row.was for row in rows):
        say(table(("BRICK", "", "WEIGHTS", "KEPT", ""), [(row.brick, row.state, count(row.numbers), count(row.kept), "; ".join(filter(None, (row.was and f"was {row.was}", row.why))))
                                                     for row in rows], right=[2, 3]), sys.stderr)
    return project


def new_board(folder: Path | None, store, run_id: str) -> Callable[[Event], object]:
    """What writes a run's events for TensorBoard into its own folder in `folder`; nothing does without one. Raises CommandError where that cannot be."""
    from builder.export import ExportError
    from builder.export.tensorboard import Board

    try:
        return Board(folder / run_id, store.project(run_id), store.folder(run_id)).add if folder else lambda event: None
    except ExportError as error:
        store.append(run_id, [RunEnded("stopped", 0, f"{error}.")])
        raise CommandError(str(error), 1) from None


def queue_run(project, arguments: Namespace) -> int:
    """Make a run that a process of its own trains, now or when its turn comes; says its id."""
    from builder import api
    from builder.runs import Store, submit, waits_for

    with Store() as store:
        run_id = store.create(api.to_json(project), api.source(project), project.name, asked_device(arguments))
        begun = submit(run_id, store)
        run = store.get(run_id)
        if arguments.json:
            say_json({"id": run_id, "state": run.state, "place": run.place, "needs": run.needs})
        else:
            say(f"{run_id} is started in the background." if begun else f"{run_id} is in the queue. {waits_for(store, run)}".rstrip())
    return 0


def changed(project, settings: list[str]):
    """The project with `path=value` settings; raises CommandError for one that is not a setting."""
    from builder import api

    pairs = dict(setting.partition("=")[::2] for setting in settings)
    if bare := next((setting for setting in settings if "=" not in setting or setting.startswith("=")), None):
        raise CommandError(f"--set {bare}: expected PATH=VALUE, such as training.epochs=3")
    try:
        return api.with_settings(project, pairs) if pairs else project
    except ValueError as error:
        raise CommandError(str(error)) from None


def run_work(arguments: Namespace) -> int:
    """Work on a queued run; what is printed ends up in the run's output.txt."""
    from builder.runs import Store, advance, go_first, restrained, work

    if arguments.spare:
        from .waiting import wait_for_run

        arguments = wait_for_run(arguments)
    go_first()
    with Store(arguments.runs) as store:
        try:
            with restrained():
                return 0 if work(arguments.run_id, events_of(store), store).reason in ("completed", "stopped") else 1
        finally:
            # Outside of this worker's own limit, which those that it starts would inherit. A server that waits for our end looks itself, and may have a worker in waiting.
            if os.getppid() != arguments.server:
                advance(store)


def events_of(store, download: bool = False) -> Callable[..., Iterator[Event]]:
    """How a worker trains a run of this store: its project, on the device asked for, from its last checkpoint when it is resumed."""
    def make_events(run, control: Control) -> Iterator[Event]:
        from builder import api
        from builder.graph.training import number
        from builder.runs import RunError, preparing, shared_by

        project, (device, count) = api.from_json(store.project(run.id)), shared_by(run.device_asked)
        if api.source(project) != store.source(run.id):
            raise RunError(f"The network recorded in source.py of run {run.id} is not what this Brickwork makes of its project.json: one of the two was "
                           "changed, or another version made the run. Train the project again as a new run")
        how = {"device": device, "control": control, "folder": run.folder, "resume": run.generation > 1, "progress": preparing(store, run, control, fetching), "download": download}
        events = api.train(project, **how) if count == 1 else shared(store, run, project, count, how)
        return watched(events, store, run) if number(project, "tensorboard") else events

    return make_events


def watched(events: Iterator[Event], store, run) -> Iterator[Event]:
    """The events, written for TensorBoard into the run's own folder once they are in the database."""
    from builder.export.tensorboard import Board

    board = Board(run.folder / "tensorboard", store.project(run.id), run.folder)
    for event in events:
        if isinstance(event, RunEnded):
            # Nobody asks for another event after the last.
            board.add(event)
            yield event
        else:
            yield event
            board.add(event)


def shared(store, run, project, count: int, how: dict[str, object]) -> Iterator[Event]:
    """The events of a training that so many processes share: this one, and the others that it starts."""
    from builder import api
    from builder.runs import sharing

    # Before there are others, who only read it.
    api.fetch(project, how["progress"], how["download"])
    with sharing(run, count, store.root) as (others, meet):
        for event in api.train(project, **how, place=(0, count, str(meet))):
            yield others.explained(event)


def run_share(arguments: Namespace) -> int:
    """Follow the first process of a shared training step by step, for as long as it is there."""
    from builder import api
    from builder.runs import OUT_OF_MEMORY, Store, go_first, shared_by

    threading.Thread(target=leave_with_the_first, name="waits for the first process", daemon=True).start()
    go_first()
    with Store(arguments.runs) as store:
        run = store.get(arguments.run_id)
        project, resume = api.from_json(store.project(run.id)), run.generation > 1
    place, ended = (arguments.rank, arguments.of, arguments.meet), None
    for event in api.train(project, device=shared_by(run.device_asked)[0], folder=run.folder, resume=resume, place=place):
        ended = event
    if ended.reason not in ("completed", "stopped", "diverged"):
        print(f"process {arguments.rank + 1} of {arguments.of}: {ended.says}", flush=True)
        return OUT_OF_MEMORY if ended.reason == "out_of_memory" else 1
    return 0


def leave_with_the_first() -> None:
    """Our standard input is the first process's to close: by its end, however it comes."""
    while os.read(0, 1):
        pass
    os._exit(1)


def fetching(says: str, part: float) -> None:
    """How far a download or the reading of the data is, on stderr where somebody looks at it."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{clean(says)}  {100 * part:.0f} %", end="" if part < 1 else "\n", file=sys.stderr, flush=True)


def stop_politely() -> None:
    """Ask our own worker to stop, as Ctrl-C would, because nobody reads our output any more."""
    forget_stdout()
    os.kill(os.getpid(), signal.SIGTERM)


class JsonLines:
    """Events as JSON objects, one a line, on stdout."""

    def __call__(self, event: Event) -> None:
        """Print the event; without a reader the run is asked to stop."""
        try:
            say_json(to_record(event))
        except BrokenPipeError:
            stop_politely()


class Progress:
    """Events for people, on stderr: a line an epoch and, on a terminal, a bar below it that is drawn again and again."""

    def __init__(self, run_id: str):
        self.run_id = run_id
        self.live = sys.stderr.isatty()
        self.started: RunStarted | None = None
        self.epoch: EpochEnded | None = None
        self.test: Evaluated | None = None
        self.drawn = 0.0

    def __call__(self, event: Event) -> None:
        """Show the event; a terminal that has gone away does not matter to the run."""
        with suppress(OSError):
            match event:
                case RunStarted():
                    self.started = event
                    self.line(beginning(event, self.run_id))
                case StepEnded():
                    self.bar(event)
                case EpochEnded():
                    self.epoch = event
                case Evaluated() if event.watched:
                    self.test = event
                    self.line(epoch_line(self.started, self.epoch, event))
                case Paused():
                    self.line(f"paused after step {count(event.step)}; `runs resume {self.run_id}` goes on")
                case Continued():
                    self.line(f"goes on after step {count(event.step)}")
                case RateChanged():
                    self.line(f"learning rate {event.before:g} until step {count(event.step)}, {event.lr:g} from there on")
                case Noted():
                    self.line(event.says)
                case RunEnded():
                    self.end(event)

    def line(self, text: str) -> None:
        """A line that stays, above the bar."""
        print(f"{self.erase()}{clean(text)}", file=sys.stderr, flush=True)

    def erase(self) -> str:
        """What clears the bar's line on a terminal."""
        return "\r\x1b[K" if self.live else ""

    def bar(self, step: StepEnded) -> None:
        """Draw the bar again, ten times a second at most."""
        if self.live and self.started and time.monotonic() - self.drawn >= REDRAW_SECONDS:
            self.drawn = time.monotonic()
            text = bar_line(self.started, step, shutil.get_terminal_size().columns - 1)
            print(f"{self.erase()}{text}", end="", file=sys.stderr, flush=True)

    def end(self, event: RunEnded) -> None:
        """The result on stdout when the run completed; otherwise the command's error line says what happened."""
        if self.live:
            print(self.erase(), end="", file=sys.stderr, flush=True)
        if event.reason == "completed":
            accuracy = f"{self.test.split} accuracy {share(self.test.accuracy)}, " if self.test and self.test.accuracy is not None else ""
            try:
                say(f"{event.says} ({accuracy}run {self.run_id})")
            except BrokenPipeError:
                stop_politely()


def beginning(event: RunStarted, run_id: str) -> str:
    """The run's constants in a line."""
    resumed = f", from step {count(event.resumed_at)}" if event.resumed_at else ""
    samples = [f"{count(number)} {part}" for number, part in ((event.train_samples, "training"), (event.validation_samples, "validation")) if number]
    return (f"{run_id} on {event.device_name}: {count(event.parameters)} parameters, {', '.join(samples)} and "
            f"{count(event.test_samples)} test samples, {event.epochs} epoch{'' if event.epochs == 1 else 's'} of {count(event.steps_per_epoch)} steps{resumed}")


def epoch_line(started: RunStarted | None, epoch: EpochEnded | None, test: Evaluated) -> str:
    """An epoch's results in a line."""
    of = f"/{started.epochs}" if started else ""
    trained = f"loss {epoch.loss:.4f}{right(epoch.accuracy)}, {count(epoch.samples_per_second)} samples/s" if epoch else ""
    named = {"mean_iou": "mean IoU", "r2": "R²", "map": "mAP", "map_50": "mAP at 0.5"}
    figures = "".join(f", {words} {share(test.figures[name]) if name != 'r2' else f'{test.figures[name]:.4f}'}" for name, words in named.items() if name in test.figures)
    return f"epoch {test.epoch}{of}: {trained}; {test.split} loss {test.loss:.4f}{right(test.accuracy, f'{test.split} ')}{figures}"


def right(accuracy: float | None, part: str = "") -> str:
    """The accuracy as it follows a loss; nothing where nothing is right or wrong."""
    return "" if accuracy is None else f", {part}accuracy {share(accuracy)}"


def bar_line(started: RunStarted, step: StepEnded, width: int) -> str:
    """How far the run is, how well it does and how long it still takes, in at most `width` columns."""
    whole = max(1, started.steps_per_epoch * started.epochs)
    done = min(1.0, step.step / whole)
    left = duration((whole - step.step) * started.batch_size / step.samples_per_second) if step.samples_per_second > 0 else "?"
    accuracy = "" if step.accuracy is None else f"  accuracy {share(step.accuracy)}"
    words = (f" {100 * done:3.0f} %  epoch {step.epoch}/{started.epochs}  loss {step.loss:.4f}{accuracy}  "
             f"{count(step.samples_per_second)}/s  {left} left")
    cells = max(0, min(30, width - len(words)))
    return ("█" * round(cells * done)).ljust(cells, "░")[:width] + words[:max(0, width - cells)]
