"""The run store, the worker process and how one is started, adopted and resumed. Never imports torch."""

from .adopt import settle
from .before import preparing
from .history import began, changed_by_hand, changed_rates, current, explained, judged_by, notes
from .launch import advance, launch, resume, submit
from .limits import free_gpu_memory, free_memory, go_first, restrained
from .queue import estimate, waits_for
from .ranks import OUT_OF_MEMORY, sharing
from .record import LIVE, MOST_PROCESSES, Command, EndedError, Run, RunError, Stored, shared_by
from .silent import kill, silence
from .spare import SPARE
from .store import COMMANDS, Store
from .worker import work

__all__ = [
    "COMMANDS", "LIVE", "MOST_PROCESSES", "OUT_OF_MEMORY", "Command", "EndedError", "Run", "RunError", "SPARE", "Store", "Stored", "advance", "began", "changed_by_hand", "changed_rates", "current", "estimate", "explained",
    "free_gpu_memory", "free_memory", "go_first", "judged_by", "kill", "launch", "notes", "preparing", "restrained", "resume", "settle", "shared_by", "sharing", "silence", "submit", "waits_for", "work",
]
