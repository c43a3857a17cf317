"""The Gallery as a person uses it: a shared link, words typed, a network opened, and back where one was."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.canvas import Canvas
from tests.browser.driver import Server, open_page, wait_idle


def test_a_shared_link_is_narrowed_by_typing_and_is_still_there_after_a_network_was_opened(page: Page, server: Server, watch):
    open_page(page, server, "/gallery?task=segmentation&sort=smallest")
    cards = page.locator("[class*=st-key-card-]")
    expect(page.locator(".st-key-card-unet")).to_be_visible()
    expect(page.locator(".st-key-card-mnist-cnn")).to_have_count(0)
    page.get_by_label("Search networks").fill("u-net")
    expect(page).to_have_url(re.compile("search=u-net"))
    expect(page.locator(".st-key-card-unet").get_by_text("31,037,698")).to_be_visible()
    wait_idle(page)
    found = cards.count()
    # Every card has its picture, drawn for the page's colours.
    expect(page.locator("[class*=st-key-card-] img")).to_have_count(found)
    assert all(page.locator("[class*=st-key-card-] img").evaluate_all("all => all.map(one => one.complete && one.naturalWidth > 0)"))
    with Canvas(page, server).opening():
        page.locator(".st-key-open-unet").get_by_role("button").click()
    Canvas(page, server).shape("output", "N×2×96×96")
    page.get_by_role("link", name="Gallery").click()
    expect(page.locator(".st-key-card-unet")).to_be_visible()
    expect(page).to_have_url(re.compile("(?=.*search=u-net)(?=.*task=segmentation)(?=.*sort=smallest)"))
    assert page.get_by_label("Search networks").input_value() == "u-net" and cards.count() == found
    page.get_by_label("Search networks").fill("u-net no-such-thing")
    page.get_by_role("button", name=re.compile("Show all")).click()
    expect(page.locator(".st-key-card-mnist-cnn")).to_be_visible()
    expect(page).to_have_url(re.compile("/gallery$"))
