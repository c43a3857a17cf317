"""The app, a Chromium and watched pages for the browser tests; a fault on a page fails the test that caused it.

Fixtures: server (one for all tests), fresh_server (one for this test alone), page (a watched page), new_page (more of them,
with options of a Playwright context), canvas (a new drawing on that page), cnn (the MNIST CNN on it), watch (call watch.allow(pattern) where
a fault is expected).
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser.canvas import Canvas, open_cnn
from tests.browser.driver import Server, Watch, chromium, open_page

HERE = Path(__file__).resolve().parent
FAILED = pytest.StashKey[bool]()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks what is in this folder and runs it last: the quick tests speak first."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker("browser")
    items.sort(key=lambda item: item.path.is_relative_to(HERE))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Remembers that a test failed, for the screenshot."""
    report = yield
    if report.failed:
        item.stash[FAILED] = True
    return report


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for all browser tests."""
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="session")
def server(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The app, shared by all browser tests; a test that kills it must start it again."""
    yield from running(root, tmp_path_factory.mktemp("app"))


@pytest.fixture
def fresh_server(root: Path, tmp_path: Path) -> Iterator[Server]:
    """The app for this test alone: empty home, nothing warmed up."""
    yield from running(root, tmp_path)


def running(root: Path, folder: Path) -> Iterator[Server]:
    """A started server, ended with its training processes afterwards."""
    server = Server(root, folder)
    try:
        server.start()
        yield server
    finally:
        server.kill9()
        server.end_workers()


@pytest.fixture
def watch(request: pytest.FixtureRequest) -> Iterator[Watch]:
    """What this test's pages and servers did wrong; fails the test when that is anything not allowed."""
    servers = [request.getfixturevalue(name) for name in ("server", "fresh_server") if name in request.fixturenames]
    lengths = [len(server.log()) for server in servers]
    watch = Watch()
    yield watch
    for server, length in zip(servers, lengths, strict=True):
        watch.seen += [f"the server printed: {found}" for found in tracebacks(server.log(length))]
    faults = watch.faults()
    assert not faults, "\n".join(["The page or the server did what it must not:", *faults])


def tracebacks(log: str) -> list[str]:
    """The tracebacks in a log, each with the error it ends in."""
    return re.findall(r"Traceback \(most recent call last\):\n(?:[ \t].*\n|\n)*.*", log)


@pytest.fixture
def new_page(request: pytest.FixtureRequest, browser: Browser, watch: Watch) -> Iterator[Callable[..., Page]]:
    """A function that opens one more watched page in a browser profile of its own, with these options of a Playwright context."""
    contexts: list[BrowserContext] = []

    def open_one(**options) -> Page:
        context = browser.new_context(**({"viewport": {"width": 1440, "height": 900}} | options))
        contexts.append(context)
        watch.attend(context)
        return context.new_page()

    yield open_one
    if request.node.stash.get(FAILED, False):
        screenshots(request.node.name, contexts)
    watch.faults()
    for context in contexts:
        context.close()


@pytest.fixture
def page(new_page: Callable[..., Page]) -> Page:
    """A watched page, 1440 by 900."""
    return new_page()


@pytest.fixture
def canvas(page: Page, server: Server) -> Canvas:
    """A new drawing made with File > New drawing: an Input wired to an Output."""
    shown = Canvas(open_page(page, server), server)
    shown.new_drawing()
    return shown


@pytest.fixture
def cnn(page: Page, server: Server) -> Canvas:
    """A fresh MNIST CNN, opened from the gallery."""
    return open_cnn(page, server)


def screenshots(name: str, contexts: list[BrowserContext]) -> None:
    """Saves what every open page shows into $BRICKWORK_SCREENSHOTS, else a folder in the system's place for temporary files."""
    folder = Path(os.environ.get("BRICKWORK_SCREENSHOTS") or Path(tempfile.gettempdir()) / "brickwork-screenshots")
    folder.mkdir(parents=True, exist_ok=True)
    pages = [page for context in contexts for page in context.pages if not page.is_closed()]
    for number, page in enumerate(pages, 1):
        path = folder / f"{re.sub(r'[^A-Za-z0-9_.-]+', '-', name)}-{number}.png"
        page.screenshot(path=path)
        print(f"screenshot: {path}")
