"""Blocks in a real browser: made of bricks, used twice, given parameters, opened, changed for all, unlinked, taken apart."""

from playwright.sync_api import Locator, expect

from tests.browser.canvas import CORNER, Canvas
from tests.browser.driver import wait_idle
from tests.helpers import until


def make(canvas: Canvas, name: str, *bricks: str) -> None:
    """Select bricks and make a block of them."""
    canvas.select(*bricks)
    canvas.page.keyboard.press("Control+g")
    field = canvas.page.get_by_role("dialog", name="Make a block").get_by_label("Name")
    expect(field).to_be_focused()
    field.fill(name)
    field.press("Enter")
    canvas.selected(f"{name.lower()}1")


def enter(canvas: Canvas, brick: str, inside: str) -> None:
    """Open a block with a double click; `inside` is a brick that is there."""
    canvas.brick(brick).dblclick(position=CORNER)
    expect(crumbs(canvas)).to_contain_text(f"({brick})")
    expect(canvas.brick(inside)).to_be_visible()


def crumbs(canvas: Canvas) -> Locator:
    """The way into the blocks that are open."""
    return canvas.page.get_by_role("navigation", name="Open blocks")


def back(canvas: Canvas) -> None:
    """Go back to the network by the first crumb."""
    crumbs(canvas).get_by_role("button", name="Network").click()
    expect(crumbs(canvas)).to_have_count(0)


def narrow_inside(cnn: Canvas, name: str) -> None:
    """Give the Linear inside a block 20 outputs, from the network and back to it."""
    enter(cnn, name, "fc1")
    cnn.select("fc1")
    cnn.set_field("out_features", 20)
    cnn.shape("fc1", "N×20")
    back(cnn)
    cnn.shape(name, "N×20")


def put(canvas: Canvas, kind: str, behind: str) -> None:
    """Add a layer behind a brick by a double click in the palette."""
    canvas.select(behind)
    canvas.item(kind).scroll_into_view_if_needed()
    canvas.item(kind).dblclick()


def parameters(canvas: Canvas, number: str) -> None:
    """Wait until the line over the canvas counts this many parameters."""
    expect(canvas.page.locator(".status .totals")).to_contain_text(f"{number} parameters")


def test_a_block_is_used_twice_with_values_of_its_own_and_an_edit_inside_changes_both(cnn):
    make(cnn, "Dense", "fc1", "relu3")
    cnn.shape("dense1", "N×50")
    parameters(cnn, "21,840")
    enter(cnn, "dense1", "fc1")
    cnn.select("fc1")
    cnn.panel().get_by_role("button", name="Make out_features a parameter of Dense").click()
    expect(cnn.panel().get_by_role("combobox", name="Parameter of Dense")).to_have_value("out_features")
    back(cnn)
    put(cnn, "Dense", "dense1")
    cnn.shape("dense2", "N×50")
    cnn.select("dense2")
    cnn.set_field("out_features", 20)
    cnn.shape("dense2", "N×20")
    cnn.shape("dense1", "N×50")
    expect(cnn.panel()).to_contain_text("2 linked instances")
    parameters(cnn, "22,560")  # 5,280 + 320·50 + 50 + 50·20 + 20 + 20·10 + 10

    enter(cnn, "dense2", "fc1")
    expect(crumbs(cnn)).to_contain_text("both instances change")
    put(cnn, "Dropout", "relu3")
    expect(cnn.brick("dropout1")).to_be_visible()
    cnn.select("fc1")
    cnn.panel().get_by_role("switch", name="bias").click()
    parameters(cnn, "22,490")  # 50 and 20 biases less
    back(cnn)
    for instance in ("dense1", "dense2"):
        cnn.select(instance)
        expect(cnn.panel()).to_contain_text("3 bricks")


def test_an_instance_is_unlinked_and_another_taken_apart_and_all_of_it_undone_and_redone(cnn):
    page = cnn.page
    make(cnn, "Dense", "fc1", "relu3")
    put(cnn, "Dense", "dense1")
    cnn.shape("dense2", "N×50")
    cnn.select("dense2")
    cnn.panel().get_by_role("button", name="Unlink").click()
    expect(cnn.panel().get_by_role("textbox", name="Block")).to_have_value("Dense2")
    narrow_inside(cnn, "dense2")
    cnn.shape("dense1", "N×50")
    cnn.select("dense1")
    cnn.panel().get_by_role("button", name="Unpack").click()
    cnn.shape("fc1", "N×50")
    cnn.on_disk(lambda nodes, edges: "dense1" not in nodes and ("relu3", "dense2") in edges, "taken apart")
    cnn.saved()
    last = cnn.document()
    assert last["blocks"].keys() == {"Dense", "Dense2"}

    undo, redo = (page.get_by_role("toolbar").get_by_role("button", name=name).first for name in ("Undo", "Redo"))
    for _ in range(5):
        undo.click()
    until(lambda: not cnn.document().get("blocks"), 15, "undone to the start")
    expect(cnn.brick("relu3")).to_be_visible()
    cnn.problems("No problems")
    for _ in range(5):
        redo.click()
    until(lambda: cnn.document() == last, 15, "redone to the end")


def test_copies_in_a_row_have_weights_of_their_own(cnn):
    make(cnn, "Dense", "fc1", "relu3")
    cnn.set_field("repeat", 3)
    expect(cnn.brick("dense1")).to_contain_text("×3")
    parameters(cnn, "26,940")  # 21,840 + 2 · (50·50 + 50)


def test_the_ends_of_the_network_and_bricks_with_others_between_them_make_no_block(cnn):
    page = cnn.page
    cnn.select("image")
    cnn.brick("conv1").click(position=CORNER, modifiers=["Shift"])
    expect(cnn.panel()).to_contain_text("image cannot go into a block")
    expect(cnn.panel().get_by_role("button", name="Make a block")).to_be_disabled()
    page.keyboard.press("Control+g")
    expect(page.locator(".toasts")).to_contain_text("image cannot go into a block")
    page.keyboard.press("Escape")
    cnn.select("conv1")
    cnn.brick("relu1").click(position=CORNER, modifiers=["Shift"])
    expect(cnn.panel()).to_contain_text("pool1 lies between")
    page.keyboard.press("Escape")
    cnn.select("conv1")
    page.keyboard.press("Control+g")
    field = page.get_by_role("dialog").get_by_label("Name")
    field.fill("conv")
    expect(page.get_by_role("dialog").get_by_role("alert")).to_contain_text("capital letter")
    field.fill("Conv2d")
    expect(page.get_by_role("dialog").get_by_role("alert")).to_contain_text("layer of the catalogue")
    field.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert not cnn.document().get("blocks")


def test_blocks_in_blocks_are_entered_and_left_by_keys_and_survive_a_reload_and_a_page_switch(cnn):
    page = cnn.page
    make(cnn, "Inner", "pool1", "relu1")
    make(cnn, "Outer", "inner1", "conv2")
    page.keyboard.press("Enter")
    expect(cnn.brick("inner1")).to_be_visible()
    cnn.select("inner1")
    page.keyboard.press("Enter")
    cnn.shape("pool1", "N×10×12×12")
    assert cnn.names() == {"x", "pool1", "relu1", "out"}
    expect(cnn.item("BlockInput")).to_have_count(1)
    expect(cnn.item("Input")).to_have_count(0)
    cnn.select("pool1")
    cnn.saved()
    page.reload()
    expect(crumbs(cnn)).to_contain_text("Inner (inner1)")
    cnn.shape("pool1", "N×10×12×12")
    page.get_by_role("link", name="Gallery").click()
    expect(page.get_by_role("tab", name="Your projects")).to_be_visible()
    page.get_by_role("link", name="Build").click()
    expect(crumbs(cnn)).to_contain_text("Inner (inner1)")
    wait_idle(page)
    page.get_by_role("region", name="Network canvas").focus()
    page.keyboard.press("Shift+Enter")
    expect(crumbs(cnn).locator("[aria-current]")).to_have_text("Outer (outer1)")
    cnn.selected("inner1")
    page.keyboard.press("Shift+Enter")
    expect(crumbs(cnn)).to_have_count(0)


def test_a_block_of_the_catalogue_opens_to_look_at_and_becomes_ones_own(cnn):
    page = cnn.page
    put(cnn, "ConvNormAct", "image")
    expect(cnn.panel()).to_contain_text("ConvNormAct")
    name = cnn.panel().get_by_label("Name").input_value()
    cnn.panel().get_by_role("button", name="Open").click()
    expect(crumbs(cnn)).to_contain_text("belongs to the catalogue")
    convolution = page.locator(".react-flow__node", has_text="Conv2d").first
    convolution.click(position=CORNER)
    expect(cnn.field("kernel_size")).to_be_disabled()
    page.get_by_role("button", name="Make it yours").click()
    expect(crumbs(cnn)).to_contain_text("You are editing")
    expect(cnn.field("kernel_size")).to_be_enabled()
    back(cnn)
    until(lambda: len(cnn.document().get("blocks", {})) == 1, 15, "one block of the project")
    cnn.selected(name)


def test_what_is_undone_in_another_drawing_is_said_and_shown(cnn):
    page = cnn.page
    make(cnn, "Dense", "fc1", "relu3")
    narrow_inside(cnn, "dense1")
    page.get_by_role("toolbar").get_by_role("button", name="Undo").click()
    cnn.shape("dense1", "N×50")
    toast = page.locator(".toasts")
    expect(toast).to_contain_text("Undid “Set out_features of fc1 in Dense”")
    toast.get_by_role("button", name="Show").click()
    cnn.shape("fc1", "N×50")


def test_a_block_that_nothing_uses_is_deleted_in_the_palette(cnn):
    page = cnn.page
    make(cnn, "Dense", "fc1", "relu3")
    cnn.panel().get_by_role("button", name="Unpack").click()
    cnn.shape("fc1", "N×50")
    page.get_by_role("button", name="Delete the block Dense").click()
    expect(cnn.item("Dense")).to_have_count(0)
    until(lambda: not cnn.document().get("blocks"), 15, "deleted")


def test_the_inside_of_a_block_is_shown_where_it_stands_and_leads_inside(cnn):
    page = cnn.page
    make(cnn, "Dense", "fc1", "relu3")
    cnn.panel().get_by_role("button", name="Expand here").click()
    frame = page.get_by_role("region", name="Inside dense1")
    expect(frame.get_by_role("button", name="fc1 Linear 50 N×50")).to_be_visible()
    frame.get_by_role("button", name="fc1 Linear").focus()
    page.keyboard.press("Escape")
    expect(frame).to_have_count(0)
    cnn.panel().get_by_role("button", name="Expand here").click()
    frame.get_by_role("button", name="fc1 Linear").dblclick()
    expect(crumbs(cnn)).to_contain_text("Dense (dense1)")
    cnn.selected("fc1")
    back(cnn)
    expect(frame).to_have_count(0)
