"""How many threads a training step should take, with the machine to itself and beside a busy page.

    python benchmarks/threads.py [--quick] [--write benchmarks/results/NAME.md]

Every case is a process of its own, because OpenMP reads OMP_WAIT_POLICY when torch is imported: the lectures' MNIST CNN, batch 100, milliseconds of
wall time a step, median (range) over the rounds, cases in rotating order, and how many times as long beside the busy process. The app takes one thread fewer
than there are cores, and PASSIVE (device.take_threads, launch.environment).
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
from pathlib import Path

WORK = """
import sys, time, torch
from torch import nn
torch.set_num_threads(int(sys.argv[1]))
torch.manual_seed(0)
model = nn.Sequential(nn.Conv2d(1, 10, 5), nn.MaxPool2d(2), nn.ReLU(), nn.Conv2d(10, 20, 5), nn.MaxPool2d(2), nn.ReLU(), nn.Flatten(),
                      nn.Linear(320, 50), nn.ReLU(), nn.Linear(50, 10)).to(memory_format=torch.channels_last)
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
x, y = torch.rand(100, 28, 28, 1).permute(0, 3, 1, 2), torch.randint(0, 10, (100,))
steps = int(sys.argv[2])
for step in range(steps + 20):
    if step == 20:
        began = time.perf_counter()
    loss = nn.functional.cross_entropy(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print((time.perf_counter() - began) / steps * 1000, torch.__version__)
"""
# Ends with the benchmark, however that ends.
BUSY = "import os\nparent = os.getppid()\nwhile os.getppid() == parent: pass"


def step_time(threads: int, policy: str, busy: int, steps: int) -> float:
    """Milliseconds a step with so many busy processes beside it."""
    others = [subprocess.Popen([sys.executable, "-c", BUSY]) for _ in range(busy)]
    try:
        environment = os.environ | ({"OMP_WAIT_POLICY": policy} if policy else {})
        found = subprocess.run([sys.executable, "-c", WORK, str(threads), str(steps)], env=environment, capture_output=True, text=True, check=True)
        return float(found.stdout.split()[0])
    finally:
        for other in others:
            other.kill()
            other.wait()


def told(milliseconds: list[float]) -> str:
    """Median and range."""
    return f"{statistics.median(milliseconds):.1f} ({min(milliseconds):.1f} to {max(milliseconds):.1f})"


def main() -> None:
    """Measure, print, and write the table where asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="two rounds of few steps")
    parser.add_argument("--write", type=Path, help="a markdown file for the table")
    given = parser.parse_args()
    rounds, steps, cores = (2, 30, os.cpu_count()) if given.quick else (5, 100, os.cpu_count())
    counts = sorted({1, max(1, cores - 1), cores})
    cases = [(threads, policy, busy) for threads in counts for policy in ("", "PASSIVE") for busy in (0, 1) if threads > 1 or not policy]
    times = {case: [] for case in cases}
    for number in range(rounds):
        turn = number % len(cases)
        for case in cases[turn:] + cases[:turn]:
            times[case].append(step_time(*case, steps))
    lines = ["| threads | OMP_WAIT_POLICY | ms a step, median (range) | beside a busy process | times as long |", "|-|-|-|-|-|"]
    for threads, policy in dict.fromkeys(case[:2] for case in cases):
        alone, beside = times[threads, policy, 0], times[threads, policy, 1]
        slower = statistics.median(one / other for one, other in zip(beside, alone, strict=True))
        app = ", the app's" if threads == max(1, cores - 1) and (policy or threads == 1) else ""
        lines.append(f"| {threads}{app} | {policy or ('default' if threads > 1 else 'either')} | {told(alone)} | {told(beside)} | {slower:.2f} |")
    lines += ["", f"{cores} cores, load {os.getloadavg()[0]:.1f} at the end, {rounds} rounds of {steps} steps, Python {platform.python_version()}."]
    print("\n".join(lines))
    if given.write:
        given.write.parent.mkdir(parents=True, exist_ok=True)
        given.write.write_text("# Threads\n\n`python benchmarks/threads.py" + " --quick" * given.quick + "`\n\n" + "\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
