"""For every test of the run store: an empty store and runs in it."""

from __future__ import annotations

import subprocess

import pytest

from builder.runs import Store
from tests.runs.fakes import command


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "runs") as store:
        yield store


@pytest.fixture
def new(store):
    """Makes a queued run."""
    return lambda name="MNIST CNN": store.create({"name": name, "version": 1}, "class Network: ...\n", name)


@pytest.fixture
def spawn(store, root):
    """Starts a fake worker of the given mode as a child process; all are gone at the end."""
    children = []

    def start(run_id, mode, **more):
        children.append(subprocess.Popen(command(store.root, run_id, mode), cwd=root, text=True, **more))
        return children[-1]

    yield start
    for child in children:
        child.kill()
        child.wait()
        for pipe in (child.stdout, child.stderr):
            if pipe:
                pipe.close()
