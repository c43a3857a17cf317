"""torch is imported in a pause, once, and never while somebody is at work."""

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
