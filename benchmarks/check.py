"""How long `check` takes (shapes, costs, problems) against building the same network on torch's meta device, paired, over chains of bricks.

    python benchmarks/check.py [--rounds N]

`fresh`: every brick different and never seen; `an edit`: one brick changed, as while drawing; `meta`: the same chain as torch modules on the meta
device with one forward pass, which gives shapes alone and no word about what is allowed. The second table has shapes alone (graph.analysis), of three
drawings: all of them, after the image has another size; those that another number of channels in the middle changes; and of a drawing never seen.
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
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import torch
from torch import nn

from benchmarks.drawings import branchy, chain, chain_of
from builder.graph import FrozenDict, Project, apply, check
from builder.graph.analysis import analyse, infer
from builder.graph.kinds import kinds_of
from builder.graph.plan import functions, values

SIZES = (10, 200, 1000)


def drawing(count: int) -> Project:
    """A chain of `count` convolutions, each of other width than the one before."""
    bricks = [(f"conv{i}", "Conv2d", {"out_channels": 8 + i % 97, "kernel_size": 3, "padding": 1}) for i in range(count)]
    return Project(networks=FrozenDict({"network": chain((1, 28, 28), *bricks)}))


def meta(count: int) -> None:
    """The same chain on the meta device."""
    with torch.device("meta"):
        x, channels = torch.empty(2, 1, 28, 28), 1
        for i in range(count):
            width = 8 + i % 97
            x, channels = nn.Conv2d(channels, width, 3, padding=1)(x), width


def fresh(project: Project) -> None:
    """`check` with nothing remembered."""
    forget()
    check(project)


def forget() -> None:
    """Nothing is known of any brick."""
    for known in (infer, functions, values):
        known.cache_clear()


def shapes(rounds: int) -> None:
    """The second table."""
    print("\n| 1,000 bricks, shapes alone | all ms | from the middle ms | never seen ms |\n|-|-|-|-|")
    for name, make, middle in (("convolutions", drawing, "conv500"), ("convolutions and ReLU", chain_of, "conv250"), ("residual stages", branchy, "conv80a")):
        project, rows = make(1000), []
        kinds = kinds_of(project.blocks)
        before = analyse(project.network, kinds)
        for turn in range(rounds):
            larger = apply(project, {"op": "set", "id": "image", "params": {"shape": [1, 29 + turn, 30 + turn]}}).network
            wider = apply(project, {"op": "set", "id": middle, "params": {"out_channels": 200 + turn}}).network
            row = [seconds(lambda: analyse(larger, kinds, before=before)), seconds(lambda: analyse(wider, kinds, before=before))]
            forget()
            rows.append((*row, seconds(lambda: analyse(replace(larger), kinds))))
            analyse(project.network, kinds)
        print(f"| {name} | {' | '.join(f'{1000 * statistics.median(column):.2f}' for column in zip(*rows, strict=True))} |")


def seconds(act: Callable[[], object]) -> float:
    """Of one call, on the processor: a busy machine disturbs that less."""
    start = time.process_time()
    act()
    return time.process_time() - start


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9)
    rounds = parser.parse_args().rounds
    meta(3)
    print(f"{platform.machine()}, {os.cpu_count()} cores, torch {torch.__version__}, Python {platform.python_version()}, {rounds} rounds, medians\n")
    print("| bricks | fresh ms | an edit ms | meta ms | meta / fresh | meta / an edit |\n|-|-|-|-|-|-|")
    for count in SIZES:
        project, rows = drawing(count), []
        before = check(project)
        for turn in range(rounds):
            edited = apply(project, {"op": "set", "id": f"conv{count // 2}", "params": {"out_channels": 200 + turn}})
            rows.append((seconds(lambda: fresh(project)), seconds(lambda: check(replace(edited), before)), seconds(lambda: meta(count))))
        new, edit, other = (statistics.median(column) for column in zip(*rows, strict=True))
        ratios = [statistics.median(row[2] / row[k] for row in rows) for k in (0, 1)]
        print(f"| {count} | {1000 * new:.1f} | {1000 * edit:.1f} | {1000 * other:.1f} | {ratios[0]:.1f} | {ratios[1]:.1f} |")
    shapes(rounds)


if __name__ == "__main__":
    main()
