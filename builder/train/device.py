"""The device a run computes on, and how many threads it takes."""

from __future__ import annotations

import ctypes
import os
import platform
from dataclasses import dataclass
from pathlib import Path

import torch

KINDS = ("cuda", "mps", "cpu")


class DeviceError(ValueError):
    """The device asked for is not there; the message says which are."""


@dataclass(frozen=True)
class Device:
    """A device torch can compute on: its kind, its name for people, and torch's name for it ("cuda:1")."""

    kind: str
    name: str
    torch_name: str


def choose_device(name: str | None = None) -> Device:
    """The device of that name, or the fastest there is: a CUDA GPU, else Apple's, else the processor.

    Raises DeviceError for a name that torch does not know or a device that this machine or this torch does not have.
    """
    there = devices()
    if name is None:
        return there[0]
    for device in there:
        if name in (device.kind, device.torch_name):
            return device
    raise DeviceError(f"There is no device {name!r} here; there is {', '.join(f'{device.torch_name} ({device.name})' for device in there)}."
                      + (" This torch was built without CUDA." if name.startswith("cuda") and not torch.backends.cuda.is_built() else ""))


def devices() -> list[Device]:
    """Every device of this machine, fastest first."""
    found = []
    if torch.cuda.is_available():
        found += [Device("cuda", torch.cuda.get_device_name(number), f"cuda:{number}") for number in range(torch.cuda.device_count())]
    if torch.backends.mps.is_available():
        found.append(Device("mps", f"{platform.processor() or 'Apple'} GPU", "mps"))
    return [*found, Device("cpu", processor_name(), "cpu")]


def free_gpu(name: str = "cuda:0") -> int | None:
    """Free bytes of a CUDA GPU, the first where none is named; None where torch can use none."""
    return torch.cuda.mem_get_info(name)[0] if torch.cuda.is_available() else None


def processor_name() -> str:
    """The processor as its maker calls it, else its architecture."""
    try:
        lines = Path("/proc/cpuinfo").read_text(errors="replace").splitlines()
    except OSError:
        lines = []
    model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    return model or platform.processor() or platform.machine()


def cores() -> int:
    """Cores this process may use: those it is allowed to run on, and no more than its container's share of time."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
        return min(allowed, max(1, int(quota) // int(period)))
    except (OSError, ValueError):  # no cgroup, or "max": no limit
        return allowed


def usual_threads() -> int:
    """How many threads a run of one process takes here: all cores but one, which is left to the page that watches."""
    return max(1, cores() - 1)


def take_threads(count: int | None = None) -> int:
    """Sets and returns torch's number of threads, the usual one where none is given.

    With a thread on every core, OpenMP's threads wait for each other by spinning, and one busy page makes a step ten times slower
    (benchmarks/threads.py). OMP_WAIT_POLICY=PASSIVE softens that, but is read when torch is imported: whoever starts the process sets it.
    """
    torch.set_num_threads(count or usual_threads())
    return torch.get_num_threads()


def go_on_with_threads(count: int) -> str:
    """Takes as many threads as a run began with, because sums have other last bits when others add them up; what that means, in a sentence, where it is another number than now.

    0 stands for a number that nobody noted, and changes nothing.
    """
    now = torch.get_num_threads()
    if count in (0, now):
        return ""
    torch.set_num_threads(count)
    return f"It goes on with {count} thread{'' if count == 1 else 's'}, as it began, so that its numbers keep their last bits; a new run would take {now} here."


# Numbers of malloc.h, and what they are set to. 32 MB is the most that glibc takes for the size from which memory is mapped anew each time.
KEPT_BY_MALLOC = {"M_TRIM_THRESHOLD": (-1, 1 << 30), "M_TOP_PAD": (-2, 64 << 20), "M_MMAP_THRESHOLD": (-3, 32 << 20)}


def keep_freed_memory() -> bool:
    """Asks the C library to keep what a step frees for the next one; False where it is not glibc, which alone is asked.

    Else it gives the larger tensors of a step back to the system, which hands them out again page by page, cleared: a fifth of a small network's step on the
    CPU (https://man7.org/linux/man-pages/man3/mallopt.3.html). The process gives everything back when it ends.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return False
    return all(mallopt(ctypes.c_int(number), ctypes.c_int(value)) == 1 for number, value in KEPT_BY_MALLOC.values())
