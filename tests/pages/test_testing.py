"""The test part on the Train page: kept for the end, evaluated aside when asked, and shown beside the rest."""

from __future__ import annotations

import os
import sys

import pytest
from streamlit.testing.v1 import AppTest

from builder.ui import testing_view
from builder.ui.child import Jobs
from builder.ui.frame import esc
from tests.helpers import until
from tests.pages.tabs import finished_run, train_page

# What `python -m builder test RUN --checkpoint WHICH` does, without a network.
TEST = """import sys
from builder.runs import Store
from builder.train.events import Evaluated
_, run, _, which, _ = sys.argv[1:]
with Store() as store:
    store.append_test(run, Evaluated(1, 45, "test", 0.25, 0.875, ((3, 1), (0, 4)), checkpoint=which))
"""


@pytest.fixture
def run(home) -> str:
    """A finished run that was watched on its validation part."""
    return finished_run()


@pytest.fixture
def tests_by(home, monkeypatch):
    """Makes a server's tests run this Python text once the gate is opened, instead of the command line."""
    home.mkdir(exist_ok=True)
    os.mkfifo(home / "gate")
    made: list[Jobs] = []

    def of(text: str) -> Jobs:
        made.append(Jobs([sys.executable, "-c", f"open({str(home / 'gate')!r}).read()\n{text}"]))
        return made[-1]

    monkeypatch.setattr(testing_view, "testing", lambda where: made[-1])
    yield of
    made[-1].cancel()


def page() -> AppTest:
    return looked(train_page().run())


def looked(tab: AppTest) -> AppTest:
    assert not tab.exception, tab.exception
    return tab


def said(tab: AppTest) -> str:
    return " ".join(one.value for kind in (tab.caption, tab.markdown, tab.warning) for one in kind)


def test_the_test_part_is_evaluated_when_asked_and_stands_with_the_run(run, home, tests_by):
    server = tests_by(TEST)
    tab = page()
    assert "Choose by the validation part" in said(tab) and "90.0 % validation accuracy" in said(tab) and "test 87" not in said(tab)
    tab = looked(tab.button(key="test").click().run())
    assert tab.button(key="cancel-test")
    (home / "gate").write_text("go on")
    until(lambda: not server.busy(), 60, "the test ends")
    tab = page()
    assert "Best epoch, epoch 1: test accuracy 87.50 %, test loss 0.2500" in said(tab) and "test 87.5 %" in said(tab)
    looked(tab.segmented_control(key="metrics_of").set_value("Test part").run())
    assert "Test part, after epoch 1" in said(tab) and [one.value for one in tab.metric][0] == "87.50 %"


def test_why_a_test_failed_is_said_as_text_and_it_can_be_asked_for_again(run, home, tests_by):
    server = tests_by("import sys; sys.exit('brickwork: ![x](http://evil) is gone')")
    tab = looked(page().button(key="test").click().run())
    (home / "gate").write_text("go on")
    until(lambda: not server.busy(), 60, "the test ends")
    tab = page()
    assert esc("![x](http://evil) is gone") in tab.warning[-1].value and tab.button(key="test")


def test_it_can_be_cancelled(run, tests_by):
    server = tests_by(TEST)
    tab = looked(page().button(key="test").click().run())
    tab = looked(tab.button(key="cancel-test").click().run())
    assert not server.busy() and not server.of(run).says and tab.button(key="test")
