"""Training as an impatient user has it: settings changed, stopped, resumed, spoiled, deleted, the server gone and back, data missing."""

from __future__ import annotations

import os
import re
import signal

from playwright.sync_api import Page, expect

from builder.runs import Store
from tests.browser.driver import Server, open_page, wait_idle
from tests.helpers import free_port, until

SECONDS = 30_000
GONE = "WebSocket|ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|Failed to fetch|No response received|not responding|when disconnected"
POINTS = """
() => {
  const plots = [...document.querySelectorAll('*')].flatMap(e => e.shadowRoot ? [...e.shadowRoot.querySelectorAll('.plot')] : []);
  return plots[0]?.data?.[0]?.x?.length ?? 0;
}
"""
# Counts, for a while, how often the first chart's line has grown.
GROWTHS = f"""
seconds => new Promise(done => {{
  const points = {POINTS.strip()};
  let last = points(), growths = 0;
  const timer = setInterval(() => {{ const now = points(); if (now !== last) growths += 1; last = now; }}, 20);
  setTimeout(() => {{ clearInterval(timer); done(growths); }}, seconds * 1000);
}})
"""


def store(server: Server) -> Store:
    return Store(server.home / "runs")


def runs(server: Server) -> list:
    """The runs there are, newest first."""
    if not (server.home / "runs" / "runs.db").exists():
        return []
    with store(server) as found:
        return found.list()


def set_number(page: Page, label: str, value: object) -> None:
    """Type a setting on the Train page and press Enter."""
    field = page.get_by_label(label, exact=True).first
    if not field.is_visible():
        page.get_by_text("Training settings").click()
    field.fill(str(value))
    field.press("Enter")
    wait_idle(page)


def press_train(page: Page, server: Server) -> str:
    """Press Train; the new run's id."""
    before = len(runs(server))
    page.get_by_role("button", name="Train", exact=True).click()
    return until(lambda: len(runs(server)) > before and runs(server)[0].id, 20, "a run is made")


def state(page: Page, words: str) -> None:
    """The run's state stands above the charts."""
    expect(page.get_by_role("region", name="Run", exact=True)).to_contain_text(words, timeout=SECONDS)


def long_run(page: Page, server: Server) -> str:
    """A run of a minute or more, once its first point is drawn."""
    open_page(page, server, "/train")
    set_number(page, "Epochs", 400)
    run = press_train(page, server)
    page.wait_for_function(f"({POINTS})() > 0", timeout=SECONDS)
    return run


def test_two_tabs_are_updated_twice_a_second_and_stop_is_answered_at_once_in_both(page, new_page, fresh_server, watch):
    run = long_run(page, fresh_server)
    other = open_page(new_page(), fresh_server, f"/train?run={run}")
    other.wait_for_function(f"({POINTS})() > 0", timeout=SECONDS)
    assert page.evaluate(GROWTHS, 4) >= 4  # twice a second on a quiet machine
    page.get_by_role("button", name="Stop", exact=True).click()
    for tab in (page, other):
        state(tab, "Stopped")
        expect(tab.get_by_role("button", name="Train", exact=True)).to_be_visible(timeout=SECONDS)
    # It goes on from there, in the other tab too.
    step = runs(fresh_server)[0].step
    page.get_by_role("button", name="Resume", exact=True).first.click()
    until(lambda: runs(fresh_server)[0].step > step, 30, "the run goes on")
    other.reload()
    state(other, "Training")


def test_a_learning_rate_that_is_far_too_high_is_named_with_a_better_one(page, fresh_server, watch):
    open_page(page, fresh_server, "/train")
    set_number(page, "lr", 1000)
    press_train(page, fresh_server)
    state(page, "The loss diverged")
    state(page, "Try a learning rate of 0.1.")
    set_number(page, "Epochs", 0)
    expect(page.get_by_text("epochs must be at least 1, received 0")).to_be_visible(timeout=SECONDS)
    expect(page.get_by_label("Epochs", exact=True).first).to_have_value("15")  # a value that cannot be is not taken


def test_a_worker_killed_while_it_starts_is_named_and_can_be_trained_again(page, fresh_server, watch):
    open_page(page, fresh_server, "/train")
    press_train(page, fresh_server)
    os.kill(until(lambda: runs(fresh_server)[0].pid, 20, "the worker is known"), signal.SIGKILL)
    state(page, "killed before the first step")
    state(page, "can be started again")
    expect(page.get_by_role("button", name="Train", exact=True)).to_be_enabled(timeout=SECONDS)


def test_a_tab_left_open_finds_its_run_again_after_the_server_was_killed(page, fresh_server, watch):
    watch.allow(GONE)
    long_run(page, fresh_server)
    fresh_server.kill9()
    step = runs(fresh_server)[0].step
    fresh_server.start()
    points = page.evaluate(f"({POINTS})()")
    page.wait_for_function(f"({POINTS})() > {points} + 2", timeout=60_000)
    assert runs(fresh_server)[0].state == "running" and runs(fresh_server)[0].step > step


def test_the_drawing_can_be_changed_while_a_run_of_the_old_one_goes_on(page, new_page, fresh_server, watch):
    run = long_run(page, fresh_server)
    set_number(page, "Batch size", 16)
    with store(fresh_server) as found:
        assert found.project(run)["training"]["batch_size"] == 8
    state(page, "Training")
    page.get_by_role("button", name="Stop", exact=True).click()
    state(page, "Stopped")


def test_data_that_is_not_here_is_offered_and_a_failed_download_is_told_in_words(page, fresh_server, watch):
    watch.allow(GONE)
    fresh_server.environment |= dict.fromkeys(("http_proxy", "https_proxy"), f"http://127.0.0.1:{free_port()}")
    fresh_server.restart()
    open_page(page, fresh_server, "/data")
    page.get_by_text("CIFAR-10", exact=True).first.click()
    page.get_by_role("button", name=re.compile("Download CIFAR-10")).click()
    expect(page.get_by_text("CIFAR-10 could not be downloaded", exact=False)).to_be_visible(timeout=SECONDS)
    open_page(page, fresh_server, "/train")
    page.get_by_label("Data set").first.click()
    page.get_by_role("option", name="MNIST", exact=True).click()
    expect(page.get_by_text("MNIST is not on this machine yet")).to_be_visible(timeout=SECONDS)
    expect(page.get_by_role("button", name="Train", exact=True)).to_have_count(0)


def test_a_deleted_run_is_gone_from_the_list_and_its_address_says_so(page, fresh_server, watch):
    open_page(page, fresh_server, "/train")
    set_number(page, "Epochs", 1)
    run = press_train(page, fresh_server)
    state(page, "The epoch is done")
    page.get_by_role("button", name="Delete", exact=True).first.click()
    expect(page.get_by_text("Nothing was trained here yet")).to_be_visible(timeout=SECONDS)
    assert runs(fresh_server) == [] and not (fresh_server.home / "runs" / run).exists()
    open_page(page, fresh_server, f"/train?run={run}")
    expect(page.get_by_text("it was deleted, or it was made on another machine")).to_be_visible(timeout=SECONDS)


def test_a_run_deleted_elsewhere_leaves_the_page_by_itself(page, fresh_server, watch):
    open_page(page, fresh_server, "/train")
    set_number(page, "Epochs", 1)
    run = press_train(page, fresh_server)
    state(page, "The epoch is done")
    with Store(fresh_server.home / "runs") as store:
        store.delete(run)
    expect(page.get_by_text("Nothing was trained here yet")).to_be_visible(timeout=SECONDS)
