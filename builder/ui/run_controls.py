"""What can be asked of a run while it trains: pause, stop, a checkpoint now, another learning rate."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from builder.runs import EndedError, Run, RunError, Store, kill, silence

from .frame import esc

CONTROLS_HELP = "Another learning rate, a checkpoint now, another run"


def pausing(run: Run) -> bool:
    """Whether this tab has asked for a pause that has not begun yet."""
    return st.session_state.get("pausing") == run.id and run.state == "running"


def stopping(run: Run) -> bool:
    """Whether this tab has asked the run to stop."""
    return st.session_state.get("stopping") == run.id


def learning_rate(runs: Store, run: Run) -> float | None:
    """The rate that a run's next step goes by as far as it has told; None before it has started."""
    told = [row for kind in ("RunStarted", "RateChanged", "StepEnded") if (row := runs.latest(run.id, kind)) and row.event.lr]
    return max(told, key=lambda row: row.seq).event.lr if told else None


@st.fragment
def buttons(runs: Store, run: Run, train_too: Callable[[], None] | None) -> None:
    """A fragment of its own: its answers must not wait for the rest of the page. `train_too` makes another run, where there can be one."""
    ending = stopping(run)
    with st.container(horizontal=True, horizontal_alignment="right", gap="xsmall", key="actions"):
        if run.state == "paused":
            st.button("Resume", key="resume", icon=":material/resume:", type="primary", width="stretch", disabled=ending, help="Go on in place",
                      on_click=ask, args=(runs, run, "resume"))
        elif run.state != "queued":
            waits = pausing(run)
            st.button("Pausing…" if waits else "Pause", key="pause", icon=":material/pause:", width="stretch", disabled=waits or ending,
                      help="Wait in place after the present step; the memory stays taken", on_click=ask, args=(runs, run, "pause"))
        st.button("Stopping…" if ending else "Stop", key="stop", icon=":material/stop:", width="stretch", disabled=ending, on_click=ask, args=(runs, run, "stop"))
        with st.popover("More", icon=":material/tune:", help=CONTROLS_HELP, width="stretch"):
            if run.state in ("running", "paused") and not ending:
                more(runs, run)
            if st.button("Train the project as it is now, too", key="train-too", icon=":material/playlist_add:", width="stretch", disabled=train_too is None,
                         help="A run of its own: it starts beside this one when its memory fits, and waits in the queue until then"):
                train_too()
                st.rerun()


def more(runs: Store, run: Run) -> None:
    """The learning rate, which changes at the next step, and a checkpoint of now."""
    now = learning_rate(runs, run)
    changed = runs.latest(run.id, "RateChanged")
    # What is typed stays while a schedule moves on, until the change that was asked for is made.
    key = f"rate:{run.id}:{changed.seq if changed else 0}"
    st.session_state.setdefault(key, now or 0.01)
    rate, change = st.columns([2, 1], vertical_alignment="bottom")
    asked = rate.number_input("Learning rate", min_value=0.0, step=None, format="%g", key=key, help=f"{now:g} now; a schedule goes on in proportion" if now else None)
    if change.button("Change", key="set-lr", width="stretch", disabled=not asked or asked == now) and ask(runs, run, "set-lr", asked):
        st.toast(f"From the next step on the learning rate is {asked:g}.")
    if st.button("Save a checkpoint now", key="checkpoint", icon=":material/save:", width="stretch") and ask(runs, run, "checkpoint"):
        st.toast("The checkpoint is written after the present step.")


def unheard(runs: Store, run: Run) -> None:
    """Names a worker that does not answer, and offers to end it; draws nothing while all is well."""
    if says := silence(runs, run):
        st.warning(esc(says), icon=":material/hourglass_disabled:")
        st.button("End the process", key="kill", icon=":material/dangerous:", on_click=end, args=(runs, run.id),
                  help="What it has reported is kept, and the run can be resumed from its last checkpoint")


def end(runs: Store, run_id: str) -> None:
    """End a run's process; why not stands on the page."""
    try:
        kill(runs, run_id)
    except RunError as error:
        st.session_state["run_trouble"] = str(error)


def ask(runs: Store, run: Run, command: str, value: object = None) -> bool:
    """Ask the run's worker for something; whether it could be asked. Why not stands on the page."""
    try:
        runs.request(run.id, command, value)
    except EndedError:
        # The end was quicker than the click, and the page shows it.
        st.toast("The run had ended by then.")
        return False
    except RunError as error:
        st.session_state["run_trouble"] = str(error)
        return False
    if command == "stop":
        st.session_state["stopping"] = run.id
    st.session_state["pausing"] = run.id if command == "pause" else None
    return True
