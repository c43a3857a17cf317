"""The list of problems: gone through by key and by click, mended at once, advice silenced and brought back."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.canvas import Canvas


def take_out(canvas: Canvas, name: str) -> None:
    """Remove a brick and join its neighbours."""
    canvas.select(name)
    canvas.brick(name).press("Backspace")
    expect(canvas.brick(name)).to_have_count(0)


def test_problems_are_walked_through_by_key_and_mended_in_one_step(cnn: Canvas) -> None:
    page = cnn.page
    take_out(cnn, "relu1")
    take_out(cnn, "relu3")
    take_out(cnn, "flatten")
    cnn.problems("1 error, 1 advice")
    page.keyboard.press("F8")
    cnn.selected("fc1")
    page.keyboard.press("F8")
    cnn.selected("conv2")
    page.keyboard.press("Shift+F8")
    cnn.selected("fc1")
    expect(page.locator(".spoken")).to_contain_text("Problem 1 of 2, error: fc1")
    cnn.chip().click()
    listed = page.get_by_role("region", name="Problems")
    expect(listed.locator(".problem")).to_have_count(2)
    listed.get_by_role("button", name="Show conv2").click()
    cnn.selected("conv2")
    # The missing activation was hidden behind the missing Flatten: both are mended.
    listed.get_by_role("button", name="Fix 1 problem").click()
    expect(cnn.chip()).to_have_text("1 advice")
    expect(page.get_by_role("button", name="Undo Fix 2 problems")).to_be_enabled()
    # The button that was pressed may be gone; the next key is not.
    page.keyboard.press("Control+z")
    expect(cnn.chip()).to_have_text("1 error, 1 advice")


def test_advice_is_silenced_on_its_brick_and_brought_back(cnn: Canvas) -> None:
    page = cnn.page
    take_out(cnn, "relu1")
    cnn.problems("1 advice")
    cnn.select("conv2")
    cnn.panel().get_by_role("button", name="Silence").click()
    expect(cnn.chip()).to_have_text("No problems1 silenced")
    expect(cnn.brick("conv2").locator(".badge")).to_have_count(0)
    cnn.chip().click()
    page.get_by_text("1 silenced", exact=True).last.click()
    page.get_by_role("button", name="Bring back").click()
    expect(cnn.chip()).to_have_text("1 advice")
    expect(cnn.brick("conv2").locator(".badge")).to_have_count(1)
