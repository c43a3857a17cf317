"""Two people who build networks on the canvas: one has only a keyboard, the other only a mouse. Every action is counted.

An action is what a person would call one: a key with its modifiers, a text typed and entered, a click, a double-click, a drag.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from playwright.sync_api import Locator, Page, expect

from builder.graph import Project, Report, check, dumps
from tests.browser.canvas import Canvas
from tests.browser.driver import Server, open_page
from tests.helpers import until

HAS_FOCUS = "element => element.getRootNode().activeElement === element"
IN_SIGHT = """element => {
  const box = element.getBoundingClientRect(), around = element.closest(".palette, .panel").getBoundingClientRect();
  return box.top >= around.top && box.bottom <= around.bottom;
}"""
SELECTED = re.compile(r"\bselected\b")


class Person:
    """Somebody in front of the Build page with an empty drawing: an Input wired to an Output."""

    def __init__(self, page: Page, server: Server) -> None:
        self.page, self.canvas, self.actions = page, Canvas(page, server), 0
        open_page(page, server)
        self.canvas.new_drawing()

    def project(self) -> Project:
        """The drawing as it lies on disk, once all is saved."""
        return self.canvas.project()

    def undo_all(self) -> None:
        """Undo until nothing is left to undo."""
        self._until_disabled("Undo", "Control+z")

    def redo_all(self) -> None:
        """Redo until nothing is left to redo."""
        self._until_disabled("Redo", "Control+Shift+z")

    def undo_and_redo(self) -> None:
        """Undo to the empty drawing and redo to the end, which is what was there to the last byte."""
        built = dumps(self.project())
        self.undo_all()
        assert [node.id for node in self.project().network.nodes] == ["image", "output"]
        self.redo_all()
        assert dumps(self.project()) == built

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
        expect(self.page.get_by_label("Data", exact=True)).to_have_count(0)
        self.tab_to(self.canvas.field("shape"))
        self.press("Control+a")
        self.enter("×".join(map(str, shape)))
        self.canvas.shape("image", "N×" + "×".join(map(str, shape)))
        self.press("Escape")

    def add(self, text: str, name: str) -> None:
        """A layer typed on the canvas; returns when the brick called `name` is there and selected."""
        self.enter(text)
        expect(self.canvas.brick(name)).to_have_class(SELECTED)

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
        expect(self.canvas.brick(name)).to_have_class(SELECTED)

    def connect(self, text: str) -> None:
        """A wire from the selected brick to what is typed."""
        self.press("Control+Enter")
        self.enter(text)

    def mend(self, label: str) -> None:
        """Go to a fix of the selected brick in its properties and press it."""
        button = self.canvas.panel().get_by_role("button", name=label)
        expect(button).to_be_visible()
        self.press("Enter")
        self.tab_to(button)
        self.press("Enter")
        self.press("Escape")


class Mouse(Person):
    """Builds without a keyboard."""

    def click(self, locator: Locator) -> None:
        """One click."""
        self.actions += 1
        locator.click()

    def pick(self, name: str) -> None:
        """Click a brick."""
        self.actions += 1
        self.canvas.select(name)

    def add(self, kind: str, name: str) -> None:
        """Double-click a layer in the palette, after turning the wheel when it is not in sight."""
        item = self.canvas.item(kind)
        if not item.evaluate(IN_SIGHT):
            self.actions += 1
            item.scroll_into_view_if_needed()
        self.actions += 1
        item.dblclick()
        expect(self.canvas.brick(name)).to_have_class(SELECTED)

    def drag_number(self, field: str, value: int) -> None:
        """Drag the number in a field of the properties to `value`; one gesture, three pixels a step."""
        self.actions += 1
        box = self.canvas.field(field)
        if not box.evaluate(IN_SIGHT):
            self.actions += 1
            box.scroll_into_view_if_needed()
        start = int(box.input_value())
        (x, y), steps = self.canvas.middle(box), value - start
        self.canvas.drag((x, y), (x + 3 * steps + (1 if steps > 0 else -1), y))
        expect(box).to_have_value(str(value))

    def fit(self) -> None:
        """Show the whole network."""
        self.click(self.page.get_by_role("toolbar").get_by_role("button", name="Fit"))
        self.canvas.at_rest()

    def drop_right_of(self, kind: str, beside: str, name: str) -> None:
        """Drag a layer out of the palette to the right of a brick, after making room there where the pane ends."""
        pane = self.page.get_by_role("region", name="Network canvas").bounding_box()
        while (box := self.canvas.brick(beside).bounding_box())["x"] + 2.3 * box["width"] > pane["x"] + pane["width"]:
            self.click(self.page.get_by_role("toolbar").get_by_role("button", name="Zoom out"))
            self.canvas.at_rest()
        self.actions += 1
        item = self.canvas.item(kind)
        item.scroll_into_view_if_needed()
        self.canvas.drag(self.canvas.middle(item), (box["x"] + 1.7 * box["width"], box["y"] + box["height"] / 2))
        expect(self.canvas.brick(name)).to_have_class(SELECTED)

    def choose(self, label: str, option: str) -> None:
        """Open a list and click an entry of it."""
        self.actions += 2
        self.page.get_by_label(label, exact=True).select_option(option)

    def wire(self, source: str, target: str, port: int = 0) -> None:
        """Drag a wire from a brick's output to an input of another."""
        self.actions += 1
        self.canvas.drag(self.canvas.middle(self.canvas.brick(source).locator(".react-flow__handle.source")),
                         self.canvas.middle(self.canvas.brick(target).locator(".react-flow__handle.target").nth(port)))
        self.until_wired(f"{source}>{target}" + (f":{port}" if port else ""))
