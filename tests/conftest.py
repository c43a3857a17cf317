"""For every test: its own home folder, no data of the user's, no network."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings

# Cases are not drawn anew on a build machine: a red run there must be red for everyone. Nor are they made smaller, which can take longer than the
# whole run: the printed blob does that at leisure.
ON_A_BUILD_MACHINE = bool(os.environ.get("CI"))
settings.register_profile(
    "brickwork",
    deadline=None,
    derandomize=ON_A_BUILD_MACHINE,
    phases=[Phase.explicit, Phase.generate] if ON_A_BUILD_MACHINE else list(Phase),
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("brickwork")

# No worker waits beside the pages and servers of tests, but for those that are about it.
os.environ["BRICKWORK_SPARE"] = "0"

ROOT = Path(__file__).resolve().parents[1]
HERE = {"127.0.0.1", "::1", "localhost", "0.0.0.0", "", None}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty $BRICKWORK_HOME of this test's own; $BRICKWORK_DATA unset."""
    folder = tmp_path / "brickwork-home"
    monkeypatch.setenv("BRICKWORK_HOME", str(folder))
    monkeypatch.delenv("BRICKWORK_DATA", raising=False)
    return folder


@pytest.fixture(scope="session", autouse=True)
def no_network() -> None:
    """Names and addresses other than this machine's own cannot be reached: a test that tries fails at once."""
    connect, resolve = socket.socket.connect, socket.getaddrinfo

    def guarded_connect(self, address, *rest):
        if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in HERE:
            raise OSError(f"tests may not reach the network: {address}")
        return connect(self, address, *rest)

    def guarded_resolve(host, *rest, **more):
        if (host.decode() if isinstance(host, bytes) else host) not in HERE:
            raise socket.gaierror(f"tests may not reach the network: {host}")
        return resolve(host, *rest, **more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded_connect)
        patch.setattr(socket, "getaddrinfo", guarded_resolve)
        yield


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository's top folder."""
    return ROOT
