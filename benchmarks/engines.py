"""The app's trainer with everything live against the tutorial loop, the best loop written by hand, Lightning, skorch and Keras, paired in one run.

    pip install -r benchmarks/requirements-peers.txt          # the peers, for this benchmark alone; those that are missing are left out
    python benchmarks/engines.py [--quick] [--rounds N] [--threads N] [--cases NAMES] [--engines NAMES] [--write benchmarks/results/NAME.md]

Four networks of the lectures with their recipes, and one of them with single samples, the same network and the same first weights for every engine; data from $BRICKWORK_DATA, else made here
in the same sizes. Every engine is a process of its own (benchmarks/engine.py) that waits for its turn: what one asks of the system or leaves in its memory
touches no other. Each round trains the same number of samples with each engine, one after the other, in rotating order; a ratio is taken within its
round, and the table shows the median and the spread over the rounds. Every engine computes on the same number of threads. Ours runs as the app's worker
does: every event in the run database, pictures, metrics, the thread that listens for commands, idle threads of OpenMP asleep, memory in large pages
(surroundings.environment), and what a step frees kept for the next (device.keep_freed_memory); the loop by hand has these three too, the others run as
whoever installs them has them.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import platform
import statistics
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

from engine import CASES, CLOCKS, ENGINES, OURS, Case, Seconds

from builder.runs.surroundings import environment
from builder.train.device import processor_name, take_threads

TAXES = (("ours, everything live", "by hand"), ("ours, everything live", "ours, unwatched"), ("ours in bfloat16", "by hand in bfloat16"), ("ours, medium", "by hand, medium"))


class Process:
    """An engine in a process of its own, which ends with this one."""

    def __init__(self, case: Case, name: str, threads: int):
        command = [sys.executable, str(Path(__file__).with_name("engine.py")), case.name, name, str(case.samples), str(threads)]
        self.name = name
        self.process = subprocess.Popen(command, env=environment() if name in OURS else None, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        # What its data are, once it is warm.
        self.says = self._answer()

    def round(self) -> Seconds:
        """Seconds of a round, which it trains now."""
        self.process.stdin.write("go\n")
        self.process.stdin.flush()
        return json.loads(self._answer())

    def _answer(self) -> str:
        if not (line := self.process.stdout.readline()):
            raise SystemExit(f"{self.name} ended by itself with status {self.process.wait()}: {' '.join(self.process.args[1:])}")
        return line.strip()

    def __enter__(self) -> Process:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()


def measure(case: Case, names: list[str], rounds: int, threads: int) -> tuple[dict[str, list[Seconds]], str]:
    """Seconds of every engine in every round, the engine that goes first changing from round to round; and in words what the data are."""
    seconds = {name: [] for name in names}
    with ExitStack() as stack:
        processes = [stack.enter_context(Process(case, name, threads)) for name in names]
        for number in range(rounds):
            turn = number % len(names)
            for process in processes[turn:] + processes[:turn]:
                seconds[process.name].append(process.round())
            print(f"{case.name}, round {number + 1}: " + ", ".join(f"{name} {took[-1]['wall']:.2f} s ({took[-1]['processor']:.2f})" for name, took in seconds.items()),
                  file=sys.stderr, flush=True)
        return seconds, processes[0].says


def ratios(one: list[Seconds], other: list[Seconds], clock: str) -> list[float]:
    """How many times longer `one` took, round by round."""
    return [a[clock] / b[clock] for a, b in zip(one, other, strict=True)]


def spread(values: list[float], form: str = ".2f") -> str:
    """Median and range."""
    return f"{statistics.median(values):{form}} ({min(values):{form}} to {max(values):{form}})"


def table(case: Case, says: str, seconds: dict[str, list[Seconds]]) -> str:
    """What was measured of one network, as markdown."""
    first = next(iter(seconds))
    lines = [f"## {case.says}", "", f"{says}, {case.samples:,} samples.", "",
             f"| engine | samples/s | times the {first}, processor | wall |", "|-|-|-|-|"]
    for name, took in seconds.items():
        speed = case.samples / statistics.median(one["processor"] for one in took)
        lines.append(f"| {name} | {speed:,.0f} | {spread(ratios(seconds[first], took, 'processor'))} | {spread(ratios(seconds[first], took, 'wall'))} |")
    for mine, best in TAXES:
        if mine in seconds and best in seconds:
            taxes = [f"{spread([ratio - 1 for ratio in ratios(seconds[mine], seconds[best], clock)], '+.1%')} by the {clock}'s clock" for clock in reversed(CLOCKS)]
            lines += ["", f"{mine.capitalize()}, against {best}: {', '.join(taxes)}."]
    return "\n".join(lines)


def versions() -> str:
    """What was compared with what."""
    found = {module: version(module) for module in ("torch", "torchvision", "lightning", "skorch", "keras") if importlib.util.find_spec(module)}
    return ", ".join(f"{module} {number}" for module, number in found.items())


def main() -> None:
    """Measure, print, and write the tables where asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="an eighth of the samples, three rounds: does it run, and roughly how fast")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--threads", type=int, help="default: the app's")
    parser.add_argument("--cases", default=",".join(CASES), help=f"some of {', '.join(CASES)}")
    parser.add_argument("--engines", default=";".join(ENGINES), help="some of those in the tables, parted by semicolons")
    parser.add_argument("--write", type=Path, help="a markdown file for the tables")
    given = parser.parse_args()
    threads, rounds = take_threads(given.threads), given.rounds or (3 if given.quick else 9)
    wanted = given.engines.split(";")
    names = [name for name in wanted if importlib.util.find_spec(ENGINES[name][0])]
    texts = []
    for name in given.cases.split(","):
        case = replace(CASES[name], samples=CASES[name].samples // (8 if given.quick else 1))
        seconds, says = measure(case, names, rounds, threads)
        texts.append(table(case, says, seconds))
    missing = f" Not installed, left out: {', '.join(name for name in wanted if name not in names)}." if len(names) < len(wanted) else ""
    texts.append(f"{rounds} rounds in rotating order, every engine in a process of its own, {threads} thread(s) of {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the "
                 f"end (above {threads}: other programs were running). {versions()}, Python {platform.python_version()}, {processor_name()}, {platform.system()} "
                 f"{platform.release()}.{missing}")
    text = "\n\n".join(texts)
    print(text)
    if given.write:
        command = "python benchmarks/engines.py" + " --quick" * given.quick + (f" --rounds {given.rounds}" if given.rounds else "")
        given.write.write_text(f"# Engines\n\n`{command}`\n\n{text}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
