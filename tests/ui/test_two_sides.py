"""Browser and server never part: random edits, undo, blocks, lost and repeated messages, page switches, reloads and restarts, in two tabs.

The browser is the canvas's own TypeScript (`sync.ts`, `delta.ts`) in one Node process; the server is Workspace with what the Build page
tells. After everything has settled each tab must hold what the server holds, label for label; undo to the beginning and redo to the end must give
the same bytes. A few hundred sequences run with the other tests; for 10,000 set the variable:

    BRICKWORK_SEQUENCES=10000 python -m pytest tests/ui/test_two_sides.py -s
"""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from builder.catalogue import COMPOSITES, catalogue_json
from builder.gallery import ENTRIES
from builder.graph import EditError, apply, dumps
from builder.graph.analysis import opened
from builder.ui import bundle
from builder.ui.delta import has, tell
from builder.ui.payload import canvas_json, wanted_path
from builder.ui.workspace import Workspace
from tests.ui.edits import random_edit

SEQUENCES = int(os.environ.get("BRICKWORK_SEQUENCES", "150"))
STEPS = 24
ROUNDS = 8  # of messages and answers, at most, until a tab has settled
tabs = st.sampled_from(["one", "two"])
randoms = st.integers(0, 2**32 - 1).map(random.Random)
counted = {"sequences": 0, "edits": 0, "settled": 0, "asked": 0, "undone": 0}


class Browser:
    """The Node process; `ask` says what happens in a tab and gives what the tab holds then."""

    def __init__(self) -> None:
        command = [str(bundle.node()), "tools/browser.ts"]
        self._process = subprocess.Popen(command, cwd=bundle.FRONTEND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8")

    def ask(self, **command: object) -> dict[str, object]:
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, f"the browser's side ended at {json.dumps(command)[:400]}"
        return json.loads(line)

    def end(self) -> None:
        self._process.stdin.close()
        self._process.wait(10)


class Tab:
    """One tab: what the browser holds, and what Streamlit keeps of it between runs."""

    def __init__(self) -> None:
        self.told: dict[str, object] = {}
        self.outbox: dict[str, object] | None = None
        self.path: tuple[str, ...] = ()
        self.client: str | None = None
        self.answers: list[dict[str, object]] = []
        self.state: dict[str, object] = {"outbox": None, "sync": None}


BROWSER: list[Browser] = []
CATALOGUE = catalogue_json()


class TwoSides(RuleBasedStateMachine):
    """Two tabs of one server; every rule is something that happens to a person or on the way."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="brickwork-two-sides-"))
        self.space = Workspace(self.folder, ENTRIES["mnist-cnn"].project)
        self.first = self.space.project
        self.tabs = {"one": Tab(), "two": Tab()}
        BROWSER[0].ask(catalogue=CATALOGUE)
        for name in self.tabs:
            self._load(name)

    def teardown(self) -> None:
        for name in self.tabs:
            self._settle(name)
        self._there_and_back()
        counted["sequences"] += 1
        shutil.rmtree(self.folder, ignore_errors=True)

    # ---- What Streamlit does ----

    def _run(self, name: str) -> dict[str, object]:
        """The page's script: what it tells the canvas now."""
        tab = self.tabs[name]
        data = canvas_json(self.space, tab.client, tab.path)
        return json.loads(json.dumps(tell(tab.told, data, has(tab.outbox))))

    def _deliver(self, name: str) -> None:
        tab = self.tabs[name]
        tab.outbox = tab.state["outbox"]
        self.space.receive(tab.outbox)
        tab.client = tab.outbox["client"] if tab.outbox else None
        tab.answers.append(self._run(name))

    def _take(self, name: str, which: int = 0) -> None:
        tab = self.tabs[name]
        tab.state = BROWSER[0].ask(tab=name, told=tab.answers.pop(which))
        counted["asked"] += bool(tab.state["asking"])

    def _load(self, name: str) -> None:
        """The page in a new session of Streamlit."""
        tab = self.tabs[name]
        tab.told, tab.outbox, tab.client, tab.path, tab.answers = {}, None, None, (), []
        tab.state = BROWSER[0].ask(tab=name, load=True, told=self._run(name))

    def _settle(self, name: str) -> None:
        """Messages and answers until the tab holds what the server holds."""
        tab = self.tabs[name]
        for _ in range(ROUNDS):
            self._deliver(name)
            while tab.answers:
                self._take(name)
            if not tab.state["asking"] and not tab.state["sync"]["pending"]:
                break
        wanted = json.loads(json.dumps(canvas_json(self.space, tab.client, tab.path)))
        held = {key: value for key, value in tab.state["data"].items() if key != "stamp"}
        assert held == wanted and tab.state["sync"]["document"] == wanted["document"] and not tab.state["doubtful"]
        counted["settled"] += 1

    def _there_and_back(self) -> None:
        end = dumps(self.space.project)
        steps = len(self.space.history.past)
        if steps:
            self.space.apply({"op": "undo", "steps": steps})
            assert dumps(self.space.project) == dumps(self.first)
            self.space.apply({"op": "redo", "steps": steps})
            assert dumps(self.space.project) == end
            counted["undone"] += steps

    # ---- What happens ----

    def _edit(self, name: str, edit: dict[str, object]) -> None:
        tab = self.tabs[name]
        counted["edits"] += 1
        tab.state = BROWSER[0].ask(tab=name, edit=edit)

    @rule(name=tabs, random=randoms, count=st.integers(1, 4))
    def bricks_and_wires_are_edited(self, name, random, count) -> None:
        scope = (self.tabs[name].state["data"] or {}).get("scope")
        scope = scope if scope in self.space.project.blocks else None
        for _ in range(count):
            edit = random_edit(random, self.space.project, scope)
            if random.random() < 0.7:
                edit = next((edit for edit in (random_edit(random, self.space.project, scope) for _ in range(6)) if self._fits(edit)), edit)
            self._edit(name, edit)

    def _fits(self, edit: dict[str, object]) -> bool:
        try:
            apply(self.space.project, edit)
        except EditError:
            return False
        return True

    @rule(name=tabs, random=randoms)
    def a_block_is_made_or_taken_apart(self, name, random) -> None:
        project = self.space.project
        names = [node.id for node in project.network.nodes]
        made = [node.id for node in project.network.nodes if node.kind in project.blocks or node.kind in COMPOSITES]
        start = random.randrange(len(names)) if names else 0
        edits = [{"op": "make_block", "ids": names[start:start + random.randrange(1, 4)]}]
        if project.network.edges:
            fresh = {"id": f"made{random.randrange(10**6)}", "kind": random.choice(sorted(COMPOSITES)), "params": {}}
            edits.append({"op": "insert", "node": fresh, "edge": random.choice(project.network.edges).to_json()})
        edits += [{"op": op, "id": random.choice(made)} for op in ("unpack", "unlink") if made]
        edits += [{"op": "set", "id": random.choice(made), "params": {"repeat": random.choice([1, 2, None])}}] if made else []
        edits += [{"op": "rename_block", "block": random.choice(list(project.blocks)), "to": f"Named{random.randrange(99)}"}] if project.blocks else []
        self._edit(name, random.choice(edits))

    @rule(name=tabs, op=st.sampled_from(["undo", "redo"]), steps=st.sampled_from([1, 1, 1, 2, 5]))
    def something_is_undone_or_redone(self, name, op, steps) -> None:
        self._edit(name, {"op": op} if steps == 1 else {"op": op, "steps": steps})

    @rule(name=tabs)
    def a_message_arrives(self, name) -> None:
        self._deliver(name)

    @rule(name=tabs)
    def a_message_arrives_twice(self, name) -> None:
        self._deliver(name)
        self._deliver(name)

    @rule(name=tabs)
    def an_old_message_arrives_again(self, name) -> None:
        self.space.receive(self.tabs[name].outbox)

    @rule(name=tabs)
    def an_answer_arrives(self, name) -> None:
        if self.tabs[name].answers:
            self._take(name)

    @rule(name=tabs)
    def an_answer_overtakes_another(self, name) -> None:
        if len(self.tabs[name].answers) > 1:
            self._take(name, 1)

    @rule(name=tabs)
    def answers_are_lost(self, name) -> None:
        self.tabs[name].answers.clear()

    @rule(name=tabs)
    def the_page_runs_for_another_reason(self, name) -> None:
        self.tabs[name].answers.append(self._run(name))

    @rule(name=tabs)
    def the_page_is_left_and_opened_again(self, name) -> None:
        tab = self.tabs[name]
        tab.outbox, tab.path, tab.answers = None, (), [self._run(name)]
        self._take(name)

    @rule(name=tabs)
    def the_tab_is_loaded_again(self, name) -> None:
        self._load(name)

    @rule(name=tabs)
    def the_canvas_is_drawn_anew_and_holds_nothing(self, name) -> None:
        tab = self.tabs[name]
        BROWSER[0].ask(tab=name, load=True)
        tab.answers = [self._run(name)]
        self._take(name)

    @rule(name=tabs, random=randoms)
    def a_block_is_opened_or_left(self, name, random) -> None:
        tab = self.tabs[name]
        inside = opened(self.space.report().analysis, tab.path)[1].placed.values()
        below = [(*tab.path, placed.node.id) for placed in inside if placed.body is not None]
        asked = {"load_id": self.space.load_id, "path": list(random.choice([*below, tab.path[:-1], ("gone",)]))}
        tab.path = wanted_path(asked, self.space.load_id)
        tab.answers.append(self._run(name))

    @rule()
    def the_server_is_killed_and_started_again(self) -> None:
        acked, text = dict(self.space._acks), dumps(self.space.project)
        self.space = Workspace(self.folder, ENTRIES["fashion-mlp"].project)
        assert (self.space._acks, dumps(self.space.project)) == (acked, text)
        self.first = self.space.project
        for tab in self.tabs.values():
            tab.told, tab.client, tab.answers = {}, None, []

    @rule(name=tabs)
    def everything_settles(self, name) -> None:
        self._settle(name)


@pytest.fixture
def browser() -> Iterator[Browser]:
    """The Node process, with the packages of the lock file installed."""
    bundle.install()
    BROWSER[:] = [Browser()]
    yield BROWSER[0]
    BROWSER.pop().end()


def test_browser_and_server_never_part(browser):
    profile = settings(max_examples=SEQUENCES, stateful_step_count=STEPS, deadline=None, database=None, print_blob=True,
                       suppress_health_check=list(HealthCheck))
    run_state_machine_as_test(TwoSides, settings=profile)
    print(f"\n{counted}")
    assert counted["sequences"] >= SEQUENCES and min(counted["settled"], counted["edits"]) > SEQUENCES and counted["asked"]
