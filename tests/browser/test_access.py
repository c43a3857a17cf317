"""What axe-core finds on every page, light and narrow, dark and wide: nothing serious, nothing critical."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from builder.ui import bundle
from tests.browser.canvas import Canvas, open_cnn, second_tab
from tests.browser.driver import Server, open_page, wait_idle

AXE = bundle.FRONTEND / "node_modules" / "axe-core" / "axe.min.js"
# Rule -> where it is let through: markup of Streamlit's own that no style and no parameter changes.
STREAMLITS_OWN: dict[str, str] = {}
LOOKS = [("light", 900), ("dark", 1440)]


@pytest.fixture(params=LOOKS, ids=lambda look: f"{look[0]}-{look[1]}")
def tab(request, new_page: Callable[..., Page]) -> Page:
    """A page in one theme and at one width."""
    theme, width = request.param
    return new_page(color_scheme=theme, viewport={"width": width, "height": 900}, reduced_motion="reduce")


@pytest.fixture(scope="module", autouse=True)
def packages() -> None:
    """axe-core is one of the packages of the lock file."""
    bundle.install()


def faults(page: Page) -> list[str]:
    """What axe finds serious or critical: rule, what it wants, and where."""
    wait_idle(page)
    # Streamlit fetches the code that shows our style sheet after everything else.
    page.locator("[data-testid=stHtml]").first.wait_for(state="attached")
    page.wait_for_function("document.getAnimations().every(one => one.playState !== 'running' || one.effect.getTiming().iterations === Infinity)")
    page.evaluate(AXE.read_text())
    found = page.evaluate("() => axe.run(document, { resultTypes: ['violations'] }).then((r) => r.violations)")
    return [f"{rule['id']} ({rule['impact']}): {node['target']} {node['failureSummary'][:300]} {node['html'][:160]}"
            for rule in found if rule["impact"] in ("serious", "critical")
            for node in rule["nodes"] if not (rule["id"] in STREAMLITS_OWN and STREAMLITS_OWN[rule["id"]] in str(node["target"]))]


def clean(page: Page) -> None:
    """Fails with everything that axe finds; a page says its language and has one first heading or none on the canvas, and fits its width."""
    # A page that has just been drawn may still fade in: what is wrong at the second look is wrong.
    found = faults(page) and faults(page)
    assert not found, "\n".join(found)
    assert page.evaluate("document.documentElement.lang") == "en"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_build(tab: Page, server: Server):
    canvas = open_cnn(tab, server)
    clean(tab)
    canvas.select("conv1")
    clean(tab)
    canvas.field("kernel_size").fill("30")
    canvas.problems("error")
    clean(tab)
    canvas.chip().click()
    clean(tab)


def test_what_opens_over_the_canvas_and_the_inside_of_a_block(new_page: Callable[..., Page], server: Server):
    tab = new_page(color_scheme="dark", viewport={"width": 900, "height": 900}, reduced_motion="reduce")
    canvas, keys = open_cnn(tab, server), tab.keyboard
    other = second_tab(canvas, new_page())
    canvas.select("fc1")
    canvas.set_field("out_features", 60)
    canvas.saved()
    other.select("fc1")
    other.set_field("out_features", 70)
    expect(other.page.get_by_role("alertdialog")).to_be_visible()
    clean(other.page)
    other.page.close()
    keys.press("Escape")
    keys.type("conv x")
    clean(tab)
    keys.press("Escape")
    keys.press("?")
    clean(tab)
    keys.press("Escape")
    canvas.select("fc1", "relu3")
    keys.press("Control+g")
    clean(tab)
    keys.press("Enter")
    canvas.panel().get_by_role("button", name="Expand here").click()
    tab.get_by_role("button", name="History").click()
    clean(tab)
    keys.press("Escape")
    tab.get_by_role("region", name="Inside block1_1").get_by_role("button", name="Open").click()
    canvas.select("fc1")
    clean(tab)


@pytest.mark.parametrize("entry", ["Export…", "Diagram…", "Copy link…"])
def test_dialogs_of_the_file_menu(tab: Page, server: Server, entry: str):
    open_cnn(tab, server)
    tab.get_by_role("button", name="File").click()
    tab.get_by_role("button", name=entry).click()
    expect(tab.get_by_role("dialog").last).to_be_visible()
    clean(tab)


def test_the_report(tab: Page, server: Server):
    open_cnn(tab, server)
    tab.get_by_role("button", name="Report").click()
    expect(tab.get_by_role("dialog").get_by_text("Memory for training")).to_be_visible()
    expect(tab.get_by_test_id("stDataFrame").locator("canvas").first).to_be_visible()
    clean(tab)


def test_an_empty_drawing_and_the_file_menu(tab: Page, server: Server):
    canvas = Canvas(open_page(tab, server), server)
    tab.get_by_role("button", name="File").click()
    expect(tab.get_by_role("button", name="New drawing")).to_be_visible()
    clean(tab)
    with canvas.opening():
        tab.get_by_role("button", name="New drawing").click()
    clean(tab)


def test_train_after_a_run(tab: Page, server: Server):
    open_cnn(tab, server)
    tab.get_by_role("link", name="Train").last.click()
    tab.get_by_role("button", name="Train", exact=True).click()
    expect(tab.get_by_role("button", name="Stop", exact=True)).to_be_visible(timeout=60_000)
    tab.get_by_role("button", name="Stop", exact=True).click()
    expect(tab.get_by_role("button", name="Train", exact=True)).to_be_visible(timeout=60_000)
    clean(tab)


def test_the_pages_are_walked_by_tab_alone_and_every_button_of_the_gallery_has_a_name_of_its_own(page: Page, server: Server):
    open_page(page, server, "/gallery")
    expect(page.get_by_role("button", name=re.compile("^Open")).first).to_be_visible()
    names = page.locator("[data-testid=stMain] button").evaluate_all("buttons => buttons.map(b => (b.ariaLabel || b.innerText).trim())")
    shown = [name for name in names if name.startswith(("Open ", "Delete "))]  # a list to choose from has an arrow called "Open"
    assert shown and len(set(shown)) == len(shown), shown
    seen = []
    for _ in range(12):
        page.keyboard.press("Tab")
        seen.append(page.evaluate("document.activeElement.tagName + ' ' + document.activeElement.innerText"))
    assert any("Build" in one for one in seen) and any("Open" in one for one in seen), seen


def test_the_gallery_searching_finding_nothing_looking_closer_and_importing(tab: Page, server: Server):
    open_page(tab, server, "/gallery?search=unet")
    tab.locator(".st-key-about-unet").get_by_role("button").click()
    expect(tab.get_by_role("dialog").get_by_role("link", name="Conv2d")).to_be_visible()
    clean(tab)
    tab.keyboard.press("Escape")
    tab.get_by_label("Search networks").fill("lenat")
    expect(tab.get_by_role("button", name="LeNet on CIFAR-10")).to_be_visible()
    clean(tab)
    tab.get_by_role("tab", name="Import").click()
    expect(tab.get_by_text("becomes a drawing")).to_be_visible()
    expect(tab.get_by_role("combobox", name="Model")).to_be_visible(timeout=60_000)
    clean(tab)
    tab.get_by_role("tab", name="Your projects").click()
    expect(tab.get_by_role("heading", name="Your projects")).to_be_visible()
    clean(tab)


@pytest.mark.parametrize("path", ["/data", "/compare", "/gallery", "/reference?layer=Conv2d", "/train"])
def test_page(tab: Page, server: Server, path: str):
    open_page(tab, server, path)
    clean(tab)
