"""Blocks in a real browser: made of bricks, used twice, given parameters, opened, changed for all, unlinked, taken apart."""

import pytest
from playwright.sync_api import expect

from tests.browser.canvas import SECONDS, Canvas
from tests.browser.driver import open_page, wait_idle
from tests.helpers import until


@pytest.fixture
def canvas(page, fresh_server, watch) -> Canvas:
    """The app as it opens for a new user: the MNIST CNN."""
    open_page(page, fresh_server)
    shown = Canvas(page, fresh_server)
    shown.shape("output", "N×10")
    return shown


def make(canvas: Canvas, name: str, *bricks: str) -> None:
    """Select bricks and make a block of them."""
    canvas.select(bricks[0])
    for brick in bricks[1:]:
        canvas.brick(brick).click(position={"x": 12, "y": 12}, modifiers=["Shift"])
    canvas.page.keyboard.press("Control+g")
    field = canvas.page.get_by_role("dialog", name="Make a block").get_by_label("Name")
    expect(field).to_be_focused(timeout=SECONDS)
    field.fill(name)
    field.press("Enter")
    expect(canvas.panel().get_by_label("Name")).to_have_value(f"{name.lower()}1", timeout=SECONDS)


def enter(canvas: Canvas, brick: str, inside: str) -> None:
    """Open a block with a double click; `inside` is a brick that is there."""
    canvas.brick(brick).dblclick(position={"x": 12, "y": 12})
    expect(crumbs(canvas)).to_contain_text(f"({brick})", timeout=SECONDS)
    expect(canvas.brick(inside)).to_be_visible(timeout=SECONDS)


def crumbs(canvas: Canvas):
    """The way into the blocks that are open."""
    return canvas.page.get_by_role("navigation", name="Open blocks")


def back(canvas: Canvas) -> None:
    """Go back to the network by the first crumb."""
    crumbs(canvas).get_by_role("button", name="Network").click()
    expect(crumbs(canvas)).to_have_count(0, timeout=SECONDS)


def put(canvas: Canvas, kind: str, behind: str) -> None:
    """Add a layer behind a brick by a double click in the palette."""
    canvas.select(behind)
    canvas.item(kind).scroll_into_view_if_needed()
    canvas.item(kind).dblclick()


def say(canvas: Canvas, name: str, value: str) -> None:
    """Type a value into a field of the panel."""
    field = canvas.field(name)
    field.fill(value)
    field.press("Enter")


def parameters(canvas: Canvas, number: str) -> None:
    """Wait until the line over the canvas counts this many parameters."""
    expect(canvas.page.locator(".status .totals")).to_contain_text(f"{number} parameters", timeout=SECONDS)


def test_a_block_is_used_twice_with_values_of_its_own_and_an_edit_inside_changes_both(canvas):
    make(canvas, "Dense", "fc1", "relu3")
    canvas.shape("dense1", "N×50")
    parameters(canvas, "21,840")
    enter(canvas, "dense1", "fc1")
    canvas.select("fc1")
    canvas.panel().get_by_role("button", name="Make out_features a parameter of Dense").click()
    expect(canvas.panel().get_by_role("combobox", name="Parameter of Dense")).to_have_value("out_features", timeout=SECONDS)
    back(canvas)
    put(canvas, "Dense", "dense1")
    canvas.shape("dense2", "N×50")
    canvas.select("dense2")
    say(canvas, "out_features", "20")
    canvas.shape("dense2", "N×20")
    canvas.shape("dense1", "N×50")
    expect(canvas.panel()).to_contain_text("2 linked instances", timeout=SECONDS)
    parameters(canvas, "22,560")  # 5,280 + 320·50 + 50 + 50·20 + 20 + 20·10 + 10

    enter(canvas, "dense2", "fc1")
    expect(crumbs(canvas)).to_contain_text("both instances change")
    put(canvas, "Dropout", "relu3")
    expect(canvas.brick("dropout1")).to_be_visible(timeout=SECONDS)
    canvas.select("fc1")
    canvas.panel().get_by_role("switch", name="bias").click()
    parameters(canvas, "22,490")  # 50 and 20 biases less
    back(canvas)
    for instance in ("dense1", "dense2"):
        expect(canvas.brick(instance)).to_contain_text("3 bricks", timeout=SECONDS)


def test_an_instance_is_unlinked_and_another_taken_apart_and_all_of_it_undone_and_redone(canvas):
    page = canvas.page
    make(canvas, "Dense", "fc1", "relu3")
    put(canvas, "Dense", "dense1")
    canvas.shape("dense2", "N×50")
    canvas.select("dense2")
    canvas.panel().get_by_role("button", name="Unlink").click()
    expect(canvas.panel().get_by_role("textbox", name="Block")).to_have_value("Dense2", timeout=SECONDS)
    enter(canvas, "dense2", "fc1")
    canvas.select("fc1")
    say(canvas, "out_features", "20")
    canvas.shape("fc1", "N×20")
    back(canvas)
    canvas.shape("dense2", "N×20")
    canvas.shape("dense1", "N×50")
    canvas.select("dense1")
    canvas.panel().get_by_role("button", name="Unpack").click()
    canvas.shape("fc1", "N×50")
    canvas.on_disk(lambda nodes, edges: "dense1" not in nodes and ("relu3", "dense2") in edges, "taken apart")
    canvas.saved()
    last = canvas.document()
    assert last["blocks"].keys() == {"Dense", "Dense2"}

    undo, redo = (page.get_by_role("toolbar").get_by_role("button", name=name).first for name in ("Undo", "Redo"))
    for _ in range(5):
        undo.click()
    until(lambda: not canvas.document().get("blocks"), 15, "undone to the start")
    expect(canvas.brick("relu3")).to_be_visible(timeout=SECONDS)
    canvas.problems("No problems")
    for _ in range(5):
        redo.click()
    until(lambda: canvas.document() == last, 15, "redone to the end")


def test_copies_in_a_row_have_weights_of_their_own(canvas):
    make(canvas, "Dense", "fc1", "relu3")
    say(canvas, "repeat", "3")
    expect(canvas.brick("dense1")).to_contain_text("×3", timeout=SECONDS)
    parameters(canvas, "26,940")  # 21,840 + 2 · (50·50 + 50)


def test_the_ends_of_the_network_and_bricks_with_others_between_them_make_no_block(canvas):
    page = canvas.page
    canvas.select("image")
    canvas.brick("conv1").click(position={"x": 12, "y": 12}, modifiers=["Shift"])
    expect(canvas.panel()).to_contain_text("image cannot go into a block", timeout=SECONDS)
    expect(canvas.panel().get_by_role("button", name="Make a block")).to_be_disabled()
    page.keyboard.press("Control+g")
    expect(page.locator(".toasts")).to_contain_text("image cannot go into a block", timeout=SECONDS)
    page.keyboard.press("Escape")
    canvas.select("conv1")
    canvas.brick("relu1").click(position={"x": 12, "y": 12}, modifiers=["Shift"])
    expect(canvas.panel()).to_contain_text("pool1 lies between", timeout=SECONDS)
    page.keyboard.press("Escape")
    canvas.select("conv1")
    page.keyboard.press("Control+g")
    field = page.get_by_role("dialog").get_by_label("Name")
    field.fill("conv")
    expect(page.get_by_role("dialog").get_by_role("alert")).to_contain_text("capital letter", timeout=SECONDS)
    field.fill("Conv2d")
    expect(page.get_by_role("dialog").get_by_role("alert")).to_contain_text("layer of the catalogue", timeout=SECONDS)
    field.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0, timeout=SECONDS)
    assert not canvas.document().get("blocks")


def test_blocks_in_blocks_are_entered_and_left_by_keys_and_survive_a_reload_and_a_page_switch(canvas):
    page = canvas.page
    make(canvas, "Inner", "pool1", "relu1")
    make(canvas, "Outer", "inner1", "conv2")
    page.keyboard.press("Enter")
    expect(canvas.brick("inner1")).to_be_visible(timeout=SECONDS)
    canvas.select("inner1")
    page.keyboard.press("Enter")
    canvas.shape("pool1", "N×10×12×12")
    assert canvas.names() == {"x", "pool1", "relu1", "out"}
    expect(canvas.item("BlockInput")).to_have_count(1)
    expect(canvas.item("Input")).to_have_count(0)
    canvas.select("pool1")
    canvas.saved()
    page.reload()
    expect(crumbs(canvas)).to_contain_text("Inner (inner1)", timeout=SECONDS)
    canvas.shape("pool1", "N×10×12×12")
    page.get_by_role("link", name="Gallery").click()
    expect(page.get_by_role("heading", name="Your projects")).to_be_visible(timeout=SECONDS)
    page.get_by_role("link", name="Build").click()
    expect(crumbs(canvas)).to_contain_text("Inner (inner1)", timeout=SECONDS)
    wait_idle(page)
    page.get_by_role("region", name="Network canvas").focus()
    page.keyboard.press("Shift+Enter")
    expect(crumbs(canvas).locator("[aria-current]")).to_have_text("Outer (outer1)", timeout=SECONDS)
    expect(canvas.panel().get_by_label("Name")).to_have_value("inner1", timeout=SECONDS)
    page.keyboard.press("Shift+Enter")
    expect(crumbs(canvas)).to_have_count(0, timeout=SECONDS)


def test_a_block_of_the_catalogue_opens_to_look_at_and_becomes_ones_own(canvas):
    page = canvas.page
    put(canvas, "ConvNormAct", "image")
    expect(canvas.panel()).to_contain_text("ConvNormAct", timeout=SECONDS)
    name = canvas.panel().get_by_label("Name").input_value()
    canvas.panel().get_by_role("button", name="Open").click()
    expect(crumbs(canvas)).to_contain_text("belongs to the catalogue", timeout=SECONDS)
    convolution = page.locator(".react-flow__node", has_text="Conv2d").first
    convolution.click(position={"x": 12, "y": 12})
    expect(canvas.field("kernel_size")).to_be_disabled(timeout=SECONDS)
    page.get_by_role("button", name="Make it yours").click()
    expect(crumbs(canvas)).to_contain_text("You are editing", timeout=SECONDS)
    expect(canvas.field("kernel_size")).to_be_enabled(timeout=SECONDS)
    back(canvas)
    until(lambda: len(canvas.document().get("blocks", {})) == 1, 15, "one block of the project")
    expect(canvas.panel().get_by_label("Name")).to_have_value(name, timeout=SECONDS)


def test_what_is_undone_in_another_drawing_is_said_and_shown(canvas):
    page = canvas.page
    make(canvas, "Dense", "fc1", "relu3")
    enter(canvas, "dense1", "fc1")
    canvas.select("fc1")
    say(canvas, "out_features", "20")
    canvas.shape("fc1", "N×20")
    back(canvas)
    canvas.shape("dense1", "N×20")
    page.get_by_role("toolbar").get_by_role("button", name="Undo").click()
    canvas.shape("dense1", "N×50")
    toast = page.locator(".toasts")
    expect(toast).to_contain_text("Undid “Set out_features of fc1 in Dense”", timeout=SECONDS)
    toast.get_by_role("button", name="Show").click()
    canvas.shape("fc1", "N×50")


def test_a_block_that_nothing_uses_is_deleted_in_the_palette(canvas):
    page = canvas.page
    make(canvas, "Dense", "fc1", "relu3")
    canvas.panel().get_by_role("button", name="Unpack").click()
    canvas.shape("fc1", "N×50")
    page.get_by_role("button", name="Delete the block Dense").click()
    expect(canvas.item("Dense")).to_have_count(0, timeout=SECONDS)
    until(lambda: not canvas.document().get("blocks"), 15, "deleted")


def test_the_inside_of_a_block_is_shown_where_it_stands_and_leads_inside(canvas):
    page = canvas.page
    make(canvas, "Dense", "fc1", "relu3")
    canvas.panel().get_by_role("button", name="Expand here").click()
    frame = page.get_by_role("region", name="Inside dense1")
    expect(frame.get_by_role("button", name="Linear fc1, output N×50")).to_be_visible(timeout=SECONDS)
    frame.get_by_role("button", name="Linear fc1").focus()
    page.keyboard.press("Escape")
    expect(frame).to_have_count(0, timeout=SECONDS)
    canvas.panel().get_by_role("button", name="Expand here").click()
    frame.get_by_role("button", name="Linear fc1").dblclick()
    expect(crumbs(canvas)).to_contain_text("Dense (dense1)", timeout=SECONDS)
    expect(canvas.panel().get_by_label("Name")).to_have_value("fc1", timeout=SECONDS)
    back(canvas)
    expect(frame).to_have_count(0)
