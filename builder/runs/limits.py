"""How much memory a worker may take, so that a network that is too large ends its own run and nothing else."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

# Of what is free when the worker starts; the rest is left to the page, the browser and the system.
SHARE = 0.9
GPUS = ("/dev/nvidia0", "/dev/kfd")


@contextmanager
def restrained(most: int | None = None) -> Iterator[None]:
    """While it lasts, this process gets a MemoryError (torch's RuntimeError) once it has taken most of what was free, or `most` bytes, besides what it has.

    Nothing is limited where the system does not say what is free, or where there is a GPU, whose driver asks for far more than it uses. Who
    gives `most` uses no GPU.
    """
    free = None if most is None and any(Path(device).exists() for device in GPUS) else free_memory()
    wanted = [limit for limit in (most, None if free is None else int(SHARE * free)) if limit is not None]
    # Heap and private mappings alone: files and libraries that are only mapped cost no memory.
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    known = [limit for limit in (soft, hard) if limit != resource.RLIM_INFINITY]
    if wanted:
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_DATA, (min([_held() + min(wanted), *known]), hard))
    try:
        yield
    finally:
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


def go_first() -> None:
    """Have a kernel that runs out of memory all the same end this process before any other."""
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("800", encoding="ascii")


def free_memory() -> int | None:
    """Bytes that can be had without swapping, on this machine and in this container; None where the system does not say."""
    found = [value for value in (_available(), _left_in_container()) if value is not None]
    return min(found, default=None)


def free_gpu_memory(number: int = 0) -> int | None:
    """Free bytes of the GPU that torch counts as this number, from 0, from its driver; None where there is none or it does not say."""
    smi = shutil.which("nvidia-smi")
    if smi is None:
        return None
    with suppress(OSError, ValueError, subprocess.SubprocessError):
        # What this variable leaves torch to see is counted anew; the driver knows all, by number or by name.
        names = dict(enumerate(filter(None, map(str.strip, os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",")))))
        asked = [smi, f"--id={names.get(number, number)}", "--query-gpu=memory.free", "--format=csv,noheader,nounits"]
        answer = subprocess.run(asked, capture_output=True, text=True, timeout=5, check=True).stdout
        return int(answer.splitlines()[0]) << 20 if answer.strip() else None
    return None


def _held() -> int:
    """What this process has of the memory that the limit counts; 0 where the system does not say."""
    with suppress(OSError, ValueError):
        for line in Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith("VmData:"):
                return int(line.split()[1]) * 1024
    return 0


def _available() -> int | None:
    with suppress(OSError, ValueError):
        for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    return None


def _left_in_container(folder: Path = Path("/sys/fs/cgroup")) -> int | None:
    with suppress(OSError, ValueError):
        return max(0, int((folder / "memory.max").read_text()) - int((folder / "memory.current").read_text()))
    return None
