"""The Build page as a person uses it: bricks, wires, palette, panel."""

from __future__ import annotations

import json
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from tests.browser.driver import Server
from tests.helpers import until

SECONDS = 15_000


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
        expect(self.brick(name)).to_contain_text(shape, timeout=SECONDS)

    def names(self) -> set[str]:
        """Names of the bricks on the canvas."""
        return set(self.page.locator(".react-flow__node").evaluate_all("nodes => nodes.map(n => n.dataset.id)"))

    def item(self, kind: str) -> Locator:
        """A layer in the palette."""
        return self.page.locator(f'.palette button[data-kind="{kind}"]')

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

    def select(self, name: str) -> None:
        """Click the brick where nothing else lies over it."""
        self.brick(name).click(position={"x": 12, "y": 12})
        expect(self.panel().get_by_label("Name")).to_have_value(name, timeout=SECONDS)

    def panel(self) -> Locator:
        """The properties of the selected brick."""
        return self.page.get_by_role("complementary", name="Properties")

    def field(self, name: str) -> Locator:
        """A text field of the panel."""
        return self.panel().get_by_role("textbox", name=name).first

    def problems(self, text: str) -> None:
        """Wait until the chip over the canvas says this."""
        expect(self.page.locator(".status")).to_contain_text(text, timeout=SECONDS)

    def saved(self) -> None:
        """Wait until every edit has been acknowledged."""
        expect(self.page.locator(".status .save")).to_have_attribute("data-waiting", "false", timeout=SECONDS)

    def document(self, file: str = "mnist-cnn") -> dict:
        """The project as it lies on disk."""
        return json.loads(Path(self.server.home / "projects" / f"{file}.json").read_text())

    def on_disk(self, condition, what: str) -> None:
        """Wait until the file on disk fulfils `condition(nodes by id, edges)`."""
        def holds() -> bool:
            network = self.document()["networks"]["network"]
            return condition({n["id"]: n for n in network["nodes"]}, [(e["source"], e["target"]) for e in network["edges"]])

        until(holds, 15, what)
