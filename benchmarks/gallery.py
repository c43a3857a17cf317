"""How quickly the Gallery is there, and how quickly it answers what is typed.

    python benchmarks/gallery.py [--rounds 7] [--write benchmarks/results/NAME.md]

A server of its own and a Chromium. Milliseconds, median (range): from the request until the words of the first page of cards are there, and their pictures;
from the last key of a word until the cards are those that fit, the pause in which more keys may follow included; from a press on Show more until they are there.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from playwright.sync_api import Page  # noqa: E402

from builder.gallery import ENTRIES  # noqa: E402
from builder.gallery.find import Wanted, found  # noqa: E402
from builder.ui.gallery_view import A_PAGE, cards  # noqa: E402
from tests.browser.driver import Server, app, wait_idle  # noqa: E402

WORDS = ("resnet", "u-net", "conv2d", "lenet")
COUNT = "count => document.querySelectorAll('[class*=st-key-card-]').length === count"
PICTURES = "count => [...document.querySelectorAll('[class*=st-key-card-] img')].filter(one => one.complete && one.naturalWidth).length === count"


def milliseconds(began: float) -> float:
    """Since `began`."""
    return 1000 * (time.perf_counter() - began)


def opening(page: Page, server: Server) -> dict[str, float]:
    """The page asked for by its address."""
    first = cards(len(ENTRIES))
    began = time.perf_counter()
    page.goto(f"{server.url}/gallery")
    page.wait_for_function(COUNT, arg=first, polling=10)
    words = milliseconds(began)
    page.wait_for_function(PICTURES, arg=first, polling=10)
    pictures = milliseconds(began)
    wait_idle(page)
    return {"opened: the words of the cards": words, "opened: their pictures too": pictures}


def typing(page: Page, word: str) -> dict[str, float]:
    """A word typed into the empty search, 40 ms a key, and taken out again."""
    field = page.get_by_label("Search networks")
    field.click()
    field.press_sequentially(word[:-1], delay=40)
    began = time.perf_counter()
    field.press(word[-1])
    page.wait_for_function(COUNT, arg=cards(len(found(Wanted(word)))), polling=10)
    took = milliseconds(began)
    wait_idle(page)
    field.fill("")
    page.wait_for_function(COUNT, arg=cards(len(ENTRIES)), polling=10)
    wait_idle(page)
    return {"a word typed: the cards that fit": took}


def more(page: Page) -> dict[str, float]:
    """One press on Show more."""
    began = time.perf_counter()
    page.locator(".st-key-more").get_by_role("button").click()
    page.wait_for_function(COUNT, arg=cards(len(ENTRIES), 2 * A_PAGE), polling=10)
    return {"Show more: twice as many cards": milliseconds(began)}


def measured(page: Page, server: Server, rounds: int) -> dict[str, list[float]]:
    """Every figure, `rounds` times; the first opening, which starts the work of the server, apart."""
    times: dict[str, list[float]] = {}

    def note(of: Callable[[], dict[str, float]], name: str = "") -> None:
        for what, took in of().items():
            times.setdefault(f"{what}{name}", []).append(took)

    note(lambda: opening(page, server), ", first time after a start")
    for i in range(rounds):
        note(lambda: opening(page, server))
        note(lambda: typing(page, WORDS[i % len(WORDS)]))
        if len(ENTRIES) > cards(len(ENTRIES)):
            note(lambda: more(page))
    return times


def main() -> None:
    """Measure, print, and write the table where asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--write", type=Path, help="a markdown file for the table")
    given = parser.parse_args()
    with app(ROOT) as (server, browser):
        times = measured(browser.new_page(viewport={"width": 1440, "height": 900}), server, given.rounds)
        version = browser.version
    lines = [f"{len(ENTRIES)} networks, {A_PAGE} cards a page. {platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; "
             f"Chromium {version}, Python {platform.python_version()}; milliseconds, median (range), {given.rounds} rounds.", "", "| what | ms |", "|-|-|"]
    lines += [f"| {what} | {statistics.median(took):.0f} ({min(took):.0f} to {max(took):.0f}) |" for what, took in times.items()]
    print("\n".join(lines))
    if given.write:
        given.write.write_text("# The Gallery\n\n" + "\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
