"""The canvas under fingers: what is sent is what a touch screen sends."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.canvas import Canvas, open_cnn
from tests.browser.driver import Server
from tests.helpers import until

Spot = tuple[float, float]


class Fingers:
    """Up to ten of them on the page of `canvas`."""

    def __init__(self, canvas: Canvas) -> None:
        self._session = canvas.page.context.new_cdp_session(canvas.page)

    def put(self, *spots: Spot) -> None:
        """Fingers come down on these spots."""
        self._send("touchStart", spots)

    def move(self, *spots: Spot) -> None:
        """They move there."""
        self._send("touchMove", spots)

    def lift(self) -> None:
        """All of them leave."""
        self._send("touchEnd", ())

    def tap(self, spot: Spot) -> None:
        """One finger, down and up."""
        self.put(spot)
        self.lift()

    def drag(self, start: Spot, goal: Spot) -> None:
        """One finger from here to there; it stays down."""
        self.put(start)
        for i in range(1, 11):
            self.move((start[0] + (goal[0] - start[0]) * i / 10, start[1] + (goal[1] - start[1]) * i / 10))

    def _send(self, kind: str, spots: tuple[Spot, ...]) -> None:
        points = [{"x": x, "y": y, "id": i} for i, (x, y) in enumerate(spots)]
        self._session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})


def test_fingers_select_wire_search_and_zoom(new_page: Callable[..., Page], server: Server):
    canvas = open_cnn(new_page(has_touch=True, viewport={"width": 1200, "height": 900}), server)
    page, fingers, search = canvas.page, Fingers(canvas), canvas.page.locator(".chooser").get_by_role("combobox")
    canvas.at_rest()
    pane = page.get_by_role("region", name="Network canvas").bounding_box()
    spot, empty = (pane["x"] + 60, pane["y"] + 300), (pane["x"] + 60, pane["y"] + 600)
    fingers.tap(canvas.middle(canvas.brick("conv1")))
    canvas.selected("conv1")
    out = canvas.middle(canvas.brick("fc2").locator(".react-flow__handle.source"))
    fingers.drag(out, canvas.middle(canvas.brick("conv2")))
    expect(page.locator(".wire-why")).to_have_text("That would be a loop: conv2 already leads to fc2.")
    fingers.lift()
    fingers.drag(canvas.middle(canvas.brick("conv1").locator(".react-flow__handle.source")),
                 canvas.middle(canvas.brick("relu1").locator(".react-flow__handle.target")))
    fingers.lift()
    canvas.on_disk(lambda nodes, wires: ("conv1", "relu1") in wires, "the wire is drawn")
    fingers.put(spot)
    expect(search).to_be_focused()
    fingers.lift()
    page.keyboard.type("dropout\n")
    expect(canvas.brick("dropout1")).to_be_visible()
    fingers.tap(empty)
    fingers.tap(empty)
    expect(search).to_be_focused()
    page.keyboard.press("Escape")
    expect(search).to_have_count(0)
    before = canvas.brick("fc1").bounding_box()["width"]
    fingers.put(empty, (empty[0] + 50, empty[1]))
    fingers.move((empty[0] - 30, empty[1]), (empty[0] + 80, empty[1]))
    fingers.move((empty[0] - 40, empty[1]), (empty[0] + 110, empty[1]))
    fingers.lift()
    until(lambda: not canvas.brick("fc1").count() or canvas.brick("fc1").bounding_box()["width"] > before, 15, "two fingers zoom in")
