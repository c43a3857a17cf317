"""The two commands and the files they read: what is done once, what is said when it cannot be done."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tools import chromium, setup

ROOT = Path(__file__).resolve().parents[1]
OLD_PYTHON = '#!/bin/sh\ncase "$2" in *exit*) exit 1;; *) echo 3.9.18;; esac\n'
NEW_PYTHON = '#!/bin/sh\n[ "$1" = -c ] || printf "%s|" "$@"\n'


def program(folder: Path, name: str, text: str) -> Path:
    """An executable file."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(text)
    path.chmod(0o755)
    return path


def run_start(tmp_path: Path, python: str, name: str = "python3") -> subprocess.CompletedProcess:
    """`./start --one "two words"` from another folder, in a copy whose path has a space, where `python` is the only Python."""
    copy = tmp_path / "a copy"
    shutil.copytree(ROOT / "tools", copy / "tools")
    shutil.copy(ROOT / "start", copy / "start")
    program(tmp_path / "bin", name, python)
    for tool in ("sh", "dirname"):
        (tmp_path / "bin" / tool).symlink_to(shutil.which(tool))
    command = [str(copy / "start"), "--one", "two words"]
    return subprocess.run(command, cwd="/", env={"PATH": str(tmp_path / "bin")}, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("name", ["python3.13", "python3", "python"])
def test_start_runs_from_any_folder_with_the_python_it_finds(name: str, tmp_path: Path):
    done = run_start(tmp_path, NEW_PYTHON, name)
    assert done.stdout == f"{tmp_path}/a copy/tools/setup.py|start|--one|two words|", done.stderr


def test_an_old_python_is_named_with_what_to_do(tmp_path: Path):
    done = run_start(tmp_path, OLD_PYTHON)
    assert done.returncode == 1
    assert done.stderr.startswith("Brickwork needs Python 3.11 or newer; found 3.9.18. Install it (Debian: apt install python3")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("name", ["start", "test", ".ci/run", "tools/run.sh"])
def test_the_scripts_are_plain_shell(name: str):
    assert (ROOT / name).read_text().startswith("#!/bin/sh\n")
    assert subprocess.run(["sh", "-n", ROOT / name], check=False).returncode == 0
    assert name.startswith("tools/") or os.access(ROOT / name, os.X_OK)


# Installing


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the requirement files and an empty .venv, taken for the project by tools/setup.py."""
    for name in ("requirements.txt", "requirements-dev.txt", "constraints.txt"):
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / ".venv").mkdir()
    monkeypatch.setattr(setup, "ROOT", tmp_path)
    monkeypatch.setattr(setup, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(setup, "STAMP", tmp_path / ".venv" / "brickwork.json")
    return tmp_path


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The requirement files that were handed to pip, which here always does well."""
    files: list[str] = []
    monkeypatch.setattr(setup, "pip", lambda *arguments: files.append(arguments[arguments.index("-r") + 1]) or (0, ""))
    return files


def test_packages_are_installed_once_and_again_when_a_file_changed(project: Path, installed: list[str]):
    setup.install("start")
    setup.install("start")
    assert installed == ["requirements.txt"]
    with (project / "constraints.txt").open("a") as file:
        file.write("six==1.17.0\n")
    setup.install("start")
    assert installed == ["requirements.txt", "requirements.txt"]


def test_what_the_tests_need_holds_what_the_app_needs(project: Path, installed: list[str]):
    setup.install("test")
    setup.install("start")
    assert installed == ["requirements-dev.txt"]


def test_the_app_alone_is_not_enough_for_the_tests(project: Path, installed: list[str]):
    setup.install("start")
    setup.install("test")
    assert installed == ["requirements.txt", "requirements-dev.txt"]


def test_a_failed_installation_is_tried_again(project: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(setup, "pip", lambda *arguments: (1, "ERROR: it did not work"))
    with pytest.raises(setup.SetupError, match="it did not work"):
        setup.install("start")
    assert setup.read_stamps() == {}


@pytest.mark.parametrize("text", ["", "[]", "{", "3"])
def test_a_damaged_stamp_means_that_nothing_is_known(text: str, project: Path):
    setup.STAMP.write_text(text)
    assert setup.read_stamps() == {}


def test_pip_without_a_network_is_one_plain_sentence(tmp_path: Path):
    nowhere = ["--no-deps", "--retries", "1", "--index-url", "http://127.0.0.1:1/"]
    command = [sys.executable, "-m", "pip", "download", *nowhere, "no-such-package"]
    alone = {key: value for key, value in os.environ.items() if not key.startswith("PIP_")} | {"PIP_CONFIG_FILE": os.devnull}
    done = subprocess.run(command, cwd=tmp_path, env=alone, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    assert done.returncode == 1
    assert setup.why_pip_failed(done.stdout).startswith("The packages could not be downloaded: the package index cannot be reached.")


def test_pips_own_words_are_shown_when_there_is_no_plainer_reason():
    says = setup.why_pip_failed("Collecting torch\nWARNING: noise\nERROR: No matching distribution found for torch==99")
    lines = ["Collecting torch", "ERROR: No matching distribution found for torch==99"]
    assert says.splitlines() == [*lines, "pip could not install the packages; its last lines are above."]


def test_a_disk_that_is_too_small_is_named_before_anything_is_downloaded(
    project: Path, installed: list[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(setup, "NEEDED_GB", {sys.platform: 10**9})
    with pytest.raises(setup.SetupError, match=r"needs about 1000000000 GB of free disk space and .* has [\d.]+ GB"):
        setup.install("start")
    assert installed == []


# Virtual environments


def test_a_working_environment_is_kept(project: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(setup, "PYTHON", Path(sys.executable))
    monkeypatch.setattr(setup, "make_without_ensurepip", lambda: pytest.fail("made anew"))
    setup.make_environment()
    assert (project / ".venv").is_dir()


def test_an_environment_whose_python_is_gone_is_made_anew(project: Path, monkeypatch: pytest.MonkeyPatch):
    python = project / ".venv" / "bin" / "python"
    python.parent.mkdir()
    python.symlink_to(project / "gone")
    monkeypatch.setattr(setup, "PYTHON", python)
    setup.make_environment()
    assert setup.works([python, "-m", "pip", "--version"])


def test_without_ensurepip_or_any_way_around_it_the_package_to_install_is_named(project: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(setup, "works", lambda command: False)
    monkeypatch.setattr(setup.os, "geteuid", lambda: 1000)
    with pytest.raises(setup.SetupError, match="apt install python3-venv"):
        setup.make_environment()
    assert not (project / ".venv").exists()


def test_without_ensurepip_the_pip_of_the_system_is_borrowed(project: Path, monkeypatch: pytest.MonkeyPatch):
    ran: list[list[str]] = []
    monkeypatch.setattr(setup.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(setup, "works", lambda command: ran.append([str(word) for word in command]) or len(ran) > 1)
    setup.make_environment()
    assert ran[1][1:] == ["-m", "venv", "--clear", "--without-pip", str(project / ".venv")]
    assert ran[2][1:4] == ["-m", "pip", "--python"]
    assert len(ran) == 3


# Running the app


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that something listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def test_the_next_free_port_is_used_and_said(taken: int, capsys: pytest.CaptureFixture[str]):
    port = setup.free_port(taken)
    assert port > taken
    assert capsys.readouterr().out == f"Port {taken} is taken; using {port}.\n"


def test_a_free_port_is_used_without_a_word(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    monkeypatch.setattr(setup, "in_use", lambda port: False)
    run = ["-m", "streamlit", "run", "app.py", "--server.port", "8501"]
    assert setup.app(["--server.headless", "true"])[1:] == [*run, "--server.headless", "true"]
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("options", [["--server.port", "9"], ["--server.port=9"]])
def test_a_port_that_the_user_names_is_left_alone(options: list[str]):
    assert setup.app(options)[4:] == ["app.py", *options]


def test_the_reason_for_a_failed_set_up_is_one_line_without_a_traceback(tmp_path: Path):
    shutil.copytree(ROOT / "tools", tmp_path / "tools")
    program(tmp_path / ".venv" / "bin", "python", "#!/bin/sh\nexit 0\n")
    code = "import sys; sys.path.insert(0, 'tools'); import setup; setup.NEEDED_GB = {sys.platform: 10**9}; setup.main(['start'])"
    for name in ("requirements.txt", "constraints.txt"):
        shutil.copy(ROOT / name, tmp_path / name)
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1), done.stderr
    assert done.stderr.startswith("Installing needs about")


# Chromium


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with only the programs in this folder, and no way to install more."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("BRICKWORK_CHROMIUM", raising=False)
    monkeypatch.setattr(chromium, "MAC", ())
    monkeypatch.setattr(chromium, "playwrights_own", lambda: None)
    monkeypatch.setattr(chromium, "download", lambda say: None)
    return tmp_path


def test_a_chromium_that_does_not_start_is_passed_over(machine: Path):
    program(machine, "chromium", "#!/bin/sh\nexit 127\n")
    good = program(machine, "google-chrome", "#!/bin/sh\nexit 0\n")
    assert chromium.find() == str(good)


def test_playwrights_own_chromium_comes_before_the_systems(machine: Path, monkeypatch: pytest.MonkeyPatch):
    program(machine, "chromium", "#!/bin/sh\nexit 0\n")
    own = program(machine / "own", "chrome", "#!/bin/sh\nexit 0\n")
    monkeypatch.setattr(chromium, "playwrights_own", lambda: str(own))
    assert chromium.find_or_install() == str(own)


def test_a_chromium_that_appears_by_installing_is_used(machine: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(chromium, "download", lambda say: program(machine, "chromium", "#!/bin/sh\nexit 0\n"))
    assert chromium.find_or_install() == str(machine / "chromium")


def test_no_chromium_is_an_error_that_says_what_to_install(machine: Path):
    with pytest.raises(chromium.ChromiumError, match="apt install chromium"):
        chromium.find_or_install(say=lambda text: None)


def test_a_named_chromium_that_does_not_start_is_an_error(machine: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("BRICKWORK_CHROMIUM", str(machine / "missing"))
    with pytest.raises(chromium.ChromiumError, match="missing, which does not start"):
        chromium.find()


# The files


def requirements(name: str) -> list[Requirement]:
    """The requirements that a file names itself."""
    lines = [line.split("#")[0].strip() for line in (ROOT / name).read_text().splitlines()]
    return [Requirement(line) for line in lines if line and not line.startswith("-")]


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_every_requirement_has_a_range_that_holds_the_tested_version(name: str):
    tested = {canonicalize_name(pin.name): next(iter(pin.specifier)).version for pin in requirements("constraints.txt")}
    for requirement in requirements(name):
        assert {bound.operator for bound in requirement.specifier} == {">=", "<"}, requirement
        assert requirement.specifier.contains(tested[canonicalize_name(requirement.name)]), requirement


def test_the_tested_versions_are_exact_and_of_no_single_platform():
    for pin in requirements("constraints.txt"):
        assert [bound.operator for bound in pin.specifier] == ["=="], pin
        assert not pin.name.startswith(("nvidia-", "cuda-", "triton")), pin
        assert "+" not in str(pin.specifier), pin


CONFIG = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())


def flat(table: dict, prefix: str = "") -> Iterator[tuple[str, object]]:
    """`server.address`, value ... of a nested table."""
    for key, value in table.items():
        if isinstance(value, dict):
            yield from flat(value, f"{prefix}{key}.")
        else:
            yield prefix + key, value


def test_streamlit_knows_every_option_that_is_set():
    from streamlit import config

    known = config._config_options_template
    wrong = [key for key, _ in flat(CONFIG) if key not in known or known[key].deprecated]
    assert not wrong


def test_the_app_stays_on_this_machine_and_tells_nobody():
    settings = dict(flat(CONFIG))
    assert settings["server.address"] == "127.0.0.1"
    assert set(settings["server.allowedHosts"]) == {"localhost", "127.0.0.1"}
    assert settings["server.enableCORS"] and settings["server.enableXsrfProtection"]
    assert settings["browser.gatherUsageStats"] is False
    assert settings["client.showErrorDetails"] == "none"
    assert not [key for key, value in settings.items() if "://" in str(value)]


def luminance(colour: str) -> float:
    """Relative luminance of #rrggbb as WCAG 2 defines it, 0 to 1."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """WCAG contrast of two colours, 1 to 21."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_text_and_marks_stand_out_in_both_themes(mode: str):
    theme = CONFIG["theme"][mode]
    for ground in (theme["backgroundColor"], theme["secondaryBackgroundColor"], theme["sidebar"]["backgroundColor"]):
        assert contrast(theme["textColor"], ground) >= 7
        assert contrast(theme["linkColor"], ground) >= 4.5
        assert contrast(theme["primaryColor"], ground) >= 3
    assert contrast("#ffffff", theme["primaryColor"]) >= 4.5
    assert min(contrast(colour, theme["backgroundColor"]) for colour in theme["chartCategoricalColors"]) >= 3


def test_all_tests_run_on_two_processes_and_a_part_of_them_on_one(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(setup.os, "cpu_count", lambda: 2)
    assert setup.side_by_side([]) == setup.side_by_side(["-x"]) == ["-n", "2", "--dist", "loadfile"]
    assert not any(map(setup.side_by_side, (["tests/graph"], ["-x", "tests/graph/test_check.py"], ["-n0"], ["--pdb"])))
    monkeypatch.setattr(setup.os, "cpu_count", lambda: 1)
    assert setup.side_by_side([]) == []
