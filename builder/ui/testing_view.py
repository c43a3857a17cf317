"""The test part on the Train page: evaluated when somebody asks, in a process of its own, and kept with the run."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import streamlit as st

from builder import paths
from builder.charts.metrics import in_words
from builder.runs import Run, RunError

from .child import Jobs
from .frame import esc
from .train_view import follow, store

POLL = 0.5  # seconds between two looks at what is going on aside
CHECKPOINTS = {"best": "Best epoch", "last": "Last step"}


@st.cache_resource(show_spinner=False, max_entries=2)
def testing(home: Path) -> Jobs:
    """The tests of this server's home folder, each for its run; what one gives is an event of its run."""
    return Jobs()


def begin(run_id: str, checkpoint: str) -> None:
    """Test a checkpoint of a run, unless something is being tested."""
    testing(paths.home()).begin(run_id, lambda folder: ("test", run_id, "--checkpoint", checkpoint, "--json"))


def ask(run: Run) -> None:
    """The button that opens what is known of the test part of a run, and asks for it; looks again by itself meanwhile."""
    busy = testing(paths.home()).running(run.id)
    st.fragment(_draw, run_every=POLL if busy else None, key="testing")(run, busy)


def _draw(run: Run, busy: bool) -> None:
    server, held = testing(paths.home()), follow(run.id)
    # Drawn above the view that follows the run: what was written since is read here already.
    with suppress(RunError):
        held.refresh(store())
    history = held.history
    running, job = server.running(run.id), server.of(run.id)
    with st.popover("Testing…" if running else "Test", icon=":material/fact_check:", width="stretch",
                    help="What the network reaches on the test part, which training does not touch"):
        st.caption("The test part is for the end: whoever chooses between runs by it gets a figure that is too good. "
                   + ("Choose by the validation part." if history.part == "validation" else "This run has no validation part, and was watched on the test part."))
        for event in history.asked:
            st.markdown(f"{CHECKPOINTS.get(event.checkpoint, esc(event.checkpoint))}, epoch {event.epoch}: {in_words(event)}")
        which = st.segmented_control("Weights of", list(CHECKPOINTS), format_func=CHECKPOINTS.get, default="best", key="test-checkpoint", required=True)
        if running:
            st.button("Cancel", key="cancel-test", icon=":material/close:", on_click=server.cancel)
        else:
            other = server.busy()
            st.button("Evaluate the test part", key="test", icon=":material/fact_check:", type="primary", on_click=begin, args=(run.id, which), disabled=other,
                      help="Another run is being tested" if other else None)
        if job and job.says:
            st.warning(esc(job.says), icon=":material/error:")
    if busy != running:
        st.rerun()
