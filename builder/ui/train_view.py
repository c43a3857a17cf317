"""What the Train page keeps and draws: the run it shows, how far that run has been followed, and the list of runs."""

from __future__ import annotations

import os
import shutil
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import streamlit as st

from builder import paths
from builder.catalogue import TASKS
from builder.charts.history import History, Sent, extend, payload, sent
from builder.graph import Project, from_json, to_json
from builder.graph.check import WHOLE
from builder.graph.memory import amount
from builder.runs import SPARE, Run, RunError, Store, advance, explained, judged_by, notes, resume, settle, submit, waits_for

from . import run_controls
from .export_view import Export, run_dialog
from .frame import esc
from .live import live
from .settings import summary

FOLLOWED = ("RunStarted", "StepEnded", "EpochEnded", "Evaluated", "RateChanged", "GradientNorms", "RunEnded")
REFRESH_SECONDS = 0.4
LOOK_SECONDS = 5.0
KEEP_SECONDS = 30.0
# So long the page may wait for the first point of a run that a worker in waiting took: it is then drawn once, with it.
FIRST_SECONDS = 0.3
LISTED = 8
STATES = {"queued": "waiting", "starting": "starting", "running": "training", "paused": "paused", "completed": "finished", "stopped": "stopped", "diverged": "diverged",
          "failed": "failed", "out_of_memory": "out of memory", "killed": "killed"}
COLOURS = {"completed": "green", "stopped": "gray", "queued": "blue", "starting": "blue", "running": "blue", "paused": "orange"}


@st.cache_resource(show_spinner=False, max_entries=4)
def _store(root: Path) -> Store:
    return Store(root)


def store() -> Store:
    """The server's run store."""
    return _store(paths.runs_root())


def opened(project: Project) -> Store:
    """The run store with the ends of dead runs written; says why when that cannot be, and ends the page when there is no store at all.

    From now on, while the page is open, a worker waits to train the project.
    """
    SPARE.keep(to_json(project))
    try:
        runs = store()
    except RunError as error:
        st.error(esc(str(error)))
        st.stop()
    try:
        settle(runs)
        advance(runs)
    except RunError as error:
        st.warning(esc(str(error)))
    return runs


@dataclass
class Follow:
    """A run as this browser tab has seen it: its history up to event `seq`, and what the last two updates brought to the browser."""

    run_id: str
    history: History = field(default_factory=History)
    seq: int = 0
    snapshot: int = 0
    sent: Sent = field(default_factory=Sent)
    sent_before: Sent = field(default_factory=Sent)

    def refresh(self, source: Store) -> None:
        """Read what was written since; of snapshots only the newest."""
        rows = source.events(self.run_id, after=self.seq, kinds=FOLLOWED)
        newest = source.latest(self.run_id, "Snapshot")
        if newest and newest.seq > self.snapshot:
            self.snapshot = newest.seq
            rows = [*rows, newest]
        resumptions = self.history.resumptions
        self.history = extend(self.history, (row.event for row in rows))
        self.seq = max([self.seq, *(row.seq for row in rows if row is not newest)])
        if self.history.resumptions != resumptions:
            self.forget()

    def forget(self) -> None:
        """The browser lacks something: send everything next."""
        self.sent = self.sent_before = Sent()

    def payload(self, run: Run, stopping: bool, pausing: bool = False) -> dict[str, object]:
        """The next update. It overlaps the one before, of which the browser may have skipped the drawing."""
        state = "stopping" if stopping and run.live else "pausing" if pausing else run.state
        update = payload(self.history, self.sent_before, run=run.id, title=title(run), state=state, says=run.says)
        self.sent_before, self.sent = self.sent, sent(self.history)
        return update


def title(run: Run) -> str:
    """The project's name and when the run was made."""
    return f"{run.name}, {when(run.created)}"


def when(seconds: float, now: float | None = None) -> str:
    """A time as one would say it: "14:05", "yesterday 14:05", "3 Nov 14:05"."""
    then, today = time.localtime(seconds), time.localtime(now)
    clock = time.strftime("%H:%M", then)
    if then[:3] == today[:3]:
        return clock
    if then[:3] == time.localtime(time.mktime(today) - 86_400)[:3]:
        return f"yesterday {clock}"
    year = "" if then.tm_year == today.tm_year else f" {then.tm_year}"
    return f"{then.tm_mday} {time.strftime('%b', then)}{year} {clock}"


def chosen(source: Store, project_name: str, load_id: str) -> tuple[Run | None, str]:
    """The run to show and, when the address names one that is not there, what to say.

    The address comes first, then what this tab showed last of this project, then the project's newest run.
    """
    asked, says = st.query_params.get("run"), ""
    if asked is None and st.session_state.get("run_load_id") == load_id:
        asked = st.session_state.get("run")
    if asked:
        try:
            return remembered(begun(source, source.get(asked)), load_id), ""
        except RunError:
            says = f"There is no run {asked[:80]!r}: it was deleted, or it was made on another machine."
    newest = next((run for run in source.list() if run.name == project_name), None)
    return (None if says or newest is None else remembered(newest, load_id)), says


def begun(source: Store, run: Run) -> Run:
    """The run as it is, or as it is a moment later when its first point is about to come."""
    while SPARE.gave(run.id) and run.state in ("starting", "running") and time.time() - (run.launched or 0.0) < FIRST_SECONDS and not source.latest(run.id, "StepEnded"):
        threading.Event().wait(0.005)
        run = source.get(run.id)
    return source.get(run.id)


def remembered(run: Run, load_id: str) -> Run:
    """Keep the run in the address and in the session: a reload finds the one, a change of pages the other."""
    show(run.id, load_id)
    if st.query_params.get("run") != run.id:
        st.query_params["run"] = run.id
    return run


def show(run_id: str | None, load_id: str) -> None:
    """Make the run the one that the page shows; None: whichever is newest."""
    st.session_state["run"], st.session_state["run_load_id"] = run_id, load_id
    st.query_params.pop("run", None) if st.query_params.get("run") != run_id else None


def follow(run_id: str) -> Follow:
    """What this tab has followed of the run, from nothing when it is another one."""
    held = st.session_state.get("follow")
    if held is None or held.run_id != run_id:
        held = st.session_state["follow"] = Follow(run_id)
    return held


def start(project: dict[str, object], source: str, name: str, device: str | None, load_id: str) -> None:
    """Make a run and start its worker; the page then shows it. A start that fails is told by the run itself."""
    runs = store()
    try:
        run_id = runs.create(project, source, name, device)
        show(run_id, load_id)
        submit(run_id, runs)
    except RunError as error:
        st.session_state["run_trouble"] = str(error)


def go_on(run_id: str, load_id: str, more: int = 0) -> None:
    """Resume a run, with so many more epochs, and show it."""
    try:
        resume(run_id, store(), more=more)
        st.session_state.pop("stopping", None)
        show(run_id, load_id)
    except RunError as error:
        st.session_state["run_trouble"] = str(error)


def reorder(run_id: str, by: int) -> None:
    """Move a waiting run in the queue, -1 one place to the front."""
    try:
        store().reorder(run_id, by)
    except RunError as error:
        st.session_state["run_trouble"] = str(error)


def delete(run_id: str, load_id: str) -> None:
    """Delete a run; the page shows the newest when it showed this one."""
    try:
        store().delete(run_id)
        if st.session_state.get("run") == run_id:
            show(None, load_id)
    except RunError as error:
        st.session_state["run_trouble"] = str(error)


def devices() -> dict[str, str]:
    """What a run may be asked to compute on, without importing torch, which would delay the page; several processes as builder.runs.shared_by reads them."""
    cuda = Path("/dev/nvidia0").exists() or shutil.which("nvidia-smi")
    gpus = sum(Path(f"/dev/nvidia{number}").exists() for number in range(16))
    several = {f"cuda*{count}": f"{count} GPUs (cuda)" for count in (2, 4, 8) if count <= gpus}
    return {"": "Automatic", **({"cuda": "GPU (cuda)"} if cuda else {}), **several, **({"mps": "Apple GPU (mps)"} if sys.platform == "darwin" else {}),
            "cpu": "Processor (cpu)", **({"cpu*2": "Processor, two processes"} if (os.cpu_count() or 1) > 1 else {})}


def watch(run: Run) -> None:
    """The live view of one run, refreshed by itself; one that has ended now and then, for it may be deleted or resumed elsewhere."""
    st.fragment(_watch, run_every=REFRESH_SECONDS if run.live else LOOK_SECONDS)(run.id, phase(run))


def phase(run: Run) -> str:
    """What decides which buttons there are: how it lives, or that it has ended."""
    return run.state if run.live else ""


def _watch(run_id: str, was: str) -> None:
    runs, held, trouble = store(), follow(run_id), ""
    SPARE.keep()
    try:
        if was:
            settle(runs)
            advance(runs)
    except RunError as error:
        # A store that cannot be written can still be watched.
        trouble = str(error)
    try:
        run = runs.get(run_id)
        held.refresh(runs)
        run = replace(run, says=run.says or waits_for(runs, run))
    except RunError as error:
        # Deleted elsewhere, while it was watched: the page shows what is there now, and says so.
        if st.session_state.get("run") == run_id:
            st.session_state["run_trouble"] = str(error)
            st.session_state.pop("run", None)
            st.query_params.pop("run", None)
            st.rerun()
        st.warning(esc(str(error)))
        return
    # The container is always there: an element that comes and goes above the view would make it start anew.
    with st.container(key="unheard"):
        run_controls.unheard(runs, run)
    live(held.payload(run, run_controls.stopping(run), run_controls.pausing(run)), key="live", on_gap=held.forget)
    for says in notes(runs, run_id):
        st.caption(esc(says))
    if trouble:
        st.warning(esc(trouble))
    if was != phase(run):
        st.rerun()


def nothing(says: str, task: str) -> None:
    """The empty view of a task: there is no run to show, and what to do about it."""
    live({**payload(History(), says=says), "task": task if task in TASKS and TASKS[task].trains else "classification"}, key="live")
    st.fragment(SPARE.keep, run_every=KEEP_SECONDS)()


def resumable(run: Run) -> bool:
    """Whether the run can go on from a checkpoint."""
    return not run.live and run.state != "completed" and run.checkpoint is not None


@st.fragment
def longer(run: Run, load_id: str) -> None:
    """Train a finished run on, from its last epoch."""
    with st.popover("Train on", icon=":material/more_time:", width="stretch", help=f"More epochs for the run shown, from where it is; it has had {run.epochs}"):
        more = st.number_input("More epochs", min_value=1, max_value=max(1, WHOLE["epochs"].max - run.epochs), value=run.epochs, key=f"more:{run.id}:{run.epochs}")
        if st.button(f"Train epochs {run.epochs + 1} to {run.epochs + more}", key="longer", icon=":material/play_arrow:", type="primary", width="stretch"):
            go_on(run.id, load_id, more)
            st.rerun()
        st.caption("A schedule of the learning rate is from there on that of the longer run.")


def can_be_longer(run: Run) -> bool:
    """Whether the run has finished and can have more epochs."""
    return run.state == "completed" and run.checkpoint is not None and 0 < run.epochs < WHOLE["epochs"].max


def draw_runs(runs: list[Run], shown: str | None, load_id: str, export: Export) -> None:
    """The runs, newest first, with what can be done with each."""
    everything = st.session_state.get("all_runs", False)
    for run in runs if everything else runs[:LISTED]:
        draw_run(run, run.id == shown, load_id, export)
    if len(runs) > LISTED:
        st.toggle(f"All {len(runs)} runs", key="all_runs")


@st.cache_data(show_spinner=False, max_entries=256)
def trained_with(run_id: str, epochs: int) -> str:
    """The settings of a run of so many `epochs` (0 before it starts) in a line, by which runs of one drawing are told apart; empty where its project cannot be read."""
    with suppress(RunError, ValueError, KeyError):
        return summary(from_json(store().project(run_id)))
    return ""


def _reached(by: str, figure: float) -> str:
    """Shares in per cent, as the charts have them; R² is none."""
    return f"{100 * figure:.1f} %" if by == "mAP" else f"{figure:.3f}"


def draw_run(run: Run, shown: bool, load_id: str, export: Export) -> None:
    """One line of the list."""
    name, state, numbers, *buttons, away = st.columns([4.2, 1.8, 3.3, 0.95, 1.1, 0.95, 0.95], gap="xsmall", vertical_alignment="center")
    name.markdown(f"{'**' if shown else ''}{esc(run.name)}{'**' if shown else ''} :gray[{esc(when(run.created))}]  \n:gray[:small[{esc(trained_with(run.id, run.epochs))}]]")
    # The list is drawn when the page is; what changes by the second is told by the view above alone.
    followed = shown and run.live
    state.badge("live" if followed else STATES[run.state], color=COLOURS.get(run.state, "red"))
    r2, tested_r2 = explained(store(), run)
    by = judged_by(store(), run) if r2 is not None else ""
    accuracy = f"{100 * run.accuracy:.1f} % {run.part} accuracy" if run.accuracy is not None else f"{by} {_reached(by, r2)} on the {run.part} part" if r2 is not None else "not judged yet"
    tested = f"; test {100 * run.tested:.1f} %" if run.tested is not None else f"; test {_reached(by, tested_r2)}" if tested_r2 is not None else ""
    so_far = f"{accuracy}, epoch {run.epoch} of {run.epochs}{tested}" if run.epochs else "not started"
    if run.place is not None and not followed:
        place = next((number for number, waiting in enumerate(store().waiting(), 1) if waiting.id == run.id), 0)
        so_far = (f"number {place} in the queue" if place else "starting") + (f", takes about {amount(run.needs)}" if run.needs else "")
    numbers.markdown(f":gray[{'shown above' if followed else so_far}]")
    offers: list[tuple[str, Callable[..., None], tuple, bool]] = [
        ("Open", show, (run.id, load_id), not shown), ("Resume", go_on, (run.id, load_id), resumable(run)), ("Delete", delete, (run.id, load_id), not run.live)]
    if run.place is not None:
        queue = [waiting.id for waiting in store().waiting()]
        way = -1 if queue[:1] != [run.id] else 1
        offers[1:] = [("Sooner" if way < 0 else "Later", reorder, (run.id, way), len(queue) > 1), ("Cancel", run_controls.ask, (store(), run, "stop"), True)]
    for column, (label, act, arguments, offered) in zip(buttons, offers, strict=True):
        if offered:
            column.button(label, key=f"{label}:{run.id}", on_click=act, args=arguments, type="tertiary", width="stretch")
    if away.button("Export", key=f"Export:{run.id}", type="tertiary", width="stretch"):
        run_dialog(run, store(), export)
