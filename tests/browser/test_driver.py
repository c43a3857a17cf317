"""The browser tests' own tools notice what they are there to notice."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import tracebacks
from tests.browser.driver import Server, Watch, open_page, wait_idle

APP = """
import os
import streamlit as st
st.title("A tiny app")
st.text(os.environ["BRICKWORK_HOME"])
st.text(os.environ.get("BRICKWORK_DATA", "no data"))
if st.button("Count"):
    st.session_state.n = st.session_state.get("n", 0) + 1
st.text(f"counted {st.session_state.get('n', 0)}")
if st.button("Fail"):
    raise ValueError("on purpose")
if st.button("Call out"):
    st.image("http://192.0.2.1/picture.png")
"""


@pytest.fixture(scope="module")
def tiny(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("tiny")
    (folder / "app.py").write_text(APP)
    shutil.copytree(root / ".streamlit", folder / ".streamlit")
    server = Server(folder, folder)
    server.start()
    yield server
    server.kill9()


def test_a_page_that_behaves_has_no_faults(tiny: Server, page: Page, watch: Watch):
    open_page(page, tiny)
    page.get_by_role("button", name="Count").click()
    expect(page.get_by_text("counted 1")).to_be_visible()
    wait_idle(page)
    assert watch.faults() == []


def test_the_app_has_a_home_of_its_own_and_no_data_of_the_users(tiny: Server, page: Page):
    open_page(page, tiny)
    expect(page.get_by_text(str(tiny.home))).to_be_visible()
    expect(page.get_by_text("no data")).to_be_visible()


def test_an_exception_box_and_its_traceback_are_faults_even_after_they_are_gone(tiny: Server, page: Page, watch: Watch):
    watch.allow("exception box")
    open_page(page, tiny)
    page.get_by_role("button", name="Fail").click()
    expect(page.get_by_test_id("stException")).to_be_visible()
    page.get_by_role("button", name="Count").click()
    expect(page.get_by_test_id("stException")).to_have_count(0)
    watch.faults()
    assert [fault for fault in watch.seen if fault.startswith("exception box")]
    assert "ValueError: on purpose" in tracebacks(tiny.log())[-1]


def test_a_request_to_another_machine_is_a_fault(tiny: Server, page: Page, watch: Watch):
    watch.allow("192.0.2.1")
    page.route("http://192.0.2.1/**", lambda route: route.abort())
    open_page(page, tiny)
    with page.expect_request("http://192.0.2.1/**"):
        page.get_by_role("button", name="Call out").click()
    assert "request left this machine: http://192.0.2.1/picture.png" in watch.seen


def test_errors_on_the_console_and_in_scripts_are_faults(tiny: Server, page: Page, watch: Watch):
    watch.allow("on purpose")
    open_page(page, tiny)
    with page.expect_event("console"):
        page.evaluate("console.error('on purpose')")
    with page.context.expect_event("weberror"):
        page.evaluate("setTimeout(() => { throw new Error('thrown on purpose') }, 0)")
    assert len(watch.seen) == 2


def test_the_server_comes_back_on_the_same_port_after_a_kill(tiny: Server, new_page: Callable[..., Page], watch: Watch):
    watch.allow("WebSocket|ERR_CONNECTION_REFUSED|Failed to (fetch|load)")
    page = open_page(new_page(), tiny)
    tiny.kill9()
    tiny.start()
    wait_idle(page)
    expect(page.get_by_text("A tiny app")).to_be_visible()
