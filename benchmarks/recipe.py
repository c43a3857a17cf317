"""What each part of a training recipe costs: the MNIST CNN on the built-in digits, batch 100, with one part on, against the same without.

    python benchmarks/recipe.py [--rounds 5] [--write benchmarks/results/NAME.md]

As many threads as a run takes; samples a second of the second epoch, parts in rotating order, medians of the ratios to the plain run of the same round, with their range.
"""

from __future__ import annotations

import argparse
import platform
import statistics
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import torch

from builder import api
from builder.train import device
from builder.train.events import EpochEnded

BASE = {"training.epochs": 2, "training.batch_size": 100}
PARTS = {
    "plain": {}, "OneCycleLR with warm-up": {"training.schedule": "OneCycleLR", "training.warmup": 0.5}, "clipping by norm": {"training.clipping": "Norm"},
    "clipping by value": {"training.clipping": "Value"}, "L1": {"training.l1": 0.0001}, "EMA": {"training.averaging": "EMA"},
    "balanced classes": {"training.loss.weight": "balanced"}, "deterministic": {"training.deterministic": True}, "bfloat16": {"training.precision": "bfloat16"}}


def speed(part: str) -> float:
    """Samples a second."""
    project = api.with_settings(api.gallery("mnist-cnn"), BASE | PARTS[part])
    events = list(api.train(project, device="cpu"))
    return [event for event in events if isinstance(event, EpochEnded)][-1].samples_per_second


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    names, seen = list(PARTS), {name: [] for name in PARTS}
    speed("plain")
    for number in range(options.rounds):
        turn = number % len(names)
        for name in (*names[turn:], *names[:turn]):
            seen[name].append(speed(name))
    lines = [f"{device.processor_name()}, Python {platform.python_version()}, torch {torch.__version__}, {device.take_threads()} thread(s), seed 0, {options.rounds} rounds", "",
             "| part | samples/s | against plain | range |", "|-|-|-|-|"]
    for name, values in seen.items():
        ratios = [value / plain for value, plain in zip(values, seen["plain"], strict=True)]
        lines.append(f"| {name} | {statistics.median(values):,.0f} | {statistics.median(ratios):.2f} | {min(ratios):.2f} to {max(ratios):.2f} |")
    text = "\n".join(lines) + "\n"
    print(text)
    if options.write:
        options.write.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
