"""Full garbage collections wait for a pause, and not for ever."""

from __future__ import annotations

import subprocess
import sys

from builder.ui.tidy import ENOUGH, LONGEST, PAUSE, due

# Somebody works all the time, and makes garbage that only a full collection takes away; when he rests, it goes.
STORY = """
import gc, threading, weakref
from builder.ui import tidy

class Knot:
    pass

def knot():
    one = Knot()
    one.itself = one
    gone = threading.Event()
    weakref.finalize(one, gone.set)
    return gone

tidy.LOOK, tidy.PAUSE = 0.01, 5
tidy.busy()
gone = knot()
gc.collect(1)
full = gc.get_stats()[2]["collections"]
for _ in range(100):
    tidy.busy()
    kept = [[] for _ in range(20_000)]
    gc.collect(1)
print(gc.get_stats()[2]["collections"] - full)
old = knot()
kept = None
tidy.PAUSE = 0
print(old.wait(30) or gone.is_set())
"""


def test_a_collection_waits_for_a_pause_but_not_for_ever_and_for_enough_to_do():
    assert due(100.0, 100.0 - PAUSE, 99.0, ENOUGH)
    assert not due(100.0, 99.9, 99.0, ENOUGH)
    assert due(1000.0, 999.9, 1000.0 - LONGEST, ENOUGH)
    assert not due(1000.0, 0.0, 0.0, ENOUGH - 1)


def test_no_full_collection_comes_between_messages_and_one_comes_after_them():
    done = subprocess.run([sys.executable, "-c", STORY], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split() == ["0", "True"]
