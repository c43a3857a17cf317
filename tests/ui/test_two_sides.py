"""Browser and server never part: random edits, undo, blocks, lost and repeated messages, page switches, reloads and restarts, in two tabs.

The browser is the canvas's own TypeScript (`talk.ts`, `sync.ts`, `delta.ts`) in one Node process; the server is Workspace and Exchange, which
the route calls. After everything has settled each tab must hold what the server holds, label for label; undo to the beginning and redo to the end must give
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
from builder.ui.exchange import Exchange, door, page_json
from builder.ui.payload import canvas_json, wanted_path
from builder.ui.workspace import Workspace
from tests.ui.edits import random_edit

SEQUENCES = int(os.environ.get("BRICKWORK_SEQUENCES", "150"))
STEPS = 36
ROUNDS = 8  # of messages and answers, at most, until a tab has settled
tabs = st.sampled_from(["one", "two"])
randoms = st.integers(0, 2**32 - 1).map(random.Random)
counted = {"sequences": 0, "edits": 0, "settled": 0, "whole": 0, "undone": 0}


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
    """One tab: what the browser holds and says, the answers on their way to it, and the messages that it sent."""

    def __init__(self) -> None:
        self.answers: list[dict[str, object]] = []
        self.sent: list[dict[str, object]] = []
        self.state: dict[str, object] = {"sending": None, "sync": None}


class Silent:
    """Previews that nobody has switched on."""

    def choose(self, value: object) -> None:
        """Nothing is chosen."""

    def want(self, *_: object) -> dict[str, object]:
        """What the canvas is told while previews are off."""
        return {"on": False}


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
        self.exchange = Exchange(self.space, Silent())
        for name in self.tabs:
            self._draw(name, load=True)

    def teardown(self) -> None:
        for name in self.tabs:
            self._settle(name)
        self._there_and_back()
        counted["sequences"] += 1
        shutil.rmtree(self.folder, ignore_errors=True)

    # ---- What goes to and fro ----

    def _happens(self, name: str, **what: object) -> None:
        self.tabs[name].state = BROWSER[0].ask(tab=name, **what)

    def _draw(self, name: str, load: bool) -> None:
        """The page is drawn, and the canvas on it begins to talk."""
        self.tabs[name].answers.clear()
        self._happens(name, draw={"door": door(self.space), "load": load})

    def _answer(self, message: dict[str, object]) -> dict[str, object]:
        return json.loads(json.dumps(self.exchange.answer(json.loads(json.dumps(message)))))

    def _deliver(self, name: str) -> None:
        """The message on its way arrives, if there is one that has not; its answer sets out."""
        tab = self.tabs[name]
        if tab.state["sending"] and not tab.answers:
            tab.sent.append(tab.state["sending"])
            tab.answers.append(self._answer(tab.state["sending"]))

    def _take(self, name: str) -> None:
        answer = self.tabs[name].answers.pop()
        counted["whole"] += "full" in answer
        self._happens(name, answer=answer)

    def _settle(self, name: str) -> None:
        """Messages and answers until the tab has nothing to say any more: it holds what the server holds then."""
        tab = self.tabs[name]
        self._happens(name, poke=True)
        for _ in range(ROUNDS):
            if tab.state["resting"]:
                self._happens(name, retry=True)
            self._deliver(name)
            if not tab.answers:
                break
            self._take(name)
        said, held = tab.sent[-1], dict(tab.state["data"])
        wanted = json.loads(json.dumps(canvas_json(self.space, said["client"], wanted_path(said["path"], self.space.load_id))))
        assert {key: held[key] for key in wanted} == wanted and set(held) - set(wanted) == {"preview", "page"}
        assert held["page"] == page_json(self.space) and tab.state["sync"]["document"] == wanted["document"] and not tab.state["doubtful"]
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
        counted["edits"] += 1
        self._happens(name, edit=edit)

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
        tab = self.tabs[name]
        self._deliver(name)
        if tab.answers:
            tab.answers[:] = [self._answer(tab.state["sending"])]

    @rule(name=tabs, random=randoms)
    def an_old_message_arrives_again(self, name, random) -> None:
        if self.tabs[name].sent:
            self._answer(random.choice(self.tabs[name].sent[-3:]))

    @rule(name=tabs)
    def an_answer_arrives(self, name) -> None:
        if self.tabs[name].answers:
            self._take(name)

    @rule(name=tabs)
    def a_message_and_its_answer_arrive(self, name) -> None:
        self._deliver(name)
        if self.tabs[name].answers:
            self._take(name)

    @rule(name=tabs, status=st.sampled_from([None, 500, 403]))
    def a_message_or_its_answer_is_lost(self, name, status) -> None:
        tab = self.tabs[name]
        if tab.state["sending"]:
            tab.answers.clear()
            self._happens(name, answer=status)

    @rule(name=tabs)
    def it_is_tried_again(self, name) -> None:
        if self.tabs[name].state["resting"]:
            self._happens(name, retry=True)

    @rule(name=tabs)
    def the_page_is_drawn_again_around_the_canvas(self, name) -> None:
        self._happens(name, through=door(self.space))

    @rule(name=tabs)
    def the_page_is_left_and_opened_again(self, name) -> None:
        self._draw(name, load=False)

    @rule(name=tabs)
    def the_tab_is_loaded_again(self, name) -> None:
        self._draw(name, load=True)

    @rule(name=tabs, random=randoms)
    def a_block_is_opened_or_left(self, name, random) -> None:
        path = tuple((self.tabs[name].state["data"] or {}).get("path", ()))
        inside = opened(self.space.report().analysis, path)[1].placed.values()
        below = [(*path, placed.node.id) for placed in inside if placed.body is not None]
        self._happens(name, path={"load_id": self.space.load_id, "path": list(random.choice([*below, path[:-1], ("gone",)])), "peek": None})

    @rule(chance=st.integers(0, 5))
    def the_server_is_killed_and_started_again(self, chance) -> None:
        # Rarely: nothing from before can be undone after it.
        if chance != 5:
            return
        acked, text = dict(self.space._acks), dumps(self.space.project)
        self.space = Workspace(self.folder, ENTRIES["fashion-mlp"].project)
        assert (self.space._acks, dumps(self.space.project)) == (acked, text)
        self.first = self.space.project
        self.exchange = Exchange(self.space, Silent())

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
    assert counted["sequences"] >= SEQUENCES and min(counted["settled"], counted["edits"]) > SEQUENCES and counted["undone"] and counted["whole"] > 2 * SEQUENCES
