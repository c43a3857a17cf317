"""Browser tabs on the Train page, as Streamlit runs them for tests."""

from __future__ import annotations

from pathlib import Path

from streamlit.testing.v1 import AppTest

from builder import api
from builder.runs import Store
from builder.train.events import CheckpointSaved, EpochEnded, Evaluated, RunEnded, RunStarted
from builder.ui.workspace import workspace

STARTED = RunStarted("cpu", "A processor", 21_840, 1293, 360, 45, 15, 32, ("0", "1"), 0, 1, "2.15.0", validation_samples=144)
PAGE = Path(__file__).resolve().parents[2] / "pages" / "train.py"


def train_page() -> AppTest:
    """A fresh tab, not run yet, in which somebody has opened everything that folds."""
    tab = AppTest.from_file(str(PAGE), default_timeout=60)
    for part in ("settings", "metrics", "baselines"):
        tab.session_state[f"{part}_open"] = True
    return tab


def finished_run() -> str:
    """The id of a finished run of the open project that was watched on its validation part."""
    project = workspace().project
    with Store() as store:
        made = store.create(api.to_json(project), "", project.name, None)
        store.claim(made)
        store.append(made, [STARTED, EpochEnded(1, 45, 0.3, 0.9, 1.0, 1000.0), Evaluated(1, 45, "validation", 0.2, 0.9, ((5, 1), (0, 4))),
                            CheckpointSaved(45, 1, "best.safetensors"), RunEnded("completed", 45, "Done.")], 1)
    return made
