"""What previews are wanted, when they are begun and where they lie, with a worker that is a fake."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path

import pytest

from builder.gallery import ENTRIES
from builder.ui.aside import AsideError
from builder.ui.preview import Choice, Previews, chosen
from builder.ui.workspace import write
from tests.helpers import until

CNN = ENTRIES["mnist-cnn"].project


class Fake:
    """Writes what it was asked, when it may."""

    def __init__(self):
        self.asked, self.may, self.stopped, self.fails = [], threading.Event(), threading.Event(), ""
        self.may.set()

    def ask(self, request, seconds):
        self.asked.append(request)
        assert self.may.wait(20)
        if self.fails:
            raise AsideError(self.fails)
        write(Path(request["file"]), json.dumps({"ticket": request["ticket"]}))
        return {}

    def kill(self):
        self.stopped.set()
        self.may.set()

    def stop(self):
        self.stopped.set()


@pytest.fixture
def fake():
    return Fake()


@pytest.fixture
def previews(fake, tmp_path):
    made = Previews(tmp_path / "preview.json", fake, tmp_path / "static", pause=0.05)
    made.choose({"on": True})
    yield made
    made.choose({"on": False})


def file_of(previews, offer) -> Path:
    return previews._static / Path(offer["url"]).name


def ticket(previews, offer) -> str:
    return json.loads(file_of(previews, offer).read_text())["ticket"]


def test_off_nothing_is_made_and_nothing_started(fake, tmp_path):
    off = Previews(tmp_path / "preview.json", fake, tmp_path / "static")
    assert off.want(CNN, "a", 1) == {"on": False, "run": None, "sample": 0}
    assert not (tmp_path / "static").exists() and not fake.asked


def test_the_file_is_there_from_the_start_and_bears_the_ticket_when_it_is_worked_out(previews, fake):
    fake.may.clear()
    offer = previews.want(CNN, "a", 1)
    assert ticket(previews, offer) == "" != offer["ticket"]
    fake.may.set()
    until(lambda: ticket(previews, offer) == offer["ticket"], 10, "worked out")
    assert fake.asked[0]["project"]["name"] == CNN.name


def test_only_the_newest_of_many_edits_is_worked_out(previews, fake):
    fake.may.clear()
    previews.want(CNN, "a", 1)
    until(lambda: fake.asked, 10, "the first is begun")
    offers = [previews.want(CNN, "a", revision) for revision in range(2, 30)]
    fake.may.set()
    until(lambda: ticket(previews, offers[-1]) == offers[-1]["ticket"], 10, "the newest is worked out")
    assert [request["ticket"].split(".")[0] for request in fake.asked] == ["1", "29"]


def test_the_same_again_is_not_worked_out_again_unless_asked_to(previews, fake):
    offer = previews.want(CNN, "a", 1)
    until(lambda: ticket(previews, offer) == offer["ticket"], 10, "worked out")
    assert previews.want(CNN, "a", 1) == offer
    previews.choose({"again": True})
    again = previews.want(CNN, "a", 1)
    assert again["ticket"] != offer["ticket"] and again["url"] == offer["url"]
    until(lambda: len(fake.asked) == 2, 10, "worked out again")


def test_every_drawing_and_every_opened_block_has_a_file_of_its_own_that_nobody_can_guess(previews, fake, tmp_path):
    urls = {previews.want(CNN, load_id, 1, path)["url"] for load_id, path in (("a", ()), ("b", ()), ("a", ("block1",)), ("a", ("block1", "block2")))}
    other = Previews(tmp_path / "other.json", fake, tmp_path / "static")
    other.choose({"on": True})
    assert len(urls | {other.want(CNN, "a", 1)["url"]}) == 5
    other.choose({"on": False})


def test_old_files_go(previews, tmp_path):
    left = tmp_path / "static" / "preview-of-a-server-long-gone.json"
    left.parent.mkdir(exist_ok=True)
    left.write_text("{}")
    os.utime(left, (0, 0))
    offers = [previews.want(CNN, f"load{i}", 1) for i in range(40)]
    until(lambda: not left.exists(), 10, "what another server left is gone")
    assert file_of(previews, offers[-1]).exists() and not file_of(previews, offers[0]).exists()
    previews._clear()
    assert not list(left.parent.glob("preview-*.json"))


def test_a_worker_that_fails_leaves_its_reason_and_the_next_edit_is_worked_out(previews, fake):
    fake.fails = "it took longer than 10 s"
    offer = previews.want(CNN, "a", 1)
    until(lambda: ticket(previews, offer) == offer["ticket"], 10, "the reason is there")
    assert json.loads(file_of(previews, offer).read_text())["says"] == "There is no preview: it took longer than 10 s."
    fake.fails = ""
    offer = previews.want(CNN, "a", 2)
    until(lambda: ticket(previews, offer) == offer["ticket"], 10, "worked out")


def test_wanting_does_not_wait_for_a_worker_that_hangs(previews, fake):
    fake.may.clear()
    previews.want(CNN, "a", 1)
    until(lambda: fake.asked, 10, "begun")
    assert [previews.want(CNN, "a", revision)["ticket"] for revision in range(2, 50)] and len(fake.asked) == 1


def test_switching_off_ends_the_worker_and_switching_on_again_works_out_anew(previews, fake):
    fake.may.clear()
    offer = previews.want(CNN, "a", 1)
    until(lambda: fake.asked, 10, "begun")
    previews.choose({"on": False})
    assert fake.stopped.is_set() and previews.want(CNN, "a", 1)["on"] is False
    previews.choose({"on": True})
    again = previews.want(CNN, "a", 1)
    assert again["url"] == offer["url"]
    until(lambda: ticket(previews, again) == again["ticket"], 10, "worked out anew")


def test_the_choice_is_remembered_in_the_home_folder_but_not_the_sample(previews, fake, tmp_path):
    previews.choose({"run": "20260101-000000-x-ab12", "sample": 7})
    assert previews.choice == Choice(True, "20260101-000000-x-ab12", 7)
    assert Previews(tmp_path / "preview.json", fake, tmp_path / "static").choice == Choice(True, "20260101-000000-x-ab12", 0)
    (tmp_path / "preview.json").write_text("[" * 5000)
    assert Previews(tmp_path / "preview.json", fake, tmp_path / "static").choice == Choice()


@pytest.mark.parametrize("sent", [None, 3, [], {"on": 1}, {"run": "../../etc"}, {"run": 5}, {"sample": -1}, {"sample": True}, {"sample": 10**12}, {"run": "x" * 100}])
def test_what_a_canvas_cannot_mean_changes_nothing(sent):
    before = Choice(True, "a-run", 4)
    assert chosen(sent, before) == before


def test_a_folder_that_cannot_be_written_is_no_error(fake, tmp_path):
    (tmp_path / "static").write_text("a file")
    fake.fails = "its file could not be written"
    stuck = Previews(tmp_path / "static" / "preview.json", fake, tmp_path / "static", pause=0)
    stuck.choose({"on": True})
    assert stuck.want(CNN, "a", 1)["on"]
    until(lambda: fake.asked, 10, "it was tried")
    stuck.choose({"on": False})
