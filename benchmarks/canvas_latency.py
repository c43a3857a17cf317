"""How long from an edit on the canvas until the shapes that follow from it are painted, in a real Chromium, and what it costs the server.

    python benchmarks/canvas_latency.py [--edits 60]

One edit is a click on the stepper of conv1's out_channels in the MNIST CNN (12 bricks); the clock runs in the page from the click to the
frame after conv2's incoming wire says the new shape. The limit it is held against is a bare round trip of the same server: a component that
sends one number and paints the answer would take at least one websocket message each way, measured here as a GET of the health page.
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
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from playwright.sync_api import Page, sync_playwright  # noqa: E402

from tests.browser.canvas import Canvas  # noqa: E402
from tests.browser.driver import CHROMIUM_FLAGS, Server, open_page  # noqa: E402
from tools.chromium import find_or_install, use_own_node  # noqa: E402

EDIT = """
([name, wanted]) => new Promise((done, fail) => {
  const roots = [...document.querySelectorAll('*')].map(e => e.shadowRoot).filter(Boolean);
  const root = roots.find(r => r.querySelector('.react-flow'));
  const brick = root.querySelector('.react-flow__node[data-id=relu1]');
  const button = root.querySelector(`button[aria-label="${name}"]`);
  const timer = setTimeout(() => fail(new Error('not painted within 10 s')), 10000);
  const look = () => {
    if (!brick.textContent.includes(wanted)) return;
    observer.disconnect();
    requestAnimationFrame(() => { clearTimeout(timer); done(performance.now() - start); });
  };
  const observer = new MutationObserver(look);
  observer.observe(brick, { subtree: true, childList: true, characterData: true });
  const start = performance.now();
  button.click();
})
"""


def cpu_seconds(pid: int) -> float:
    """Processor seconds that the server has used; not a number where /proc is not there."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return float("nan")
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def edits(page: Page, server: Server, count: int) -> tuple[list[float], float]:
    """Milliseconds of each edit, and the server's processor milliseconds an edit."""
    canvas = Canvas(open_page(page, server), server)
    canvas.shape("output", "N×10")
    canvas.select("conv1")
    channels, took = 10, []
    for number in range(-6, count):
        name, channels = ("More out_channels", channels + 1) if number % 2 else ("Less out_channels", channels - 1)
        if number == 0:
            before = cpu_seconds(server.pid)
        took.append(page.evaluate(EDIT, [name, f"N×{channels}×12×12"]))
        page.wait_for_timeout(150)
    return took[6:], 1000 * (cpu_seconds(server.pid) - before) / count


def bare(server: Server, count: int) -> list[float]:
    """Milliseconds of a bare request to the same server."""
    took = []
    for _ in range(count):
        start = time.perf_counter()
        urllib.request.urlopen(f"{server.url}/_stcore/health").read()
        took.append(1000 * (time.perf_counter() - start))
    return took


def p95(values: list[float]) -> float:
    """The 95th percentile."""
    return statistics.quantiles(values, n=20)[-1]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--edits", type=int, default=60)
    count = parser.parse_args().edits
    use_own_node()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        server = Server(ROOT, Path(folder))
        server.start()
        try:
            browser = playwright.chromium.launch(executable_path=find_or_install(), args=CHROMIUM_FLAGS)
            took, cpu = edits(browser.new_page(viewport={"width": 1440, "height": 900}), server, count)
            limit = bare(server, count)
            version = browser.version
        finally:
            server.kill9()
    import streamlit

    print(f"machine: {platform.machine()}, {os.cpu_count()} cores; Chromium {version}; Streamlit {streamlit.__version__}; {count} edits, 12 bricks")
    print("| | p50 ms | p95 ms | server CPU ms an edit |\n|-|-|-|-|")
    print(f"| edit to shapes painted | {statistics.median(took):.0f} | {p95(took):.0f} | {cpu:.0f} |")
    print(f"| bare request to the same server | {statistics.median(limit):.1f} | {p95(limit):.1f} | |")
    print(f"ratio of the medians: {statistics.median(took) / statistics.median(limit):.1f}")


if __name__ == "__main__":
    main()
