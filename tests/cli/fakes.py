"""The command line with a fake trainer, as a process: `python -m tests.cli.fakes MODE COMMAND ...`."""

from __future__ import annotations

import sys

from builder import api
from builder.cli import main
from tests.runs.fakes import MODES


class FakeRun:
    """What a fake event source asks of a run."""

    def __init__(self, resume):
        self.checkpoint = 10 if resume else None


def train(mode):
    """A stand-in for `api.train` that yields the events of a fake source."""

    def fake(project, device=None, control=None, folder=None, resume=False, **_):
        yield from MODES[mode](FakeRun(resume), control)

    return fake


if __name__ == "__main__":
    api.train = train(sys.argv[1])
    # The compiler reads torch's signatures, and torch takes seconds to import.
    api.source = lambda project: "class Network: ...\n"
    sys.exit(main(sys.argv[2:]))
