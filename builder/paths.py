"""Where Brickwork keeps its files. Standard library only."""

from __future__ import annotations

import os
from pathlib import Path


def home() -> Path:
    """The folder of projects, runs and downloaded data: $BRICKWORK_HOME, else `.brickwork` in the user's home; made when missing."""
    folder = Path(os.environ.get("BRICKWORK_HOME") or Path.home() / ".brickwork").expanduser().resolve()
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def data_roots() -> tuple[Path, ...]:
    """Folders searched for data sets in torchvision's layout, $BRICKWORK_DATA first; downloads go to the last one."""
    given = os.environ.get("BRICKWORK_DATA")
    return (*((Path(given).expanduser(),) if given else ()), home() / "data")


def runs_root() -> Path:
    """The run store's folder."""
    return home() / "runs"


def projects_root() -> Path:
    """The folder of saved projects."""
    return home() / "projects"
