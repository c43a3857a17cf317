"""Which waiting run may start: they go in their order, several at once as far as their memory fits."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from builder.graph import check, from_json
from builder.graph.memory import SHARE, amount, batch_size, memory

from .limits import GPUS, free_gpu_memory, free_memory
from .record import Run, RunError, shared_by
from .store import Store


def estimate(store: Store, run_id: str) -> int | None:
    """Bytes that training the run will take, as the report has them; None where its project cannot be read any more."""
    try:
        project = from_json(store.project(run_id))
    except (ValueError, RunError):
        return None
    needs, (_, count) = memory(project, check(project), on_gpu(store.get(run_id))), shared_by(store.get(run_id).device_asked)
    # On GPUs each part of a batch lies in a memory of its own; on the processor all lie in the same.
    return needs.at(-(-batch_size(project) // count)) if on_gpu(store.get(run_id)) else needs.at(batch_size(project)) + (count - 1) * needs.fixed


def on_gpu(run: Run) -> bool:
    """Whether it will compute on a GPU, as far as can be said without asking torch."""
    return bool(gpus(run))


def gpus(run: Run) -> frozenset[int]:
    """The numbers of the GPUs that it will compute on; none where that is the processor."""
    device, count = shared_by(run.device_asked)
    kind, _, number = (device or "").partition(":")
    if kind != "cuda" and (device or not any(Path(file).exists() for file in GPUS)):
        return frozenset()
    return frozenset(range(count)) if count > 1 or not number.isdecimal() else frozenset((int(number),))


def obstacle(store: Store, run: Run) -> str:
    """Why the first waiting run cannot start now, for people; empty when it can. A run that has the machine to itself may always try."""
    wanted = gpus(run)
    others = [other for other in store.live() if other.state != "queued" and (gpus(other) & wanted if wanted else not gpus(other))]
    if not others:
        return ""
    found = [free_gpu_memory(number) for number in wanted] or [free_memory()]
    free = None if None in found else min(found)
    if free is None or run.needs is None:
        return "another run trains, and how much memory there is for a second one is not known"
    room = max(0, int(SHARE * free) - sum(map(_still_to_come, others)))
    return "" if run.needs <= room else f"it takes about {amount(run.needs)}, and {amount(room)} are left beside {len(others)} other run{'s' if len(others) > 1 else ''}"


def waits_for(store: Store, run: Run) -> str:
    """Why a run in the queue waits, in a sentence; empty for one that is in no queue or starts at once."""
    queue = [other.id for other in store.waiting()]
    if run.id not in queue:
        return ""
    place = queue.index(run.id)
    why = obstacle(store, run) if place == 0 else f"{place} run{'s' if place > 1 else ''} before it"
    return f"Waits in the queue: {why}." if why else ""


def _still_to_come(run: Run) -> int:
    """What a run has not taken yet of the memory that it will need."""
    if on_gpu(run):
        return 0 if run.step else run.needs or 0
    return max(0, (run.needs or 0) - _resident(run.pid))


def _resident(pid: int | None) -> int:
    """Bytes of memory that a process has; 0 where the system does not say."""
    with suppress(OSError, ValueError):
        for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
    return 0
