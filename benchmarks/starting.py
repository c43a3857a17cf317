"""How long one waits: from the click to the first point, from Stop to the end, from kill -9 to training again; with a worker in waiting and without.

    python benchmarks/starting.py [--rounds 20] [--browser] [--project mnist-cnn] [--set PATH=VALUE ...] [--write benchmarks/results/NAME.md]

This process is the server: it makes runs as the Train page does. Both arrangements take turns in one run of the script, and a worker in waiting is ready before
its turn, as it is for somebody who has looked at the Train page for some seconds. A run is killed at a random moment after its first checkpoint and
resumed, and its losses are held against those of one that was never killed. With `--browser` the app runs besides and a Chromium clicks Train;
the time is taken in the page, until the chart has the point.
"""

from __future__ import annotations

import argparse
import os
import platform
import random
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from builder import api
from builder.runs import SPARE, Store, current, launch, resume, submit
from builder.runs.spare import VARIABLE
from builder.train.events import EpochEnded, Evaluated

ROOT = Path(__file__).resolve().parents[1]
WAITING, FRESH = "a worker in waiting", "a fresh process"
LONGEST = 120.0
# The chart's own record of what it has drawn; a chart of an earlier run has points of later steps.
CLICKED = """
() => {
  const within = (root) => [...root.querySelectorAll("*")].flatMap((one) => [...(one.matches(".chart .plot") ? [one] : []), ...(one.shadowRoot ? within(one.shadowRoot) : [])]);
  const last = () => within(document)[0]?.data?.[0]?.x?.at(-1) ?? 0;
  const before = last(), button = document.querySelector(".st-key-train button"), clicked = performance.now();
  button.click();
  return new Promise((done) => {
    const look = () => {
      const now = last();
      if (now && now !== before) requestAnimationFrame(() => done((performance.now() - clicked) / 1000));
      else requestAnimationFrame(look);
    };
    look();
  });
}
"""


def until(condition: Callable[[], object]) -> object:
    """Looks every millisecond; what is true at last."""
    deadline = time.monotonic() + LONGEST
    while not (found := condition()):
        if time.monotonic() > deadline:
            raise TimeoutError("nothing happened for two minutes")
        time.sleep(0.001)
    return found


def ready(project: dict[str, object], wanted: bool) -> None:
    """Have a worker in waiting with the project's data read, or none."""
    SPARE.end()
    os.environ[VARIABLE] = "1" if wanted else "0"
    if wanted:
        until(lambda: SPARE.keep(project) or SPARE.ready())
        time.sleep(2.0)


def told(store: Store, run: str, kind: str, generation: int = 1) -> float | None:
    """When the first event of a kind was written since the run was started for the so-manieth time."""
    starts = [row.seq for row in store.events(run, kinds=["RunStarted"])]
    rows = store.events(run, after=starts[generation - 1], kinds=[kind]) if len(starts) >= generation else []
    return rows[0].time if rows else None


class Server:
    """What the Train page does, on a project."""

    def __init__(self, store: Store, project: dict[str, object]):
        self.store, self.project, self.source = store, project, api.source(api.from_json(project))

    def first_point(self, waiting: bool) -> tuple[str, float]:
        """A run that has told its first point, and how long that took."""
        ready(self.project, waiting)
        began = time.time()
        run = self.store.create(self.project, self.source, "starting", "cpu")
        submit(run, self.store)
        return run, until(lambda: told(self.store, run, "StepEnded")) - began

    def stopped(self, run: str) -> float:
        """How long a run takes to end that is asked to stop."""
        began = time.time()
        self.store.request(run, "stop")
        until(lambda: not self.store.get(run).live)
        return time.time() - began

    def again(self, waiting: bool, chance: random.Random) -> tuple[str, float]:
        """A run that is killed at some moment, and how long it takes until it trains again."""
        ready(self.project, waiting)
        run = self.store.create(self.project, self.source, "starting", "cpu")
        # By a command of its own, so that the worker in waiting is left for later.
        launch(run, self.store, [sys.executable, "-m", "builder", "work", run, "--runs", str(self.store.root)])
        until(lambda: told(self.store, run, "CheckpointSaved"))
        time.sleep(chance.random())
        pid, began = self.store.get(run).pid, time.time()
        os.kill(pid, signal.SIGKILL)
        until(lambda: not self.store.get(run).live)
        resume(run, self.store)
        return run, until(lambda: told(self.store, run, "StepEnded", 2)) - began

    def losses(self, run: str) -> list[float]:
        """Of a run that has ended, those of every epoch, in training and validation."""
        until(lambda: not self.store.get(run).live)
        return [event.loss for event in current(row.event for row in self.store.events(run)) if isinstance(event, EpochEnded | Evaluated)]


def clicks(project: api.Project, rounds: int, data: str | None) -> Iterator[tuple[str, float]]:
    """A browser on the app clicks Train: the arrangement, and the seconds until the chart has its first point."""
    from builder.ui.workspace import workspace
    from tests.browser.driver import CHROMIUM_FLAGS
    from tests.browser.driver import Server as App
    from tools.chromium import find_or_install, use_own_node

    use_own_node()
    from playwright.sync_api import sync_playwright

    more = {} if data is None else {"BRICKWORK_DATA": data}
    with ExitStack() as stack:
        browser = stack.enter_context(sync_playwright()).chromium.launch(executable_path=find_or_install(), args=CHROMIUM_FLAGS)
        pages = {}
        for name, kept in ((WAITING, "1"), (FRESH, "0")):
            app = App(ROOT, Path(stack.enter_context(tempfile.TemporaryDirectory())), **{VARIABLE: kept}, **more)
            os.environ["BRICKWORK_HOME"] = str(app.home)
            workspace().open(project)
            app.start()
            stack.callback(app.kill9)
            page = pages[name] = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
            page.goto(f"{app.url}/train")
        for number in range(rounds):
            for name in list(pages)[::1 if number % 2 else -1]:
                page = pages[name]
                page.locator(".st-key-train button").wait_for(timeout=60_000)
                page.wait_for_timeout(8_000)
                yield name, page.evaluate(CLICKED)
                page.locator(".st-key-stop button").click()
                page.locator(".st-key-train button").wait_for(timeout=60_000)
        browser.close()


def row(what: str, times: dict[str, list[float]]) -> str:
    """Median and 95th percentile of both arrangements."""
    return f"| {what} | " + " | ".join(f"{statistics.median(took):.2f}, {sorted(took)[min(len(took) - 1, int(0.95 * len(took)))]:.2f}" for took in (times[WAITING], times[FRESH])) + " |"


def main() -> None:
    """Measure, print, and write the table where asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--project", default="mnist-cnn")
    parser.add_argument("--set", action="append", default=[], dest="settings", metavar="PATH=VALUE")
    parser.add_argument("--browser", action="store_true", help="click in a Chromium too")
    parser.add_argument("--write", type=Path, help="a markdown file for the table")
    given = parser.parse_args()
    project = api.with_settings(api.gallery(given.project), dict(setting.split("=", 1) for setting in given.settings))
    chance, load = random.Random(0), os.getloadavg()[0]
    first, stop, again = ({WAITING: [], FRESH: []} for _ in range(3))
    same = 0
    with tempfile.TemporaryDirectory() as home:
        os.environ["BRICKWORK_HOME"] = home
        with Store() as store:
            server = Server(store, api.to_json(project))
            expected = server.losses(server.first_point(False)[0])
            for number in range(given.rounds):
                for name in (WAITING, FRESH)[::1 if number % 2 else -1]:
                    run, took = server.first_point(name == WAITING)
                    first[name].append(took)
                    stop[name].append(server.stopped(run))
                    run, took = server.again(name == WAITING, chance)
                    again[name].append(took)
                    same += server.losses(run) == expected
            SPARE.end()
    table = [row("from the call in the server to the first point in the database", first), row("from Stop to the end", stop), row("from kill -9 to training again", again)]
    if given.browser:
        seen = {WAITING: [], FRESH: []}
        for name, took in clicks(project, given.rounds, os.environ.get("BRICKWORK_DATA")):
            seen[name].append(took)
        table.append(row("from the click to the first point on the page", seen))
    lines = [f"| seconds, median and 95th percentile | {WAITING} | {FRESH} |", "|-|-|-|", *table, "",
             f"{same} of {2 * given.rounds} killed and resumed runs had every loss of the one that was never killed, to the last bit.", "",
             f"{given.project} {' '.join(given.settings)}".rstrip() + f", {given.rounds} rounds; {os.cpu_count()} cores, load {load:.1f} at the beginning; Python {platform.python_version()}."]
    print("\n".join(lines))
    if given.write:
        given.write.parent.mkdir(parents=True, exist_ok=True)
        command = f"python benchmarks/starting.py --rounds {given.rounds}" + " --browser" * given.browser + "".join(f" --set {setting}" for setting in given.settings)
        given.write.write_text(f"# How long one waits\n\n`{command}`\n\n" + "\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
