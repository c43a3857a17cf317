"""The list of problems: gone through by key and by click, mended at once, advice silenced and brought back."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.canvas import SECONDS, Canvas
from tests.browser.driver import Server, open_page


@pytest.fixture
def cnn(page: Page, server: Server) -> Canvas:
    """A fresh MNIST CNN, opened from the gallery."""
    open_page(page, server).get_by_role("link", name="Gallery").click()
    page.locator(".st-key-open-mnist-cnn").get_by_role("button").click()
    shown = Canvas(page, server)
    shown.shape("output", "N×10")
    return shown


def chip(canvas: Canvas) -> Locator:
    """The button over the canvas that says how many problems there are."""
    return canvas.page.locator(".problems-chip")


def take_out(canvas: Canvas, name: str) -> None:
    """Remove a brick and join its neighbours."""
    canvas.select(name)
    canvas.brick(name).press("Backspace")
    expect(canvas.brick(name)).to_have_count(0, timeout=SECONDS)


def selected(canvas: Canvas, name: str) -> None:
    """Wait until the properties are those of this brick."""
    expect(canvas.panel().get_by_label("Name")).to_have_value(name, timeout=SECONDS)


def test_problems_are_walked_through_by_key_and_mended_in_one_step(cnn: Canvas) -> None:
    page = cnn.page
    take_out(cnn, "relu1")
    take_out(cnn, "relu3")
    take_out(cnn, "flatten")
    cnn.problems("1 error, 1 advice")
    page.keyboard.press("F8")
    selected(cnn, "fc1")
    page.keyboard.press("F8")
    selected(cnn, "conv2")
    page.keyboard.press("Shift+F8")
    selected(cnn, "fc1")
    expect(page.locator(".spoken")).to_contain_text("Problem 1 of 2, error: fc1", timeout=SECONDS)
    chip(cnn).click()
    listed = page.get_by_role("region", name="Problems")
    expect(listed.locator(".problem")).to_have_count(2)
    listed.get_by_role("button", name="Show conv2").click()
    selected(cnn, "conv2")
    # The missing activation was hidden behind the missing Flatten: both are mended.
    listed.get_by_role("button", name="Fix 1 problem").click()
    expect(chip(cnn)).to_have_text("1 advice", timeout=SECONDS)
    page.get_by_role("button", name="Undo Fix 2 problems").click()
    expect(chip(cnn)).to_have_text("1 error, 1 advice", timeout=SECONDS)


def test_advice_is_silenced_on_its_brick_and_brought_back(cnn: Canvas) -> None:
    page = cnn.page
    take_out(cnn, "relu1")
    cnn.problems("1 advice")
    cnn.select("conv2")
    cnn.panel().get_by_role("button", name="Silence").click()
    expect(chip(cnn)).to_have_text("No problems1 silenced", timeout=SECONDS)
    expect(cnn.brick("conv2").locator(".badge")).to_have_count(0)
    chip(cnn).click()
    page.get_by_text("1 silenced", exact=True).last.click()
    page.get_by_role("button", name="Bring back").click()
    expect(chip(cnn)).to_have_text("1 advice", timeout=SECONDS)
    expect(cnn.brick("conv2").locator(".badge")).to_have_count(1)
