"""The run store's schema as numbered steps; the version in force stands in the file's PRAGMA user_version.

A step, once released, never changes: tests/runs/databases holds a store of every version.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from .record import RunError

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (  # 1: runs, their events, the commands to their workers
        """CREATE TABLE runs (
            id TEXT PRIMARY KEY, name TEXT NOT NULL, state TEXT NOT NULL, created REAL NOT NULL, launched REAL, started REAL, ended REAL,
            device TEXT NOT NULL DEFAULT '', device_asked TEXT, parameters INTEGER NOT NULL DEFAULT 0,
            step INTEGER NOT NULL DEFAULT 0, steps INTEGER NOT NULL DEFAULT 0, epoch INTEGER NOT NULL DEFAULT 0,
            epochs INTEGER NOT NULL DEFAULT 0, accuracy REAL, says TEXT NOT NULL DEFAULT '',
            generation INTEGER NOT NULL DEFAULT 1, claimed INTEGER NOT NULL DEFAULT 0, pid INTEGER, heartbeat REAL,
            seq INTEGER NOT NULL DEFAULT 0)""",
        "CREATE TABLE events (run TEXT NOT NULL, seq INTEGER NOT NULL, time REAL NOT NULL, event TEXT NOT NULL, PRIMARY KEY (run, seq))",
        """CREATE TABLE controls (id INTEGER PRIMARY KEY AUTOINCREMENT, run TEXT NOT NULL, generation INTEGER NOT NULL, time REAL NOT NULL,
            command TEXT NOT NULL, value TEXT NOT NULL DEFAULT 'null')""",
    ),
    (  # 2: events found by kind, the last checkpoint's step
        "ALTER TABLE events ADD COLUMN kind TEXT NOT NULL DEFAULT ''",
        "UPDATE events SET kind = json_extract(event, '$.event')",
        "CREATE INDEX events_by_kind ON events (run, kind, seq)",
        "CREATE INDEX controls_by_run ON controls (run, id)",
        "ALTER TABLE runs ADD COLUMN checkpoint INTEGER",
        """UPDATE runs SET checkpoint = (SELECT json_extract(event, '$.step') FROM events
            WHERE run = runs.id AND kind = 'CheckpointSaved' ORDER BY seq DESC LIMIT 1)""",
    ),
    (  # 3: the queue, and what a run takes
        "ALTER TABLE runs ADD COLUMN place INTEGER",
        "ALTER TABLE runs ADD COLUMN needs INTEGER",
    ),
    (  # 4: the part of the data that `accuracy` is of, and what the test part gave when somebody asked
        "ALTER TABLE runs ADD COLUMN part TEXT NOT NULL DEFAULT 'test'",
        "ALTER TABLE runs ADD COLUMN tested REAL",
    ),
)
LATEST = len(MIGRATIONS)


def migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Bring the database up to date, one transaction a step; raises RunError when a newer Brickwork wrote it."""
    while (version := _version(connection)) != LATEST:
        if version > LATEST:
            raise RunError(f"{path} was written by a newer Brickwork (format {version}; this one reads up to {LATEST}): "
                           "update Brickwork, or set BRICKWORK_HOME to another folder")
        _step(connection, version)


def _version(connection: sqlite3.Connection) -> int:
    return connection.execute("PRAGMA user_version").fetchone()[0]


def _step(connection: sqlite3.Connection, version: int) -> None:
    """Migration number `version` + 1, unless another process made it meanwhile."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        if _version(connection) == version:
            for statement in MIGRATIONS[version]:
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {version + 1:d}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
