"""torch is imported in a pause, once, and never while somebody is at work."""

import os
import threading

from builder.ui import warm_up
from tests.helpers import until


def test_each_touch_puts_the_import_off_and_the_pause_lets_it_begin(monkeypatch):
    imported, timers = [], []

    class Timer(threading.Timer):
        def __init__(self, *args):
            super().__init__(*args)
            timers.append(self)

    monkeypatch.setattr(warm_up, "_begun", threading.Event())
    monkeypatch.setattr(warm_up, "_timer", None)
    monkeypatch.setattr(warm_up, "_import_torch", lambda: imported.append(warm_up._begun.set()))
    monkeypatch.setattr(warm_up, "PAUSE", 0.3)
    monkeypatch.setattr(warm_up.threading, "Timer", Timer)
    for _ in range(3):
        warm_up.later()
    assert [timer.finished.is_set() for timer in timers] == [True, True, False]
    until(lambda: imported, 10, "the import begins")
    warm_up.later()
    assert len(imported) == 1 and len(timers) == 3


def test_threads_that_wait_are_told_to_sleep_before_anything_imports_torch(monkeypatch):
    monkeypatch.setenv("OMP_WAIT_POLICY", "")
    monkeypatch.delenv("OMP_WAIT_POLICY")
    seen = []
    monkeypatch.setattr(warm_up, "_import_all", lambda: seen.append(os.environ.get("OMP_WAIT_POLICY")))
    warm_up.pages()
    until(lambda: seen, 10, "the pages are imported")
    assert seen == ["PASSIVE"]
