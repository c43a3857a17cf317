"""A worker that asks for more memory than there is ends alone."""

from __future__ import annotations

import subprocess
import sys

import pytest

from builder.runs import free_gpu_memory, limits, restrained

GREEDY = """
import resource
from builder.runs import limits, restrained
limits.free_memory = lambda: 300 << 20
limits.GPUS = ()
before = resource.getrlimit(resource.RLIMIT_DATA)
with restrained():
    small = bytearray(100 << 20)
    try:
        bytearray(400 << 20)
    except MemoryError:
        print("refused")
    else:
        print("given")
print(resource.getrlimit(resource.RLIMIT_DATA) == before)
"""


def test_memory_beyond_what_was_free_is_refused_and_the_limit_ends_with_the_work(root):
    done = subprocess.run([sys.executable, "-c", GREEDY], cwd=root, capture_output=True, text=True, timeout=60, check=False)
    said = "refused" if sys.platform == "linux" else "given"  # other systems do not count private memory
    assert done.stdout == f"{said}\nTrue\n", done.stderr


@pytest.mark.parametrize(("says", "free"), [("79000\n12\n", 79000 << 20), ("", None), ("[N/A]\n", None)])
def test_a_gpu_is_asked_through_its_driver(says, free, tmp_path, monkeypatch):
    tool = tmp_path / "nvidia-smi"
    tool.write_text(f"#!/bin/sh\nprintf '{says}'\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert free_gpu_memory() == free
    tool.unlink()
    assert free_gpu_memory() is None


@pytest.mark.parametrize(("visible", "number", "asked"), [("", 0, "0"), ("", 1, "1"), ("3", 0, "3"), ("3, GPU-5a", 1, "GPU-5a"), ("3", 1, "1")])
def test_a_gpu_is_asked_by_the_number_that_torch_has_for_it(visible, number, asked, tmp_path, monkeypatch):
    tool = tmp_path / "nvidia-smi"
    tool.write_text('#!/bin/sh\n[ "$1" = "--id=' + asked + '" ] && echo 7\n')
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert free_gpu_memory(number) == 7 << 20


def test_a_container_with_less_than_the_machine_counts(tmp_path):
    (tmp_path / "memory.max").write_text("1000\n")
    (tmp_path / "memory.current").write_text("400\n")
    assert limits._left_in_container(tmp_path) == 600
    (tmp_path / "memory.max").write_text("max\n")
    assert limits._left_in_container(tmp_path) is None and limits._left_in_container(tmp_path / "nowhere") is None


def test_nothing_is_limited_where_the_system_does_not_say_what_is_free(monkeypatch):
    monkeypatch.setattr(limits, "free_memory", lambda: None)
    before = limits.resource.getrlimit(limits.resource.RLIMIT_DATA)
    with restrained():
        assert limits.resource.getrlimit(limits.resource.RLIMIT_DATA) == before
