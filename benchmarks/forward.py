"""One pass through a drawing of 200 bricks by the source that Brickwork writes, against the same network in other forms, paired in rotating order.

    python benchmarks/forward.py [--rounds N]

Residual stages on an image of 4×4 pixels, a batch of one, one thread: little to compute, so that what Python does between the layers shows. `by hand`: a
class for a stage as a person writes it, with nn.ReLU or with F.relu, 32 of them in an nn.Sequential; `torch.fx`: the traced GraphModule; `dictionary`: modules
looked up step by step, values kept in a dict, as many builders run a graph. All share one set of weights and give the same bits. Then what it takes to
make the network of a drawing: check, source, Python and first weights. Times are those of the processor, so that a busy machine disturbs them less.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import torch
import torch.nn.functional as F
from torch import nn

from benchmarks.drawings import branchy
from builder import api
from builder.compile.module import load
from builder.compile.trace import trace
from builder.graph import FrozenDict, Project, apply

BRICKS, REPEATS = 200, 40


def drawing() -> Project:
    """Residual stages, 200 bricks in all, on a small image."""
    return apply(replace(branchy(BRICKS), task=FrozenDict({"kind": "none"})), {"op": "set", "id": "image", "params": {"shape": [1, 4, 4]}})


class Stage(nn.Module):
    """Two convolutions and a projection that are added, by hand."""

    def __init__(self, before: int, channels: int):
        super().__init__()
        self.conv1 = nn.Conv2d(before, channels, 3, padding=1)
        self.relu1 = nn.ReLU()
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1)
        self.side = nn.Conv2d(before, channels, 1)
        self.relu2 = nn.ReLU()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """N before 4 4 -> N channels 4 4."""
        y = self.relu1(self.conv1(x))
        y = self.conv2(y)
        return self.relu2(y + self.side(x))


class StageF(Stage):
    """The same with F.relu."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """N before 4 4 -> N channels 4 4."""
        y = F.relu(self.conv1(x))
        y = self.conv2(y)
        return F.relu(y + self.side(x))


def by_hand(stage: type[Stage], weights: dict[str, torch.Tensor]) -> nn.Module:
    """The network as a person writes it, with these weights in their order."""
    widths = [1, *(8 + i % 9 for i in range(1, (BRICKS - 5) // 6 + 1))]
    network = nn.Sequential(*(stage(*pair) for pair in pairwise(widths)), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(widths[-1], 10))
    network.load_state_dict(dict(zip(network.state_dict(), weights.values(), strict=True)))
    return network


class Dictionary(nn.Module):
    """The drawing run step by step, every value kept under the name of its brick."""

    def __init__(self, project: Project, made: nn.Module):
        super().__init__()
        found = trace(project)
        self.layers = nn.ModuleDict({step.name: made.get_submodule(step.name) for step in found.steps if step.makes})
        self.steps = [(step.name, [name for name, _ in step.inputs]) for step in found.steps]
        self.first, self.last = found.entries[0], found.results[0][0]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """N 1 4 4 -> N 10."""
        values = {self.first: x}
        for name, sources in self.steps:
            given = [values[source] for source in sources]
            values[name] = self.layers[name](*given) if name in self.layers else given[0] + given[1]
        return values[self.last]


def seconds(act: Callable[[], object], times: int = 1) -> float:
    """Of one call, on the processor."""
    start = time.process_time()
    for _ in range(times):
        act()
    return (time.process_time() - start) / times


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=41)
    rounds = parser.parse_args().rounds
    torch.set_num_threads(1)
    project = drawing()
    ours = api.module(project)
    weights = ours.state_dict()
    forms = {"ours": ours, "by hand, nn.ReLU": by_hand(Stage, weights), "by hand, F.relu": by_hand(StageF, weights), "torch.fx": torch.fx.symbolic_trace(ours),
             "dictionary": Dictionary(project, ours)}
    x, rows = torch.randn(1, 1, 4, 4), []
    with torch.inference_mode():
        assert all(torch.equal(form(x), ours(x)) for form in forms.values())
        names = list(forms)
        for turn in range(rounds):
            turned = names[turn % len(names):] + names[:turn % len(names)]
            taken = {name: seconds(lambda form=forms[name]: form(x), REPEATS) for name in turned}
            rows.append([taken[name] for name in names])
    print(f"{platform.machine()}, {os.cpu_count()} cores, torch {torch.__version__}, Python {platform.python_version()}, {rounds} rounds, medians\n")
    print(f"| forward of {BRICKS} bricks, batch 1 | us | ours / it |\n|-|-|-|")
    for i, name in enumerate(names):
        print(f"| {name} | {1e6 * statistics.median(row[i] for row in rows):.0f} | {statistics.median(row[0] / row[i] for row in rows):.3f} |")
    text = api.source(project)
    steps = {"check": lambda: api.check(drawing()), "check and source": lambda: api.source(drawing()), "the text as a module with its first weights": lambda: load(text),
             "all of it": lambda: api.module(drawing())}
    print(f"\n| build of {BRICKS} bricks | ms |\n|-|-|")
    for name, act in steps.items():
        print(f"| {name} | {1000 * statistics.median(seconds(act) for _ in range(rounds)):.1f} |")


if __name__ == "__main__":
    main()
