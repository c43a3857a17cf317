"""The open project: every edit counts once, nothing is lost, and trouble is told."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as profile
from hypothesis import strategies as st

from builder.gallery import ENTRIES
from builder.graph import DocumentError, EditError, History, Project, apply, dumps, from_json, loads, to_json
from builder.ui import workspace as module
from builder.ui.workspace import MAX_CLIENTS, Workspace, slug

FIRST = ENTRIES["mnist-cnn"].project
OTHER = ENTRIES["fashion-mlp"].project


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "projects"


def space(root: Path) -> Workspace:
    return Workspace(root, FIRST)


def add(name: str) -> dict:
    return {"op": "add", "node": {"id": name, "kind": "ReLU"}}


def outbox(*edits: dict, client: str = "c-1", first: int = 1, **more: object) -> dict:
    return {"client": client, "edits": [{"seq": first + i, "revision": 0, "edit": edit} for i, edit in enumerate(edits)], **more}


def bricks(given: Workspace) -> list[str]:
    return [node.id for node in given.project.network.nodes if node.id.startswith("new")]


def on_disk(given: Workspace) -> Project:
    return loads(given.path.read_bytes())


def test_the_first_project_is_opened_and_saved_under_its_gallery_name(root):
    opened = space(root)
    assert opened.project == FIRST and opened.path == root / "mnist-cnn.json" and on_disk(opened) == FIRST and not opened.trouble


def test_an_outbox_is_applied_once_however_often_it_is_sent(root):
    opened, sent = space(root), outbox(add("new1"), add("new2"))
    for _ in range(5):
        opened.receive(json.loads(json.dumps(sent)))
    assert bricks(opened) == ["new1", "new2"] and opened.history.revision == 2
    assert opened.ack("c-1") == ({"client": "c-1", "seq": 2}, None) and on_disk(opened) == opened.project


def test_of_a_longer_outbox_only_what_is_new_is_applied_and_a_late_shorter_one_changes_nothing(root):
    opened, edits = space(root), [add("new1"), {"op": "remove", "ids": ["new1"]}, add("new2")]
    opened.receive(outbox(*edits[:1]))
    opened.receive(outbox(*edits))
    opened.receive(outbox(*edits[:2]))
    opened.receive(outbox(*edits[1:], first=2))
    assert bricks(opened) == ["new2"] and opened.ack("c-1")[0]["seq"] == 3


def test_two_canvases_count_their_edits_on_their_own(root):
    opened = space(root)
    opened.receive(outbox(add("new1"), client="a"))
    opened.receive(outbox(add("new2"), client="b"))
    opened.receive(outbox(add("new1"), client="a"))
    assert bricks(opened) == ["new1", "new2"] and opened.ack("a")[0]["seq"] == opened.ack("b")[0]["seq"] == 1
    assert opened.ack("nobody") == opened.ack(None) == (None, None)


def test_a_refused_edit_is_acknowledged_with_its_reason_until_the_next_one_fits(root):
    opened = space(root)
    opened.receive(outbox(add("conv1")))
    ack, refused = opened.ack("c-1")
    assert ack["seq"] == 1 and refused["seq"] == 1 and "'conv1'" in refused["says"] and opened.project == FIRST
    opened.receive(outbox(add("conv1"), add("new1")))
    assert opened.ack("c-1") == ({"client": "c-1", "seq": 2}, None) and bricks(opened) == ["new1"]


def test_edits_after_a_refused_one_in_the_same_outbox_are_applied(root):
    opened = space(root)
    opened.receive(outbox(add("new1"), {"op": "explode"}, add("new2")))
    assert bricks(opened) == ["new1", "new2"] and opened.ack("c-1")[0]["seq"] == 3


@pytest.mark.parametrize("name", ["check", "apply"])
def test_an_edit_that_finds_a_mistake_of_the_program_is_left_out_and_the_next_one_is_applied(root, monkeypatch, caplog, name):
    opened, sound = space(root), {"check": module.check, "apply": History.apply}[name]

    def odd(project, *rest):
        if name == "check" and any(node.id == "new1" for node in project.network.nodes) or name == "apply" and "new1" in str(rest):
            raise ZeroDivisionError("nobody thought of this")
        return sound(project, *rest)

    monkeypatch.setattr(*((module, "check") if name == "check" else (History, "apply")), odd)
    opened.receive(outbox(add("new1"), add("new2")))
    assert bricks(opened) == ["new2"] and opened.ack("c-1")[0]["seq"] == 2 and on_disk(opened) == opened.project
    opened.receive(outbox(add("new1"), first=3))
    assert "a mistake of the program" in opened.ack("c-1")[1]["says"] and "nobody thought of this" in caplog.text
    opened.receive(outbox({"op": "undo"}, first=4))
    assert bricks(opened) == []


def test_undo_and_redo_come_through_the_outbox(root):
    opened = space(root)
    opened.receive(outbox(add("new1"), {"op": "undo"}, {"op": "undo"}, {"op": "redo"}))
    assert bricks(opened) == ["new1"] and opened.history.names() == {"undo": ["Add ReLU"], "redo": []}


GARBAGE = [
    None,
    3,
    "x",
    [],
    {},
    {"client": "c"},
    {"client": 3, "edits": []},
    {"client": "c", "edits": {}},
    {"client": "c", "edits": [None, 3, [], {}, {"seq": "1"}]},
    {"client": "c", "edits": [{"seq": True, "edit": {}}]},
    {"client": "c", "edits": [{"seq": -4, "edit": {}}]},
    {"client": "c", "edits": [{"seq": 1.5}]},
    {"client": "c", "edits": [{"seq": 1}]},
    {"client": "c", "edits": [{"seq": 2, "edit": "remove"}]},
    {"client": "c" * 9999, "edits": [{"seq": 1, "edit": []}]},
    {"client": "c", "load_id": ["x"], "edits": []},
    {"client": "c", "edits": [{"seq": 10**30, "edit": {"op": []}}]},
]


@pytest.mark.parametrize("sent", GARBAGE, ids=lambda sent: repr(sent)[:60])
def test_garbage_in_the_outbox_changes_nothing_and_what_comes_after_is_applied(root, sent):
    opened = space(root)
    opened.receive(sent)
    assert opened.project == FIRST and not opened.trouble
    opened.receive(outbox(add("new1")))
    assert bricks(opened) == ["new1"] and on_disk(opened) == opened.project


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9) | st.sampled_from(["c-1", "add", "remove", "conv1", "batch"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["client", "edits", "seq", "edit", "op", "ids", "node", "at", "x"]), inner, max_size=4)
    ),
)


@given(st.lists(JSON, max_size=4))
@profile(max_examples=100)
def test_any_json_in_an_outbox_leaves_a_project_that_can_be_saved(tmp_path_factory, edits):
    opened = Workspace(tmp_path_factory.mktemp("any"), FIRST)
    opened.receive({"client": "c-1", "edits": [{"seq": i + 1, "edit": edit} for i, edit in enumerate(edits)]})
    opened.receive(edits)
    assert on_disk(opened) == opened.project


def test_edits_meant_for_a_project_that_is_no_longer_open_are_not_applied_to_another(root):
    opened = space(root)
    before = opened.load_id
    opened.open(OTHER)
    opened.receive(outbox(add("new1"), load_id=before))
    assert opened.project == OTHER and opened.load_id != before and opened.ack("c-1") == (None, None)
    opened.receive(outbox(add("new1"), load_id=opened.load_id))
    assert bricks(opened) == ["new1"]


def test_after_a_restart_of_the_server_an_outbox_that_is_sent_again_is_not_applied_again(root):
    opened, sent = space(root), outbox(add("new1"), {"op": "remove", "ids": ["relu3"], "rejoin": True}, load_id="")
    sent["load_id"] = opened.load_id
    opened.receive(sent)
    again = space(root)
    assert again.project == opened.project and again.path == opened.path and again.history.revision == 2
    again.receive(sent)
    assert again.project == opened.project and again.ack("c-1") == ({"client": "c-1", "seq": 2}, None)


def test_after_a_restart_edits_made_meanwhile_in_a_canvas_that_stayed_open_are_applied(root):
    opened = space(root)
    opened.receive(outbox(add("new1"), load_id=opened.load_id))
    again = space(root)
    assert again.load_id == opened.load_id
    again.receive(outbox(add("new1"), add("new2"), load_id=opened.load_id))
    assert bricks(again) == ["new1", "new2"]


def test_every_edit_is_on_disk_before_the_next(root):
    opened = space(root)
    for i in range(5):
        opened.apply(add(f"new{i}"))
        assert bricks(space(root)) == [f"new{k}" for k in range(i + 1)]


def test_an_edit_that_does_not_fit_raises_and_changes_nothing(root):
    opened = space(root)
    with pytest.raises(EditError):
        opened.apply(add("conv1"))
    assert opened.project == FIRST and on_disk(opened) == FIRST


@pytest.fixture
def full_disk(monkeypatch):
    """Switch a disk on that takes nothing more."""

    def refuse(path, text):
        raise OSError(28, "No space left on device")

    return lambda: monkeypatch.setattr(module, "write", refuse), lambda: monkeypatch.undo()


def test_a_full_disk_is_told_and_nothing_is_lost_in_memory(root, full_disk):
    fill, free = full_disk
    opened = space(root)
    fill()
    opened.receive(outbox(add("new1")))
    assert (
        "not saved" in opened.trouble
        and "No space left" in opened.trouble
        and bricks(opened) == ["new1"]
        and opened.ack("c-1")[0]["seq"] == 1
    )
    opened.apply(add("new2"))
    assert bricks(space(root)) == []
    free()
    opened.apply(add("new3"))
    assert not opened.trouble and bricks(space(root)) == ["new1", "new2", "new3"]


def test_a_folder_that_cannot_be_made_is_told_and_the_app_goes_on(tmp_path):
    (tmp_path / "projects").write_text("a file in the way")
    opened = space(tmp_path / "projects")
    opened.receive(outbox(add("new1")))
    assert "not saved" in opened.trouble and bricks(opened) == ["new1"] and opened.saved() == []
    assert (tmp_path / "projects").read_text() == "a file in the way"


@pytest.mark.parametrize(
    "session",
    [
        "",
        "{",
        "[]",
        "null",
        "3",
        '{"file": 3}',
        '{"file": "mnist-cnn.json"}',
        '{"file": "mnist-cnn.json", "revision": "x", "acks": {}}',
        '{"file": "mnist-cnn.json", "revision": 1, "acks": []}',
        '{"file": "mnist-cnn.json", "revision": 1, "acks": {"c": "x"}}',
        '{"file": "..", "revision": 0, "acks": {}}',
        '{"file": "\\u0000", "revision": 0, "acks": {}}',
        "\x00",
        "[" * 100_000,
        '{"file": "mnist-cnn.json", "revision": 1e999}',
    ],
)
def test_a_broken_session_file_is_told_and_the_project_file_stays_as_it_was(root, session):
    opened = space(root)
    opened.apply(add("new1"))
    kept = opened.path.read_bytes()
    (root / ".session.json").write_text(session)
    again = space(root)
    assert again.trouble and "\n" not in again.trouble and again.project == FIRST and opened.path.read_bytes() == kept
    assert again.path != opened.path and on_disk(again) == FIRST
    again.receive(outbox(add("new2")))
    assert bricks(again) == ["new2"] and not space(root).trouble


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xff", b"{}", b'{"type": "brickwork/project", "version": 2}'])
def test_a_broken_project_file_is_told_kept_and_another_is_opened(root, content):
    opened = space(root)
    opened.path.write_bytes(content)
    again = space(root)
    assert "could not be read" in again.trouble and opened.path.read_bytes() == content and again.path.name == "mnist-cnn-2.json"
    assert dict(again.saved()) == {"mnist-cnn": None, "mnist-cnn-2": FIRST}


def test_a_session_whose_project_was_deleted_opens_the_first_project(root):
    opened = space(root)
    opened.open(OTHER)
    opened.path.unlink()
    assert space(root).project == FIRST


def test_a_session_file_cannot_point_outside_the_projects_folder(root, tmp_path):
    space(root)
    (tmp_path / "secret.json").write_text(dumps(OTHER))
    (root / ".session.json").write_text(json.dumps({"file": str(tmp_path / "secret.json"), "revision": 0, "acks": {}}))
    assert space(root).project == FIRST


def test_opening_a_project_never_takes_another_ones_file(root):
    opened = space(root)
    opened.apply(add("new1"))
    opened.open(FIRST)
    assert (
        opened.path.name == "mnist-cnn-2.json"
        and bricks(opened) == []
        and loads((root / "mnist-cnn.json").read_bytes()).network.node("new1")
    )
    opened.open(FIRST)
    assert opened.path.name == "mnist-cnn-2.json"


def test_another_project_starts_with_an_empty_history_and_a_load_id_of_its_own(root):
    opened = space(root)
    opened.apply(add("new1"))
    before = opened.load_id
    opened.open(OTHER)
    assert opened.history.names() == {"undo": [], "redo": []} and opened.load_id != before and opened.report().params == 669_706


def test_saved_projects_are_listed_opened_and_deleted_but_not_the_open_one(root):
    opened = space(root)
    opened.open(OTHER)
    assert {stem for stem, _ in opened.saved()} == {"mnist-cnn", "fashion-mlp"}
    opened.delete_saved("fashion-mlp")
    opened.delete_saved("never-there")
    assert opened.path.is_file()
    opened.open_saved("mnist-cnn")
    assert opened.project == FIRST and opened.path.name == "mnist-cnn.json"
    opened.delete_saved("fashion-mlp")
    assert [stem for stem, _ in opened.saved()] == ["mnist-cnn"]


@pytest.mark.parametrize("stem", ["../secret", "/etc/passwd", "..", "", "nobody", ".session"])
def test_a_saved_project_is_only_ever_one_of_the_projects_folder(root, tmp_path, stem):
    (tmp_path / "secret.json").write_text(dumps(OTHER))
    opened = space(root)
    with pytest.raises(DocumentError):
        opened.open_saved(stem)
    opened.delete_saved("../secret")
    assert (tmp_path / "secret.json").is_file() and opened.project == FIRST


def test_a_folder_that_is_called_like_a_project_is_listed_as_unreadable_and_not_deleted(root):
    opened = space(root)
    (root / "folder.json").mkdir()
    assert dict(opened.saved())["folder"] is None
    for refused in (opened.open_saved, opened.delete_saved):
        with pytest.raises(DocumentError, match="folder.json"):
            refused("folder")


@pytest.mark.parametrize(
    "name, file",
    [
        ("MNIST CNN", "mnist-cnn"),
        ("../../etc", "etc"),
        ("", "project"),
        ("漢字", "project"),
        ("a/b\\c:d", "a-b-c-d"),
        ("x" * 200, "x" * 60),
        ("CON ", "con"),
        ("a\x00b", "a-b"),
        (".hidden", "hidden"),
        ("![x](http://evil)", "x-http-evil"),
    ],
)
def test_a_projects_name_becomes_a_harmless_file_name(name, file):
    assert slug(name) == file


def test_a_hostile_gallery_name_in_a_file_stays_inside_the_folder(root):
    opened = space(root)
    opened.open(from_json(to_json(FIRST) | {"about": {"gallery": "../../../evil"}}))
    assert opened.path == root / "evil.json"
    opened.open(from_json(to_json(FIRST) | {"about": {"gallery": ["x", {"y": 1}]}}))
    assert opened.path.parent == root


def test_edits_from_many_threads_are_all_kept(root):
    opened = space(root)

    def work(client: int) -> None:
        for i in range(10):
            opened.receive(outbox(*(add(f"new{client}x{k}") for k in range(i + 1)), client=f"c-{client}"))

    threads = [threading.Thread(target=work, args=(client,)) for client in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(bricks(opened)) == sorted(f"new{client}x{k}" for client in range(4) for k in range(10))
    assert space(root).project == opened.project


def test_a_canvas_with_a_name_of_any_length_or_none_at_all_gets_its_answer(root):
    opened = space(root)
    opened.receive(outbox(add("new1"), client="c" * 500))
    assert opened.ack("c" * 500) == ({"client": "c" * 500, "seq": 1}, None)
    assert opened.ack([]) == opened.ack({}) == opened.ack(3) == (None, None)


def test_only_the_canvases_seen_last_are_remembered(root):
    opened = space(root)
    for i in range(MAX_CLIENTS + 10):
        opened.receive(outbox(add(f"new{i}"), client=f"c-{i}"))
    assert opened.ack("c-0") == (None, None) and opened.ack(f"c-{MAX_CLIENTS + 9}")[0]["seq"] == 1
    assert len(json.loads((root / ".session.json").read_text())["acks"]) == MAX_CLIENTS


def test_the_report_is_of_the_project_as_it_is_now(root):
    opened = space(root)
    assert opened.report().params == 21_840 and opened.report() is opened.report()
    opened.apply({"op": "set", "id": "fc2", "params": {"out_features": 9}})
    assert opened.report().errors and opened.report().params == 21_789
    assert apply(opened.project, {"op": "set", "id": "fc2", "params": {"out_features": 10}}) == FIRST


def test_one_home_has_one_workspace_and_another_home_another(home, tmp_path, monkeypatch):
    first = module.workspace()
    assert module.workspace() is first and first.root == home.resolve() / "projects"
    monkeypatch.setenv("BRICKWORK_HOME", str(tmp_path / "elsewhere"))
    assert module.workspace() is not first


def kernel(size: int) -> dict:
    return {"op": "set", "id": "conv1", "params": {"kernel_size": size}}


def sent(client: str, seq: int, revision: int, edit: dict, **more: object) -> dict:
    return {"client": client, "edits": [{"seq": seq, "revision": revision, "edit": edit}], **more}


def test_a_later_edit_on_an_older_revision_waits_for_a_choice_and_the_choice_is_kept(root):
    opened = space(root)
    opened.receive(sent("a", 1, 0, kernel(3)))
    opened.receive(sent("b", 1, 0, kernel(7)))
    assert opened.project.network.node("conv1").params["kernel_size"] == 3 and opened.ack("b") == ({"client": "b", "seq": 1}, None)
    (conflict,) = opened.conflicts("b")
    assert conflict["says"] == "Another tab set kernel_size of conv1 to 3 while you set it to 7." and opened.conflicts("a") == []
    opened.receive(sent("b", 1, 0, kernel(7)))
    assert len(opened.conflicts("b")) == 1
    opened.receive(sent("b", 2, 1, conflict["edit"], settled=conflict["seq"]))
    assert opened.project.network.node("conv1").params["kernel_size"] == 7 and opened.conflicts("b") == [] and on_disk(opened) == opened.project


def test_edits_of_one_canvas_that_were_made_before_its_answer_came_are_no_conflict(root):
    opened = space(root)
    for seq, size in enumerate((3, 4, 5, 6, 7), 1):
        opened.receive(sent("a", seq, 0, kernel(size)))
    assert opened.project.network.node("conv1").params["kernel_size"] == 7 and opened.conflicts("a") == []


def test_undo_of_what_another_tab_did_says_so(root):
    opened = space(root)
    opened.receive(sent("a", 1, 0, kernel(3)))
    opened.receive(sent("b", 1, 0, {"op": "undo"}))
    assert "was made in another tab" in opened.conflicts("b")[0]["says"] and opened.history.revision == 1
    opened.receive(sent("b", 2, 1, {"op": "undo"}, settled=1))
    assert opened.project == FIRST and opened.ack("b")[1]["says"] == "Undid “Set kernel_size of conv1”, which was made in another tab."


@pytest.mark.parametrize("settled", [None, "x", True, [], 10**30, -1])
def test_any_settled_is_read(root, settled):
    opened = space(root)
    opened.receive(sent("a", 1, 0, kernel(3)))
    opened.receive(sent("b", 1, 0, kernel(7), settled=settled))
    assert len(opened.conflicts("b")) == 1 and opened.conflicts(None) == opened.conflicts(3) == []


def test_a_copy_of_what_is_saved_gets_a_file_of_its_own(root):
    opened = space(root)
    opened.open(FIRST)
    assert opened.path.name == "mnist-cnn.json"
    opened.open(FIRST, copy=True)
    assert opened.path.name == "mnist-cnn-2.json"


def test_a_second_server_on_one_home_folder_overwrites_nothing_unasked(root):
    one, two = space(root), space(root)
    assert one.path == two.path
    one.receive(sent("a", 1, 0, kernel(3)))
    two.receive(sent("b", 1, 0, kernel(7)))
    assert on_disk(one) == one.project and two.clash and "changed by another program" in two.trouble and not one.clash
    two.receive(sent("b", 2, 1, add("new1")))
    assert on_disk(one) == one.project and bricks(two) == ["new1"], "it stays in memory until somebody chooses"


def test_a_clash_ends_with_a_copy_that_keeps_the_history_or_with_what_is_in_the_file(root):
    one, two = space(root), space(root)
    one.apply(kernel(3))
    two.apply(kernel(7))
    two.save_copy()
    assert not two.clash and not two.trouble and two.path != one.path and on_disk(two) == two.project and on_disk(one) == one.project
    assert two.history.names()["undo"] == ["Set kernel_size of conv1"]
    two.apply(add("new1"))
    assert on_disk(two) == two.project
    three = space(root)
    two.apply(kernel(5))
    three.apply(kernel(9))
    three.take_file()
    assert not three.clash and three.project == two.project


def test_a_file_deleted_by_somebody_is_written_again_and_an_own_write_is_no_clash(root):
    opened = space(root)
    for size in (3, 4, 6):
        opened.apply(kernel(size))
        assert not opened.clash
    opened.path.unlink()
    opened.apply(kernel(7))
    assert not opened.clash and on_disk(opened) == opened.project
    opened.path.write_text(dumps(OTHER))
    opened.apply(kernel(8))
    assert opened.clash and on_disk(opened) == OTHER
