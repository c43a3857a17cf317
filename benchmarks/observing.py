"""What watching a run costs: of the processor's time of the thread that trains, the share that goes into everything that is only there to be looked at.

    python benchmarks/observing.py [--rounds 5] [--write benchmarks/results/NAME.md]

An epoch of the MNIST CNN with batches of 100, of the same with single samples, and of the Fashion MLP, as the app's worker trains them (engine.py), from the run's start to
the report of its epoch. Measured is the time inside of: summing losses and right answers (every step), reports of these, norms of the gradients, pictures of the filters, copies of the last
sound weights, events into the run database; what reading the clock takes is taken off. Shares, not differences of two runs: programs beside it disturb them less.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import engine
from engine import CASES, samples

from builder.runs import Store
from builder.train.device import keep_freed_memory, processor_name, take_threads
from builder.train.events import EpochEnded, RunStarted
from builder.train.loop import Run
from builder.train.norms import Norms
from builder.train.watch import Meter, SoundWeights

WATCHED = (("sums", Meter, "add"), ("reports", Run, "_report"), ("gradients", Norms, "measure"), ("gradients", Norms, "told"), ("pictures", Run, "_snapshot"),
           ("sound weights", SoundWeights, "keep"), ("database", Store, "append"))
CHOSEN = ("mnist-cnn", "one-by-one", "fashion-mlp")


def cost_of_reading() -> float:
    """Seconds between two readings of the thread's clock with nothing in between."""
    return statistics.median(-time.thread_time() + time.thread_time() for _ in range(10_001))


class Clock:
    """Seconds inside of every function that is watched, and of all between a run's start and the report of its epoch."""

    def __init__(self) -> None:
        self.seconds, self._began, self._cost = Counter(), 0.0, cost_of_reading()
        for name, kind, method in WATCHED:
            setattr(kind, method, self._timed(name, getattr(kind, method)))

    def _timed(self, name: str, function: Callable) -> Callable:
        def timed(*given: object, **options: object) -> object:
            began = time.thread_time()
            made = function(*given, **options)
            self._add(name, began)
            if name == "database":
                self._mark(given[2])
            return self._resumed(name, made) if isinstance(made, Iterator) else made

        return timed

    def _resumed(self, name: str, made: Iterator) -> Iterator:
        """A generator's own time, without that of the one who takes what it yields."""
        try:
            while True:
                began = time.thread_time()
                event = next(made)
                self._add(name, began)
                yield event
        except StopIteration as ended:
            return ended.value

    def _add(self, name: str, began: float) -> None:
        self.seconds[name] += time.thread_time() - began - self._cost

    def _mark(self, events: list[object]) -> None:
        for event in events:
            if isinstance(event, RunStarted):
                self.seconds.clear()
                self._began = time.thread_time()
            if isinstance(event, EpochEnded):
                self.whole, self.parts = time.thread_time() - self._began, dict(self.seconds)


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--write", type=Path)
    given = parser.parse_args()
    threads, clock = take_threads(), Clock()
    keep_freed_memory()
    names = list(dict.fromkeys(name for name, _, _ in WATCHED))
    lines = [f"| network, batch | all, median (range) | {' | '.join(names)} |", "|-|-|" + "-|" * len(names)]
    for name in CHOSEN:
        case, shares, parts = CASES[name], [], {watched: [] for watched in names}
        data, _ = samples(case, case.samples)
        for _ in range(given.rounds):
            engine.ours(case, data)
            shares.append(sum(clock.parts.values()) / clock.whole)
            for watched, found in parts.items():
                found.append(clock.parts.get(watched, 0.0) / clock.whole)
        told = " | ".join(f"{statistics.median(found):.2%}" for found in parts.values())
        lines.append(f"| {case.network}, {case.batch} | {statistics.median(shares):.2%} ({min(shares):.2%} to {max(shares):.2%}) | {told} |")
    text = "\n".join([*lines, "", f"{given.rounds} rounds, {threads} thread(s) of {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the end, Python {platform.python_version()}, "
                      f"torch {engine.torch.__version__}, {processor_name()}."])
    print(text)
    if given.write:
        given.write.write_text(f"# What watching costs\n\n`python benchmarks/observing.py --rounds {given.rounds}`\n\n{text}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
