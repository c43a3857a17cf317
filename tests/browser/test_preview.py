"""The live preview as a person meets it: thumbnails come, follow the edits, keep nobody waiting, and go."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.canvas import SECONDS, Canvas
from tests.browser.conftest import running
from tests.browser.driver import Server, processes
from tests.helpers import until

# torch is imported by the process that works previews out, once.
FIRST = 90_000


@pytest.fixture(scope="module")
def server(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The app for previews alone: its process imports torch once, and no other test waits beside it."""
    yield from running(root, tmp_path_factory.mktemp("previews"))


@pytest.fixture
def canvas(cnn: Canvas) -> Canvas:
    """The MNIST CNN with previews off."""
    switch(cnn, False)
    expect(cnn.page.locator(".thumb")).to_have_count(0)
    return cnn


def eye(canvas: Canvas) -> Locator:
    return canvas.page.get_by_role("button", name="Live preview", exact=True)


def switch(canvas: Canvas, on: bool) -> None:
    """Press the eye unless it is so already."""
    if (eye(canvas).get_attribute("aria-pressed") == "true") != on:
        eye(canvas).click()
    expect(eye(canvas)).to_have_attribute("aria-pressed", str(on).lower())


def thumb(canvas: Canvas, name: str) -> Locator:
    return canvas.brick(name).locator(".thumb")


def fresh(canvas: Canvas, name: str, seconds: int = SECONDS) -> None:
    """Wait until a brick's thumbnail shows the drawing as it is."""
    expect(thumb(canvas, name)).to_have_attribute("data-fresh", "true", timeout=seconds)


def picture(canvas: Canvas, name: str) -> str:
    return thumb(canvas, name).locator("img").get_attribute("src")


def worker(server: Server) -> int:
    """The process that works this server's previews out."""
    def found() -> list[int]:
        return [pid for pid, command in processes() if command.endswith("-m builder look ") and parent(pid) == server.pid]

    return until(found, 30, "the process is there")[0]


def parent(pid: int) -> int:
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
            return int(file.read().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def channels(canvas: Canvas, count: int) -> None:
    canvas.set_field("out_channels", count)


def test_thumbnails_come_follow_an_edit_and_go(canvas: Canvas) -> None:
    switch(canvas, True)
    fresh(canvas, "conv1", FIRST)
    assert {name: thumb(canvas, name).get_attribute("data-kind") for name in ("image", "conv1", "fc1", "output")} == {
        "image": "image", "conv1": "maps", "fc1": "bars", "output": "scores"}
    before = picture(canvas, "conv1")
    canvas.select("conv1")
    expect(canvas.panel().get_by_role("region", name="Preview")).to_contain_text("The first 9 of 10 maps")
    channels(canvas, 4)
    canvas.shape("conv1", "N×4×24×24")
    expect(canvas.panel().get_by_role("region", name="Preview")).to_contain_text("All 4 maps")
    fresh(canvas, "conv1")
    assert picture(canvas, "conv1") != before
    switch(canvas, False)
    expect(canvas.page.locator(".thumb")).to_have_count(0)


def test_an_edit_is_answered_while_a_preview_hangs_and_the_preview_catches_up(canvas: Canvas) -> None:
    switch(canvas, True)
    fresh(canvas, "conv1", FIRST)
    pid = worker(canvas.server)
    canvas.select("conv1")
    os.kill(pid, signal.SIGSTOP)
    try:
        channels(canvas, 6)
        canvas.shape("conv1", "N×6×24×24")
        canvas.saved()
        expect(thumb(canvas, "conv1")).to_have_attribute("data-fresh", "false")
        channels(canvas, 3)
        canvas.shape("conv1", "N×3×24×24")
        canvas.saved()
    finally:
        os.kill(pid, signal.SIGCONT)
    fresh(canvas, "conv1")
    expect(canvas.panel().get_by_role("region", name="Preview")).to_contain_text("All 3 maps")


def test_a_killed_preview_is_started_again_by_the_next_edit(canvas: Canvas) -> None:
    switch(canvas, True)
    fresh(canvas, "conv1", FIRST)
    os.kill(worker(canvas.server), signal.SIGKILL)
    canvas.select("conv1")
    channels(canvas, 5)
    expect(canvas.panel().get_by_role("region", name="Preview")).to_contain_text("All 5 maps", timeout=FIRST)


def test_broken_below_the_bricks_above_keep_their_pictures_and_the_choice_outlives_a_reload(canvas: Canvas) -> None:
    switch(canvas, True)
    fresh(canvas, "conv2", FIRST)
    canvas.select("conv2")
    canvas.set_field("kernel_size", 15)
    canvas.problems("1 error")
    expect(thumb(canvas, "conv2")).to_have_count(0)
    expect(thumb(canvas, "relu1")).to_be_visible()
    canvas.page.reload()
    fresh(canvas, "relu1", FIRST)
    expect(eye(canvas)).to_have_attribute("aria-pressed", "true")


def test_another_sample_goes_through_the_network(canvas: Canvas) -> None:
    switch(canvas, True)
    fresh(canvas, "image", FIRST)
    before = picture(canvas, "image")
    canvas.page.get_by_role("button", name="Preview options").click()
    menu = canvas.page.get_by_role("dialog", name="Live preview")
    expect(menu).to_contain_text("Once this drawing has been trained")
    menu.get_by_role("button", name="Next sample").click()
    expect(menu).to_contain_text("sample 2")
    fresh(canvas, "image")
    assert picture(canvas, "image") != before
    canvas.page.keyboard.press("Escape")
    expect(menu).to_have_count(0)
