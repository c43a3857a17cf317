"""The baselines on the Train page: measured aside, shown beside the run that is watched."""

from __future__ import annotations

import json
import os
import sys

import pytest
from streamlit.testing.v1 import AppTest

from builder import api
from builder.runs import Store
from builder.train.events import Evaluated, RunEnded, RunStarted
from builder.ui import baselines_view
from builder.ui.child import Job, Jobs
from builder.ui.frame import esc
from builder.ui.workspace import workspace
from tests.helpers import until
from tests.pages.tabs import train_page

ROWS = [{"title": "Logistic regression", "accuracy": 0.9255, "seconds": 12.3}, {"title": "Random forest", "accuracy": 0.9697, "seconds": 1}]


@pytest.fixture
def measuring(home, monkeypatch):
    """A command line that says two scores once the gate is opened, and then how it ends."""
    home.mkdir(exist_ok=True)
    os.mkfifo(home / "gate")
    server: list[Jobs] = []

    def of(end: str) -> Jobs:
        says = "\n".join(f"print({json.dumps(row)!r})" for row in ROWS)
        server.append(Jobs([sys.executable, "-c", f"open({str(home / 'gate')!r}).read()\n{says}\n{end}"]))
        return server[-1]

    monkeypatch.setattr(baselines_view, "measuring", lambda where: server[-1])
    yield of
    server[-1].cancel()


def looked(tab: AppTest) -> AppTest:
    assert not tab.exception, tab.exception
    return tab


def page() -> AppTest:
    return looked(train_page().run())


def shown(tab: AppTest) -> list[list[str]]:
    return [row for table in tab.table for row in table.value.to_numpy().tolist()]


def test_scores_stand_beside_the_run_on_the_same_data(measuring, home):
    server = measuring("pass")
    project = workspace().project
    with Store() as store:
        run = store.create(api.to_json(project), "", project.name, None)
        store.claim(run)
        store.append(run, [RunStarted("cpu", "A processor", 21_840, 1437, 360, 45, 15, 32, ("0", "1"), 0, 1, "2.15.0"),
                           Evaluated(1, 45, "test", 0.1, 0.95, ((1,),)), RunEnded("completed", 45, "Done.")], 1)
    tab = looked(page().button(key="measure-baselines").click().run())
    assert "Fitting the first" in " ".join(one.value for one in tab.markdown) and not shown(tab)
    job = server.of(baselines_view.key(workspace().project))
    (home / "gate").write_text("go on")
    until(lambda: not job.running, 30, "the measuring ends")
    tab = looked(tab.run())
    assert [row[:2] for row in shown(tab)] == [["Random forest", "96.97 %"], [esc(f"{project.name} (the run shown)"), "95.00 %"], ["Logistic regression", "92.55 %"]]
    assert not [one for one in tab.button if one.key == "measure-baselines"]
    workspace().apply({"op": "settings", "path": "data.shuffled", "value": 1})
    assert server.of(baselines_view.key(workspace().project)) is None


def test_what_went_wrong_is_said_as_text_and_can_be_tried_again(measuring, home):
    server = measuring("import sys; sys.exit('brickwork: ![x](http://evil) is gone')")
    tab = looked(page().button(key="measure-baselines").click().run())
    job = server.of(baselines_view.key(workspace().project))
    (home / "gate").write_text("go on")
    until(lambda: not job.running, 30, "the measuring ends")
    tab = looked(tab.run())
    assert esc("![x](http://evil) is gone") in tab.warning[-1].value and tab.button(key="measure-baselines")


def test_it_can_be_cancelled(measuring):
    server = measuring("pass")
    tab = looked(page().button(key="measure-baselines").click().run())
    tab = looked(tab.button(key="cancel-baselines").click().run())
    job = server.of(baselines_view.key(workspace().project))
    assert not job.running and not job.says and tab.button(key="measure-baselines")


def test_a_run_that_is_watched_on_its_validation_part_stands_below_until_its_test_part_is_asked_for(measuring, monkeypatch):
    server, project = measuring("pass"), workspace().project
    monkeypatch.setattr(server, "of", {baselines_view.key(project): Job(list(ROWS), running=False)}.get)
    with Store() as store:
        run = store.create(api.to_json(project), "", project.name, None)
        store.claim(run)
        store.append(run, [RunStarted("cpu", "A processor", 21_840, 1293, 360, 45, 15, 32, ("0", "1"), 0, 1, "2.15.0", validation_samples=144),
                           Evaluated(1, 45, "validation", 0.1, 0.95, ((1,),)), RunEnded("completed", 45, "Done.")], 1)
        own = esc(f"{project.name} (the run shown)")
        assert shown(page())[-1] == [own, "not asked for yet", "epoch 0, 95.00 % of the validation part"]
        store.append_test(run, Evaluated(1, 45, "test", 0.1, 0.93, ((1,),), checkpoint="best"))
    assert [row[:2] for row in shown(page())] == [["Random forest", "96.97 %"], [own, "93.00 %"], ["Logistic regression", "92.55 %"]]
