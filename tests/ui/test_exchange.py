"""The route that the canvas talks to: who may, what it answers, and that nothing that is sent can hurt it."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.gallery import ENTRIES
from builder.graph import Project, to_json
from builder.ui import exchange as module
from builder.ui.exchange import KEY, KEY_HEADER, MAX_TABS, Exchange, converse, door, page_json, routes
from builder.ui.workspace import Workspace, workspace

FIRST = ENTRIES["mnist-cnn"].project
OURS = {KEY_HEADER: KEY, "host": "127.0.0.1:8501", "origin": "http://127.0.0.1:8501"}
ANYTHING = st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner))


class Previews:
    """Notes what is chosen and wanted."""

    def __init__(self) -> None:
        self.chosen: list[object] = []

    def choose(self, value: object) -> None:
        """Notes it."""
        self.chosen.append(value)

    def want(self, project: Project, load_id: str, revision: int, path: object) -> dict[str, object]:
        """What the canvas is told."""
        return {"on": bool(self.chosen), "revision": revision}


@pytest.fixture
def talk(tmp_path) -> Exchange:
    return Exchange(Workspace(tmp_path, FIRST), Previews())


@pytest.fixture(autouse=True)
def settings(monkeypatch):
    """Streamlit's settings: those of the app, and a way to set one for a test."""
    chosen = {"server.allowedHosts": ["localhost", "127.0.0.1"], "server.enableCORS": True, "server.corsAllowedOrigins": []}
    monkeypatch.setattr(module.st, "get_option", chosen.get)
    return chosen.__setitem__


def space(talk: Exchange) -> Workspace:
    return talk._space


def edit(seq: int, change: dict, client: str = "c-1") -> dict[str, object]:
    return {"tab": "t", "client": client, "edits": [{"seq": seq, "revision": 0, "edit": change}]}


RENAME = {"op": "name", "value": "Mine"}


def ask(body: bytes, headers: dict[str, str], *, pieces: int = 1) -> tuple[int, object]:
    """Status and answer of one request to the route, as the server would call it."""
    size = -(-len(body) // pieces) or 1
    chunks = [body[i:i + size] for i in range(0, len(body), size)] or [b""]
    waiting = [{"type": "http.request", "body": chunk, "more_body": i + 1 < len(chunks)} for i, chunk in enumerate(chunks)]
    said: list[dict[str, object]] = []

    async def receive() -> dict[str, object]:
        return waiting.pop(0)

    async def send(message: dict[str, object]) -> None:
        said.append(message)

    (route,) = routes()
    scope = {"type": "http", "method": "POST", "path": route.path, "query_string": b"", "headers": [(k.encode(), v.encode()) for k, v in headers.items()]}
    asyncio.run(route.app(scope, receive, send))
    return said[0]["status"], json.loads(b"".join(message.get("body", b"") for message in said[1:]))


def test_an_edit_is_applied_and_the_answer_says_what_changed(talk):
    first = talk.answer({"tab": "t"})
    assert first["full"]["document"] == to_json(FIRST)["networks"]["network"] and first["full"]["page"] == page_json(space(talk))
    answer = talk.answer(edit(1, RENAME) | {"load_id": space(talk).load_id, "has": first["stamp"]})
    assert space(talk).project.name == "Mine" and answer["base"] == first["stamp"] and "full" not in answer
    assert answer["change"]["in"]["ack"] == {"is": {"client": "c-1", "seq": 1}} and "Mine" in answer["change"]["in"]["page"]["of"][1]["new"]


def test_each_page_has_a_memory_of_its_own_and_a_forgotten_one_is_told_everything(talk):
    first = talk.answer({"tab": "t"})
    assert "full" not in talk.answer({"tab": "t", "has": first["stamp"]}) and "full" in talk.answer({"tab": "u", "has": first["stamp"]})
    for i in range(MAX_TABS):
        talk.answer({"tab": f"t{i}"})
    assert "full" in talk.answer({"tab": "t", "has": first["stamp"]})


def test_an_answer_speaks_of_the_edits_of_the_canvas_that_asks(talk):
    talk.answer(edit(1, {"op": "remove", "ids": ["nobody"]}, "c-1"))
    mine, other = (talk.answer({"tab": name, "client": name, "load_id": space(talk).load_id})["full"] for name in ("c-1", "c-2"))
    assert mine["ack"] == {"client": "c-1", "seq": 1} and mine["refused"]["seq"] == 1 and other["ack"] is other["refused"] is None


def test_edits_of_another_project_are_left_alone_and_the_present_one_is_told(talk):
    answer = talk.answer(edit(1, RENAME) | {"load_id": "another"})
    assert space(talk).project.name == FIRST.name and answer["full"]["ack"] is None and answer["full"]["load_id"] == space(talk).load_id


def test_a_block_is_opened_and_a_preview_chosen_in_the_same_message(talk):
    talk.answer(edit(1, {"op": "make_block", "ids": ["conv1", "pool1"], "name": "Start", "node": "start1"}))
    where = {"load_id": space(talk).load_id, "path": ["start1"], "peek": None}
    told = talk.answer({"tab": "u", "path": where, "preview": {"on": True}})["full"]
    assert told["path"] == ["start1"] and told["scope"] == "Start" and talk._preview.chosen == [{"on": True}] and told["preview"]["on"]
    assert talk.answer({"tab": "v", "path": {**where, "load_id": "another"}})["full"]["path"] == []


@given(ANYTHING | st.fixed_dictionaries({}, optional=dict.fromkeys(("tab", "client", "load_id", "edits", "settled", "has", "path", "preview"), ANYTHING)))
def test_any_message_gets_an_answer_and_leaves_a_sound_project(tmp_path_factory, message):
    talk = Exchange(Workspace(tmp_path_factory.mktemp("home"), FIRST), Previews())
    assert json.dumps(talk.answer(message)) and "full" in talk.answer({"tab": "fresh"})


def test_the_page_differs_when_name_project_errors_or_trouble_do(talk):
    here, seen = space(talk), [page_json(space(talk))]
    for change in (RENAME, {"op": "remove", "ids": ["flatten"], "rejoin": True}):
        here.apply(change)
        seen.append(page_json(here))
    here.trouble = "the disk is full"
    seen.append(page_json(here))
    here.open(FIRST, copy=True)
    seen.append(page_json(here))
    here.apply({"op": "mute", "ids": ["relu1"], "value": True})
    assert len({str(page) for page in seen}) == 5 and page_json(here) == seen[-1]


def test_the_route_answers_who_has_the_key():
    status, answer = ask(json.dumps({"tab": "t"}).encode(), OURS, pieces=3)
    assert status == 200 and answer["full"]["load_id"] == workspace().load_id and door(workspace())["key"] == KEY


@pytest.mark.parametrize("headers", [
    {}, {KEY_HEADER: ""}, {KEY_HEADER: KEY + "x"}, {KEY_HEADER: "\u00e9"}, OURS | {KEY_HEADER: "guess"}, OURS | {"origin": "http://evil.example"},
    OURS | {"origin": "null"}, OURS | {"origin": "http://127.0.0.1:9999"}, OURS | {"host": "evil.example", "origin": "http://evil.example"},
    {KEY_HEADER: KEY, "host": "["}, OURS | {"origin": "http://["}, {KEY_HEADER: KEY},
], ids=["no key", "an empty key", "a longer key", "a key of other letters", "a guess", "another origin", "no origin", "another port", "another host", "half an address",
        "half an origin", "no origin at all"])
def test_a_stranger_is_refused_and_nothing_is_applied(headers):
    before = workspace().project
    status, answer = ask(json.dumps(edit(1, RENAME)).encode(), headers)
    assert status == 403 and "Load it again" in answer["says"] and workspace().project == before


def test_other_names_and_origins_are_let_in_as_streamlit_is_told(settings):
    settings("server.allowedHosts", ["*.lab.example"])
    inside = {KEY_HEADER: KEY, "host": "brickwork.lab.example"}
    public = {"origin": "https://public.example"}
    assert ask(b"{}", inside)[0] == 200 and ask(b"{}", {**inside, **public})[0] == 403 and ask(b"{}", OURS)[0] == 403
    settings("server.corsAllowedOrigins", ["https://public.example"])
    assert ask(b"{}", {**inside, **public})[0] == 200 and ask(b"{}", {**inside, "origin": "https://evil.example"})[0] == 403
    settings("server.enableCORS", False)
    settings("server.allowedHosts", [])
    assert ask(b"{}", {KEY_HEADER: KEY, "host": "anything", "origin": "https://evil.example"})[0] == 200


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b"1" * 5000, b"{'a': 1}"], ids=lambda body: repr(body[:8]))
def test_what_cannot_be_read_is_refused_in_words(body):
    status, answer = ask(body, OURS)
    assert (status, answer["says"]) == (400, "The message cannot be read.")


def test_what_is_too_long_is_not_read_to_its_end(monkeypatch):
    monkeypatch.setattr(module, "MOST", 2_000_000)
    status, answer = ask(b" " * 4_000_000, OURS, pieces=16)
    assert status == 413 and answer["says"] == "The message is longer than 2 MB."


def test_half_a_character_in_a_users_text_is_carried():
    sent = json.dumps(edit(1, {"op": "set", "id": "conv1", "params": {"odd": "\ud800"}})).encode()
    assert ask(sent, OURS)[0] == 200


def test_the_app_is_found_by_the_server_and_has_the_route_below_its_own_path():
    code = ("from streamlit import config; config.set_option('server.baseUrlPath', '/lab/')\n"
            "import app; (route,) = app.app._user_routes; print(route.path, *route.methods)")
    done = subprocess.run([sys.executable, "-c", code], cwd=module.__file__.rpartition("builder")[0], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["/lab/api/canvas", "POST"]


def test_converse_is_what_the_route_calls():
    assert routes()[0].endpoint is converse
