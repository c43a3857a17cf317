"""The running app and a watched page: what browser tests drive.

`Server` is the real `streamlit run app.py` with a home folder of its own; `Watch` notes everything a page must not do.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, sync_playwright

from tests.helpers import free_port, until
from tools.chromium import find_or_install, use_own_node

CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
LOCAL = {"127.0.0.1", "localhost", ""}
# On a deep link Streamlit looks for its server below the page's path before it looks at the top.
LOOKING_FOR_THE_SERVER = r"404 .*/\w+/_stcore/(health|host-config)\)$"
IDLE = """
() => {
  const app = document.querySelector('[data-testid=stApp]');
  const idle = app && app.dataset.testScriptState === 'notRunning' && app.dataset.testConnectionState === 'CONNECTED';
  const now = performance.now();
  if (!idle) { window.__idleSince = undefined; return false; }
  window.__idleSince ??= now;
  return now - window.__idleSince >= 150;
}
"""
NOTE_EXCEPTIONS = """
window.__exceptions = [];
new MutationObserver(() => {
  for (const box of document.querySelectorAll('[data-testid=stException]')) {
    if (!box.__noted) { box.__noted = true; window.__exceptions.push(box.innerText); }
  }
}).observe(document, { childList: true, subtree: true });
"""


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """A Chromium, found or installed."""
    use_own_node()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_or_install(), args=CHROMIUM_FLAGS)
        yield browser
        browser.close()


@contextlib.contextmanager
def app(root: Path) -> Iterator[tuple[Server, Browser]]:
    """The running app with a home folder of its own, and a Chromium; what it still trains is ended with it."""
    with tempfile.TemporaryDirectory() as home, chromium() as browser:
        server = Server(root, Path(home))
        server.start()
        try:
            yield server, browser
        finally:
            server.kill9()
            server.end_workers()


class Server:
    """`streamlit run app.py` in the folder `root`, on a free port of 127.0.0.1; port, home and log stay over a restart.

    `home`, its $BRICKWORK_HOME, and the log lie in `folder`; `environment` adds variables.
    """

    def __init__(self, root: Path, folder: Path, **environment: str) -> None:
        self.root, self.home, self.environment = root, folder / "home", environment
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._log = folder / "server.txt"
        self._process: subprocess.Popen | None = None

    def start(self, seconds: float = 60) -> None:
        """Starts it and returns when it answers; AssertionError with its log when it does not within `seconds`."""
        environment = {key: value for key, value in os.environ.items() if key != "BRICKWORK_DATA"}
        environment |= {"BRICKWORK_HOME": str(self.home), "STREAMLIT_LOGGER_ENABLE_RICH": "false"} | self.environment
        command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.headless", "true", "--server.port", str(self.port)]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                command, cwd=self.root, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
            )
        until(lambda: self._answers() or self._process.poll() is not None, seconds, f"the app answers on port {self.port}")
        assert self._process.poll() is None, f"the app did not start:\n{self.log()}"

    def stop(self) -> None:
        """Ends the server as Ctrl-C does; kills it when it does not end within 10 s. Runs go on."""
        self._end(signal.SIGINT)

    def kill9(self) -> None:
        """Kills the server without warning. Runs go on."""
        self._end(signal.SIGKILL)

    def restart(self) -> None:
        """Stops it and starts it again on the same port and home."""
        self.stop()
        self.start()

    @property
    def pid(self) -> int:
        """The server's process id."""
        return self._process.pid

    def log(self, after: int = 0) -> str:
        """What it printed, from character `after` on."""
        return self._log.read_text(errors="replace")[after:] if self._log.exists() else ""

    def end_workers(self) -> None:
        """Kills the training processes of this home's runs, which outlive the server on purpose."""
        runs = {folder.name for folder in (self.home / "runs").glob("*") if folder.is_dir()}
        for pid, command in processes():
            if " -m builder work " in command and runs & set(command.split()):
                os.kill(pid, signal.SIGKILL)

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=2) as reply:
                return reply.status == 200
        except (urllib.error.URLError, OSError):
            return False

    def _end(self, how: signal.Signals) -> None:
        if self._process is None:
            return
        self._process.send_signal(how)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(10)
        self._process = None


def processes() -> Iterator[tuple[int, str]]:
    """Every process of this machine: its id and its command line."""
    if Path("/proc/self/cmdline").exists():
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                yield int(folder.name), (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        return
    listing = subprocess.run(["ps", "-axo", "pid=,command="], capture_output=True, text=True, check=True).stdout
    for line in listing.splitlines():
        pid, _, command = line.strip().partition(" ")
        yield int(pid), command


class Watch:
    """Notes what a page must never do: an exception box, an error on the console, a request that leaves this machine."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self._allowed = [LOOKING_FOR_THE_SERVER]
        self._pages: list[Page] = []

    def allow(self, pattern: str) -> None:
        """Faults matching this regular expression are expected in this test, as when it kills the server."""
        self._allowed.append(pattern)

    def attend(self, context: BrowserContext) -> None:
        """Watches every page of this context from its first byte on."""
        context.add_init_script(NOTE_EXCEPTIONS)
        context.on("request", self._request)
        context.on("console", self._console)
        context.on("weberror", lambda error: self.seen.append(f"page error: {error.error}"))
        context.on("page", lambda page: self._pages.append(page))

    def faults(self) -> list[str]:
        """Everything noted that was not allowed."""
        for page in self._pages:
            if not page.is_closed() and page.url.startswith("http"):
                self.seen += [f"exception box: {text}" for text in page.evaluate("() => (window.__exceptions ?? []).splice(0)")]
        return [fault for fault in self.seen if not any(re.search(pattern, fault) for pattern in self._allowed)]

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.seen.append(f"console: {message.text} ({message.location.get('url', '')})")

    def _request(self, request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme in ("http", "https", "ws", "wss") and address.hostname not in LOCAL:
            self.seen.append(f"request left this machine: {request.url}")


def open_page(page: Page, server: Server, path: str = "/", seconds: float = 30) -> Page:
    """Opens this path of the app and waits until it is drawn."""
    page.goto(server.url + path)
    wait_idle(page, seconds)
    return page


def wait_idle(page: Page, seconds: float = 30) -> None:
    """Waits until the app is connected and its script has not run for 150 ms from now on; fails after `seconds`."""
    page.evaluate("window.__idleSince = undefined")
    page.wait_for_function(IDLE, timeout=seconds * 1000, polling=50)
