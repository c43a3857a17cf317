"""Other processes of this machine, by their numbers. Standard library only."""

from __future__ import annotations

import os


def running(process: int) -> bool:
    """Whether there is a process with this number, whoever it belongs to."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    # It is there, and somebody else's. A number that no process can have ends in a folder's name by hand alone.
    except (OSError, OverflowError):
        return True
    return True
