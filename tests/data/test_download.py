"""Downloads from a server of this machine's own."""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import torch
from torchvision import datasets

from builder.data import DataError, download, load
from builder.data.where import CIFAR_TEST, CIFAR_TRAIN, IDX_FILES
from tests.data.files import cifar_batch, cifar_meta, write_mnist
from tests.helpers import free_port


class Quiet(SimpleHTTPRequestHandler):
    """Writes no log."""

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A folder and the address under which its files can be had."""
    folder = tmp_path / "served"
    folder.mkdir()
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder)) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield folder, f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


def md5(content: bytes) -> str:
    return hashlib.md5(content).hexdigest()


@pytest.fixture
def mnist(served: tuple[Path, str], monkeypatch: pytest.MonkeyPatch) -> Path:
    """torchvision's MNIST class pointed at small files of the served folder, which is returned."""
    folder, address = served
    write_mnist(folder, packed=True)
    files = [(f"{name}.gz", md5((folder / f"{name}.gz").read_bytes())) for name in IDX_FILES]
    monkeypatch.setattr(datasets.MNIST, "mirrors", [f"http://127.0.0.1:{free_port()}/", address])
    monkeypatch.setattr(datasets.MNIST, "resources", files)
    return folder


def test_a_download_goes_on_to_the_next_mirror_tells_its_progress_and_is_then_loaded(mnist: Path, tmp_path: Path):
    told: list[tuple[str, float]] = []
    tensors = load("mnist", [tmp_path / "empty", tmp_path / "home"], lambda text, share: told.append((text, share)), download=True)
    write_mnist(tmp_path / "oracle" / "MNIST" / "raw", packed=False)
    assert torch.equal(tensors.train_x[:, 0], datasets.MNIST(tmp_path / "oracle").data)
    shares = [share for _, share in told]
    assert shares == sorted(shares) and shares[-1] == 1 and len(shares) >= 5 and "Downloading MNIST: 0.0 of about 12 MB" in told[0][0]
    assert not (tmp_path / "empty").exists()


def test_files_that_are_already_there_are_not_fetched_again(mnist: Path, tmp_path: Path):
    download("mnist", tmp_path / "home")
    for path in mnist.iterdir():
        path.unlink()
    assert download("mnist", tmp_path / "home").folder == tmp_path / "home" / "MNIST" / "raw"


def test_no_network_says_what_was_tried_and_what_to_do(mnist: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(datasets.MNIST, "mirrors", [f"http://127.0.0.1:{free_port()}/", "http://no.such.host.invalid/"])
    with pytest.raises(DataError) as caught:
        download("mnist", tmp_path / "home")
    for part in (*datasets.MNIST.mirrors, "refused", "BRICKWORK_DATA", "'digits'", str(tmp_path / "home" / "MNIST" / "raw")):
        assert part in str(caught.value)


def test_a_file_with_another_sum_is_never_given_its_name(mnist: Path, tmp_path: Path):
    (mnist / f"{IDX_FILES[1]}.gz").write_bytes(gzip.compress(b"something else"))
    with pytest.raises(DataError, match="MD5 sum"):
        download("mnist", tmp_path / "home")
    assert [path.name for path in (tmp_path / "home" / "MNIST" / "raw").iterdir()] == [f"{IDX_FILES[0]}.gz"]


def test_an_endless_answer_is_cut_off(mnist: Path, tmp_path: Path):
    with (mnist / f"{IDX_FILES[0]}.gz").open("r+b") as stream:
        stream.truncate(49_000_000)
    with pytest.raises(DataError, match="more than 48 MB came"):
        download("mnist", tmp_path / "home")


def test_somebody_who_leaves_during_a_download_leaves_no_part_behind(mnist: Path, tmp_path: Path):
    def leave(text: str, share: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        download("mnist", tmp_path / "home", leave)
    assert list((tmp_path / "home" / "MNIST" / "raw").iterdir()) == []


def test_a_folder_that_cannot_be_made_is_an_error_for_people(mnist: Path, tmp_path: Path):
    (tmp_path / "home").write_text("a file in the way")
    with pytest.raises(DataError, match="MNIST cannot be stored in"):
        download("mnist", tmp_path / "home")


def _archive(files: dict[str, bytes], link: str = "") -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
        if link:
            member = tarfile.TarInfo(link)
            member.type, member.linkname = tarfile.SYMTYPE, "/etc/passwd"
            archive.addfile(member)
    return stream.getvalue()


def _serve_cifar(served: tuple[Path, str], monkeypatch: pytest.MonkeyPatch, archive: bytes, batches: dict[str, bytes]) -> None:
    folder, address = served
    (folder / datasets.CIFAR10.filename).write_bytes(archive)
    monkeypatch.setattr(datasets.CIFAR10, "url", address + datasets.CIFAR10.filename)
    monkeypatch.setattr(datasets.CIFAR10, "tgz_md5", md5(archive))
    monkeypatch.setattr(datasets.CIFAR10, "train_list", [[name, md5(batches[name])] for name in CIFAR_TRAIN])
    monkeypatch.setattr(datasets.CIFAR10, "test_list", [[name, md5(batches[name])] for name in CIFAR_TEST])
    monkeypatch.setattr(datasets.CIFAR10, "meta", datasets.CIFAR10.meta | {"md5": md5(batches["batches.meta"])})


BATCHES = {name: cifar_batch(20, seed) for seed, name in enumerate(CIFAR_TRAIN + CIFAR_TEST)} | {"batches.meta": cifar_meta()}


def test_cifar_is_taken_out_of_its_archive_by_exact_names_and_nothing_else_is(served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    archive = _archive({f"cifar-10-batches-py/{name}": content for name, content in BATCHES.items()} | {"../escaped": b"out", "/tmp/escaped": b"out"})
    _serve_cifar(served, monkeypatch, archive, BATCHES)
    tensors = load("cifar10", [tmp_path / "home"], download=True)
    assert tensors.train_x.shape == (100, 3, 32, 32)
    assert sorted(path.name for path in (tmp_path / "home").iterdir()) == ["cifar-10-batches-py"]
    assert sorted(path.name for path in (tmp_path / "home" / "cifar-10-batches-py").iterdir()) == sorted(BATCHES)
    assert not (tmp_path / "escaped").exists()


def test_an_archive_with_a_link_for_a_batch_or_without_one_is_refused(served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    files = {f"cifar-10-batches-py/{name}": content for name, content in BATCHES.items() if name != "data_batch_2"}
    for archive in (_archive(files), _archive(files, link="cifar-10-batches-py/data_batch_2")):
        _serve_cifar(served, monkeypatch, archive, BATCHES)
        with pytest.raises(DataError, match="does not hold what it should"):
            download("cifar10", tmp_path / "home")
        assert not (tmp_path / "home" / "cifar-10-batches-py" / "data_batch_2").exists()
