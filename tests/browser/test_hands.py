"""Building by mouse alone and by keyboard alone, counted: search, values, wires, copies, and what lies over the canvas."""

from __future__ import annotations

import json

from playwright.sync_api import expect

from tests.browser.canvas import Canvas
from tests.helpers import until


def build(canvas: Canvas, *entries: str, behind: str = "image") -> Canvas:
    """Type layers behind a brick, one after the other."""
    canvas.select(behind)
    for entry in entries:
        canvas.page.keyboard.type(f"{entry}\n")
    canvas.saved()
    return canvas


def edges(canvas: Canvas) -> set[tuple[str, str]]:
    """The wires on the canvas, as a screen reader names them."""
    labels = canvas.page.locator(".react-flow__edge").evaluate_all("edges => edges.map(e => e.getAttribute('aria-label'))")
    return {tuple(label.split(",")[0].removeprefix("Wire from ").split(" to ")) for label in labels}


def test_a_drag_over_a_number_is_one_entry_of_the_history(canvas):
    build(canvas, "linear 10")
    x, y = canvas.middle(canvas.field("out_features"))
    canvas.drag((x, y), (x + 31, y))
    canvas.shape("fc1", "20")
    canvas.page.keyboard.press("Control+z")
    canvas.shape("fc1", "10")


def test_the_search_says_what_it_would_make_and_takes_nothing_wrong(canvas):
    page = canvas.page
    canvas.select("image")
    page.keyboard.type("conv 6 5")
    option = page.locator(".chooser").get_by_role("option", selected=True)
    expect(option).to_contain_text("out_channels 6, kernel_size 5")
    page.keyboard.type(" stride=0")
    expect(option).to_contain_text("stride must be a whole number")
    page.keyboard.press("Enter")
    expect(page.locator(".chooser").get_by_role("combobox")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".chooser").get_by_role("combobox")).to_have_count(0)
    assert canvas.names() == {"image", "output"}


def test_a_double_click_on_the_empty_canvas_searches_there(canvas):
    pane = canvas.page.get_by_label("Network canvas").bounding_box()
    canvas.page.mouse.dblclick(pane["x"] + 120, pane["y"] + pane["height"] - 160)
    canvas.page.locator(".chooser").get_by_role("combobox").fill("add")
    canvas.page.keyboard.press("Enter")
    canvas.on_disk(lambda nodes, wires: "add1" in nodes and wires == [("image", "output")], "added with no wires")


def test_several_bricks_and_a_merge_are_joined(canvas):
    page = canvas.page
    build(canvas, "conv 8 1")
    build(canvas, "relu", behind="conv1")
    canvas.select("conv1", "relu1")
    page.keyboard.type("concat\n")
    until(lambda: {("conv1", "concat1"), ("relu1", "concat1"), ("concat1", "output")} <= edges(canvas), 15, "joined")
    canvas.shape("concat1", "N×16×28×28")


def test_copied_bricks_are_text_and_can_be_pasted_into_another_project(canvas, page, server):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    build(canvas, "conv 6 5", "relu")
    # Which marks text of the page too, as a lasso does.
    canvas.brick("conv1").click(position={"x": 12, "y": 12}, modifiers=["Shift"])
    page.keyboard.press("Control+c")
    text = json.loads(page.evaluate("navigator.clipboard.readText()"))
    assert (text["type"], [node["kind"] for node in text["nodes"]], len(text["edges"])) == ("brickwork/bricks", ["Conv2d", "ReLU"], 1)
    page.keyboard.press("Control+v")
    until(lambda: {"conv2", "relu2"} <= canvas.names(), 15, "pasted beside them")
    canvas.new_drawing()
    page.get_by_label("Network canvas").focus()
    page.keyboard.press("Control+v")
    until(lambda: {"conv1", "relu1"} <= canvas.names() and ("conv1", "relu1") in edges(canvas), 15, "pasted elsewhere")
    page.evaluate("navigator.clipboard.writeText('hello')")
    page.keyboard.press("Control+v")
    expect(page.locator(".toasts")).to_contain_text("not bricks")


def test_a_muted_brick_passes_its_input_through_until_it_is_unmuted(canvas):
    build(canvas, "conv 6 5")
    canvas.shape("conv1", "N×6×24×24")
    canvas.page.keyboard.press("Control+m")
    canvas.shape("conv1", "N×1×28×28")
    canvas.panel().get_by_role("button", name="Unmute").click()
    canvas.shape("conv1", "N×6×24×24")


def test_a_layer_dropped_on_the_body_of_a_brick_takes_its_place_and_its_wires(canvas):
    build(canvas, "relu")
    canvas.item("Tanh").scroll_into_view_if_needed()
    x, y = canvas.middle(canvas.brick("relu1"))
    canvas.drag(canvas.middle(canvas.item("Tanh")), (x + 50, y - 2))
    expect(canvas.brick("relu1")).to_contain_text("Tanh")
    until(lambda: edges(canvas) == {("image", "relu1"), ("relu1", "output")}, 15, "the wires are kept")


def test_a_brick_is_replaced_by_what_the_search_finds(canvas):
    build(canvas, "relu")
    canvas.panel().get_by_role("button", name="Replace by…").click()
    canvas.page.keyboard.type("elu\n")
    expect(canvas.brick("relu1")).to_contain_text("ELU")


def test_the_history_lists_what_was_done_and_jumps_there(canvas):
    page = canvas.page
    build(canvas, "conv 6 5", "relu", "flatten")
    page.get_by_role("button", name="History").click()
    page.get_by_role("group", name="History").get_by_role("button", name="Insert ReLU").click()
    until(lambda: canvas.names() == {"image", "conv1", "output"}, 15, "back before the ReLU")
    page.get_by_role("button", name="History").click()
    page.get_by_role("group", name="History").get_by_role("button", name="Insert Flatten").click()
    until(lambda: canvas.names() == {"image", "conv1", "relu1", "flatten1", "output"}, 15, "forward again")


def test_the_sheet_of_shortcuts_opens_on_a_question_mark_and_closes_on_escape(canvas):
    page = canvas.page
    page.get_by_label("Network canvas").focus()
    page.keyboard.press("?")
    sheet = page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(sheet).to_contain_text("Backspace")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert sheet.evaluate("sheet => sheet.contains(sheet.getRootNode().activeElement)")
    page.keyboard.press("Escape")
    expect(sheet).to_have_count(0)


def test_the_end_of_a_selected_wire_is_dragged_to_another_brick(canvas):
    page = canvas.page
    build(canvas, "conv 6 5", "relu", "tanh")
    page.get_by_label("Network canvas").focus()
    canvas.select("relu1")
    page.keyboard.press("Control+ArrowDown")
    end = page.locator(".react-flow__edgeupdater-target")
    goal = canvas.brick("output").locator(".react-flow__handle.target")
    canvas.drag(canvas.middle(end), canvas.middle(goal))
    until(lambda: edges(canvas) == {("image", "conv1"), ("conv1", "relu1"), ("relu1", "output")}, 15, "the wire leads to the output")


def arrange(canvas: Canvas, way: str) -> None:
    """Lay the drawing out."""
    canvas.page.get_by_role("button", name="Auto-layout", exact=True).click()
    canvas.page.get_by_role("group", name="Auto-layout").get_by_role("button", name=way).click()


def test_the_drawing_runs_to_the_right_and_goes_on_there(canvas):
    page = canvas.page
    build(canvas, "conv 6 5")
    arrange(canvas, "From left to right")
    canvas.saved()
    until(lambda: canvas.brick("output").bounding_box()["x"] > canvas.brick("conv1").bounding_box()["x"] + 100, 15, "side by side")
    canvas.select("conv1")
    page.keyboard.type("relu\n")
    page.keyboard.press("Home")
    until(lambda: canvas.names() == {"image", "conv1", "relu1", "output"}, 15, "added")
    canvas.saved()

    def in_a_row() -> bool:
        boxes = [canvas.brick(name).bounding_box() for name in ("conv1", "relu1", "output")]
        return max(box["y"] for box in boxes) - min(box["y"] for box in boxes) < 2 and boxes[0]["x"] < boxes[1]["x"] < boxes[2]["x"]

    until(in_a_row, 15, "the three stand in a row")
    page.keyboard.press("ArrowLeft")
    canvas.selected("conv1")
    arrange(canvas, "From top to bottom")
    until(lambda: canvas.brick("output").bounding_box()["y"] > canvas.brick("conv1").bounding_box()["y"] + 100, 15, "one under the other")


def test_arrow_keys_move_along_the_wires_and_with_alt_the_brick_itself_as_one_entry(canvas):
    page = canvas.page
    build(canvas, "conv 6 5", "relu")
    for _ in range(2):
        page.keyboard.press("ArrowUp")
    canvas.selected("image")
    canvas.at_rest()
    before = canvas.brick("image").bounding_box()["x"]
    page.keyboard.press("Alt+ArrowLeft")
    page.keyboard.press("Alt+ArrowLeft")
    until(lambda: canvas.page.get_by_role("button", name="Undo Move image").count() == 1, 15, "one entry for the move")
    until(lambda: canvas.brick("image").bounding_box()["x"] < before, 15, "further to the left")
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    page.keyboard.press("Delete")
    until(lambda: canvas.names() == {"conv1", "relu1", "output"}, 15, "deleted from the canvas")
