"""The canvas on drawings of 10 to 1,000 bricks in a real Chromium: opening, editing, panning, zooming, dragging, and what an edit costs the server.

    python benchmarks/canvas_latency.py [--bricks 10 200 1000] [--drawings chain branches "no places"] [--edits 60] > results/DATE-canvas.md

It takes about ten minutes and prints a whole file of results, the goals included; what it is doing goes to the standard error stream.

* open: from the start of the navigation, on a server that has drawn the page once, until the bricks in sight say their shapes, the panel is
  there and the next frame has been painted.
* edit: a click on the stepper of a parameter; the clock runs in the page from the click to the frame after a brick behind it says the new
  shape. `near` changes the channels of the first convolution, which end at the next one; `far` its window, so that every shape behind it changes.
* frames: times from frame to frame while the view is panned and zoomed and a brick is dragged, and how long the page's thread is busy a frame.
* server CPU and bytes (both ways, requests and websocket, heads included) an edit, over all edits of one kind.

The limit that an edit is held against is a bare round trip of the same server, measured as a GET of its health page.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from playwright.sync_api import Browser, CDPSession, Page, Request  # noqa: E402

from benchmarks.drawings import DRAWINGS  # noqa: E402
from builder.ui.workspace import Workspace  # noqa: E402
from tests.browser.canvas import Canvas  # noqa: E402
from tests.browser.driver import Server, chromium, open_page  # noqa: E402

WARM_UP = 6
REST_MS = 150  # between edits: time for the browser to come to rest, so that one edit does not wait for another
GESTURE_FRAMES = 240
SETTLE_MS = 12_000  # before the gestures: a server that has just begun imports torch in its first pause, on one of two cores

# p95 of an edit in milliseconds, by the most bricks it is for; opening a drawing of any size, milliseconds.
GOALS = ((12, 60), (200, 100), (1000, 150))
OPEN_GOAL = 3000

OPENED = """
window.__opened = new Promise((done) => {
  const look = () => {
    const roots = [...document.querySelectorAll('[data-testid=stBidiComponentRegular], *')].map(e => e.shadowRoot).filter(Boolean);
    const root = roots.find(r => r.querySelector('.react-flow__node .shape[data-known=true]') && r.querySelector('.panel'));
    if (root) requestAnimationFrame(() => setTimeout(() => done(performance.now())));
    else setTimeout(look, 20);
  };
  look();
});
"""
EDIT = """
([button, watched, wanted]) => new Promise((done, fail) => {
  const roots = [...document.querySelectorAll('*')].map(e => e.shadowRoot).filter(Boolean);
  const root = roots.find(r => r.querySelector('.react-flow'));
  const brick = root.querySelector(`.react-flow__node[data-id=${watched}]`);
  const timer = setTimeout(() => fail(new Error(`${watched} does not say ${wanted} after 20 s: ${brick.textContent}`)), 20000);
  const look = () => {
    if (!brick.textContent.includes(wanted)) return;
    observer.disconnect();
    requestAnimationFrame(() => { clearTimeout(timer); done(performance.now() - start); });
  };
  const observer = new MutationObserver(look);
  observer.observe(brick, { subtree: true, childList: true, characterData: true });
  const start = performance.now();
  root.querySelector(`button[aria-label="${button}"]`).click();
})
"""
# A wheel event a frame, as a touchpad gives: the view moves down and up again, or in and out.
WHEEL = """
([zoom, frames]) => new Promise((done) => {
  const root = [...document.querySelectorAll('*')].map(e => e.shadowRoot).find(r => r?.querySelector('.react-flow'));
  const pane = root.querySelector('.react-flow__pane');
  const box = pane.getBoundingClientRect();
  const at = { clientX: box.left + box.width / 2, clientY: box.top + box.height / 2, bubbles: true, cancelable: true, composed: true };
  const times = [];
  let last = performance.now();
  const step = (now) => {
    times.push(now - last);
    last = now;
    if (times.length > frames) return done(times.slice(1));
    const back = times.length > frames / 2 ? -1 : 1;
    pane.dispatchEvent(new WheelEvent('wheel', { ...at, deltaY: back * (zoom ? 12 : 60), ctrlKey: zoom, view: window }));
    requestAnimationFrame(step);
  };
  requestAnimationFrame(step);
})
"""
# A pointer that holds a brick and moves a few pixels a frame.
DRAG = """
([id, frames]) => new Promise((done) => {
  const root = [...document.querySelectorAll('*')].map(e => e.shadowRoot).find(r => r?.querySelector('.react-flow'));
  const brick = root.querySelector(`.react-flow__node[data-id=${id}]`);
  const box = brick.getBoundingClientRect();
  let [x, y] = [box.left + 20, box.top + 20];
  const event = (name) => new MouseEvent(name, { clientX: x, clientY: y, button: 0, buttons: 1, bubbles: true, cancelable: true, composed: true, view: window });
  brick.dispatchEvent(event('mousedown'));
  const times = [];
  let last = performance.now();
  const step = (now) => {
    times.push(now - last);
    last = now;
    if (times.length > frames) {
      window.dispatchEvent(event('mouseup'));
      return done(times.slice(1));
    }
    x += times.length > frames / 2 ? -4 : 4;
    window.dispatchEvent(event('mousemove'));
    requestAnimationFrame(step);
  };
  requestAnimationFrame(step);
})
"""


@dataclass
class Row:
    """What was measured on one drawing: milliseconds and bytes."""

    name: str
    bricks: int
    open: list[float] = field(default_factory=list)
    edits: dict[str, list[float]] = field(default_factory=dict)
    cpu: dict[str, float] = field(default_factory=dict)
    bytes: dict[str, float] = field(default_factory=dict)
    frames: dict[str, list[float]] = field(default_factory=dict)
    busy: dict[str, float] = field(default_factory=dict)


def cpu_seconds(pid: int) -> float:
    """Processor seconds that the server has used; not a number where /proc is not there."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return float("nan")
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Traffic:
    """Bytes that the page's websockets and requests have carried, both ways."""

    def __init__(self, page: Page) -> None:
        self._bytes = 0
        self._requests: list[Request] = []
        page.on("websocket", lambda socket: (socket.on("framesent", self._count), socket.on("framereceived", self._count)))
        page.on("requestfinished", lambda request: self._requests.append(request))

    def _count(self, payload: bytes | str) -> None:
        self._bytes += len(payload)

    @property
    def bytes(self) -> int:
        """How many so far. Requests are only counted here: asking for their sizes takes time that an edit would be charged with."""
        done, self._requests[:] = list(self._requests), []
        self._bytes += sum(sum(request.sizes().values()) for request in done)
        return self._bytes


def opening(browser: Browser, server: Server, times: int) -> list[float]:
    """Milliseconds from the navigation to a canvas that can be worked with, each in a profile of its own."""
    took = []
    for _ in range(times + 1):
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        page = context.new_page()
        page.add_init_script(OPENED)
        page.goto(server.url)
        took.append(page.evaluate("window.__opened"))
        context.close()
    return took[1:]


def edits(page: Page, server: Server, traffic: Traffic, count: int, row: Row, kind: str, step: Callable[[int], tuple[str, str, str]]) -> None:
    """Click, wait for the shape, rest; `step` names the button, the watched brick and what it will say at each turn."""
    took: list[float] = []
    for number in range(-WARM_UP, count):
        if number == 0:
            cpu, sent = cpu_seconds(server.pid), traffic.bytes
        took.append(page.evaluate(EDIT, list(step(number))))
        page.wait_for_timeout(REST_MS)
    row.edits[kind] = took[WARM_UP:]
    row.cpu[kind] = 1000 * (cpu_seconds(server.pid) - cpu) / count
    row.bytes[kind] = (traffic.bytes - sent) / count


def steps(watched: str) -> dict[str, Callable[[int], tuple[str, str, str]]]:
    """The two kinds of edits of the first convolution, more and less in turn."""
    def near(turn: int) -> tuple[str, str, str]:
        return ("Less out_channels", watched, "N×9×28×28") if turn % 2 else ("More out_channels", watched, "N×10×28×28")

    def far(turn: int) -> tuple[str, str, str]:
        return ("Less kernel_size", watched, "×28×28") if turn % 2 else ("More kernel_size", watched, "×27×27")

    return {"near": near, "far": far}


def frames(page: Page, session: CDPSession, row: Row, brick: str) -> None:
    """Pan, zoom and drag, a step a frame."""
    page.wait_for_timeout(SETTLE_MS)
    for name, script, argument in (("pan", WHEEL, [False, GESTURE_FRAMES]), ("zoom", WHEEL, [True, GESTURE_FRAMES]), ("drag", DRAG, [brick, GESTURE_FRAMES])):
        before = busy_seconds(session)
        row.frames[name] = page.evaluate(script, argument)
        row.busy[name] = 1000 * (busy_seconds(session) - before) / GESTURE_FRAMES
        page.wait_for_timeout(600)


def busy_seconds(session: CDPSession) -> float:
    """Seconds that the page's thread has worked."""
    return next(m["value"] for m in session.send("Performance.getMetrics")["metrics"] if m["name"] == "TaskDuration")


def bare(server: Server, count: int) -> list[float]:
    """Milliseconds of a bare request to the same server."""
    took = []
    for _ in range(count):
        start = time.perf_counter()
        urllib.request.urlopen(f"{server.url}/_stcore/health").read()
        took.append(1000 * (time.perf_counter() - start))
    return took


def measure(browser: Browser, kind: str, count: int, turns: int) -> tuple[Row, list[float]]:
    """Everything about one drawing, on a server and in a home folder of its own."""
    project = DRAWINGS[kind](count)
    bricks = len(project.network.nodes)
    row = Row(f"{kind}, {bricks:,} bricks, {len(project.network.edges):,} wires", bricks)
    first = "conv1" if project.network.node("conv1") else "conv1a"
    with tempfile.TemporaryDirectory() as folder:
        server = Server(ROOT, Path(folder))
        Workspace(server.home / "projects", project)
        server.start()
        try:
            row.open = opening(browser, server, 5)
            page = browser.new_page(viewport={"width": 1440, "height": 900})
            traffic = Traffic(page)
            canvas = Canvas(open_page(page, server), server)
            canvas.select(first)
            for name, step in steps(first.replace("conv", "relu")).items():
                edits(page, server, traffic, turns, row, name, step)
            session = page.context.new_cdp_session(page)
            session.send("Performance.enable")
            frames(page, session, row, first)
            limit = bare(server, 60)
            page.close()
        finally:
            server.kill9()
    return row, limit


def p95(values: list[float]) -> float:
    """The 95th percentile."""
    return statistics.quantiles(values, n=20)[-1]


def show(rows: list[Row]) -> None:
    """The tables, as Markdown."""
    print("| drawing | open ms, median of 5 | edit near p50 | p95 ms | edit far p50 | p95 ms | server CPU ms near | far | bytes near | far |")
    print("|-|-|-|-|-|-|-|-|-|-|")
    for row in rows:
        times = " | ".join(f"{statistics.median(took):.0f} | {p95(took):.0f}" for took in row.edits.values())
        costs = " | ".join([*(f"{v:.0f}" for v in row.cpu.values()), *(f"{v:,.0f}" for v in row.bytes.values())])
        print(f"| {row.name} | {statistics.median(row.open):.0f} | {times} | {costs} |")
    print("\n| drawing | frames while panning p50 | p95 | most ms | page busy ms a frame | zooming p50 | p95 | most | busy | dragging p50 | p95 | most | busy |")
    print("|-|" + "-|" * 12)
    for row in rows:
        cells = (f"{statistics.median(took):.0f} | {p95(took):.0f} | {max(took):.0f} | {row.busy[name]:.1f}" for name, took in row.frames.items())
        print(f"| {row.name} | {' | '.join(cells)} |")


def goals(rows: list[Row]) -> None:
    """Each goal with the worst that was measured for it."""
    print("\n| goal | measured, worst drawing | |\n|-|-|-|")
    least = 0
    for most, wanted in GOALS:
        worst = max((p95(took) for row in rows if least < row.bricks <= most for took in row.edits.values()), default=None)
        if worst is not None:
            print(f"| an edit at up to {most:,} bricks: p95 under {wanted} ms | {worst:.0f} ms | {'met' if worst < wanted else 'missed'} |")
        least = most
    worst = max(statistics.median(row.open) for row in rows)
    print(f"| opening to interactive: under {OPEN_GOAL / 1000:g} s | {worst / 1000:.2f} s | {'met' if worst < OPEN_GOAL else 'missed'} |")
    slow = max(p95(took) for row in rows for took in row.frames.values())
    print(f"| panning, zooming, dragging: 60 frames a second (p95 under 20 ms) | {slow:.0f} ms | {'met' if slow < 20 else 'missed'} |")


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--edits", type=int, default=60)
    parser.add_argument("--bricks", type=int, nargs="+", default=[10, 200, 1000])
    parser.add_argument("--drawings", nargs="+", choices=list(DRAWINGS), default=list(DRAWINGS))
    given = parser.parse_args()
    rows, limit = [], []
    with chromium() as browser:
        version = browser.version
        for count in given.bricks:
            for kind in given.drawings:
                print(f"{kind} of {count} ...", file=sys.stderr, flush=True)
                row, more = measure(browser, kind, count, given.edits)
                rows, limit = [*rows, row], [*limit, *more]
    import streamlit

    print(f"# The canvas on drawings of 10 to 1,000 bricks\n\n`python {' '.join(['benchmarks/canvas_latency.py', *sys.argv[1:]])}`\n")
    print(f"machine: {platform.machine()}, {os.cpu_count()} cores; Chromium {version}; Streamlit {streamlit.__version__}; {given.edits} edits of each kind\n")
    show(rows)
    goals(rows)
    print(f"\nA bare request to the same server: p50 {statistics.median(limit):.1f} ms, p95 {p95(limit):.1f} ms.")


if __name__ == "__main__":
    main()
