"""Makes the pictures of the README from the running app: python tools/screenshots.py [FOLDER]

It starts the app on an empty home folder, trains the MNIST CNN on the built-in digits, breaks the drawing, and photographs each state.
With a FOLDER, every page is photographed there too, in light and dark, 1440 and 900 pixels wide.
"""

from __future__ import annotations

import re
import sys
from io import BytesIO
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from PIL import Image  # noqa: E402
from playwright.sync_api import Browser, Page, expect  # noqa: E402

from tests.browser.canvas import Canvas  # noqa: E402
from tests.browser.driver import Server, app, open_page, wait_idle  # noqa: E402

DOCS = ROOT / "docs"
PAGES = {"build": "/", "data": "/data", "train": "/train", "gallery": "/gallery", "reference": "/reference?layer=Conv2d"}


def save(page: Page, path: Path) -> None:
    """A screenshot with 256 colours: a quarter of the size, and no difference to the eye."""
    path.parent.mkdir(parents=True, exist_ok=True)
    picture = Image.open(BytesIO(page.screenshot()), formats=["PNG"]).convert("RGB")
    picture.quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)
    print(path.relative_to(ROOT) if path.is_relative_to(ROOT) else path)


def train(page: Page, server: Server) -> None:
    """Train on the built-in digits; a picture while it learns."""
    page.set_viewport_size({"width": 1440, "height": 1480})
    open_page(page, server, "/train")
    page.get_by_role("button", name="Train", exact=True).click()
    page.mouse.move(5, 5)
    expect(page.get_by_role("region", name="Confusion matrix")).to_contain_text(re.compile("after epoch [4-9]"), timeout=120_000)
    page.wait_for_timeout(300)
    save(page, DOCS / "train.png")
    expect(page.get_by_text("epochs are done")).to_be_visible(timeout=300_000)


def broken(page: Page, server: Server) -> None:
    """Take the Flatten away: the brick says what is wrong and offers the fix."""
    canvas = Canvas(open_page(page, server), server)
    canvas.shape("output", "N×10")
    page.wait_for_timeout(1_000)
    save(page, DOCS / "build.png")
    canvas.select("flatten")
    page.keyboard.press("Backspace")
    canvas.select("fc1")
    page.wait_for_timeout(1_000)
    save(page, DOCS / "problem.png")
    page.get_by_role("button", name="Undo").click()
    canvas.problems("No problems")


def preview(page: Page, server: Server) -> None:
    """A real digit on its way through the network, and one brick's feature maps in the panel."""
    canvas = Canvas(open_page(page, server), server)
    page.get_by_role("button", name="Live preview").click()
    expect(page.locator(".thumb").first).to_be_visible(timeout=60_000)
    canvas.select("relu2")
    canvas.panel().get_by_role("region", name="Preview").scroll_into_view_if_needed()
    page.mouse.move(720, 880)
    page.wait_for_timeout(1_000)
    save(page, DOCS / "preview.png")
    page.get_by_role("button", name="Live preview").click()


def gallery(page: Page, server: Server) -> None:
    """The first cards, their pictures drawn."""
    page.set_viewport_size({"width": 1440, "height": 1000})
    open_page(page, server, "/gallery")
    expect(page.locator("[class*=st-key-card-] img").nth(11)).to_be_visible()
    wait_idle(page)
    page.wait_for_timeout(500)
    save(page, DOCS / "gallery.png")


def blocks(page: Page, server: Server) -> None:
    """A block of a Linear and its activation, used twice, looked at from inside."""
    canvas = Canvas(open_page(page, server), server)
    canvas.select("fc1")
    canvas.brick("relu3").click(position={"x": 12, "y": 12}, modifiers=["Shift"])
    page.keyboard.press("Control+g")
    page.get_by_role("dialog").get_by_label("Name").fill("Dense")
    page.keyboard.press("Enter")
    expect(canvas.panel().get_by_label("Name")).to_have_value("dense1")
    canvas.item("Dense").scroll_into_view_if_needed()
    canvas.item("Dense").dblclick()
    expect(canvas.panel().get_by_label("Name")).to_have_value("dense2")
    canvas.brick("dense1").dblclick(position={"x": 12, "y": 12})
    canvas.brick("fc1").click(position={"x": 12, "y": 12})
    page.get_by_role("button", name="Make out_features a parameter of Dense").click()
    expect(canvas.panel().get_by_role("combobox", name="Parameter of Dense")).to_have_value("out_features")
    page.wait_for_timeout(1_000)
    save(page, DOCS / "blocks.png")
    for _ in range(3):
        page.get_by_role("button", name="Undo").first.click()
    canvas.saved()


def every_page(browser: Browser, server: Server, folder: Path) -> None:
    """All pages in both themes and widths."""
    for theme in ("light", "dark"):
        for width, height in ((1440, 900), (900, 800)):
            context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=theme)
            for name, path in PAGES.items():
                page = open_page(context.new_page(), server, path)
                page.wait_for_timeout(2_500)
                wait_idle(page)
                save(page, folder / f"{name}-{theme}-{width}.png")
                page.close()
            context.close()


def main() -> None:
    """Start the app, take the pictures, stop it."""
    with app(ROOT) as (server, browser):
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        broken(page, server)
        preview(page, server)
        blocks(page, server)
        train(page, server)
        gallery(page, server)
        if len(sys.argv) > 1:
            every_page(browser, server, Path(sys.argv[1]).resolve())


if __name__ == "__main__":
    main()
