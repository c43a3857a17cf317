"""The run store: what it keeps, what it refuses, and several writers at once."""

from __future__ import annotations

import errno
import json
import shutil
import sqlite3
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest

from builder.runs import EndedError, RunError, Store
from builder.train.events import Evaluated, RunEnded, Snapshot
from tests.runs.fakes import completes, epoch, started, step

HOSTILE = ["", ".", "..", "../x", "/etc/passwd", "a/b", "a\\b", "x\0y", "-", "-rf", "A", "last ", "x" * 200, "%2e%2e", "a'; DROP TABLE runs; --", "٣", "x\n"]


def all_of(store, run_id):
    store.append(run_id, completes(store.get(run_id), lambda: False))


def test_a_new_run_is_queued_and_its_folder_holds_the_project_and_the_exact_source(store):
    source = "class Network:\n    '''Größe'''\r\n"
    run = store.get(store.create({"name": "LeNet", "nodes": [1]}, source))
    assert (run.name, run.state, run.epoch, run.accuracy, run.says) == ("LeNet", "queued", 0, None, "")
    assert store.project(run.id) == {"name": "LeNet", "nodes": [1]}
    assert store.source(run.id) == source
    assert run.folder == store.root / run.id and json.loads((run.folder / "project.json").read_text()) == {"name": "LeNet", "nodes": [1]}


@pytest.mark.parametrize("name", ["MNIST CNN", "../../etc", "", "数字", "x" * 300, "-rf", "a\0b", "Größe/2"])
def test_any_name_gives_an_id_that_is_a_plain_folder_below_the_root(store, name):
    run = store.get(store.create({"name": name}, ""))
    assert run.folder.parent == store.root and run.folder.is_dir() and run.folder.resolve().parent == store.root.resolve()


def test_runs_of_one_name_made_in_the_same_second_have_different_ids_and_are_listed_newest_first(store, new):
    ids = [new() for _ in range(20)]
    assert len(set(ids)) == 20
    assert [run.id for run in store.list()] == ids[::-1]


def test_events_come_back_equal_in_order_and_from_any_number_on(store, new):
    run_id = new()
    events = list(completes(store.get(run_id), lambda: False))
    events.insert(3, Snapshot(2, 1, "conv1", (10, 1, 5, 5), -0.5, 0.5, "AAAA"))
    assert store.append(run_id, events) == len(events)
    rows = store.events(run_id)
    assert [row.event for row in rows] == events
    assert [row.seq for row in rows] == list(range(1, len(events) + 1))
    assert store.events(run_id, after=5, limit=2) == rows[5:7]
    assert store.events(run_id, after=len(events)) == []
    assert [row.event for row in store.events(run_id, kinds=["Snapshot"])] == [events[3]]
    assert store.latest(run_id, "Evaluated").event == [event for event in events if isinstance(event, Evaluated)][-1]
    assert store.latest(new(), "Evaluated") is None


def test_the_row_follows_the_events_of_the_run(store, new):
    run_id = new()
    store.append(run_id, [started(), step(1), step(2)])
    run = store.get(run_id)
    assert (run.state, run.device, run.parameters, run.step, run.steps, run.epoch, run.epochs) == ("running", "2 cores", 21840, 2, 20, 0, 4)
    assert run.progress == 0.1 and run.started and not run.ended
    store.append(run_id, epoch(1, 0.75))
    run = store.get(run_id)
    assert (run.step, run.epoch, run.accuracy, run.checkpoint) == (5, 1, 0.75, 5)
    store.append(run_id, [Evaluated(1, 5, "train", 0.1, 0.99, ((1,),))])
    assert (store.get(run_id).accuracy, store.get(run_id).part) == (0.75, "test")
    store.append(run_id, [Evaluated(1, 5, "validation", 0.1, 0.8, ((1,),)), Evaluated(1, 5, "test", 0.1, 0.7, ((1,),), checkpoint="best")])
    assert (store.get(run_id).accuracy, store.get(run_id).part, store.get(run_id).tested) == (0.8, "validation", 0.7)
    store.append(run_id, [RunEnded("diverged", 6, "The loss is not a number.")])
    run = store.list()[0]
    assert (run.state, run.says, run.step, run.live) == ("diverged", "The loss is not a number.", 6, False)
    assert run.ended >= run.started


def test_nothing_is_written_after_the_end_and_a_second_end_is_refused(store, new):
    run_id = new()
    all_of(store, run_id)
    before = store.events(run_id)
    for late in (step(21), RunEnded("failed", 20, "again")):
        with pytest.raises(EndedError, match="has ended"):
            store.append(run_id, [late])
    assert store.events(run_id) == before


def test_events_of_one_call_are_written_together_or_not_at_all(store, new):
    run_id = new()
    with pytest.raises(EndedError):
        store.append(run_id, [started(), RunEnded("stopped", 0, ""), step(1)])
    assert store.events(run_id) == [] and store.get(run_id).state == "queued"


def test_a_resumed_run_goes_back_to_its_checkpoint_in_the_row_but_keeps_its_events(store, new):
    run_id = new()
    store.append(run_id, [started(), step(5), *epoch(1, 0.6), step(10), *epoch(2, 0.7), step(13), RunEnded("killed", 13, "gone")])
    run = store.reopen(run_id)
    assert (run.state, run.generation, run.says, run.ended) == ("queued", 2, "", None)
    store.append(run_id, [started(resumed_at=5)])
    run = store.get(run_id)
    assert (run.state, run.step, run.epoch, run.accuracy, run.checkpoint) == ("running", 5, 1, 0.6, 5)
    assert len(store.events(run_id)) == 12


def test_the_checkpoint_that_a_run_goes_on_from_is_its_last_though_nobody_could_tell_of_it(store, new):
    run_id = new()
    store.append(run_id, [started(), step(5), *epoch(1), step(8), RunEnded("killed", 8, "gone behind the checkpoint of step 8")])
    store.reopen(run_id)
    store.append(run_id, [started(resumed_at=8)])
    assert store.get(run_id).checkpoint == 8


def test_an_older_generation_can_neither_write_nor_see_the_newer_ones_commands(store, new):
    run_id = new()
    store.append(run_id, [started()])
    store.request(run_id, "stop")
    store.append(run_id, [RunEnded("stopped", 0, "")])
    store.reopen(run_id)
    with pytest.raises(EndedError):
        store.append(run_id, [step(1)], generation=1)
    assert [control.command for control in store.controls(run_id, 1)] == ["stop"]
    assert store.controls(run_id, 2) == []


def test_a_run_is_claimed_once_a_generation(store, new):
    run_id = new()
    assert store.claim(run_id).claimed == 1
    with pytest.raises(EndedError, match="starting elsewhere"):
        store.claim(run_id)
    store.append(run_id, [started(), RunEnded("stopped", 0, "")])
    with pytest.raises(EndedError, match="has ended"):
        store.claim(run_id)
    store.reopen(run_id)
    assert store.claim(run_id).claimed == 2


def test_a_run_that_ended_well_or_that_is_live_is_not_reopened(store, new):
    run_id = new()
    with pytest.raises(RunError, match="has not ended"):
        store.reopen(run_id)
    all_of(store, run_id)
    with pytest.raises(RunError, match="finished all its 4 epochs"):
        store.reopen(run_id)


def test_stop_ends_a_queued_run_at_once_and_is_refused_for_an_ended_one(store, new):
    run_id = new()
    store.request(run_id, "stop")
    assert (store.get(run_id).state, len(store.events(run_id))) == ("stopped", 1)
    with pytest.raises(EndedError, match="already ended"):
        store.request(run_id, "stop")


def test_a_command_that_does_not_exist_is_refused_by_name(store, new):
    with pytest.raises(RunError, match="'fly' is not a command"):
        store.request(new(), "fly")


def test_deleting_removes_rows_and_folder_but_not_a_running_run_and_not_another_one(store, new):
    run_id, other = new(), new()
    all_of(store, run_id)
    store.append(other, [started()])
    store.delete(run_id)
    assert not (store.root / run_id).exists() and [run.id for run in store.list()] == [other]
    with pytest.raises(RunError, match="no run called"):
        store.events(run_id) or store.get(run_id)
    with pytest.raises(RunError, match="still running"):
        store.delete(other)
    assert (store.root / other / "project.json").exists() and len(store.events(other)) == 1


def test_deleting_does_not_follow_a_link_out_of_the_folder(store, new, tmp_path):
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "file").write_text("x")
    run_id = new()
    (store.root / run_id / "link").symlink_to(precious)
    store.delete(run_id)
    assert (precious / "file").read_text() == "x"


@pytest.mark.parametrize("run_id", HOSTILE, ids=ascii)
def test_a_hostile_run_id_reaches_no_file_and_no_row(store, new, run_id):
    kept = new()
    calls = (store.get, store.folder, store.project, store.source, store.output, store.delete, store.events, store.find, store.claim, store.starting)
    for call in (*calls, lambda text: store.append(text, []), lambda text: store.request(text, "stop"), lambda text: store.controls(text, 1)):
        with pytest.raises(RunError, match="no run called"):
            call(run_id)
    assert store.get(kept).state == "queued"


def test_a_run_is_found_by_an_unambiguous_beginning_or_as_the_last(store, new):
    first, last = new("alpha"), new("beta")
    assert store.find("last").id == last
    assert store.find(first).id == first
    assert store.find(first[:17]).id == first
    with pytest.raises(RunError, match="begins several runs"):
        store.find("2")
    with pytest.raises(RunError, match="no run called 'zz'"):
        store.find("zz")


def test_the_last_run_of_an_empty_store_is_named_as_missing(store):
    with pytest.raises(RunError, match="There are no runs yet"):
        store.find("last")


def test_a_long_output_is_read_from_its_end_and_broken_characters_do_not_matter(store, new):
    run_id = new()
    assert store.output(run_id) == ""
    (store.root / run_id / "output.txt").write_bytes(b"a" * 50_000 + b"\xff end")
    assert store.output(run_id, 10).endswith("\N{REPLACEMENT CHARACTER} end") and len(store.output(run_id)) == 20_000


def test_missing_files_of_a_run_are_named_plainly(store, new):
    run_id = new()
    shutil.rmtree(store.root / run_id)
    with pytest.raises(RunError, match=f"project.json of run {run_id} cannot be read"):
        store.project(run_id)


def test_a_file_that_is_no_database_is_refused_in_one_sentence(tmp_path):
    (tmp_path / "runs.db").write_text("this is a text, not a database, and long enough to have a header" * 20)
    with pytest.raises(RunError, match="The run store .*runs.db cannot be used: file is not a database"):
        Store(tmp_path)


def test_a_root_that_is_a_file_is_refused_in_one_sentence(tmp_path):
    (tmp_path / "runs").write_text("x")
    with pytest.raises(RunError, match="cannot be used"):
        Store(tmp_path / "runs")


def test_events_of_an_unknown_kind_stay_in_the_file_and_are_passed_over(store, new):
    run_id = new()
    store.append(run_id, [started()])
    with sqlite3.connect(store.path) as connection:
        connection.execute("INSERT INTO events (run, seq, time, kind, event) VALUES (?, 2, 0, 'Wonder', '{\"event\": \"Wonder\"}')", (run_id,))
        connection.execute("UPDATE runs SET seq = 2")
    connection.close()
    store.append(run_id, [step(1)])
    assert [(row.seq, type(row.event).__name__) for row in store.events(run_id)] == [(1, "RunStarted"), (3, "StepEnded")]


def test_many_threads_and_stores_write_at_once_and_every_event_has_its_own_number(store, new):
    run_id = new()
    store.append(run_id, [started()])

    def write(_):
        with Store(store.root) as mine:
            for number in range(25):
                mine.append(run_id, [step(number + 1)])

    threads = [threading.Thread(target=write, args=(index,)) for index in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [row.seq for row in store.events(run_id)] == list(range(1, 152))


def test_one_store_may_be_shared_by_threads(store, new):
    runs = [new() for _ in range(8)]
    threads = [threading.Thread(target=all_of, args=(store, run_id)) for run_id in runs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {run.state for run in store.list()} == {"completed"}


def test_the_run_store_never_imports_torch(root):
    code = "import sys, builder.runs; sys.exit('torch' in sys.modules or 'numpy' in sys.modules or 'streamlit' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=root, check=False).returncode == 0


def test_a_full_disk_is_said_in_words_leaves_no_half_run_and_deleting_makes_room(store, monkeypatch):
    kept = store.create({"name": "x"}, "", "x")
    store.append(kept, [RunEnded("stopped", 0, "Stopped.")])

    def full(self, *_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(RunError, match="the disk is full: delete runs or other files"):
        store.create({"name": "y"}, "", "y")
    assert [folder.name for folder in store.root.iterdir() if folder.is_dir()] == [kept] and [run.id for run in store.list()] == [kept]
    monkeypatch.setattr(Store, "_transaction", _fails_at_the_first_delete(Store._transaction))
    with pytest.raises(RunError, match="the disk is full"):
        store.delete(kept)
    assert not store.folder(kept).exists()


def _fails_at_the_first_delete(transaction):
    """The store's transaction, on a disk that has room for no change."""

    class Full:
        def execute(self, *_):
            raise sqlite3.OperationalError("database or disk is full")

    @contextmanager
    def wrapped(self):
        with transaction(self), self._plain_errors():
            yield Full()

    return wrapped
