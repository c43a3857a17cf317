"""Stores written by older versions are read, those of newer ones refused."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import pytest

from builder.runs import RunError, Store
from builder.runs.migrations import LATEST, MIGRATIONS
from builder.train.events import CheckpointSaved

DATABASES = Path(__file__).parent / "databases"


def old(version, root):
    root.mkdir(exist_ok=True)
    connection = sqlite3.connect(root / "runs.db")
    connection.executescript((DATABASES / f"version{version}.sql").read_text(encoding="utf-8"))
    connection.close()
    return root


def version_of(root):
    connection = sqlite3.connect(root / "runs.db")
    try:
        return connection.execute("PRAGMA user_version").fetchone()[0]
    finally:
        connection.close()


@pytest.mark.parametrize("version", range(1, LATEST + 1))
def test_a_store_of_every_version_opens_with_all_its_runs_and_events(tmp_path, version):
    with Store(old(version, tmp_path / "runs")) as store:
        done, killed = store.list()
        assert (done.name, done.state, done.epoch, done.accuracy, done.checkpoint) == ("LeNet", "completed", 4, 0.7, 20)
        assert (killed.name, killed.state, killed.step, killed.checkpoint) == ("MNIST CNN", "killed", 7, 5)
        assert [row.seq for row in store.events(done.id)] == list(range(1, 35))
        assert store.latest(killed.id, "CheckpointSaved").event == CheckpointSaved(5, 1, "last.pt")
        assert [control.command for control in store.controls(killed.id, 1)] == ["stop"]
    assert version_of(tmp_path / "runs") == LATEST


def test_a_migrated_store_has_the_schema_of_a_new_one(tmp_path):
    def schema(root):
        with Store(root) as store:
            return {name: columns(store, name) for (name,) in store._query("SELECT name FROM sqlite_master WHERE sql IS NOT NULL", ())}

    def columns(store, name):
        return sorted(row[1:] for row in store._query(f"PRAGMA table_xinfo({name})", ()))

    assert schema(old(1, tmp_path / "old")) == schema(tmp_path / "new")


def test_a_newer_store_is_refused_by_its_number_and_left_untouched(tmp_path):
    root = old(1, tmp_path / "runs")
    connection = sqlite3.connect(root / "runs.db")
    connection.execute(f"PRAGMA user_version = {LATEST + 5}")
    connection.close()
    with pytest.raises(RunError, match=rf"newer Brickwork \(format {LATEST + 5}; this one reads up to {LATEST}\)"):
        Store(root)
    assert version_of(root) == LATEST + 5


def test_a_step_that_fails_leaves_the_file_at_the_version_before(tmp_path, monkeypatch):
    root = old(1, tmp_path / "runs")
    broken = (MIGRATIONS[0], ("ALTER TABLE runs ADD COLUMN extra", "CREATE TABLE nonsense ("))
    monkeypatch.setattr("builder.runs.migrations.MIGRATIONS", broken)
    with pytest.raises(RunError, match="cannot be used"):
        Store(root)
    monkeypatch.undo()
    assert version_of(root) == 1
    with Store(root) as store:
        assert len(store.list()) == 2
        assert "extra" not in {row[1] for row in store._query("PRAGMA table_info(runs)", ())}


def test_a_new_store_is_written_ahead_so_that_readers_and_a_writer_do_not_wait_for_each_other(tmp_path):
    with Store(tmp_path) as store:
        assert store._query("PRAGMA journal_mode", ()) == [("wal",)]


def test_several_stores_opened_at_once_migrate_a_file_once(tmp_path):
    root, errors = old(1, tmp_path / "runs"), []

    def open_it():
        try:
            with Store(root) as store:
                store.list()
        except RunError as error:
            errors.append(error)

    threads = [threading.Thread(target=open_it) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors and version_of(root) == LATEST
