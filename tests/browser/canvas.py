"""The Build page as a person uses it: bricks, wires, palette, panel."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from builder.graph import Project, loads
from tests.browser.driver import Server, open_page
from tests.helpers import until

# Milliseconds that a test waits for what must come.
SECONDS = 15_000
expect.set_options(timeout=SECONDS)
CORNER = {"x": 12, "y": 12}  # of a brick, where nothing else lies over it

AT_REST = """() => {
  const all = [...document.querySelectorAll("*")].filter(e => e.shadowRoot?.querySelector(".react-flow__viewport"));
  const now = all[0]?.shadowRoot.querySelector(".react-flow__viewport").style.transform ?? "";
  const still = now === window.__view;
  window.__stillSince = still ? (window.__stillSince ?? performance.now()) : undefined;
  window.__view = now;
  return still && performance.now() - window.__stillSince > 100;
}"""


class Canvas:
    """A page that shows the canvas of `server`."""

    def __init__(self, page: Page, server: Server) -> None:
        self.page, self.server = page, server

    def brick(self, name: str) -> Locator:
        """The brick called `name`."""
        return self.page.locator(f'.react-flow__node[data-id="{name}"]')

    def shape(self, name: str, shape: str) -> None:
        """Wait until the brick says this output shape."""
        expect(self.brick(name)).to_contain_text(shape)

    def names(self) -> set[str]:
        """Names of the bricks on the canvas."""
        return set(self.page.locator(".react-flow__node").evaluate_all("nodes => nodes.map(n => n.dataset.id)"))

    def item(self, kind: str) -> Locator:
        """A layer in the palette, where it stands first."""
        return self.page.locator(f'.palette button[data-kind="{kind}"]').first

    def middle(self, locator: Locator) -> tuple[float, float]:
        """The middle of something on the page."""
        box = locator.bounding_box()
        return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    def drag(self, start: tuple[float, float], goal: tuple[float, float]) -> None:
        """Press, move in steps, let go."""
        self.page.mouse.move(*start)
        self.page.mouse.down()
        self.page.mouse.move((start[0] + goal[0]) / 2, (start[1] + goal[1]) / 2, steps=6)
        self.page.mouse.move(*goal, steps=6)
        self.page.mouse.up()

    def drop_between(self, kind: str, above: str, below: str) -> None:
        """Drag a layer out of the palette onto the wire between two bricks."""
        self.item(kind).scroll_into_view_if_needed()
        (x1, y1), (x2, y2) = self.middle(self.brick(above)), self.middle(self.brick(below))
        self.drag(self.middle(self.item(kind)), ((x1 + x2) / 2, (y1 + y2) / 2))

    def wire(self, source: str, target: str) -> None:
        """Draw a wire from a brick's output to a brick's first input."""
        self.drag(self.middle(self.brick(source).locator(".react-flow__handle.source")),
                  self.middle(self.brick(target).locator(".react-flow__handle.target").first))

    def at_rest(self) -> None:
        """Wait until the view glides no more."""
        self.page.wait_for_function(AT_REST)

    def select(self, name: str, *others: str) -> None:
        """Click the brick, and the others with Shift."""
        self.brick(name).click(position=CORNER)
        self.selected(name)
        for other in others:
            self.brick(other).click(position=CORNER, modifiers=["Shift"])
            expect(self.brick(other)).to_contain_class("selected")

    def selected(self, name: str) -> None:
        """Wait until the properties are those of this brick alone."""
        expect(self.panel().get_by_label("Name")).to_have_value(name)

    def panel(self) -> Locator:
        """The properties of the selected brick."""
        return self.page.get_by_role("complementary", name="Properties")

    def field(self, name: str) -> Locator:
        """A text field of the panel."""
        return self.panel().get_by_role("textbox", name=name).first

    def set_field(self, name: str, value: object) -> None:
        """Type a value into a field of the panel, and Enter."""
        self.field(name).fill(str(value))
        self.field(name).press("Enter")

    def chip(self) -> Locator:
        """The button over the canvas that says how many problems there are."""
        return self.page.locator(".problems-chip")

    def problems(self, text: str) -> None:
        """Wait until the chip says this."""
        expect(self.chip()).to_contain_text(text)

    def saved(self) -> None:
        """Wait until every edit has been acknowledged."""
        expect(self.page.locator(".status .save")).to_have_attribute("data-waiting", "false")

    def session(self) -> dict:
        """Which project is open, as the server keeps it; nothing before the first page was shown."""
        try:
            return json.loads((self.server.home / "projects" / ".session.json").read_text())
        except FileNotFoundError:
            return {}

    @contextmanager
    def opening(self) -> Iterator[None]:
        """Wait until what is done here has opened a project, and the canvas shows it."""
        before = self.session().get("load_id")
        yield
        until(lambda: self.session().get("load_id") != before, 30, "a project is opened")
        expect(self.page.locator(f'.pane[data-load="{self.session()["load_id"]}"]')).to_be_visible()

    def new_drawing(self) -> None:
        """File > New drawing: an Input wired to an Output."""
        self.page.get_by_role("button", name="File").click()
        with self.opening():
            self.page.get_by_role("button", name="New drawing").click()
        expect(self.brick("output")).to_be_visible()

    def file(self) -> Path:
        """Where the open project lies on disk."""
        return self.server.home / "projects" / self.session()["file"]

    def document(self) -> dict:
        """The open project as it lies on disk."""
        return json.loads(self.file().read_text())

    def project(self) -> Project:
        """The open project, once all is saved."""
        self.saved()
        return loads(self.file().read_bytes())

    def on_disk(self, condition, what: str) -> None:
        """Wait until the file on disk fulfils `condition(nodes by id, edges)`."""
        def holds() -> bool:
            network = self.document()["networks"]["network"]
            return condition({n["id"]: n for n in network["nodes"]}, [(e["source"], e["target"]) for e in network["edges"]])

        until(holds, 15, what)


def open_cnn(page: Page, server: Server) -> Canvas:
    """The MNIST CNN as the gallery has it, opened there."""
    canvas = Canvas(open_page(page, server, "/gallery"), server)
    with canvas.opening():
        page.locator(".st-key-open-mnist-cnn").get_by_role("button").click()
    canvas.shape("output", "N×10")
    return canvas


def second_tab(canvas: Canvas, page: Page) -> Canvas:
    """Another tab on the drawing of `canvas`."""
    other = Canvas(open_page(page, canvas.server), canvas.server)
    expect(page.locator(f'.pane[data-load="{canvas.session()["load_id"]}"]')).to_be_visible()
    other.shape("output", "N×10")
    return other
