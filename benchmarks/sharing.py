"""What it saves to add up gradients in pieces while the backward pass still goes on, in a step that two processes share on the processor.

    python benchmarks/sharing.py [NAME] [--rounds N]

Paired in one run, in rotating order: the gradients of a network of the Gallery added up at once behind the backward pass, and in pieces of builder.train.shared_gradients.
One thread a process; prints medians of milliseconds a step and the median of the rounds' ratios. Smaller networks than a piece are always added up at once.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import torch
import torch.distributed as dist
from torch import nn

import builder
from builder.train import shared_gradients
from builder.train.shared_gradients import Gradients

PROCESSES, SAMPLES, SIDE, WARM_UP = 2, 8, 64, 3


def steps(rank: int, meet: Path, name: str, rounds: int) -> None:
    """One process's part; the first one prints."""
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"file://{meet}", rank=rank, world_size=PROCESSES)
    ways = {}
    for way, piece in (("at once", 2**40), ("in pieces", shared_gradients.PIECE)):
        shared_gradients.PIECE = piece
        network = builder.module(builder.gallery(name)).to(memory_format=torch.channels_last)
        ways[way] = network, Gradients(list(network.parameters()))
    images, labels = torch.randn(SAMPLES, 3, SIDE, SIDE).contiguous(memory_format=torch.channels_last), torch.arange(SAMPLES)
    times: dict[str, list[float]] = {way: [] for way in ways}
    for turn in range(rounds + WARM_UP):
        for way in (list(ways) if turn % 2 else reversed(ways)):
            network, added = ways[way]
            dist.barrier()
            began = time.perf_counter()
            network.zero_grad()
            nn.functional.cross_entropy(network(images), labels).backward()
            added.add_up()
            times[way].append(1000 * (time.perf_counter() - began))
    if rank == 0:
        once, pieces = (times[way][WARM_UP:] for way in ("at once", "in pieces"))
        ratio = statistics.median(b / a for a, b in zip(once, pieces, strict=True))
        count = sum(weights.numel() for weights in network.parameters())
        print(f"{name}, {count:,} parameters, {PROCESSES} processes of {SAMPLES} images of {SIDE}×{SIDE}: {statistics.median(once):.0f} ms at once, "
              f"{statistics.median(pieces):.0f} ms in pieces, {ratio:.2f} times the time (median of {rounds} rounds)", flush=True)
    dist.destroy_process_group()


def main() -> None:
    """Fork the processes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", nargs="?", default="resnet18")
    parser.add_argument("--rounds", type=int, default=30)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        children = []
        for rank in range(PROCESSES):
            pid = os.fork()
            if not pid:
                try:
                    steps(rank, Path(folder) / "meet", given.name, given.rounds)
                finally:
                    os._exit(0)
            children.append(pid)
        for pid in children:
            os.waitpid(pid, 0)


if __name__ == "__main__":
    main()
