"""The main story in a real browser: train the MNIST CNN on real digits and watch it learn; lose nothing, whatever is closed or killed."""

import os
import re
import signal

import pytest
from playwright.sync_api import Page, expect

from builder.runs import Store
from tests.browser.driver import Server, open_page
from tests.helpers import until

SECONDS = 60_000
DIAGONAL = """
() => {
  const cells = [...document.querySelectorAll('*')].flatMap(e => e.shadowRoot ? [...e.shadowRoot.querySelectorAll('td.right')] : []);
  return cells.length ? cells.reduce((sum, cell) => sum + Number(cell.textContent || 0), 0) : 0;
}
"""


def store(server: Server) -> Store:
    return Store(server.home / "runs")


def newest(server: Server):
    """The run that was made last, None while there is none."""
    if not (server.home / "runs" / "runs.db").exists():
        return None
    with store(server) as runs:
        return next(iter(runs.list()), None)


def press_train(page: Page, server: Server) -> str:
    """Open the Train page and press Train; the run's id."""
    before = newest(server)
    open_page(page, server, "/train")
    page.get_by_role("button", name="Train", exact=True).click()
    return until(lambda: (run := newest(server)) and run != before and run.id, 30, "a run is made")


def watch_learning(page: Page) -> None:
    """Curves, filters and confusion matrix are on the page."""
    expect(page.get_by_role("region", name="Confusion matrix")).to_be_visible(timeout=SECONDS)
    expect(page.get_by_role("region", name="First layer")).to_contain_text("conv1", timeout=SECONDS)
    expect(page.get_by_role("progressbar", name="Progress of the run")).to_be_visible(timeout=SECONDS)


def test_a_stranger_trains_the_mnist_cnn_and_sees_the_diagonal_fill(page, fresh_server, watch):
    run = press_train(page, fresh_server)
    watch_learning(page)
    page.wait_for_function(f"({DIAGONAL})() > 120", timeout=120_000)
    until(lambda: newest(fresh_server).state == "completed", 180, "the run is done")
    expect(page.get_by_text(re.compile("All 15 epochs are done"))).to_be_visible(timeout=SECONDS)
    assert newest(fresh_server).id == run and newest(fresh_server).accuracy >= 0.95
    page.reload()
    expect(page.get_by_text(re.compile("All 15 epochs are done"))).to_be_visible(timeout=SECONDS)
    page.wait_for_function(f"({DIAGONAL})() > 135", timeout=SECONDS)


def test_stop_ends_the_run_and_keeps_what_it_has(page, fresh_server, watch):
    press_train(page, fresh_server)
    expect(page.get_by_role("progressbar", name="Progress of the run")).to_be_visible(timeout=SECONDS)
    until(lambda: newest(fresh_server).step > 0, 60, "the first step")
    page.get_by_role("button", name="Stop", exact=True).click()
    until(lambda: newest(fresh_server).state == "stopped", 20, "stopped")
    expect(page.get_by_role("button", name="Train", exact=True)).to_be_visible(timeout=SECONDS)


def test_a_killed_worker_is_named_and_every_event_that_was_shown_is_kept(page, fresh_server, watch):
    run = press_train(page, fresh_server)
    until(lambda: newest(fresh_server).step > 20, 60, "some steps")
    with store(fresh_server) as runs:
        shown = runs.events(run)
    os.kill(newest(fresh_server).pid, signal.SIGKILL)
    expect(page.get_by_text(re.compile("killed|ended without", re.I)).first).to_be_visible(timeout=SECONDS)
    assert newest(fresh_server).state == "killed"
    with store(fresh_server) as runs:
        assert runs.events(run)[:len(shown)] == shown


def test_the_run_goes_on_when_the_server_is_killed_and_is_found_again(page, fresh_server, watch):
    watch.allow("WebSocket|ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|Failed to fetch|No response received|not responding")
    run = press_train(page, fresh_server)
    until(lambda: newest(fresh_server).step > 0, 60, "the first step")
    page.close()
    fresh_server.kill9()
    step = newest(fresh_server).step
    until(lambda: newest(fresh_server).step > step or newest(fresh_server).state == "completed", 30, "it trains without the server")
    fresh_server.start()
    until(lambda: newest(fresh_server).state == "completed", 180, "the run is done")
    with store(fresh_server) as runs:
        steps = [row.event.step for row in runs.events(run, kinds=("StepEnded",))]
    assert steps == sorted(set(steps)) and steps[-1] == 15 * 162


def test_a_second_tab_shows_the_same_run(page, new_page, fresh_server, watch):
    run = press_train(page, fresh_server)
    until(lambda: newest(fresh_server).step > 0, 60, "the first step")
    other = open_page(new_page(), fresh_server, f"/train?run={run}")
    for one in (page, other):
        watch_learning(one)


@pytest.mark.parametrize("wrong", ["nothing-here", "../../etc/passwd", "%3Cscript%3E"])
def test_an_unknown_run_in_the_address_is_said_in_words(wrong, page, server, watch):
    open_page(page, server, f"/train?run={wrong}")
    expect(page.get_by_text(re.compile("There is no run"))).to_be_visible(timeout=SECONDS)
