"""What the live preview costs an edit: the same edits with it on and off, in turns, in one Chromium on one server.

    python benchmarks/preview.py [--rounds 6] [--edits 10] [--rest 150 700]

An edit is a click on the stepper of conv1's out_channels in the MNIST CNN; the clock runs in the page from the click to the frame after the
next shape is painted. With a rest of 150 ms between edits the preview never begins, as while somebody edits in one go; with 700 ms it is worked
out between the edits, and now and then beside one. Ratios are of the medians of each round and the one beside it.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from playwright.sync_api import Page, expect  # noqa: E402

from benchmarks.canvas_latency import EDIT, p95  # noqa: E402
from tests.browser.canvas import Canvas  # noqa: E402
from tests.browser.driver import app, open_page  # noqa: E402

WARM_UP = 6


def switch(page: Page, on: bool) -> None:
    """Press the eye unless it is so already, and wait until the thumbnails are there or gone."""
    eye = page.get_by_role("button", name="Live preview", exact=True)
    if (eye.get_attribute("aria-pressed") == "true") != on:
        eye.click()
    if on:
        expect(page.locator('.thumb[data-fresh="true"]').first).to_be_visible(timeout=120_000)
    else:
        expect(page.locator(".thumb")).to_have_count(0)
    page.wait_for_timeout(1000)


class Stepper:
    """Clicks that change conv1's channels up and down."""

    def __init__(self, page: Page):
        self.page, self.channels, self.up = page, 10, True

    def edit(self) -> float:
        """Milliseconds of one edit."""
        button = "More out_channels" if self.up else "Less out_channels"
        self.channels += 1 if self.up else -1
        self.up = not self.up
        return self.page.evaluate(EDIT, [button, "relu1", f"N×{self.channels}×12×12"])


def rounds(page: Page, count: int, edits: int, rest: int) -> tuple[list[float], list[float], list[float]]:
    """Milliseconds of every edit with previews off and on, and the ratio of the medians of every pair of rounds."""
    stepper, off, on, ratios = Stepper(page), [], [], []
    for number in range(count):
        medians = {}
        # Each first half the time: what grows or warms up falls on both.
        for shown in (False, True) if number % 2 else (True, False):
            switch(page, shown)
            took = []
            for i in range(-WARM_UP, edits):
                value = stepper.edit()
                if i >= 0:
                    took.append(value)
                page.wait_for_timeout(rest)
            medians[shown] = statistics.median(took)
            (on if shown else off).extend(took)
        ratios.append(medians[True] / medians[False])
    return off, on, ratios


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--edits", type=int, default=10)
    parser.add_argument("--rest", type=int, nargs="+", default=[150, 700])
    given = parser.parse_args()
    rows = []
    with app(ROOT) as (server, browser):
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        canvas = Canvas(open_page(page, server), server)
        canvas.shape("output", "N×10")
        canvas.select("conv1")
        for rest in given.rest:
            off, on, ratios = rounds(page, given.rounds, given.edits, rest)
            rows.append(f"| {rest} | {statistics.median(off):.0f} / {p95(off):.0f} | {statistics.median(on):.0f} / {p95(on):.0f} "
                        f"| {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f}) |")
        version = browser.version
    print(f"machine: {platform.machine()}, {os.cpu_count()} cores; Chromium {version}; {given.rounds} pairs of {given.edits} edits, 12 bricks")
    print("| rest ms | off, p50 / p95 ms | on, p50 / p95 ms | on / off (least to greatest) |\n|-|-|-|-|")
    print("\n".join(rows))


if __name__ == "__main__":
    main()
