"""What a process of ours is started with: its folder and its environment."""

from __future__ import annotations

import os
from pathlib import Path

PACKAGE_PARENT = Path(__file__).resolve().parents[2]


def environment() -> dict[str, str]:
    """Ours, with folders made absolute for the other working directory; idle OpenMP threads sleep rather than spin beside the server."""
    given = {name: os.environ[name] for name in ("BRICKWORK_HOME", "BRICKWORK_DATA") if os.environ.get(name)}
    folders = {name: str(Path(folder).expanduser().resolve()) for name, folder in given.items()}
    return {**os.environ, **folders, "OMP_WAIT_POLICY": os.environ.get("OMP_WAIT_POLICY", "PASSIVE"), "PYTHONUNBUFFERED": "1"}
