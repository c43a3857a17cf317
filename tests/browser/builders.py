"""Two people who build networks on the canvas: one has only a keyboard, the other only a mouse. Every action is counted.

An action is what a person would call one: a key with its modifiers, a text typed and entered, a click, a double-click, a drag.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from playwright.sync_api import Locator, Page, expect

from builder.graph import Project, Report, check, loads
from tests.browser.canvas import SECONDS, Canvas
from tests.browser.driver import Server, open_page
from tests.helpers import until

HAS_FOCUS = "element => element.getRootNode().activeElement === element"
SELECTED = re.compile(r"\bselected\b")


class Person:
    """Somebody in front of the Build page with an empty drawing: an Input wired to an Output."""

    def __init__(self, page: Page, server: Server) -> None:
        self.page, self.canvas, self.actions = page, Canvas(page, server), 0
        open_page(page, server)
        self.canvas.shape("output", "N×10")
        page.get_by_role("button", name="File").click()
        page.get_by_role("button", name="New drawing").click()
        expect(self.canvas.brick("conv1")).to_have_count(0, timeout=SECONDS)
        expect(self.canvas.brick("output")).to_have_count(1, timeout=SECONDS)

    def project(self) -> Project:
        """The drawing as it lies on disk, once all is saved."""
        self.canvas.saved()
        newest = max((self.canvas.server.home / "projects").glob("untitled*.json"), key=lambda path: path.stat().st_mtime)
        return loads(newest.read_bytes())

    def undo_all(self) -> None:
        """Undo until nothing is left to undo."""
        self._until_disabled("Undo", "Control+z")

    def redo_all(self) -> None:
        """Redo until nothing is left to redo."""
        self._until_disabled("Redo", "Control+Shift+z")

    def _until_disabled(self, name: str, keys: str) -> None:
        button = self.page.get_by_role("toolbar").get_by_role("button", name=re.compile(rf"^{name}\b")).first
        self.page.get_by_role("region", name="Network canvas").focus()
        for _ in range(400):
            self.canvas.saved()
            if button.is_disabled():
                return
            self.page.keyboard.press(keys)
        raise AssertionError(f"{name} never came to an end")

    def report(self) -> Report:
        """What `check` says of the drawing on disk."""
        return check(self.project())

    def until_wired(self, *wires: str) -> None:
        """Wait until the drawing on disk has these wires, each written "source>target" or "source>target:port"."""
        def named() -> set[str]:
            return {f"{edge.source}>{edge.target}" + (f":{edge.port}" if edge.port else "") for edge in self.project().network.edges}

        until(lambda: set(wires) <= named(), 15, f"the wires {wires} are drawn")


class Keyboard(Person):
    """Builds without a mouse."""

    def __init__(self, page: Page, server: Server) -> None:
        super().__init__(page, server)
        # What the Tab key would come to.
        page.get_by_role("region", name="Network canvas").focus()

    def press(self, key: str) -> None:
        """One key, with its modifiers."""
        self.actions += 1
        self.page.keyboard.press(key)

    def enter(self, text: str) -> None:
        """A text typed and entered."""
        self.actions += 1
        self.page.keyboard.type(text)
        self.page.keyboard.press("Enter")

    def type(self, text: str) -> None:
        """A text typed into what has the focus."""
        self.actions += 1
        self.page.keyboard.type(text)

    def draw_only(self, shape: Sequence[int]) -> None:
        """No task, and an Input of this shape."""
        self.press("ArrowDown")
        self.press("Enter")
        self.press("Shift+Tab")
        self.type("None")
        expect(self.page.get_by_label("Data", exact=True)).to_have_count(0, timeout=SECONDS)
        self.tab_to(self.canvas.field("shape"))
        self.press("Control+a")
        self.enter("×".join(map(str, shape)))
        self.canvas.shape("image", "N×" + "×".join(map(str, shape)))
        self.press("Escape")

    def add(self, text: str, name: str) -> None:
        """A layer typed on the canvas; returns when the brick called `name` is there and selected."""
        self.enter(text)
        expect(self.canvas.brick(name)).to_have_class(SELECTED, timeout=SECONDS)

    def tab_to(self, wanted: Locator, most: int = 60) -> None:
        """Press Tab until `wanted` has the focus; every press is an action."""
        for _ in range(most):
            if wanted.count() and wanted.first.evaluate(HAS_FOCUS):
                return
            self.press("Tab")
        raise AssertionError(f"{most} presses of Tab did not come to {wanted}")

    def select(self, name: str) -> None:
        """Go to a brick by its name."""
        self.press("Control+f")
        self.enter(name)
        expect(self.canvas.brick(name)).to_have_class(SELECTED, timeout=SECONDS)

    def connect(self, text: str) -> None:
        """A wire from the selected brick to what is typed."""
        self.press("Control+Enter")
        self.enter(text)

    def mend(self, label: str) -> None:
        """Go to a fix of the selected brick in its properties and press it."""
        button = self.canvas.panel().get_by_role("button", name=label)
        expect(button).to_be_visible(timeout=SECONDS)
        self.press("Enter")
        self.tab_to(button)
        self.press("Enter")
        self.press("Escape")
