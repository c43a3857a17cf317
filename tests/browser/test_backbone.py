"""A network as a backbone: bricks frozen by key, the head replaced for other data, all of it undone."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.canvas import Canvas


def test_bricks_are_frozen_and_the_head_replaced_in_one_entry(cnn: Canvas) -> None:
    page = cnn.page
    cnn.select("conv1", "conv2")
    page.keyboard.press("Control+Shift+F")
    expect(cnn.brick("conv1")).to_have_accessible_name("Conv2d conv1, frozen, output N×10×24×24")
    cnn.on_disk(lambda nodes, edges: all(nodes[name].get("frozen") for name in ("conv1", "conv2")), "both are frozen")
    page.get_by_role("complementary", name="Properties").get_by_role("button", name="Unfreeze").click()
    cnn.on_disk(lambda nodes, edges: not any("frozen" in node for node in nodes.values()), "both are trained again")
    # A brick without weights has nothing to freeze.
    cnn.select("relu1")
    page.keyboard.press("Control+Shift+F")
    expect(page.get_by_text("nothing to freeze")).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Use as backbone…").click()
    form = page.get_by_role("form", name="Use as backbone")
    form.get_by_label("Classes of").select_option("cifar10")
    form.get_by_role("button", name="Replace the head").click()
    cnn.shape("image", "N×3×32×32")
    expect(cnn.brick("fc2").locator(".sign")).to_have_count(0)
    expect(cnn.brick("fc1").locator(".sign")).to_have_count(1)
    expect(page.get_by_label("Totals")).to_contain_text("Trained510")
    page.keyboard.press("Control+z")
    cnn.shape("image", "N×1×28×28")
    cnn.on_disk(lambda nodes, edges: not any("frozen" in node for node in nodes.values()), "one undo takes all of it back")


def test_where_the_canvas_is_narrow_the_network_is_one_press_away(cnn: Canvas) -> None:
    page = cnn.page
    page.set_viewport_size({"width": 900, "height": 900})
    panel = page.get_by_role("complementary", name="Properties")
    expect(panel).to_be_hidden()
    page.get_by_role("button", name="Network", exact=True).click()
    expect(panel.get_by_role("button", name="Use as backbone…")).to_be_visible()
    panel.get_by_role("button", name="Close the properties").click()
    expect(panel).to_be_hidden()
    # A brick's properties take its place, and leave the canvas free when they are closed.
    page.get_by_role("button", name="Network", exact=True).click()
    expect(panel).to_be_visible()
    cnn.select("conv1")
    expect(panel).to_contain_text("out_channels")
    panel.get_by_role("button", name="Close the properties").click()
    expect(panel).to_be_hidden()
