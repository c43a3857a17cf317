"""The app's trainer with everything live against the lectures' tutorial loop and against the best loop written by hand, paired.

    python benchmarks/train_loop.py [--quick] [--rounds N] [--threads N] [--write benchmarks/results/NAME.md]

The network is the lectures' MNIST CNN (21,840 parameters), batch 100, SGD 0.01, on MNIST where $BRICKWORK_DATA has it, else on the built-in digits
repeated. Each round trains the same number of samples with each loop, in rotating order; a ratio is taken within its round, and the table shows the
median and the spread over the rounds. Times are of one epoch's training: building the network and reading files are not in them, nor is the first use of
torch. Ours includes every event, picture and database row of the epoch. Both clocks are shown: the wall's, which other programs on the machine disturb,
and the processor's, which counts this process alone (all its threads).
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import sys
import tempfile
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

# Read by OpenMP when torch is imported; the app's worker sets it too.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import torch
import torchvision
from PIL import Image
from torch import nn
from torch.utils.data import DataLoader, Dataset
from torchvision.transforms import Compose, Normalize, ToTensor

from builder.data import Tensors, available, load
from builder.paths import data_roots
from builder.runs.store import Store
from builder.tasks.classification import Classification
from builder.train.batches import Split, seed_everything
from builder.train.device import choose_device, processor_name, take_threads
from builder.train.events import EpochEnded, RunStarted
from builder.train.loop import train
from builder.train.settings import Settings

SEED, BATCH, LR = 0, 100, 0.01
CPU = choose_device("cpu")
CLOCKS = {"wall": time.perf_counter, "processor": time.process_time}
Seconds = dict[str, float]


class Watch:
    """Both clocks, from the moment it is made."""

    def __init__(self) -> None:
        self.began = {name: clock() for name, clock in CLOCKS.items()}

    def read(self) -> Seconds:
        """Seconds since then."""
        return {name: clock() - self.began[name] for name, clock in CLOCKS.items()}


def network() -> nn.Sequential:
    """The lectures' network, always with the same first weights."""
    seed_everything(SEED)
    return nn.Sequential(OrderedDict(
        conv1=nn.Conv2d(1, 10, 5), pool1=nn.MaxPool2d(2), relu1=nn.ReLU(), conv2=nn.Conv2d(10, 20, 5), pool2=nn.MaxPool2d(2), relu2=nn.ReLU(),
        flatten=nn.Flatten(), fc1=nn.Linear(320, 50), relu3=nn.ReLU(), fc2=nn.Linear(50, 10)))


def samples(count: int) -> Tensors:
    """So many training samples: of MNIST where it is at hand, else the digits, repeated."""
    name = "mnist" if available("mnist", data_roots()) else "digits"
    whole = load(name, data_roots())
    places = torch.arange(count) % len(whole.train_x)
    return replace(whole, train_x=whole.train_x[places], train_y=whole.train_y[places])


class Pictures(Dataset):
    """What torchvision's MNIST gives: a PIL image, transformed sample by sample."""

    def __init__(self, data: Tensors):
        self.x, self.y = data.train_x[:, 0], data.train_y
        self.transform = Compose([ToTensor(), Normalize(data.mean, data.std)])

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        return self.transform(Image.fromarray(self.x[index].numpy())), int(self.y[index])


def tutorial(data: Tensors) -> Seconds:
    """Seconds of one epoch as the lectures write it: DataLoader, PIL transforms, no worker processes, nothing shown."""
    loader, model = DataLoader(Pictures(data), batch_size=BATCH, shuffle=True), network()
    optimizer = torch.optim.SGD(model.parameters(), lr=LR)
    model.train()
    watch = Watch()
    for inputs, targets in loader:
        output = model(inputs)
        loss = nn.functional.cross_entropy(output, targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return watch.read()


def by_hand(data: Tensors) -> Seconds:
    """Seconds of one epoch of the best loop we can write: tensors in memory, channels_last, nothing counted, nothing shown."""
    split = Split(data.train_x, data.train_y, data.mean, data.std, CPU, channels_last=True)
    model = network().to(memory_format=torch.channels_last)
    optimizer = torch.optim.SGD(model.parameters(), lr=LR)
    model.train()
    watch = Watch()
    for places in torch.randperm(len(split)).split(BATCH):
        inputs, targets = split.batch(places)
        loss = nn.functional.cross_entropy(model(inputs), targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return watch.read()


def ours(data: Tensors) -> Seconds:
    """Seconds of one epoch of the app's trainer with everything live: every event stored in the run database as it comes.

    One test sample, because the other loops do not evaluate; the clock runs from the run's start until its epoch is reported.
    """
    data = replace(data, test_x=data.test_x[:1], test_y=data.test_y[:1])
    model = network()
    optimizer = torch.optim.SGD(model.parameters(), lr=LR)
    with tempfile.TemporaryDirectory() as folder, Store(Path(folder)) as store:
        run = store.create({"name": "benchmark"}, "", "benchmark")
        generation = store.claim(run).generation
        for event in train(model, data, Settings(epochs=1, batch_size=BATCH, seed=SEED), optimizer=optimizer, loss_fn=nn.CrossEntropyLoss(),
                           task=Classification(10), device=CPU, checkpoints=Path(folder) / "checkpoints"):
            if isinstance(event, RunStarted):
                watch = Watch()
            store.append(run, [event], generation)
            if isinstance(event, EpochEnded):
                seconds = watch.read()
    return seconds


LOOPS: dict[str, Callable[[Tensors], Seconds]] = {"tutorial": tutorial, "by hand": by_hand, "ours, everything live": ours}


def measure(rounds: int, data: Tensors) -> dict[str, list[Seconds]]:
    """Seconds of every loop in every round; the loop that goes first changes from round to round."""
    names, seconds = list(LOOPS), {name: [] for name in LOOPS}
    warm = replace(data, train_x=data.train_x[:BATCH * 5], train_y=data.train_y[:BATCH * 5])
    for loop in LOOPS.values():
        loop(warm)
    for number in range(rounds):
        for name in names[number % len(names):] + names[:number % len(names)]:
            seconds[name].append(LOOPS[name](data))
        print(f"round {number + 1}: " + ", ".join(f"{name} {took[-1]['wall']:.2f} s ({took[-1]['processor']:.2f})" for name, took in seconds.items()), flush=True)
    return seconds


def spread(values: list[float]) -> str:
    """Median and range."""
    return f"{statistics.median(values):.2f} ({min(values):.2f} to {max(values):.2f})"


def ratios(one: list[float], other: list[float]) -> list[float]:
    """How many times longer `one` took, round by round."""
    return [a / b for a, b in zip(one, other, strict=True)]


def table(seconds: dict[str, list[Seconds]], data: Tensors, rounds: int, threads: int) -> str:
    """What was measured, as markdown."""
    lines = ["| clock | loop | seconds an epoch, median (range) | samples/s | times the tutorial | times the loop by hand |", "|-|-|-|-|-|-|"]
    taxes = []
    for clock in CLOCKS:
        took = {name: [round_[clock] for round_ in rounds_] for name, rounds_ in seconds.items()}
        for name, mine in took.items():
            lines.append(f"| {clock} | {name} | {spread(mine)} | {len(data.train_x) / statistics.median(mine):,.0f} "
                         f"| {spread(ratios(took['tutorial'], mine))} | {spread(ratios(took['by hand'], mine))} |")
        tax = [ratio - 1 for ratio in ratios(took["ours, everything live"], took["by hand"])]
        taxes.append(f"{statistics.median(tax):+.1%} ({min(tax):+.1%} to {max(tax):+.1%}) by the {clock}'s clock")
    lines += ["", f"Engine tax, ours against the loop by hand: {', '.join(taxes)}.", "",
              f"{data.name}, {len(data.train_x):,} samples, batch {BATCH}, SGD {LR}, seed {SEED}, {rounds} rounds in rotating order, {threads} thread(s) of "
              f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the end (above {threads}: other programs were running).",
              f"torch {torch.__version__}, torchvision {torchvision.__version__}, Python {platform.python_version()}, {processor_name()}, "
              f"{platform.system()} {platform.release()}."]
    return "\n".join(lines)


def main() -> None:
    """Measure, print, and write the table where asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="few samples, three rounds: does it run, and roughly how fast")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--threads", type=int, help="default: the app's")
    parser.add_argument("--write", type=Path, help="a markdown file for the table")
    given = parser.parse_args()
    threads, rounds = take_threads(given.threads), given.rounds or (3 if given.quick else 9)
    data = samples(3_000 if given.quick else 20_000)
    text = table(measure(rounds, data), data, rounds, threads)
    print("\n" + text)
    if given.write:
        command = "python benchmarks/train_loop.py" + " --quick" * given.quick + (f" --rounds {given.rounds}" if given.rounds else "")
        given.write.parent.mkdir(parents=True, exist_ok=True)
        given.write.write_text(f"# Training loop\n\n`{command}`\n\n{text}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
