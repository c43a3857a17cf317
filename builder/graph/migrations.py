"""The file format: its type, its version, and old files made new by one numbered function a version."""

from __future__ import annotations

from collections.abc import Callable, Mapping

TYPE = "brickwork/project"
VERSION = 2


class DocumentError(ValueError):
    """A file or an edit does not say a document; the message names the place and what was expected there."""


def _without_validation(record: Mapping) -> Mapping:
    """Before version 2 there was no validation part: all of the training part trained, and the test part was watched."""
    data = record.get("data", {"source": "digits"})
    return {**record, "data": {"validation": 0, **data}} if isinstance(data, Mapping) else record


# MIGRATIONS[n] makes a version-(n + 1) record of a version-n one.
MIGRATIONS: Mapping[int, Callable[[Mapping], Mapping]] = {1: _without_validation}


def migrated(record: Mapping) -> Mapping:
    """`record` in the newest version; raises DocumentError for a newer or unreadable one."""
    version = record.get("version")
    if type(version) is not int or version < 1:
        raise DocumentError(f"version must be a whole number from 1 up, it is {version!r:.40}")
    if version > VERSION:
        raise DocumentError(f"this project was saved by a newer Brickwork (format {version}; this one reads up to {VERSION}): "
                            "update Brickwork to open it")
    while version < VERSION:
        record, version = MIGRATIONS[version](record), version + 1
    return record
