"""Work that a server has done aside: one piece at a time, heard line by line, ended with what it started."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from builder.ui.child import Jobs
from tests.helpers import until

PYTHON = (sys.executable, "-c")


@pytest.fixture
def gate(tmp_path: Path) -> Path:
    """What a piece of work waits at until something is written there."""
    os.mkfifo(tmp_path / "gate")
    return tmp_path / "gate"


def test_one_piece_goes_on_at_a_time_and_what_it_prints_is_heard(gate):
    jobs, folders = Jobs(PYTHON), []
    text = f"open({str(gate)!r}).read()\nprint('{{\"a\": 1}}\\nno JSON\\n[3, 4]\\n{{\"a\": 2}}')"

    def arguments(folder: Path) -> tuple[str]:
        folders.append((folder, folder.is_dir()))
        return (text,)

    jobs.begin("one", arguments)
    jobs.begin("two", arguments)
    assert jobs.running("one") and jobs.busy() and jobs.of("two") is None
    gate.write_text("go on")
    until(lambda: not jobs.busy(), 30, "it ends")
    assert jobs.of("one").rows == [{"a": 1}, {"a": 2}] and not jobs.of("one").says
    assert len(folders) == 1 and folders[0][1] and not folders[0][0].exists()


def test_what_was_cancelled_says_nothing_and_what_takes_too_long_is_ended(gate):
    waits = f"print('{{\"a\": 1}}', flush=True); open({str(gate)!r}).read()"
    jobs = Jobs(PYTHON)
    jobs.begin("one", lambda folder: (waits,))
    until(lambda: jobs.of("one").rows, 30, "it prints")
    jobs.cancel()
    until(lambda: jobs._process.poll() is not None, 30, "the process is gone")
    assert not jobs.busy() and not jobs.of("one").says and jobs.of("one").rows
    late = Jobs(PYTHON, longest=0.1)
    late.begin("one", lambda folder: (waits,))
    until(lambda: not late.busy(), 30, "it is ended")
    assert late.of("one").says == "the process ended with status -9"


def test_what_cannot_be_started_is_said():
    jobs = Jobs(("/nowhere/python",))
    jobs.begin("one", lambda folder: ())
    until(lambda: not jobs.busy(), 30, "it is given up")
    assert jobs.of("one").says == "it could not be started: No such file or directory"
