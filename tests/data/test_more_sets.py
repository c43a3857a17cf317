"""KMNIST, EMNIST, CIFAR-100, SVHN and STL-10 on small files of their formats, with torchvision as the oracle."""

from __future__ import annotations

import gzip
import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.io import savemat
from torchvision import datasets

from builder.catalogue import DATASETS
from builder.data import DataError, available, load
from builder.data.where import EMNIST, FILES
from tests.data.files import cifar_batch, stl10_files, svhn_file, write_emnist, write_mnist
from tests.data.test_download import _archive, md5
from tests.data.test_download import served as served  # noqa: PLC0414 - a fixture


def put(folder: Path, files: dict[str, bytes]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)


CIFAR100 = {"train": cifar_batch(30, 1, "fine_labels", 100), "test": cifar_batch(9, 2, "fine_labels", 100)}
SVHN = {"train_32x32.mat": svhn_file(21, 1), "test_32x32.mat": svhn_file(11, 2)}


def test_classes_are_torchvisions():
    assert DATASETS["kmnist"].classes == tuple(datasets.KMNIST.classes)
    assert ("N/A", *DATASETS["emnist-letters"].classes) == tuple(datasets.EMNIST.classes_split_dict["letters"])
    assert DATASETS["emnist-balanced"].classes == tuple(datasets.EMNIST.classes_split_dict["balanced"])
    assert len(DATASETS["cifar100"].classes) == 100


def test_kmnist_is_read_as_torchvision_reads_it(tmp_path):
    write_mnist(tmp_path / "KMNIST" / "raw", packed=False)
    tensors, oracle = load("kmnist", [tmp_path]), datasets.KMNIST(tmp_path)
    assert torch.equal(tensors.train_x[:, 0], oracle.data) and torch.equal(tensors.train_y, oracle.targets)


@pytest.mark.parametrize(("kind", "classes", "first"), [("letters", 26, 1), ("balanced", 47, 0)])
def test_emnist_stands_upright_and_its_labels_count_from_0(tmp_path, kind, classes, first):
    write_emnist(tmp_path / "EMNIST" / "raw", kind, classes, first, 60, 50)
    tensors = load(f"emnist-{kind}", [tmp_path])
    for x, y, train in ((tensors.train_x, tensors.train_y, True), (tensors.test_x, tensors.test_y, False)):
        oracle = datasets.EMNIST(tmp_path, kind, train=train)
        assert torch.equal(x[:, 0], oracle.data.transpose(1, 2)) and torch.equal(y, oracle.targets - first) and x.is_contiguous()
    assert tensors.train_y.unique().tolist() == list(range(classes))


def test_cifar100_has_its_fine_labels(tmp_path, monkeypatch):
    put(tmp_path / "cifar-100-python", CIFAR100 | {"meta": b"(dVfine_label_names\n(lVthing\nas."})
    tensors = load("cifar100", [tmp_path])
    monkeypatch.setattr("torchvision.datasets.cifar.check_integrity", lambda *_: True)
    for x, y, train in ((tensors.train_x, tensors.train_y, True), (tensors.test_x, tensors.test_y, False)):
        oracle = datasets.CIFAR100(tmp_path, train=train)
        assert np.array_equal(x.permute(0, 2, 3, 1).numpy(), oracle.data) and y.tolist() == oracle.targets
    assert tensors.train_y.max() > 10
    (tmp_path / "cifar-100-python" / "test").write_bytes(cifar_batch(9))
    with pytest.raises(DataError, match="not a CIFAR-100 batch: it has no 'fine_labels'"):
        load("cifar100", [tmp_path])


def test_svhn_is_read_as_torchvision_reads_it_with_10_for_the_digit_0(tmp_path, monkeypatch):
    put(tmp_path, SVHN)
    monkeypatch.setattr(datasets.SVHN, "_check_integrity", lambda _: True)
    tensors = load("svhn", [tmp_path])
    for x, y, part in ((tensors.train_x, tensors.train_y, "train"), (tensors.test_x, tensors.test_y, "test")):
        oracle = datasets.SVHN(tmp_path, part)
        assert np.array_equal(x.numpy(), oracle.data) and np.array_equal(y.numpy(), oracle.labels)


def mat(**variables: np.ndarray) -> bytes:
    stream = io.BytesIO()
    savemat(stream, variables, do_compression=True)
    return stream.getvalue()


@pytest.mark.parametrize(("content", "says"), [
    (b"", "cut or damaged"), (b"MATLAB 5.0 MAT-file" + b" " * 200, "cut or damaged"), (svhn_file(9)[:600] + b"\xff" * 99 + svhn_file(9)[699:], "cut or damaged"),
    (svhn_file(9)[:300], "holds X (32, 32, 3, 9) of uint8"),
    (mat(), "is not a file of SVHN"), (mat(X=np.zeros((32, 32, 3, 4)), y=np.ones((4, 1))), "X (32, 32, 3, 4) of double"),
    (mat(X=np.zeros((32, 32, 3, 4), np.uint8), y=np.ones((5, 1), np.uint8)), "y (5, 1)"),
    (mat(X=np.zeros((28, 28, 1, 4), np.uint8), y=np.ones((4, 1), np.uint8)), "is not a file of SVHN"),
    (mat(X=np.zeros((32, 32, 3, 4), np.uint8), y=np.full((4, 1), 11, np.uint8)), "label is 11")])
def test_a_file_that_is_not_svhns_is_a_sentence(tmp_path, content, says):
    put(tmp_path, SVHN | {"train_32x32.mat": content})
    with pytest.raises(DataError) as caught:
        load("svhn", [tmp_path])
    assert says in str(caught.value)


def test_stl10_is_read_as_torchvision_reads_it(tmp_path, monkeypatch):
    put(tmp_path / "stl10_binary", stl10_files())
    monkeypatch.setattr(datasets.STL10, "_check_integrity", lambda _: True)
    tensors = load("stl10", [tmp_path])
    for x, y, part in ((tensors.train_x, tensors.train_y, "train"), (tensors.test_x, tensors.test_y, "test")):
        oracle = datasets.STL10(tmp_path, part)
        assert np.array_equal(x.numpy(), oracle.data) and np.array_equal(y.numpy(), oracle.labels)


@pytest.mark.parametrize(("file", "content", "says"), [
    ("train_X.bin", b"\0" * 27_647, "27,647 bytes"), ("train_y.bin", b"\1" * 5, "5; an image has 27,648"), ("test_y.bin", bytes([1, 0, 2, 3]), "label is -1"),
    ("test_y.bin", bytes([1, 11, 2, 3]), "label is 10")])
def test_files_of_stl10_that_do_not_belong_together_are_a_sentence(tmp_path, file, content, says):
    put(tmp_path / "stl10_binary", stl10_files() | {file: content})
    with pytest.raises(DataError, match=says):
        load("stl10", [tmp_path])


def test_both_kinds_of_emnist_come_out_of_one_archive_by_exact_names(served, tmp_path, monkeypatch):
    folder, address = served
    write_emnist(tmp_path / "made", "letters", 26, 1)
    write_emnist(tmp_path / "made", "balanced", 47)
    with zipfile.ZipFile(folder / "gzip.zip", "w") as archive:
        for path in (tmp_path / "made").iterdir():
            archive.writestr(f"gzip/{path.name}.gz", gzip.compress(path.read_bytes()))
        archive.writestr("../escaped", b"out")
        archive.writestr("gzip/emnist-byclass-train-labels-idx1-ubyte.gz", gzip.compress(b"another"))
    monkeypatch.setattr(datasets.EMNIST, "url", address + "gzip.zip")
    monkeypatch.setattr(datasets.EMNIST, "md5", md5((folder / "gzip.zip").read_bytes()))
    load("emnist-letters", [tmp_path / "home"], download=True)
    assert available("emnist-balanced", [tmp_path / "home"]) is not None
    assert sorted(path.name for path in (tmp_path / "home" / "EMNIST" / "raw").iterdir()) == sorted(file for files in EMNIST.values() for file in files)
    assert not (tmp_path / "home" / "EMNIST" / "escaped").exists()


def test_an_archive_of_emnist_without_a_file_or_with_a_damaged_one_is_refused(served, tmp_path, monkeypatch):
    folder, address = served
    monkeypatch.setattr(datasets.EMNIST, "url", address + "gzip.zip")
    for content in (None, b"no gzip", gzip.compress(b"cut")[:-9]):
        with zipfile.ZipFile(folder / "gzip.zip", "w") as archive:
            if content is not None:
                archive.writestr(f"gzip/{EMNIST['emnist-letters'][0]}.gz", content)
        monkeypatch.setattr(datasets.EMNIST, "md5", md5((folder / "gzip.zip").read_bytes()))
        with pytest.raises(DataError, match="does not hold what it should"):
            load("emnist-letters", [tmp_path / "home"], download=True)
        (tmp_path / "home" / "EMNIST" / "raw" / "gzip.zip").unlink()


def test_svhn_comes_in_two_files_and_the_extra_one_stays_where_it_is(served, tmp_path, monkeypatch):
    folder, address = served
    put(folder, SVHN)
    listed = {part: [f"{address}{part}_32x32.mat", f"{part}_32x32.mat", md5(SVHN[f"{part}_32x32.mat"])] for part in ("train", "test")}
    monkeypatch.setattr(datasets.SVHN, "split_list", listed | {"extra": ["http://no.such.host.invalid/", "extra_32x32.mat", "0" * 32]})
    assert load("svhn", [tmp_path / "home"], download=True).train_x.shape == (21, 3, 32, 32)
    assert sorted(path.name for path in (tmp_path / "home").iterdir()) == ["test_32x32.mat", "train_32x32.mat"]


@pytest.mark.parametrize(("name", "kind", "files", "extra"), [("cifar100", datasets.CIFAR100, CIFAR100, {"meta": b"names"}), ("stl10", datasets.STL10, stl10_files(), {})])
def test_archives_give_the_files_that_are_read_and_no_others(served, tmp_path, monkeypatch, name, kind, files, extra):
    folder, address = served
    archive = _archive({f"{kind.base_folder}/{file}": content for file, content in {**files, **extra, "unlabeled_X.bin": b"big"}.items()})
    (folder / kind.filename).write_bytes(archive)
    for attribute, value in (("url", address + kind.filename), ("tgz_md5", md5(archive)), ("test_list", []), ("train_list", [[file, md5(files[file])] for file in FILES[name]])):
        monkeypatch.setattr(kind, attribute, value)
    if extra:
        monkeypatch.setattr(kind, "meta", kind.meta | {"md5": md5(extra["meta"])})
    load(name, [tmp_path / "home"], download=True)
    assert sorted(path.name for path in (tmp_path / "home").iterdir()) == [kind.base_folder]
    assert sorted(path.name for path in (tmp_path / "home" / kind.base_folder).iterdir()) == sorted({**files, **extra})
