"""The process that trains: it claims a run, writes its events as they come and turns every way of ending into one RunEnded."""

from __future__ import annotations

import logging
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace

from builder.train.control import STOP, Control, StoppedError
from builder.train.events import Event, RunEnded, memory_ran_out

from . import lock
from .adopt import kept
from .record import EndedError, Run, RunError
from .reserve import reserve
from .store import Store

POLL_SECONDS = 0.05
BEAT_SECONDS = 2.0

LOG = logging.getLogger(__name__)

MakeEvents = Callable[[Run, Control], Iterator[Event]]


def work(run_id: str, make_events: MakeEvents, store: Store | None = None, watch: Callable[[Event], None] = lambda event: None) -> RunEnded:
    """Train a queued run in this process; returns how it ended.

    `make_events(run, control)` yields the events; `control` brings it what somebody asks for by a command, and stop by SIGTERM, SIGHUP or Ctrl-C.
    `watch` sees each event after it is in the database. Raises RunError when the run is not there to be worked on.
    """
    store = store or Store()
    control = Control()
    with _polite_signals(control), lock.hold(store.get(run_id).folder):
        run = store.claim(run_id)
        listener = Listener(store, run, control)
        listener.start()
        try:
            with _reports_in(run), reserve(run.folder) as give_back:
                return _record(store, run, make_events, control, watch, give_back)
        finally:
            listener.finish()


class Listener(threading.Thread):
    """Reads the run's commands and beats its heart, on a connection of its own, until finished."""

    def __init__(self, store: Store, run: Run, control: Control):
        super().__init__(name=f"commands to {run.id}", daemon=True)
        self._root, self._run_record, self._control = store.root, run, control
        self._done = threading.Event()
        self._seen = 0

    def run(self) -> None:
        """Poll until finished; a store that is busy or broken is tried again."""
        with Store(self._root) as store:
            beaten = time.monotonic()
            while not self._done.wait(POLL_SECONDS):
                with suppress(RunError):
                    self._obey(store)
                    if time.monotonic() - beaten >= BEAT_SECONDS:
                        beaten = time.monotonic()
                        store.beat(self._run_record.id, self._run_record.generation)

    def finish(self) -> None:
        """Stop polling and wait for the thread."""
        self._done.set()
        self.join()

    def _obey(self, store: Store) -> None:
        for command in store.controls(self._run_record.id, self._run_record.generation, self._seen):
            self._seen = command.id
            self._control.ask(command.command, command.value)


def _record(store: Store, run: Run, make_events: MakeEvents, control: Control, watch: Callable[[Event], None],
            give_back: Callable[[], None]) -> RunEnded:
    """Write events until the one that ends the run, which is made here when the source breaks off; on a full disk it takes the room given back for it."""
    try:
        events = make_events(run, control)
        try:
            for event in events:
                if isinstance(event, RunEnded):
                    give_back()
                store.append(run.id, [event], run.generation)
                watch(event)
                if isinstance(event, RunEnded):
                    return event
        finally:
            getattr(events, "close", lambda: None)()
        ending = RunEnded("failed", store.get(run.id).step, "The training ended without saying why.")
    except EndedError:
        raise
    except StoppedError as error:
        ending = RunEnded("stopped", store.get(run.id).step, str(error))
    except KeyboardInterrupt:
        ending = RunEnded("stopped", store.get(run.id).step, "Stopped at once, in the middle of a step.")
    except Exception as error:  # noqa: BLE001 - whatever a network or a data set raises is the end of the run, not of the worker
        LOG.error("The run failed.", exc_info=error)
        ending = describe(error, store.get(run.id).step)
        if isinstance(error, RunError) and "disk is full" in str(error):
            ending = replace(ending, says=f"{ending.says} {kept(store.get(run.id))}")
    give_back()
    store.append(run.id, [ending], run.generation)
    watch(ending)
    return ending


def describe(error: BaseException, step: int) -> RunEnded:
    """How an exception during training ends the run, in a sentence for people."""
    what = next((line.strip() for line in str(error).splitlines() if line.strip()), "")[:1000].rstrip(".")
    when = f"after step {step:,}" if step else "before the first step"
    if memory_ran_out(error):
        return RunEnded("out_of_memory", step, f"Memory ran out {when}: train with a smaller batch size or a smaller network. "
                        f"The events up to then are kept. ({what or type(error).__name__})")
    if isinstance(error, ValueError) and type(error) is not ValueError and not type(error).__module__.startswith(("torch", "builtins")):
        return RunEnded("failed", step, f"{what or type(error).__name__}.")
    return RunEnded("failed", step, f"The training failed {when} with {type(error).__name__}{f': {what}' if what else ''}. "
                    "The full report is in the run's output.txt.")


class _Output(logging.Handler):
    """Adds to a run's output.txt; what cannot be written is lost, and the run goes on."""

    def __init__(self, run: Run):
        super().__init__()
        self._path = run.folder / "output.txt"

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record with its traceback."""
        with suppress(OSError), self._path.open("a", encoding="utf-8", errors="replace") as stream:
            stream.write(self.format(record) + "\n")


@contextmanager
def _reports_in(run: Run) -> Iterator[None]:
    """Our log, with its tracebacks, goes into the run's output.txt and nowhere else: in the foreground people get a sentence."""
    logger, handler = logging.getLogger("builder"), _Output(run)
    propagated, logger.propagate = logger.propagate, False
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.propagate = propagated


@contextmanager
def _polite_signals(control: Control) -> Iterator[None]:
    """SIGTERM, SIGHUP and the first Ctrl-C ask to stop; the second Ctrl-C interrupts. Handlers belong to the main thread only."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def ask(number: int, _frame: object) -> None:
        if number == signal.SIGINT and control.stopping():
            raise KeyboardInterrupt
        control.ask(STOP)

    # Under nohup a closed terminal is meant to change nothing.
    hangup = () if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN else (signal.SIGHUP,)
    before = {number: signal.signal(number, ask) for number in (signal.SIGTERM, signal.SIGINT, *hangup)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
