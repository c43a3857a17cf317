"""For every test of the command line: calling it in this process, and as a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import NamedTuple

import pytest

from builder import api
from builder.cli import main
from tests.cli.fakes import train


class Answer(NamedTuple):
    """What a command left behind."""

    status: int
    out: str
    err: str

    @property
    def json(self):
        """Its output as the one JSON document that it must be."""
        return json.loads(self.out, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))


@pytest.fixture
def brickwork(capsys):
    """Runs a command in this process."""

    def run(*arguments):
        status = main([str(argument) for argument in arguments])
        return Answer(status, *capsys.readouterr())

    return run


@pytest.fixture
def process(root):
    """Runs a command as a process, with a fake trainer of the given mode."""

    def run(*arguments, mode="completes", **more):
        command = [sys.executable, "-m", "tests.cli.fakes", mode, *map(str, arguments)]
        return subprocess.Popen(command, cwd=root, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more)

    return run


@pytest.fixture
def trains(monkeypatch):
    """Makes `api.train` a fake of the given mode; "completes" when not told."""
    monkeypatch.setattr(api, "train", train("completes"))
    return lambda mode: monkeypatch.setattr(api, "train", train(mode))


@pytest.fixture
def bad(tmp_path):
    """A project file whose Input was shrunk to 8x8."""
    document = json.loads(json.dumps(api.to_json(api.gallery("mnist-cnn"))))
    for node in document["networks"]["network"]["nodes"]:
        if node["kind"] == "Input":
            node["params"]["shape"] = [1, 8, 8]
    path = tmp_path / "bad.json"
    path.write_text(json.dumps(document))
    return path
