"""The lock that tells a live worker from a dead one."""

from __future__ import annotations

import os

import pytest

from builder.runs import RunError, lock
from tests.helpers import until


def test_a_folder_without_a_lock_file_is_free_and_looking_makes_none(tmp_path):
    assert not lock.held(tmp_path) and not list(tmp_path.iterdir())


def test_the_holder_itself_sees_its_lock_and_looking_does_not_lose_it(tmp_path, root):
    with lock.hold(tmp_path):
        assert lock.held(tmp_path) and lock.held(tmp_path / "x" / "..")
        assert in_a_child(tmp_path)
    assert not lock.held(tmp_path) and not in_a_child(tmp_path)


def test_the_same_process_cannot_hold_it_twice_and_a_refusal_does_not_free_it(tmp_path):
    with lock.hold(tmp_path):
        with pytest.raises(RunError, match="by this process"), lock.hold(tmp_path):
            pass
        assert in_a_child(tmp_path)


def test_another_process_is_refused_while_it_is_held(store, new, spawn):
    run_id = new()
    spawn(run_id, "idle")
    folder = store.root / run_id
    until(lambda: lock.held(folder), 20, "the worker holds its lock")
    with pytest.raises(RunError, match="by another process"), lock.hold(folder, patience=0.1):
        pass


def test_a_folder_that_is_gone_is_named_in_one_sentence(tmp_path):
    with pytest.raises(RunError, match="The folder of run gone cannot be used"), lock.hold(tmp_path / "gone"):
        pass


def test_a_forked_child_does_not_believe_that_the_lock_is_its_own(tmp_path):
    with lock.hold(tmp_path):
        pass
    with lock.hold(tmp_path):
        assert in_a_child(tmp_path), "the child sees the parent's lock as somebody's"


def in_a_child(folder):
    """What a forked child says about the lock."""
    child = os.fork()
    if child == 0:
        os._exit(3 if lock.held(folder) else 4)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 3
