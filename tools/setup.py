"""Makes .venv what ./start and ./test need, then runs the app or the tests. Standard library only: it runs before anything is installed.

    python tools/setup.py start [options of streamlit run]
    python tools/setup.py test [options of pytest]
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "brickwork.json"
REQUIREMENTS = {"start": "requirements.txt", "test": "requirements-dev.txt"}
CONSTRAINTS = "constraints.txt"
FIRST_PORT = 8501
NEEDED_GB = {"linux": 10, "darwin": 3}
NO_VENV = "This Python cannot make virtual environments. On Debian: apt install python3-venv, then run this again."


class SetupError(RuntimeError):
    """Set-up cannot go on; the message is one plain sentence with what to do."""


def main(arguments: list[str]) -> None:
    """Sets up for `start` or `test` (the first argument) and becomes that program; ends with one line on stderr when it cannot."""
    what, *rest = arguments or [""]
    if what not in REQUIREMENTS:
        sys.exit("usage: tools/setup.py start|test [arguments]")
    os.chdir(ROOT)
    try:
        make_environment()
        install(what)
        build_canvas()
        command = app(rest) if what == "start" else tests(rest)
    except SetupError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit("Stopped; run this again to go on.")
    sys.stdout.flush()
    os.execv(command[0], command)


def say(text: str) -> None:
    """A progress line, shown at once."""
    print(text, flush=True)


def make_environment() -> None:
    """Makes .venv with pip in it, unless a working one is there."""
    if works([PYTHON, "-c", "import pip, sys; sys.exit(sys.version_info < (3, 11))"]):
        return
    say(f"Making a virtual environment with Python {sys.version_info.major}.{sys.version_info.minor} ...")
    if importlib.util.find_spec("ensurepip") and works([sys.executable, "-m", "venv", "--clear", VENV]):
        return
    make_without_ensurepip()


def make_without_ensurepip() -> None:
    """Debian splits ensurepip off into python3-venv: borrows this Python's pip, else (as root) installs that package.

    Raises SetupError when neither is possible.
    """
    system_pip = [sys.executable, "-m", "pip", "--python", PYTHON, "install", "--quiet", "pip"]
    if works([sys.executable, "-m", "venv", "--clear", "--without-pip", VENV]) and works(system_pip):
        return
    if shutil.which("apt-get") and os.geteuid() == 0:
        version = f"python3.{sys.version_info.minor}-venv"
        say(f"Installing {version} (apt-get) ...")
        works(["apt-get", "update", "-qq"])
        works(["apt-get", "install", "-y", "-qq", "--no-install-recommends", version])
        if works([sys.executable, "-m", "venv", "--clear", VENV]):
            return
    shutil.rmtree(VENV, ignore_errors=True)
    raise SetupError(NO_VENV)


def install(what: str) -> None:
    """Installs the requirement file of `what` at the tested versions, unless that was done and no file has changed since."""
    wanted = fingerprint(what)
    stamps = read_stamps()
    if stamps.get(what) == wanted:
        return
    check_space(first=not stamps)
    say("Installing packages" + (", torch among them: this takes some minutes the first time ..." if not stamps else " ..."))
    started = time.monotonic()
    code, output = pip("install", "--no-input", "-r", REQUIREMENTS[what], "-c", CONSTRAINTS)
    if code:
        raise SetupError(why_pip_failed(output))
    say(f"Installed in {time.monotonic() - started:.0f} s.")
    stamps[what] = wanted
    if what == "test":
        stamps["start"] = fingerprint("start")
    STAMP.write_text(json.dumps(stamps))


def pip(*arguments: str) -> tuple[int, str]:
    """Runs pip, showing on a terminal one line of what it is at; gives its exit status and all it wrote."""
    command = [PYTHON, "-m", "pip", "--disable-pip-version-check", "--no-color", *arguments, "--progress-bar", "off"]
    unbuffered = {**os.environ, "PYTHONUNBUFFERED": "1"}
    running = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=unbuffered
    )
    lines = []
    for line in running.stdout:
        lines.append(line)
        show_progress(line.strip())
    show_progress("")
    return running.wait(), "".join(lines)


def show_progress(text: str) -> None:
    """Replaces the terminal's current line by `text` when that says what is being fetched or installed ("" clears it)."""
    if sys.stdout.isatty() and (not text or text.startswith(("Collecting", "Downloading", "Installing"))):
        width = shutil.get_terminal_size().columns
        print("\r\033[K" + text[: width - 1], end="", flush=True)


def fingerprint(what: str) -> str:
    """A hash of the files that say what to install for `what`."""
    names = {"start": ["requirements.txt"], "test": ["requirements.txt", "requirements-dev.txt"]}[what]
    return hashlib.sha256(b"\0".join((ROOT / name).read_bytes() for name in [*names, CONSTRAINTS])).hexdigest()


def read_stamps() -> dict[str, str]:
    """What was installed in .venv: requirement set -> fingerprint; empty when nothing is known."""
    try:
        return dict(json.loads(STAMP.read_text()))
    except (OSError, ValueError, TypeError):
        return {}


def check_space(first: bool) -> None:
    """Raises SetupError when a first installation cannot fit on the disk."""
    needed = NEEDED_GB.get(sys.platform, 0) if first else 0
    free = shutil.disk_usage(ROOT).free / 1e9
    if free < needed:
        raise SetupError(
            f"Installing needs about {needed} GB of free disk space and {ROOT} has {free:.1f} GB: free some and run this again."
        )


def why_pip_failed(errors: str) -> str:
    """One sentence for pip's error output, and the end of that output where the sentence cannot say it all."""
    if "No space left on device" in errors:
        return "The disk is full: free some space and run this again."
    if any(sign in errors for sign in ("connection broken by", "Temporary failure in name resolution", "Max retries exceeded")):
        return "The packages could not be downloaded: the package index cannot be reached. Check the network connection and run this again."
    lines = [line for line in errors.splitlines() if line.strip() and not line.lower().startswith("warning")]
    return "\n".join([*lines[-12:], "pip could not install the packages; its last lines are above."])


def build_canvas() -> None:
    """Builds the canvas bundle into static/ unless it is up to date; the builder itself says what it does."""
    done = subprocess.run([PYTHON, "-m", "builder.ui.bundle"], check=False, stdin=subprocess.DEVNULL)
    if done.returncode:
        raise SetupError("The canvas could not be built; the reason is above.")


def app(options: list[str]) -> list[str]:
    """The command that runs the app, on the next free port when the usual one is taken."""
    given = any(option.split("=")[0] == "--server.port" for option in options) or "STREAMLIT_SERVER_PORT" in os.environ
    port = [] if given else ["--server.port", str(free_port(FIRST_PORT))]
    return [str(PYTHON), "-m", "streamlit", "run", "app.py", *port, *options]


def free_port(first: int) -> int:
    """The first port from `first` on that nothing on this machine uses; says so when it is a later one."""
    for port in range(first, first + 100):
        if not in_use(port):
            if port != first:
                say(f"Port {first} is taken; using {port}.")
            return port
    raise SetupError(f"Ports {first} to {first + 99} are all taken: name a free one with --server.port.")


def in_use(port: int) -> bool:
    """Whether something listens on this port of 127.0.0.1."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


def tests(options: list[str]) -> list[str]:
    """The command that runs the tests, with a Chromium found or installed for the browser tests."""
    command = [str(PYTHON), str(ROOT / "tools" / "chromium.py")]
    done = subprocess.run(command, check=False, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        raise SetupError("The tests were not run.")
    os.environ["BRICKWORK_CHROMIUM"] = done.stdout.strip()
    return [str(PYTHON), "-m", "pytest", *side_by_side(options), *options]


def side_by_side(options: list[str]) -> list[str]:
    """Options that run all tests on two processes, a file on one of them; nothing where a part is asked for, which is sooner done by itself."""
    asked = any(not option.startswith("-") for option in options) or any(option.startswith(("-n", "--numprocesses", "--pdb")) for option in options)
    return [] if asked or (os.cpu_count() or 1) < 2 else ["-n", "2", "--dist", "loadfile"]


def works(command: list) -> bool:
    """Whether the command ends well; its output is dropped."""
    try:
        nothing = subprocess.DEVNULL
        return subprocess.call([str(word) for word in command], stdin=nothing, stdout=nothing, stderr=nothing) == 0
    except OSError:
        return False


if __name__ == "__main__":
    main(sys.argv[1:])
