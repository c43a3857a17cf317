"""Workers ended by kill -9 at any moment: what was acknowledged is kept, the newest checkpoint loads, and the resumed run has the bits of one that never was killed.

    python benchmarks/kills.py [--events 1000] [--checkpoints 500] [--every 1] [--seed 0] [--write benchmarks/results/NAME.md]

Three parts, each of processes that are killed: a worker that writes events as fast as the store takes them, while another process polls; a process that saves one checkpoint after
another; and a training of three epochs (convolution, BatchNorm, dropout, Adam), killed in the backward pass of every step (`--every` for fewer) and resumed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import random
import select
import shutil
import signal
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from builder.runs import Store, current, settle, work
from builder.train.events import EpochEnded, Evaluated, Event, RunStarted, Snapshot, StepEnded

BROKEN: list[str] = []
NUMBER = 8  # bytes of one acknowledgement


def started(child: Callable[[int], object]) -> tuple[int, int]:
    """Another process that runs `child` with a pipe to acknowledge through; its id and the pipe's end to read."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid:
        os.close(writing)
        return pid, reading
    os.close(reading)
    try:
        child(writing)
    finally:
        os._exit(0)


def acknowledge(pipe: int, number: int) -> None:
    """Tell the parent, which outlives us."""
    os.write(pipe, number.to_bytes(NUMBER, "little"))


def killed_after(pid: int, pipe: int, seconds: float) -> int:
    """Kill -9 of a process so long after it first acknowledged something; what it acknowledged last, 0 when it ended by itself before."""
    select.select([pipe], [], [], 60)
    time.sleep(seconds)
    os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    told = b""
    while chunk := os.read(pipe, 1 << 16):
        told += chunk
    os.close(pipe)
    whole = len(told) // NUMBER * NUMBER
    if not os.WIFSIGNALED(status):
        BROKEN.append(f"process {pid} was not killed but ended with status {status}")
    return int.from_bytes(told[whole - NUMBER:whole], "little") if whole else 0


# ---- events

def writes(run, control) -> Iterator[Event]:
    """Events without an end, of all sizes."""
    yield RunStarted("cpu", "2 cores", 21840, 100, 50, 5, 1000, 20, ("0", "1"), 0, 1, "2.15.0")
    step = 0
    while True:
        step += 1
        yield StepEnded(step, 1, 1 / step, 0.5, 1000.0, step * 0.1, 0.1)
        if step % 7 == 0:
            yield Snapshot(step, 1, "conv1", (4, 1, 5, 5), -1.0, 1.0, "A" * random.Random(step).randrange(100, 60_000))
        if step % 20 == 0:
            yield Evaluated(step // 20, step, "test", 0.4, 0.9, ((25, 0), (0, 25)))


def polls(root: Path, stop: int, report: Path) -> None:
    """Reads what comes of the live run again and again until the pipe is closed; says of every run how many events it saw, and their digest."""
    seen: dict[str, tuple[int, object]] = {}
    polled = wrong = 0
    with Store(root) as store:
        over = False
        while not over:
            over = bool(select.select([stop], [], [], 0)[0])
            for run in store.live():
                count, digest = seen.get(run.id, (0, hashlib.sha256()))
                for row in store.events(run.id, after=count):
                    wrong += row.seq != count + 1
                    count = row.seq
                    digest.update(repr((row.seq, row.event)).encode())
                seen[run.id] = count, digest
                polled += 1
    report.write_text(json.dumps({"polled": polled, "wrong": wrong, "seen": {run: (count, digest.hexdigest()) for run, (count, digest) in seen.items()}}))


def events(kills: int, rng: random.Random, folder: Path) -> list[str]:
    """A row: kills of a worker that writes, with a reader polling."""
    root, report = folder / "runs", folder / "reader.json"
    closing, stop = os.pipe()
    with Store(root) as store:
        pass
    reader = os.fork()
    if not reader:
        os.close(stop)
        polls(root, closing, report)
        os._exit(0)
    os.close(closing)
    lost = told = kept = 0
    with Store(root) as store:
        for _ in range(kills):
            run_id = store.create({"name": "killed"}, "class Network: ...\n", "killed")

            def child(pipe: int, run_id: str = run_id) -> None:
                with Store(root) as own:
                    count = iter(range(1, 1 << 40))
                    work(run_id, writes, own, lambda event: acknowledge(pipe, next(count)))

            acknowledged = killed_after(*started(child), rng.uniform(0, 0.06))
            settle(store)
            numbers = [row.seq for row in store.events(run_id)]
            told, kept = told + acknowledged, kept + len(numbers) - 1
            lost += max(0, acknowledged - (len(numbers) - 1))
            if numbers != list(range(1, len(numbers) + 1)) or store.get(run_id).state != "killed":
                BROKEN.append(f"run {run_id}: {len(numbers)} events, state {store.get(run_id).state}")
        os.close(stop)
        os.waitpid(reader, 0)
        found = json.loads(report.read_text())
        for run_id, (count, digest) in found["seen"].items():
            own = hashlib.sha256()
            for row in store.events(run_id)[:count]:
                own.update(repr((row.seq, row.event)).encode())
            if own.hexdigest() != digest:
                BROKEN.append(f"run {run_id}: the reader saw events that are not there any more")
    sound = sqlite3.connect(root / "runs.db").execute("PRAGMA integrity_check").fetchone()[0]
    if lost or found["wrong"] or sound != "ok":
        BROKEN.append(f"{lost} acknowledged events lost, {found['wrong']} gaps seen by the reader, integrity {sound}")
    return ["kill -9 of a writing worker, with a reader polling", f"{kills:,}",
            f"{told:,} events acknowledged, {kept:,} found, {lost:,} lost; {len(found['seen']):,} runs polled {found['polled']:,} times, {found['wrong']:,} gaps; integrity {sound}"]


# ---- checkpoints

def checkpoints(kills: int, rng: random.Random, folder: Path) -> list[str]:
    """A row: kills of a process that saves one checkpoint after another."""
    import torch
    from torch import nn

    from builder.train.checkpoint import LAST, Position, load_checkpoint, save_checkpoint

    torch.set_num_threads(1)
    path = folder / "checkpoints" / LAST
    network = nn.Sequential(nn.Linear(300, 300), nn.ReLU(), nn.Linear(300, 300))
    optimizer = torch.optim.Adam(network.parameters())
    network(torch.ones(1, 300)).sum().backward()
    optimizer.step()
    step, unreadable, mixed, behind, midway = 0, 0, 0, 0, 0

    def filled(number: int) -> None:
        with torch.no_grad():
            for weights in network.parameters():
                weights.fill_(number)

    def child(pipe: int) -> None:
        for number in range(step + 1, 1 << 40):
            filled(number)
            save_checkpoint(path, network, optimizer, Position(step=number))
            acknowledge(pipe, number)

    for _ in range(kills):
        acknowledged = killed_after(*started(child), rng.uniform(0, 0.03))
        parts = list(path.parent.glob(".*.part"))
        midway += bool(parts)
        try:
            position, _ = load_checkpoint(path, network, optimizer)
        except ValueError as error:
            unreadable += 1
            BROKEN.append(str(error))
            continue
        step = position.step
        behind += step < acknowledged
        mixed += not all(bool((weights == step).all()) for weights in network.parameters())
    if mixed or behind or len(parts) > 1:
        BROKEN.append(f"{mixed} mixed checkpoints, {behind} behind what was acknowledged, {len(parts)} unfinished files left")
    return ["kill -9 of a process that saves checkpoints", f"{kills:,}",
            f"{step:,} checkpoints saved, {midway:,} kills in the middle of one, {len(parts)} unfinished file left; {unreadable} unreadable, {mixed} of two steps, {behind} older than acknowledged"]


# ---- resuming

DRAWING = {
    "type": "brickwork/project", "version": 1, "name": "Killed",
    "networks": {"network": {"nodes": [
        {"id": "image", "kind": "Input", "params": {"shape": [1, 28, 28]}}, {"id": "conv1", "kind": "Conv2d", "params": {"out_channels": 4, "kernel_size": 5}},
        {"id": "norm1", "kind": "BatchNorm2d"}, {"id": "relu1", "kind": "ReLU"}, {"id": "pool1", "kind": "MaxPool2d", "params": {"kernel_size": 4}},
        {"id": "flatten", "kind": "Flatten"}, {"id": "drop1", "kind": "Dropout", "params": {"p": 0.5}}, {"id": "fc1", "kind": "Linear", "params": {"out_features": 10}},
        {"id": "out", "kind": "Output"}], "edges": []}},
    "data": {"source": "digits"}, "task": {"kind": "classification"}, "training": {"epochs": 3, "batch_size": 128, "optimizer": {"kind": "Adam", "lr": 0.01}, "seed": 3}}


def resuming(every: int, folder: Path) -> list[str]:
    """A row: a run killed in the backward pass of every so manieth step and resumed, against one that never was."""
    import torch
    from safetensors.torch import load_file

    from builder import api
    from builder.cli.training import events_of
    from builder.train import loop
    from builder.train.checkpoint import LAST

    torch.set_num_threads(1)
    names = [node["id"] for node in DRAWING["networks"]["network"]["nodes"]]
    DRAWING["networks"]["network"]["edges"] = [{"source": one, "target": other} for one, other in zip(names, names[1:], strict=False)]
    project = api.from_json(DRAWING)
    do_step, root = loop.Run.do_step, folder / "resumed"

    def trains(run_id: str, fatal: int) -> Callable[[int], None]:
        """Works on a run; ends this process by kill -9 in the backward pass of the step with that number."""
        def step(run, *batch):
            if run.step + 1 == fatal:
                next(run.model.parameters()).register_hook(lambda gradient: os.kill(os.getpid(), signal.SIGKILL))
            return do_step(run, *batch)

        def child(pipe: int) -> None:
            loop.Run.do_step = step
            with Store(root) as own:
                acknowledge(pipe, work(run_id, events_of(own), own).reason == "completed")

        return child

    def ended(pid: int, pipe: int) -> int:
        _, status = os.waitpid(pid, 0)
        os.close(pipe)
        return os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0

    def learned(store: Store, run_id: str) -> tuple[object, dict]:
        told = [replace(event, seconds=0, samples_per_second=0) if isinstance(event, EpochEnded) else event
                for event in current(row.event for row in store.events(run_id)) if isinstance(event, EpochEnded | Evaluated)]
        return told, load_file(store.folder(run_id) / LAST)

    def made(store: Store) -> str:
        return store.create(api.to_json(project), api.source(project), project.name, "cpu")

    with Store(root) as store:
        whole = made(store)
        ended(*started(trains(whole, 0)))
        told, weights = learned(store, whole)
        steps = store.get(whole).step
        fatal, other_losses, other_bits = range(1, steps + 1, every), 0, 0
        for number in fatal:
            run_id = made(store)
            if ended(*started(trains(run_id, number))) != signal.SIGKILL:
                BROKEN.append(f"step {number}: the worker was not killed")
            settle(store)
            store.reopen(run_id)
            ended(*started(trains(run_id, 0)))
            again, bits = learned(store, run_id)
            other_losses += again != told
            other_bits += bits.keys() != weights.keys() or not all(torch.equal(bits[name], weights[name]) for name in weights)
            if store.get(run_id).state != "completed":
                BROKEN.append(f"step {number}: the resumed run ended {store.get(run_id).state}: {store.get(run_id).says}")
    if other_losses or other_bits or len(told) != 6:
        BROKEN.append(f"{other_losses} resumed runs with other losses, {other_bits} with other bits, of {len(told)} events")
    return [f"kill -9 in step {'1, 2, ... ' if every == 1 else f'1, {1 + every}, ... '}{fatal[-1]} of {steps} of three epochs, resumed", f"{len(fatal):,}",
            f"{len(fatal) - other_losses:,} with the losses, accuracies and confusion of the run that was not killed, {len(fatal) - other_bits:,} with its weights, optimiser and random states to the last bit"]


def main() -> int:
    """Kill, look and print the table; status 1 when anything was lost."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=1000)
    parser.add_argument("--checkpoints", type=int, default=500)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    rng, folder, rows = random.Random(options.seed), Path(tempfile.mkdtemp(prefix="kills-")), []
    os.environ["BRICKWORK_HOME"] = str(folder)
    try:
        # The processes are forks: before torch is loaded the first part, so that its workers are small.
        for part in (lambda: events(options.events, rng, folder), lambda: checkpoints(options.checkpoints, rng, folder), lambda: resuming(options.every, folder)):
            began = time.monotonic()
            rows.append([*part(), f"{time.monotonic() - began:,.0f} s"])
            print(" | ".join(rows[-1]), file=sys.stderr, flush=True)
    finally:
        with suppress(OSError):
            shutil.rmtree(folder)
    import torch

    lines = [f"Python {platform.python_version()}, torch {torch.__version__}, SQLite {sqlite3.sqlite_version}, {os.cpu_count()} cores, seed {options.seed}", "",
             "| what | kills | found | took |", "|-|-|-|-|", *(f"| {' | '.join(row)} |" for row in rows)]
    text = "\n".join([*lines, *(f"\nBROKEN: {says}" for says in BROKEN)]) + "\n"
    print(text)
    if options.write:
        options.write.write_text(text, encoding="utf-8")
    return 1 if BROKEN else 0


if __name__ == "__main__":
    sys.exit(main())
