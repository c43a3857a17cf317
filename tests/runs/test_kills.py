"""A few kills of every kind of benchmarks/kills.py, which has the thousand."""

from __future__ import annotations

import subprocess
import sys


def test_killed_workers_lose_no_event_leave_whole_checkpoints_and_resume_to_the_same_bits(root):
    command = [sys.executable, "benchmarks/kills.py", "--events", "5", "--checkpoints", "5", "--every", "17"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0 and "BROKEN" not in done.stdout, done.stdout + done.stderr
    assert "0 lost" in done.stdout and "0 unreadable" in done.stdout and "3 with its weights, optimiser and random states to the last bit" in done.stdout
