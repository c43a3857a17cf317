"""The test part on the Train page: evaluated when somebody asks, in a process of its own, and kept with the run."""

from __future__ import annotations

import atexit
import tempfile
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from subprocess import Popen

import streamlit as st

from builder import paths
from builder.charts.metrics import in_words
from builder.runs import Run, RunError

from .child import COMMAND, end, listened, started
from .frame import esc
from .train_view import follow, store

LONGEST = 3600.0  # seconds for one test
POLL = 0.5  # seconds between two looks at what is going on aside
CHECKPOINTS = {"best": "Best epoch", "last": "Last step"}


@dataclass
class Asked:
    """One test that goes on or has failed; what it gave is an event of its run."""

    run_id: str
    running: bool = True
    says: str = ""


class Testing:
    """The tests of one server: one at a time, and every tab sees it."""

    def __init__(self, command: Sequence[str] = COMMAND, longest: float = LONGEST):
        self._command, self._longest, self._guard = list(command), longest, threading.Lock()
        self._process: Popen[bytes] | None = None
        self.asked: Asked | None = None
        atexit.register(self.cancel)

    def begin(self, run_id: str, checkpoint: str) -> None:
        """Start, unless something is being tested."""
        with self._guard:
            if self.asked is None or not self.asked.running:
                self.asked = Asked(run_id)
                threading.Thread(target=self._work, args=(self.asked, checkpoint), name=f"test of {run_id}", daemon=True).start()

    def cancel(self) -> None:
        """End what is being tested."""
        with self._guard:
            if self.asked is not None and self.asked.running:
                self.asked.running = False
                self.asked.says = "cancelled"
            end(self._process)

    def _work(self, asked: Asked, checkpoint: str) -> None:
        try:
            with tempfile.TemporaryFile() as complaints:
                with self._guard:
                    if not asked.running:
                        return
                    process = self._process = started([*self._command, "test", asked.run_id, "--checkpoint", checkpoint, "--json"], complaints)
                status, said = listened(process, complaints, lambda line: None, self._longest)
                if status and asked.running:
                    asked.says = said or f"the process ended with status {status}"
        except OSError as error:
            asked.says = f"it could not be started: {error.strerror or error}"
        finally:
            asked.running = False


@st.cache_resource(show_spinner=False, max_entries=2)
def testing(home: Path) -> Testing:
    """The tests of this server's home folder."""
    return Testing()


def ask(run: Run) -> None:
    """The button that opens what is known of the test part of a run, and asks for it; looks again by itself meanwhile."""
    busy = _busy(run)
    st.fragment(_draw, run_every=POLL if busy else None, key="testing")(run, busy)


def _busy(run: Run) -> bool:
    asked = testing(paths.home()).asked
    return asked is not None and asked.running and asked.run_id == run.id


def _draw(run: Run, busy: bool) -> None:
    server, held = testing(paths.home()), follow(run.id)
    # Drawn above the view that follows the run: what was written since is read here already.
    with suppress(RunError):
        held.refresh(store())
    history = held.history
    running = _busy(run)
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
            other = server.asked is not None and server.asked.running
            st.button("Evaluate the test part", key="test", icon=":material/fact_check:", type="primary", on_click=server.begin, args=(run.id, which), disabled=other,
                      help="Another run is being tested" if other else None)
        if server.asked and server.asked.run_id == run.id and server.asked.says:
            st.warning(esc(server.asked.says), icon=":material/error:")
    if busy != running:
        st.rerun()
