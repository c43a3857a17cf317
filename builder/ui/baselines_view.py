"""What classical methods reach on the open project's data, beside the network's figure: fitted aside, in a process of its own."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import streamlit as st

from builder import paths
from builder.catalogue.datasets import VALIDATION
from builder.graph import Project, dumps, from_json
from builder.runs import Run, RunError, explained

from .child import Job, Jobs
from .frame import esc
from .train_view import follow, store

POLL = 0.7  # seconds between two looks at what is going on aside


def key(project: Project) -> str:
    """What the scores belong to: the data, of which methods without a network need no validation part."""
    return json.dumps({name: value for name, value in project.data.items() if name != VALIDATION.name}, sort_keys=True, default=repr)


def _of(run: Run | None, project: Project) -> Run | None:
    """The run, when it was trained on the project's data."""
    with suppress(RunError, ValueError, KeyError):
        return run if run and key(from_json(store().project(run.id))) == key(project) else None
    return None


@st.cache_resource(show_spinner=False, max_entries=2)
def measuring(home: Path) -> Jobs:
    """The measuring of this server's home folder, each for its data; the rows are scores as the command line prints them, as they come."""
    return Jobs()


def begin(project: Project) -> None:
    """Measure on the project's data, unless something is being measured."""
    measuring(paths.home()).begin(key(project), lambda folder: _command(project, folder / "project.json"))


def _command(project: Project, file: Path) -> Sequence[str]:
    file.write_text(dumps(project), encoding="utf-8")
    return "baselines", str(file), "--json"


def baselines(project: Project, run: Run | None) -> None:
    """A table of what is known, and the button that measures; looks again by itself meanwhile."""
    busy = measuring(paths.home()).running(key(project))
    st.fragment(_draw, run_every=POLL if busy else None, key="baselines")(project, _of(run, project), busy)


def _draw(project: Project, run: Run | None, busy: bool) -> None:
    server = measuring(paths.home())
    job, running = server.of(key(project)), server.running(key(project))
    st.caption("What methods without a network reach on the test part, fitted on the whole training part: what training has to beat to be worth it.")
    if job and job.rows:
        st.table(_rows(job, run), border="horizontal")
    if job and job.says:
        st.warning(f"The baselines could not be measured: {esc(job.says)}", icon=":material/error:")
    if running:
        st.markdown(f":material/hourglass_top: Fitting {'the next' if job.rows else 'the first'}…")
        st.button("Cancel", key="cancel-baselines", icon=":material/close:", on_click=server.cancel)
    elif not (job and len(job.rows) >= (1 if project.task.get("kind") == "segmentation" else 2) and not job.says):
        other = server.busy()
        st.button("Measure the baselines", key="measure-baselines", icon=":material/leaderboard:", on_click=begin, args=(project,), disabled=other,
                  help="Those of another data set are being measured" if other else None)
    if busy != running:
        st.rerun()


def _rows(job: Job, run: Run | None) -> dict[str, list[str]]:
    """The best first, the network among them once its test part was asked for, behind them before."""
    rows = [(float(row["accuracy"]), str(row.get("title", "")), f"{float(row['seconds']):,.1f} s") for row in job.rows]
    numbers = any(row.get("figure") == "r2" for row in job.rows)
    own = None if run is None else explained(store(), run)[0 if run.part == "test" else 1] if numbers else run.accuracy if run.part == "test" else run.tested
    if own is not None:
        # What was tested may be an epoch of before: the best one.
        asked = follow(run.id).history.asked if run.part != "test" else ()
        rows.append((own, f"{run.name} (the run shown)", f"epoch {asked[-1].epoch if asked else run.epoch}"))
    rows.sort(reverse=True)
    told = [(f"{reached:.4f}" if numbers else f"{100 * reached:.2f} %", title, took) for reached, title, took in rows]
    if own is None and run is not None and run.accuracy is not None:
        # A run of numbers has no accuracy; what it reaches on its validation part stands above.
        told.append(("not asked for yet", f"{run.name} (the run shown)", f"epoch {run.epoch}, {100 * run.accuracy:.2f} % of the validation part"))
    return {"Method": [esc(title) for _, title, _ in told], "Test R²" if numbers else "Test accuracy": [reached for reached, _, _ in told], "Fitted in": [took for _, _, took in told]}
