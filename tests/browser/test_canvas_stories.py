"""Sessions at the canvas as people have them: from an empty drawing, with slips, interruptions and second tabs."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.canvas import CORNER, Canvas, second_tab
from tests.browser.driver import open_page

INTERRUPTED = "WebSocket|403 .*/api/canvas|ERR_CONNECTION|Failed to fetch|502|No response|not responding|when disconnected"


def test_a_wire_that_would_run_in_a_circle_is_refused_with_its_reason(cnn):
    cnn.wire("relu2", "conv1")
    expect(cnn.page.locator(".toasts")).to_contain_text("That would be a loop: conv1 already leads to relu2")
    cnn.problems("No problems")


def test_escape_while_dragging_and_a_drop_outside_the_canvas_add_nothing(cnn):
    page, before = cnn.page, cnn.names()
    page.mouse.move(*cnn.middle(cnn.item("Conv2d")))
    page.mouse.down()
    page.mouse.move(*cnn.middle(cnn.brick("conv2")), steps=5)
    page.keyboard.press("Escape")
    page.mouse.up()
    cnn.drag(cnn.middle(cnn.item("Conv2d")), (700, 30))
    # What was added wrongly would be on the canvas by now.
    cnn.select("conv1")
    assert cnn.names() == before
    cnn.problems("No problems")


def test_a_value_just_typed_is_kept_when_another_brick_is_clicked_and_when_the_tab_is_reloaded(cnn):
    page = cnn.page
    for value, leave in (("77", lambda: cnn.brick("conv1").click(position=CORNER)), ("99", page.reload)):
        cnn.select("fc1")
        cnn.field("out_features").press("Control+a")
        page.keyboard.type(value)
        leave()
        cnn.shape("fc1", f"N×{value}")
    cnn.selected("fc1")


def test_a_name_that_python_refuses_is_explained_and_the_brick_stays_selected_under_its_old_one(cnn):
    cnn.select("conv2")
    for name, says in (("class", "word of Python"), ("conv1", "already a brick called conv1"), ("a b", "Letters, digits and _ only")):
        cnn.panel().get_by_label("Name").fill(name)
        expect(cnn.panel().get_by_role("alert")).to_contain_text(says)
    cnn.select("conv1")
    expect(cnn.page.locator(".toasts")).to_contain_text("conv2 keeps its name.")
    cnn.select("conv2")
    cnn.panel().get_by_label("Name").fill("forward")
    cnn.panel().get_by_label("Name").press("Enter")
    expect(cnn.page.locator(".toasts")).to_contain_text("choose another")
    cnn.selected("conv2")


def test_the_whole_drawing_stays_in_sight_when_the_window_becomes_narrow_and_wide_again(cnn):
    cnn.select("conv1")
    cnn.page.get_by_role("button", name="Fit", exact=True).click()
    for width in (900, 1440):
        cnn.page.set_viewport_size({"width": width, "height": 860})
        for name in ("image", "output"):
            expect(cnn.brick(name)).to_be_in_viewport(ratio=0.99)


def test_at_900_pixels_the_problems_can_be_opened_beside_the_properties(cnn):
    cnn.page.set_viewport_size({"width": 900, "height": 800})
    cnn.select("conv2")
    cnn.field("kernel_size").fill("30")
    cnn.problems("1 error")
    cnn.chip().click()
    expect(cnn.page.get_by_role("region", name="Problems")).to_contain_text("conv2")


def test_a_project_opened_in_another_tab_is_said_in_the_tab_that_still_edits_the_old_one(cnn, new_page: Callable[..., Page]):
    second_tab(cnn, new_page()).new_drawing()
    cnn.select("fc1")
    cnn.field("out_features").fill("123")
    expect(cnn.page.locator(".toasts")).to_contain_text("Another project was opened in another tab")
    assert cnn.names() == {"image", "output"}
    expect(cnn.page.get_by_label("Project name")).to_have_value("Untitled")


def test_a_tab_that_stays_open_while_the_server_restarts_brings_its_unsent_edits_along(cnn, watch):
    watch.allow(INTERRUPTED)
    cnn.server.kill9()
    cnn.select("fc1")
    cnn.field("out_features").fill("61")
    expect(cnn.page.locator(".save")).to_have_text("Not connected")
    cnn.server.start()
    cnn.shape("fc1", "N×61")
    cnn.saved()


def test_an_answer_that_cannot_be_drawn_blanks_nothing(page, server, watch):
    watch.allow("not iterable|is not a function|reading|Guard")

    def spoil(route):
        answer = route.fetch()
        told = answer.json()
        told["full"]["analysis"]["nodes"]["conv1"]["problems"] = 3
        route.fulfill(response=answer, json=told)

    page.route("**/api/canvas", spoil, times=1)
    open_page(page, server)
    expect(page.get_by_role("alert")).to_contain_text("Your drawing is safe")
    page.get_by_role("button", name="Reload the page").click()
    Canvas(page, server).shape("conv1", "N×10×24×24")
