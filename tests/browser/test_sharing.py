"""Two tabs on one drawing, links that hold one, and figures: as people use them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from builder.gallery import ENTRIES
from builder.graph.link import link, packed
from tests.browser.canvas import Canvas, second_tab
from tests.browser.driver import Server, open_page, wait_idle
from tests.helpers import until

LENET = ENTRIES["lenet-cifar"].project


def set_field(canvas: Canvas, brick: str, name: str, value: str) -> None:
    canvas.select(brick)
    canvas.set_field(name, value)


def choice(canvas: Canvas) -> Locator:
    return canvas.page.get_by_role("alertdialog", name="Two tabs, one drawing")


def menu(page: Page, entry: str) -> None:
    """Press an entry of the File menu."""
    page.get_by_role("button", name="File").click()
    page.get_by_role("button", name=entry).click()


@pytest.fixture
def other(cnn: Canvas, new_page: Callable[..., Page]) -> Canvas:
    """A second tab on the drawing of `cnn`."""
    return second_tab(cnn, new_page())


def test_the_later_of_two_tabs_is_asked_before_it_undoes_what_the_other_did(cnn, other):
    set_field(cnn, "conv1", "kernel_size", "4")
    cnn.shape("conv1", "N×10×25×25")
    cnn.saved()
    set_field(other, "conv1", "kernel_size", "7")
    expect(choice(other)).to_contain_text("Another tab set kernel_size of conv1 to 4 while you set it to 7.")
    choice(other).get_by_role("button", name="Keep theirs").click()
    other.shape("conv1", "N×10×25×25")
    expect(choice(other)).to_have_count(0)
    set_field(cnn, "conv1", "kernel_size", "1")
    cnn.saved()
    set_field(other, "conv1", "kernel_size", "9")
    choice(other).get_by_role("button", name="Use yours").click()
    other.shape("conv1", "N×10×20×20")
    other.saved()
    expect(choice(cnn)).to_have_count(0)


def test_edits_of_two_tabs_that_do_not_touch_each_other_are_both_kept_unasked(cnn, other):
    set_field(cnn, "conv1", "kernel_size", "4")
    cnn.saved()
    set_field(other, "fc1", "out_features", "77")
    other.shape("fc1", "N×77")
    other.shape("conv1", "N×10×25×25")
    expect(choice(other)).to_have_count(0)


def test_undo_in_a_tab_that_has_not_seen_the_last_change_asks_first(cnn, other):
    set_field(other, "fc1", "out_features", "77")
    other.saved()
    set_field(cnn, "conv1", "kernel_size", "4")
    cnn.saved()
    other.page.locator(".react-flow__pane").click(position={"x": 8, "y": 8})
    other.page.keyboard.press("Control+z")
    expect(choice(other)).to_contain_text("“Set kernel_size of conv1”, was made in another tab")
    other.page.keyboard.press("Escape")
    other.shape("conv1", "N×10×25×25")


def test_a_tab_that_comes_to_the_front_shows_what_another_tab_did(cnn, other):
    set_field(cnn, "conv1", "kernel_size", "4")
    cnn.saved()

    def shown() -> bool:
        other.page.evaluate("dispatchEvent(new Event('focus'))")
        return "N×10×25×25" in other.brick("conv1").inner_text()

    until(shown, 15, "the other tab shows the new shape")


def test_a_link_opens_its_drawing_as_a_new_project_and_the_address_is_cleared(cnn):
    cnn.page.goto(link(LENET, cnn.server.url))
    cnn.shape("output", "N×10")
    expect(cnn.page.get_by_label("Project name")).to_have_value(LENET.name)
    cnn.page.wait_for_url(lambda url: "drawing=" not in url)
    cnn.page.reload()
    expect(cnn.page.get_by_label("Project name")).to_have_value(LENET.name)
    wait_idle(cnn.page)
    expect(cnn.page.get_by_role("dialog")).to_have_count(0)


def test_a_link_to_what_is_open_asks_and_a_broken_one_says_so(cnn):
    page = cnn.page
    page.goto(link(LENET, cnn.server.url))
    expect(page.get_by_label("Project name")).to_have_value(LENET.name)
    page.goto(link(LENET, cnn.server.url))
    dialog = page.get_by_role("dialog", name="This drawing is already open")
    dialog.get_by_role("button", name="Go on with the open one").click()
    expect(dialog).to_have_count(0)
    page.goto(f"{cnn.server.url}/?drawing={packed(LENET)[:-40]}")
    dialog = page.get_by_role("dialog", name="This link cannot be opened")
    expect(dialog).to_contain_text("The link is broken")
    dialog.get_by_role("button", name="Close", exact=True).last.click()
    expect(page.get_by_label("Project name")).to_have_value(LENET.name)


def test_the_first_page_that_a_new_server_shows_may_be_a_link(fresh_server: Server, page: Page):
    page.goto(link(LENET, fresh_server.url))
    expect(page.get_by_label("Project name")).to_have_value(LENET.name, timeout=60_000)
    Canvas(page, fresh_server).shape("output", "N×10")


def test_the_file_menu_gives_the_link(cnn):
    menu(cnn.page, "Copy link…")
    dialog = cnn.page.get_by_role("dialog", name="Link to this drawing")
    expect(dialog).to_contain_text(f"{cnn.server.url}/?drawing=")
    dialog.get_by_test_id("stCode").hover()
    expect(dialog.get_by_role("button", name="Copy to clipboard")).to_be_visible()


def test_the_file_menu_gives_a_figure(cnn):
    menu(cnn.page, "Diagram…")
    dialog = cnn.page.get_by_role("dialog", name="Diagram")
    expect(dialog.get_by_role("img", name="Diagram of MNIST CNN").or_(dialog.get_by_text("apt install graphviz"))).to_be_visible()


def test_a_second_server_on_one_home_folder_asks_before_it_overwrites(fresh_server: Server, root, tmp_path, page: Page, new_page: Callable[..., Page]):
    first = Canvas(open_page(page, fresh_server), fresh_server)
    second = Server(root, tmp_path)
    second.start()
    away = new_page()
    try:
        other = Canvas(open_page(away, second), second)
        other.shape("output", "N×10")
        set_field(first, "conv1", "kernel_size", "4")
        first.saved()
        set_field(other, "fc1", "out_features", "77")
        expect(other.page.get_by_text("was changed by another program")).to_be_visible()
        assert "77" not in (fresh_server.home / "projects" / "mnist-cnn.json").read_text()
        other.page.get_by_role("button", name="Save mine as a copy").click()
        expect(other.page.get_by_text("saved as mnist-cnn-2")).to_be_visible()
        other.shape("fc1", "N×77")
        expect(other.page.get_by_text("was changed by another program")).to_have_count(0)
        assert "77" in (fresh_server.home / "projects" / "mnist-cnn-2.json").read_text()
    finally:
        # A page that outlives its server says so in its console.
        away.close()
        second.kill9()
