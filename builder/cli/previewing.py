"""`preview`: what a network makes of one sample, as a contact sheet or JSON; and the hidden `look`, which does the same for the app."""

from __future__ import annotations

import json
import os
import queue
import sys
import threading
from argparse import Namespace
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from .projects import load
from .show import CommandError, say, say_json, table

CHECKPOINT = "last.safetensors"  # in a run's folder
MOST_MEMORY = 4_000_000_000  # bytes that the app's previews may take
MOST_RUNS, OFFERED = 60, 8  # the newest runs looked at, and how many are offered


def add_to(commands) -> None:
    """Declare the command."""
    preview = commands.add_parser("preview", help="one sample's values at every brick: numbers, and a sheet of pictures")
    preview.add_argument("project", metavar="PROJECT", help="a ready-made project's name or a file")
    preview.add_argument("-o", "--output", type=Path, metavar="OUT", help="write a contact sheet (.png) or everything (.json)")
    preview.add_argument("--run", metavar="RUN", dest="trained", help="with the weights of this run as far as they fit; else untrained")
    preview.add_argument("--sample", type=int, default=1, metavar="N", help="which training sample, from 1")
    preview.add_argument("--json", action="store_true", help="print one JSON document")
    preview.set_defaults(run=run_preview)


def add_look(command) -> None:
    """Declare `look`, which only the app calls: requests come in and answers go out one a line."""
    command.set_defaults(run=run_look)


def run_preview(arguments: Namespace) -> int:
    """Print a row a brick, or write the sheet."""
    project = load(arguments.project)
    where = arguments.output
    if where and where.suffix.lower() not in (".png", ".json"):
        raise CommandError(f"-o {where}: a preview is written as .png or .json")
    if arguments.sample < 1:
        raise CommandError(f"--sample {arguments.sample}: samples count from 1")
    from builder import api
    from builder.runs import Store
    from builder.train.checkpoint import CheckpointError

    weights = None
    if arguments.trained:
        with Store() as store:
            weights = checkpoint(store.find(arguments.trained).folder)
    try:
        shown = api.preview(project, arguments.sample - 1, weights)
    except (api.PreviewError, CheckpointError) as error:
        raise CommandError(str(error), 1) from None
    # An app that holds an old choice is shown the last sample; a person who asks for one that is not there is told.
    if (count := shown["sample"]["count"]) and arguments.sample > count:
        raise CommandError(f"--sample {arguments.sample}: there are samples 1 to {count}")
    if where and where.suffix.lower() == ".png":
        from builder.inspect.contact import contact_sheet

        where.write_bytes(contact_sheet(shown["bricks"]))
    elif where:
        where.write_text(json.dumps(shown, ensure_ascii=False) + "\n", encoding="utf-8")
    if arguments.json:
        say_json(shown)
    elif where:
        say(f"{where}: {len(shown['bricks'])} bricks", sys.stderr)
    else:
        print_preview(project, shown)
    return 0


def print_preview(project, shown: Mapping[str, object]) -> None:
    """The numbers as a table; what the sample is and whose weights it meets above it."""
    sample, weights = shown["sample"], shown["weights"]
    what = sample["says"] or f"{sample['title']}: training sample {sample['index'] + 1}" + (f", class {sample['label']}" if sample["label"] is not None else "")
    say(f"{project.name}. {what}")
    say(f"{weights['taken']} of {weights['of']} trained tensors fit." if weights else "Untrained weights.")
    rows = [(name, "×".join(map(str, record["shape"])), *(_number(record[key]) for key in ("min", "mean", "max")),
             f"{100 * (record['zeros'] or 0):.0f} %", record["says"]) for name, record in shown["bricks"].items()]
    say(table(("BRICK", "SHAPE", "MIN", "MEAN", "MAX", "ZEROS", ""), rows, right=[2, 3, 4, 5]))
    for name, record in shown["bricks"].items():
        for row in record.get("rows", ()):
            marks = [word for word, holds in (("answer", row["answer"]), ("true class", row["truth"])) if holds]
            say(f"{name}: {row['label']} {_number(row['value'])}{' (' + ', '.join(marks) + ')' if marks else ''}")


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"


def checkpoint(folder: Path) -> Path:
    """The file with a run's last weights; raises CommandError where there is none."""
    path = folder / CHECKPOINT
    if not path.is_file():
        raise CommandError(f"the run {folder.name} has no checkpoint", 1)
    return path


def run_look(arguments: Namespace) -> int:
    """Work out one preview after the other until the app that asks for them is gone."""
    from builder.runs import go_first, restrained

    # What libraries print must not get between the answers.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    os.nice(10)
    go_first()
    with restrained(MOST_MEMORY):
        import torch

        torch.set_num_threads(1)
        looker = Looker()
        print(json.dumps({"ready": True}), file=answers, flush=True)
        for request in requests():
            print(json.dumps(looker.answer(request)), file=answers, flush=True)
    return 0


def requests() -> Iterator[dict[str, object]]:
    """Requests as they come; this process ends, whatever it is doing, when nobody is there to send more."""
    waiting: queue.SimpleQueue[dict[str, object]] = queue.SimpleQueue()

    def read() -> None:
        for line in sys.stdin:
            waiting.put(json.loads(line))
        os._exit(0)

    threading.Thread(target=read, name="requests", daemon=True).start()
    while True:
        yield waiting.get()


class Looker:
    """Answers requests with files, and keeps what the next one needs again: samples, the runs, the last result."""

    def __init__(self) -> None:
        from builder import paths
        from builder.inspect.sample import Samples

        self._samples = Samples(paths.data_roots())
        self._runs = Runs()
        self._last: tuple[str, dict[str, object]] = ("", {})

    def answer(self, request: Mapping[str, object]) -> dict[str, object]:
        """Writes the file of a request, whole or not at all."""
        key = drawn(request)
        if key != self._last[0]:
            self._last = (key, self._shown(request))
        file = Path(str(request["file"]))
        part = file.with_name(f".{file.name}.{os.getpid()}.tmp")
        # Without room on the disk the file stays as it is: the canvas goes on showing it as the one before.
        with suppress(OSError):
            part.write_text(json.dumps({"ticket": request["ticket"], **self._last[1]}), encoding="utf-8")
            part.replace(file)
        return {"ticket": request["ticket"]}

    def _shown(self, request: Mapping[str, object]) -> dict[str, object]:
        from builder import api
        from builder.runs import RunError, Store
        from builder.train.checkpoint import CheckpointError
        from builder.train.events import memory_ran_out

        try:
            project = api.from_json(request["project"])
            with Store() as store:
                offered = self._runs.offered(store, project)
                weights = checkpoint(store.get(request["run"]).folder) if request["run"] else None
            return {"says": "", "runs": offered, **api.preview(project, request["sample"], weights, self._samples, request["path"])}
        except (api.PreviewError, CheckpointError, RunError, CommandError) as error:
            return {"says": str(error)}
        except Exception as error:  # noqa: BLE001 - a network that fails is a message on the canvas; the report is in the log
            print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
            if memory_ran_out(error):
                return {"says": "Too large for a preview: memory ran out."}
            return {"says": f"The network stopped with {type(error).__name__}: {str(error).strip().splitlines()[0][:300] if str(error).strip() else 'no reason'}"}


def drawn(request: Mapping[str, object]) -> str:
    """All of a request that its pictures follow from: not where bricks stand, and not the number of the edit."""
    project = dict(request["project"])
    networks = {name: {**network, "nodes": [{**node, "at": None} for node in network["nodes"]]} for name, network in project["networks"].items()}
    return json.dumps([{**project, "networks": networks}, request["path"], str(request["ticket"]).partition(".")[2]])


class Runs:
    """Which runs have weights that fit a drawing; a run's project is read once."""

    def __init__(self) -> None:
        self._bricks: dict[str, dict[str, tuple]] = {}

    def offered(self, store, project) -> list[dict[str, object]]:
        """Runs with a checkpoint that share bricks with the drawing, those that share most first, then the newest."""
        from builder import api

        own = learned(project)
        rows = []
        for run in store.list(MOST_RUNS) if own else ():
            if not (run.folder / CHECKPOINT).is_file():
                continue
            if run.id not in self._bricks:
                self._bricks[run.id] = learned(api.from_json(store.project(run.id)))
            if taken := sum(self._bricks[run.id].get(name) == brick for name, brick in own.items()):
                rows.append({"id": run.id, "name": run.name, "epoch": run.epoch, "accuracy": run.accuracy, "taken": taken, "of": len(own)})
        return sorted(rows, key=lambda row: -row["taken"])[:OFFERED]


def learned(project) -> dict[str, tuple]:
    """The bricks of a project that learn: kind, shapes and number of weights by name."""
    from builder import api

    placed = api.check(project).analysis.placed
    return {name: (brick.node.kind, brick.inputs[0][1:2], brick.shape[1:2], brick.cost[0]) for name, brick in placed.items()
            if brick.shape is not None and brick.cost[0]}
